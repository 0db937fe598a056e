// SPDX-License-Identifier: GPL-2.0
/*
 * Source sched: the time that tasks are off the CPU, from switch-out to
 * switch-in, and the time that they wait to run, from wake-up to switch-in.
 *
 * What a hit is
 *
 *   offcpu: a task other than idle leaves a CPU, except by exiting. It is
 *   recorded when the task runs again. A task that left before the session and
 *   returns in it is a hit, too, lost as unpaired.
 *   runq: a task that is not running is woken up or created; with preempted,
 *   also when it is preempted. It is recorded when the task runs. A task that
 *   is woken up while it runs does not wait. The wait begins at sched_waking,
 *   where the waker calls; it is a hit when the task is on a run queue, at
 *   sched_wakeup, which the CPU that it will run on may call much later, in an
 *   interrupt. The field activation is the time between the two.
 *
 * Waits that have not ended when the session stops are recorded then, with the
 * time up to there, and counted in the row's field pending.
 *
 * Locking: none in the probes, which the scheduler calls with interrupts off
 * and the run queue's lock held (sched_waking: the task's pi_lock). That
 * orders begin and end of a task's waits. All else runs under the session's
 * lock.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "core/cgroup.h"
#include "core/hit.h"
#include "core/refuse.h"
#include "sources.h"
#include "sources/sched/probes.h"

enum { SCHED_P_INFLIGHT, SCHED_P_PREEMPTED, SCHED_P };

const union kobs_sched_state_name sched_states[] = {
	[WAIT_SLEEP] = { "sleep" },
	[WAIT_DISK] = { "disk" },
	[WAIT_IDLE] = { "idle" },
	[WAIT_LOCK] = { "lock" },
	[WAIT_STOPPED] = { "stopped" },
	[WAIT_OTHER] = { "other" },
	[WAIT_PREEMPTED] = { "preempted" },
	[WAIT_WOKEN] = { "woken" },
	[WAIT_NEW] = { "new" },
};

/**
 * sched_pass() - apply the filter to the task of an entry, without the value
 * @s: session
 * @pc: its part for this CPU
 * @data: data words of the entry
 * @cpu: CPU of the hit
 *
 * Context: any; preemption off.
 * Return: false, and counts it, when the hit is filtered.
 */
bool sched_pass(struct kobs_session *s, struct kobs_cpu *pc, const u64 *data,
		u32 cpu)
{
	char comm[TASK_COMM_LEN];
	struct kobs_who who = {
		.pid = data[SCHED_D_PIDS] >> 32,
		.tid = (u32)data[SCHED_D_PIDS],
		.cpu = cpu,
		.comm = comm,
		.in_cgroup = s->filter.n_cgroup && data[SCHED_D_CGROUP],
	};

	if (kobs_hit_is_own(s, who.pid)) {
		kobs_hit_count_own(pc);
		return false;
	}
	memcpy(comm, &data[SCHED_D_COMM], sizeof(comm));
	comm[sizeof(comm) - 1] = '\0';
	if (!s->filter.task || kobs_filter_pass(&s->filter, &who))
		return true;
	kobs_count(&pc->counters, KOBS_N_FILTERED);
	return false;
}

/**
 * sched_record() - record a wait
 * @s: session
 * @pc: its part for this CPU
 * @v: words of the hit
 * @value: duration, ns
 *
 * Context: any; preemption off.
 * Return: the row, or NULL when the wait was filtered or lost.
 */
struct kobs_row *sched_record(struct kobs_session *s, struct kobs_cpu *pc,
			      u64 *v, u64 value)
{
	const struct kobs_hit hit = { .v = v, .value = value };
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	if (!kobs_hit_record(s, pc, &hit, KOBS_HIT_TABLE))
		return NULL;
	kobs_hit_gather(s, v, key);
	return kobs_table_find(&pc->table, key);
}

/**
 * sched_record_slow() - record a wait by the name of its task
 * @s: session whose key is the name
 * @pc: its part for this CPU
 * @comm0: first word of the name
 * @comm1: second word
 * @value: duration, ns
 *
 * Context: any; preemption off.
 * Return: as sched_record().
 */
struct kobs_row *sched_record_slow(struct kobs_session *s, struct kobs_cpu *pc,
				   u64 comm0, u64 comm1, u64 value)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[KOBS_W_COMM] = comm0;
	v[KOBS_W_COMM + 1] = comm1;
	return sched_record(s, pc, v, value);
}

static bool sched_has_column(const struct kobs_session *s, unsigned int from,
			     unsigned int to)
{
	unsigned int i;

	for (i = 0; i < s->n_columns; i++) {
		if (s->columns[i]->word >= from && s->columns[i]->word <= to)
			return true;
	}
	return false;
}

static int sched_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	u64 max = s->source_params[SCHED_P_INFLIGHT].number;
	bool runq = sched_is_runq(s);
	struct kobs_sched *d;

	if (runq && (s->need & KOBS_W_STACKS))
		return kobs_refuse(extack, -EINVAL,
				   "sched runq has no stacks: use sched offcpu for the stacks of waiting tasks");
	if (runq && sched_has_column(s, SCHED_W_WAKER, SCHED_W_WAKER_STACK))
		return kobs_refuse(extack, -EINVAL,
				   "sched runq does not tell wakers: sched offcpu does");
	if (!runq && s->source_params[SCHED_P_PREEMPTED].given)
		return kobs_refuse(extack, -EINVAL,
				   "parameter preempted belongs to sched runq: sched offcpu tells preempted tasks by the column state");
	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	d->preempted = s->source_params[SCHED_P_PREEMPTED].number;
	d->wakers = sched_has_column(s, SCHED_W_WAKER, SCHED_W_WAKER_STACK);
	d->cgroups = kobs_cgroup_used(s);
	sched_choose_probes(s, d);
	/* A task can have a wait and a wake-up. */
	if (kobs_inflight_table_init(&d->inflight, &s->memory, max << d->wakers,
				     d->cgroups ? SCHED_D_WORDS : SCHED_D_CGROUP)) {
		kfree(d);
		return kobs_session_no_memory(s, extack, "inflight");
	}
	s->priv = d;
	s->targets = d->n_probes;
	return 0;
}

static int sched_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_sched *d = s->priv;
	const char *failed;
	int err;

	err = kobs_tracepoint_attach(d->probes, d->n_probes, s, &failed);
	if (err)
		return kobs_refuse(extack, err,
				   "cannot attach to the tracepoint %s: error %d",
				   failed, -err);
	return 0;
}

/* Record a wait that has not ended; the probes are gone. */
static void sched_pending(struct kobs_session *s, const struct kobs_inflight *entry,
			  u64 end)
{
	u32 cpu = entry->data[SCHED_D_STATE] >> 32;
	struct kobs_sched *d = s->priv;
	struct kobs_cpu *pc;
	struct kobs_row *row;
	u64 v[KOBS_WORDS] = {};

	preempt_disable();
	pc = this_cpu_ptr(s->cpu);
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (sched_is_runq(s) && !sched_pass(s, pc, entry->data, cpu))
		goto out;
	sched_words(d, v, entry->data, cpu);
	row = sched_record(s, pc, v, kobs_elapsed(entry->start, end));
	if (row)
		local64_inc(kobs_row_field(&pc->table, row, SCHED_F_PENDING));
	if (sched_is_runq(s))
		sched_count_activation(pc, row, entry->data[SCHED_D_ACTIVATION]);
out:
	preempt_enable();
}

/* Whether an entry is a hit whose end was not seen. */
static bool sched_is_pending(const struct kobs_inflight *entry)
{
	u64 state = entry->data[SCHED_D_STATE];

	return entry->key[1] == SCHED_KEY_WAIT && !(state & WAIT_SETTLED) &&
	       (state & WAIT_STATE) != WAIT_WAKING;
}

static void sched_stop(struct kobs_session *s)
{
	struct kobs_sched *d = s->priv;
	struct {
		struct kobs_inflight entry;
		u64 data[SCHED_D_WORDS];
	} copy;
	u32 place = 0;
	u64 end;

	kobs_tracepoint_detach(d->probes, d->n_probes, s);
	end = s->guard_cost ? s->disarmed : s->stopped;
	while (kobs_inflight_next(&d->inflight, &place, &copy.entry)) {
		if (sched_is_pending(&copy.entry))
			sched_pending(s, &copy.entry, end);
		cond_resched();
	}
}

static void sched_release(struct kobs_session *s)
{
	struct kobs_sched *d = s->priv;

	s->priv = NULL;
	kobs_inflight_table_free(&d->inflight);
	kfree(d);
}

static const struct kobs_field sched_fields[] = {
	[SCHED_F_PENDING] = {
		"pending", "part of count that had not ended when the session stopped",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
	/* Of runq only. */
	[SCHED_F_ACTIVATION] = {
		"activation", "part of the waits before sched_wakeup: not on a run queue yet",
		KOBS_TYPE_NUMBER, "ns", KOBS_MERGE_SUM
	},
};

static const struct kobs_mode sched_modes[] = {
	{
		.name = "offcpu",
		.doc = "measure how long tasks are off the CPU",
		.value = "offcpu",
		.unit = "ns",
		.by = "comm",
		.fields = sched_fields,
		.n_fields = SCHED_F_ACTIVATION,
	}, {
		.name = "runq",
		.doc = "measure how long tasks wait to run",
		.value = "wait",
		.unit = "ns",
		.by = "comm",
		.fields = sched_fields,
		.n_fields = ARRAY_SIZE(sched_fields),
	},
};

static const struct kobs_column sched_columns[] = {
	{ "state", "why the task does not run", KOBS_TYPE_TEXT, NULL,
	  SCHED_W_STATE, 2 },
	{ "waker", "name of the thread that woke it up", KOBS_TYPE_TEXT, NULL,
	  SCHED_W_WAKER, 2 },
	{ "waker_pid", "process that woke it up", KOBS_TYPE_NUMBER, NULL,
	  SCHED_W_WAKER_PID, 1 },
	{ "waker_stack", "kernel stack of the wake-up", KOBS_TYPE_KSTACK, NULL,
	  SCHED_W_WAKER_STACK, 1 },
};

static const struct kobs_param sched_params[] = {
	[SCHED_P_INFLIGHT] = {
		"inflight", "maximum number of waiting tasks", KOBS_TYPE_NUMBER,
		"tasks", 16, 1 << 20, 16384
	},
	[SCHED_P_PREEMPTED] = {
		"preempted", "runq: preempted tasks count as waiting",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
};

const struct kobs_source kobs_src_sched = {
	.name = "sched",
	.doc = "tasks that are off the CPU, or wait to run",
	.modes = sched_modes,
	.n_modes = ARRAY_SIZE(sched_modes),
	.columns = sched_columns,
	.n_columns = ARRAY_SIZE(sched_columns),
	.params = sched_params,
	.n_params = ARRAY_SIZE(sched_params),
	.reasons = kobs_inflight_reasons,
	.n_reasons = KOBS_INFLIGHT_REASONS,
	.prepare = sched_prepare,
	.start = sched_start,
	.stop = sched_stop,
	.release = sched_release,
};
