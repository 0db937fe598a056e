// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: where the time of threads goes. Each nanosecond of each thread that
 * is followed, from the session's begin or the thread's own to the session's end or
 * the thread's own, is in exactly one class: it runs, it can run and does not, it
 * is blocked, or an interrupt runs in its place.
 *
 * What a hit is
 *
 *   An interval of a thread that is followed, when it ends: by an event of the
 *   scheduler, by the end of the thread, or by the end of the session; with split
 *   also when the thread enters or leaves a system call. What
 *   interrupts took from an interval in which it ran is a hit of its own. One whose
 *   stack or row found no room is lost, but its time is in its class all the same.
 *   A thread that should be followed, and found no room, is a lost hit.
 *
 * Threads that are followed are those of the filter, when the session begins, when
 * they are created, or when they execute another program, and those that they
 * create. They stay so until they end.
 *
 * Locking: see probes.c for the handlers; rows are read under the session's lock.
 */
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/hit.h"
#include "core/refuse.h"
#include "core/stolen.h"
#include "sources.h"
#include "sources/wall/wall.h"

static int wall_check(const struct kobs_session *s, struct netlink_ext_ack *extack)
{
	if (s->filter.n_cpu)
		return kobs_refuse(extack, -EINVAL,
				   "wall follows threads from CPU to CPU: cpu does not apply, choose by pid, tid or comm");
	if (s->filter.min)
		return kobs_refuse(extack, -EINVAL,
				   "wall accounts for all of a thread's time: min does not apply");
	if (s->params[KOBS_P_HIST].number)
		return kobs_refuse(extack, -EINVAL,
				   "wall keeps no histograms: hist does not apply; sched offcpu and sched runq have them");
	return 0;
}

static int wall_prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_wall *d = container_of(c, struct kobs_wall, cpus);

	return kobs_group_table_prepare(&d->groups, &d->s->memory, cpu);
}

static void wall_free(struct kobs_wall *d)
{
	kobs_cpus_remove(&d->cpus);
	vfree(d->shots);
	vfree(d->sums);
	kobs_group_table_free(&d->groups);
	kobs_inflight_table_free(&d->tasks);
	vfree(d->threads);
	free_percpu(d->cpu);
	kfree(d);
}

static int wall_alloc_groups(struct kobs_wall *d)
{
	struct kobs_memory *m = &d->s->memory;
	int err;

	err = kobs_group_table_init(&d->groups, m,
				    d->s->params[KOBS_P_ROWS].number,
				    d->wakers ? WALL_K_WORDS : WALL_K_WAKER);
	if (err)
		return err;
	if (!kobs_memory_fits(m, num_online_cpus() *
				 kobs_group_table_bytes(&d->groups)))
		return -ENOMEM;
	d->sums = kobs_memory_get(m, (d->groups.mask + 1ULL) * sizeof(*d->sums),
				  NUMA_NO_NODE);
	d->cpus.prepare = wall_prepare_cpu;
	return d->sums ? kobs_cpus_add(&d->cpus) : -ENOMEM;
}

static int wall_alloc(struct kobs_wall *d)
{
	struct kobs_memory *m = &d->s->memory;
	int err;

	d->cpu = alloc_percpu_gfp(struct kobs_wall_cpu, GFP_KERNEL_ACCOUNT);
	d->threads = kobs_memory_get(m, (u64)d->max * sizeof(*d->threads),
				     NUMA_NO_NODE);
	d->shots = kobs_memory_get(m, (u64)d->max * sizeof(*d->shots),
				   NUMA_NO_NODE);
	if (!d->cpu || !d->threads || !d->shots)
		return -ENOMEM;
	err = kobs_inflight_table_init(&d->tasks, m, d->max, WALL_D_WORDS);
	if (err || !(d->stacks || d->instead || d->wakers || d->owners))
		return err;
	return wall_alloc_groups(d);
}

static bool wall_has_column(const struct kobs_session *s, unsigned int word)
{
	unsigned int i;

	for (i = 0; i < s->n_columns; i++) {
		if (s->columns[i]->word == word)
			return true;
	}
	return false;
}

static int wall_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_wall *d;
	int err = wall_check(s, extack);

	if (err)
		return err;
	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	d->s = s;
	d->zero = U64_MAX;
	d->max = s->source_params[WALL_P_THREADS].number;
	d->split = s->source_params[WALL_P_SPLIT].number;
	d->children = !s->source_params[WALL_P_ALONE].number;
	d->stacks = s->need & KOBS_W_STACKS;
	d->instead = wall_has_column(s, WALL_W_INSTEAD);
	d->chains = wall_has_column(s, WALL_W_CHAIN);
	d->wakers = d->chains || wall_has_column(s, WALL_W_WAKER);
	d->owners = wall_has_column(s, WALL_W_LOCK) ||
		    wall_has_column(s, WALL_W_OWNER) ||
		    wall_has_column(s, WALL_W_OWNER_PID);
	d->cgroups = s->need & BIT(KOBS_W_CGROUP);
	err = wall_alloc(d);
	if (err) {
		wall_free(d);
		return kobs_session_no_memory(s, extack, "threads or rows");
	}
	wall_choose_probes(d);
	if (!s->source_params[WALL_P_NO_IRQ].number)
		d->n_probes += kobs_stolen_probes(d->probes + d->n_probes);
	if (d->split)
		wall_choose_syscalls(d);
	if (d->owners)
		wall_choose_locks(d);
	s->priv = d;
	s->targets = d->n_probes;
	return 0;
}

static int wall_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_wall *d = s->priv;
	const char *failed;
	int err;

	err = kobs_tracepoint_attach(d->probes, d->n_probes, s, &failed);
	if (!err) {
		wall_census(d);
		return 0;
	}
	wall_forget(d);
	return kobs_refuse(extack, err,
			   "cannot attach to the tracepoint %s: error %d",
			   failed, -err);
}

static u32 wall_threads(const struct kobs_wall *d)
{
	return min_t(u32, atomic_read(&d->used), d->max);
}

/* Intervals in progress end with the session. */
static void wall_stop(struct kobs_session *s)
{
	struct kobs_wall *d = s->priv;
	struct kobs_cpu *pc;
	u32 i;

	kobs_tracepoint_detach(d->probes, d->n_probes, s);
	preempt_disable();
	pc = this_cpu_ptr(s->cpu);
	for (i = 0; i < wall_threads(d); i++) {
		if (kobs_wall_is_gone(&d->threads[i].account))
			continue;
		kobs_count(&pc->counters, KOBS_N_HITS);
		kobs_count(&pc->counters, KOBS_N_RECORDED);
	}
	preempt_enable();
}

static void wall_release(struct kobs_session *s)
{
	struct kobs_wall *d = s->priv;

	s->priv = NULL;
	wall_free(d);
}

static void wall_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_wall *d = s->priv;

	u->bytes += sizeof(*d) +
		    sizeof(struct kobs_wall_cpu) * num_possible_cpus();
	if (!d->sums)
		return;
	u->rows = atomic_read(&d->groups.used);
	u->rows_max = d->groups.mask + 1;
}

static u64 wall_missed(const struct kobs_wall *d)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < wall_threads(d); i++)
		sum += READ_ONCE(d->threads[i].account.missed);
	return sum;
}

static bool wall_note(const struct kobs_session *s, unsigned int i,
		      struct kobs_note *note)
{
	const struct kobs_wall *d = s->priv;

	if (!d || i > 1)
		return false;
	if (!i) {
		*note = (struct kobs_note){
			"threads", "followed, also those that have ended", wall_threads(d)
		};
		return true;
	}
	*note = (struct kobs_note){
		"missed", "events that do not follow from the one before: one was not seen",
		wall_missed(d)
	};
	return true;
}

#define FIELD_OF(class, name, doc)					\
	[WALL_F_CLASS + (class)] = {					\
		name, doc, KOBS_TYPE_NUMBER, "ns", KOBS_MERGE_SUM	\
	}

static const struct kobs_field wall_fields[] = {
	[WALL_F_LIFETIME] = {
		"lifetime", "from the begin to the end of threads in the session",
		KOBS_TYPE_NUMBER, "ns", KOBS_MERGE_SUM
	},
	FIELD_OF(WALL_RUN, "run", "part in which they ran"),
	FIELD_OF(WALL_SYSTEM, "system",
		 "part in which they ran in system calls, with split"),
	FIELD_OF(WALL_IRQ, "irq", "part in which interrupts ran in their place"),
	FIELD_OF(WALL_WOKEN, "woken",
		 "part in which they waited for a CPU after a wake-up"),
	FIELD_OF(WALL_PREEMPTED, "preempted",
		 "part in which they waited for a CPU after they lost it"),
	FIELD_OF(WALL_SLEEP, "sleep", "part in which they slept, interruptibly"),
	FIELD_OF(WALL_DISK, "disk", "part in which they slept, uninterruptibly"),
	FIELD_OF(WALL_IDLE, "idle", "part in which kernel threads waited for work"),
	FIELD_OF(WALL_LOCK, "lock",
		 "part in which spinlocks blocked them, on PREEMPT_RT"),
	FIELD_OF(WALL_STOPPED, "stopped", "part in which they were stopped or traced"),
	FIELD_OF(WALL_OTHER, "other", "part in which they were blocked in another way"),
};

static const struct kobs_mode wall_modes[] = {
	{
		.name = "time",
		.doc = "account for all of the time of threads",
		.value = "time",
		.unit = "ns",
		.own_rows = true,
		.by = "tid,pid,comm,policy,prio,class,instead,blocked_by,owner,owner_pid,kstack",
		.fields = wall_fields,
		.n_fields = ARRAY_SIZE(wall_fields),
	},
};

static const struct kobs_column wall_columns[] = {
	{ "class", "what the thread does", KOBS_TYPE_TEXT, NULL,
	  WALL_W_CLASS, 2 },
	{ "instead", "thread that its CPU ran when it began to wait for it",
	  KOBS_TYPE_TEXT, NULL, WALL_W_INSTEAD, 2 },
	{ "waker", "thread that woke it up when it was blocked", KOBS_TYPE_TEXT,
	  NULL, WALL_W_WAKER, 2 },
	{ "blocked_by", "lock that it is blocked by, if known", KOBS_TYPE_OBJECT, NULL,
	  WALL_W_LOCK, 1, .interned = true },
	{ "owner", "thread that held the lock when it was blocked, if known",
	  KOBS_TYPE_TEXT, NULL, WALL_W_OWNER, KOBS_LOCK_OWNER_WORDS,
	  .interned = true },
	{ "owner_pid", "its process", KOBS_TYPE_NUMBER, NULL, WALL_W_OWNER_PID, 1,
	  .interned = true },
	{ "chain", "threads that woke each other up to that end, as uapi/kobs_wall.h says",
	  KOBS_TYPE_KSTACK, NULL, WALL_W_CHAIN, 1 },
	{ "policy", "policy that it is scheduled by", KOBS_TYPE_TEXT, NULL,
	  WALL_W_POLICY, 2 },
	{ "prio", "priority: 0 is the highest, 100 and above are not real-time",
	  KOBS_TYPE_NUMBER, NULL, WALL_W_PRIO, 1 },
};

static const struct kobs_param wall_params[] = {
	[WALL_P_THREADS] = {
		"threads", "maximum number of threads, also those that have ended",
		KOBS_TYPE_NUMBER, "threads", 1, 1 << 16, 4096
	},
	[WALL_P_ALONE] = {
		"alone", "do not follow threads that followed ones create",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[WALL_P_SPLIT] = {
		"split", "tell apart the time in which threads run in system calls",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[WALL_P_NO_IRQ] = {
		"no_irq", "do not tell apart what interrupts take from threads that run",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
};

static const struct kobs_reason wall_reasons[] = {
	[WALL_N_THREADS_FULL - KOBS_N_SOURCE] = {
		"threads_full", "no room left for a thread: raise threads",
	},
};

const struct kobs_source kobs_src_wall = {
	.name = "wall",
	.doc = "where the time of threads goes",
	.modes = wall_modes,
	.n_modes = ARRAY_SIZE(wall_modes),
	.columns = wall_columns,
	.n_columns = ARRAY_SIZE(wall_columns),
	.params = wall_params,
	.n_params = ARRAY_SIZE(wall_params),
	.reasons = wall_reasons,
	.n_reasons = ARRAY_SIZE(wall_reasons),
	.prepare = wall_prepare,
	.start = wall_start,
	.stop = wall_stop,
	.release = wall_release,
	.rows = wall_rows,
	.usage = wall_usage,
	.note = wall_note,
};
