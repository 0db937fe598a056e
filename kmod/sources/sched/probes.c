// SPDX-License-Identifier: GPL-2.0
/*
 * Source sched: the probes on the scheduler's tracepoints.
 *
 * A session is plain (a constant in the handlers' templates) when its key is the
 * name of the task: its entries then hold only that.
 *
 * Locking: none; see source.c. The scheduler calls with interrupts off, so
 * that preemption need not be disabled. Begin and end of a task's waits are
 * serialized, so that an entry that a handler has found cannot end meanwhile;
 * but a wake-up is seen in two places.
 */
#include <linux/sched.h>
#include <linux/string.h>

#include "core/hit.h"
#include "sources/sched/sched.h"

/* The waker in an interrupt is not the interrupted task. */
static const char sched_interrupt[16] = "[interrupt]";

static __always_inline u64 sched_pair(u32 high, u32 low)
{
	return (u64)high << 32 | low;
}

static __always_inline enum kobs_sched_wait
sched_state(bool preempt, struct task_struct *prev, unsigned int state)
{
	/* A signal, or a wake-up, can keep a task that is about to sleep. */
	if (preempt || !state || task_is_runnable(prev))
		return WAIT_PREEMPTED;
	if (state & TASK_INTERRUPTIBLE)
		return WAIT_SLEEP;
	if (state & TASK_UNINTERRUPTIBLE)
		return state & TASK_NOLOAD ? WAIT_IDLE : WAIT_DISK;
	if (state & TASK_RTLOCK_WAIT)
		return WAIT_LOCK;
	return state & (__TASK_STOPPED | __TASK_TRACED) ? WAIT_STOPPED :
							  WAIT_OTHER;
}

static __always_inline void sched_describe(u64 *data,
					   const struct task_struct *p,
					   bool plain)
{
	const u64 *comm = (const u64 *)p->comm;

	data[SCHED_D_COMM] = comm[0];
	data[SCHED_D_COMM + 1] = comm[1];
	if (!plain)
		data[SCHED_D_PIDS] = sched_pair(p->tgid, p->pid);
}

/* A task leaves whose last return was missed. Returns false when no entry is free. */
static noinline bool sched_begin_stale(struct kobs_session *s,
				       struct kobs_cpu *pc,
				       struct task_struct *p,
				       struct kobs_inflight_ref *ref)
{
	struct kobs_sched *d = s->priv;

	if (!(ref->entry->data[SCHED_D_STATE] & WAIT_SETTLED)) {
		local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
		kobs_count(&pc->counters, KOBS_N_STALE);
	}
	kobs_inflight_end_own(ref);
	return kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAIT, ref) ==
	       KOBS_INFLIGHT_BEGUN;
}

/* Begin the wait of a task. Returns false when no entry is free. */
static __always_inline bool sched_begin(struct kobs_session *s,
					struct kobs_cpu *pc,
					struct task_struct *p,
					struct kobs_inflight_ref *ref)
{
	struct kobs_sched *d = s->priv;
	enum kobs_inflight_got got = kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAIT,
						 ref);

	if (likely(got == KOBS_INFLIGHT_BEGUN) ||
	    (got == KOBS_INFLIGHT_FOUND && sched_begin_stale(s, pc, p, ref)))
		return true;
	WRITE_ONCE(d->full, true);
	return false;
}

/* Count in the row of a name: fast path, else slow path. */
static noinline void sched_record_slow(struct kobs_session *s,
				       struct kobs_cpu *pc, u64 comm0,
				       u64 comm1, u64 value)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[KOBS_W_COMM] = comm0;
	v[KOBS_W_COMM + 1] = comm1;
	kobs_hit_record(s, pc, &(struct kobs_hit){ .v = v, .value = value },
			KOBS_HIT_TABLE);
}

static __always_inline void sched_record_plain(struct kobs_session *s,
					       struct kobs_cpu *pc, u64 comm0,
					       u64 comm1, u64 value)
{
	struct kobs_row *row = kobs_table_peek(&pc->table, comm0, comm1, 2);

	if (unlikely(!row || value < s->filter.min)) {
		sched_record_slow(s, pc, comm0, comm1, value);
		return;
	}
	kobs_row_add(&pc->table, row, value);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
}

/* === offcpu === */

/* A task leaves the CPU: prev is current. */
static __always_inline void offcpu_out(struct kobs_session *s,
				       struct kobs_cpu *pc, u64 now,
				       struct task_struct *prev,
				       u32 state, bool stacks, bool plain)
{
	enum kobs_counter fate = KOBS_N_IN_FLIGHT;
	bool wanted = kobs_hit_wanted(s, pc);
	u64 v[KOBS_W_USTACK + 1] KOBS_UNINIT;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	u64 *data;

	v[KOBS_W_KSTACK] = 0;
	v[KOBS_W_USTACK] = 0;
	if (stacks && wanted &&
	    !kobs_context(s, v, s->need & KOBS_W_STACKS, true))
		fate = KOBS_N_STACK_FULL;
	/* Also a filtered one: its end must not count as unpaired. */
	if (unlikely(!sched_begin(s, pc, prev, &ref))) {
		fate = KOBS_N_INFLIGHT_FULL;
	} else {
		data = ref.entry->data;
		ref.entry->start = now;
		if (!wanted || fate != KOBS_N_IN_FLIGHT)
			state |= WAIT_SETTLED;
		sched_describe(data, prev, plain);
		data[SCHED_D_STATE] = sched_pair(plain ? 0 : raw_smp_processor_id(),
						 state);
		if (!plain)
			data[SCHED_D_STACKS] = sched_pair(v[KOBS_W_KSTACK],
							  v[KOBS_W_USTACK]);
		kobs_inflight_publish(&ref);
	}
	if (likely(wanted))
		kobs_count(&pc->counters, fate);
}

/*
 * The waker of a task, if its wake-up was seen: sched_waking() comes before the
 * task can run, but can also come before it is switched out. A wake-up of a
 * task that was still queued did not end a sleep that began later.
 * Returns false when the waker's stack did not fit the table.
 */
static noinline bool offcpu_waker(struct kobs_sched *d, struct task_struct *next,
				  u64 start, enum kobs_sched_wait state, u64 *v)
{
	struct kobs_inflight_ref ref;
	u64 waker[SCHED_D_WORDS];
	u64 woken;

	v[SCHED_W_WAKER] = 0;
	v[SCHED_W_WAKER + 1] = 0;
	v[SCHED_W_WAKER_PID] = 0;
	v[SCHED_W_WAKER_STACK] = 0;
	if (state == WAIT_PREEMPTED ||
	    !kobs_inflight_find(&d->inflight, (u64)next, SCHED_KEY_WAKE, &ref))
		return true;
	woken = ref.entry->start;
	memcpy(waker, ref.entry->data, sizeof(waker));
	if (!kobs_inflight_end(&ref))
		return true;
	if ((waker[SCHED_D_STATE] & WAKE_QUEUED) && woken < start)
		return true;
	v[SCHED_W_WAKER] = waker[SCHED_D_COMM];
	v[SCHED_W_WAKER + 1] = waker[SCHED_D_COMM + 1];
	v[SCHED_W_WAKER_PID] = waker[SCHED_D_PIDS] >> 32;
	v[SCHED_W_WAKER_STACK] = waker[SCHED_D_STACKS] >> 32;
	return !(waker[SCHED_D_STATE] & WAKE_NO_STACK);
}

/* A task returns whose leaving was missed. */
static noinline void offcpu_unpaired(struct kobs_session *s,
				     struct kobs_cpu *pc,
				     struct task_struct *next)
{
	struct kobs_sched *d = s->priv;
	u64 data[SCHED_D_WORDS];
	u64 t0;

	/* A new task never left; one without an entry was counted as lost. */
	if (!(next->nvcsw + next->nivcsw) || READ_ONCE(d->full) ||
	    !kobs_hit_begin(s, pc, &t0))
		return;
	sched_describe(data, next, false);
	if (sched_pass(s, pc, data, raw_smp_processor_id()))
		kobs_count(&pc->counters, KOBS_N_UNPAIRED);
}

/* A task returns to the CPU. */
static __always_inline void offcpu_in(struct kobs_session *s,
				      struct kobs_cpu *pc, u64 now,
				      struct task_struct *next, bool plain)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_sched *d = s->priv;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	u64 start;
	u64 state;
	u64 value;

	if (unlikely(!kobs_inflight_find(&d->inflight, (u64)next, SCHED_KEY_WAIT, &ref))) {
		offcpu_unpaired(s, pc, next);
		return;
	}
	start = ref.entry->start;
	state = ref.entry->data[SCHED_D_STATE];
	if (plain) {
		v[KOBS_W_COMM] = ref.entry->data[SCHED_D_COMM];
		v[KOBS_W_COMM + 1] = ref.entry->data[SCHED_D_COMM + 1];
	} else {
		sched_words(v, ref.entry->data, state >> 32);
	}
	kobs_inflight_end_own(&ref);
	if (unlikely(state & WAIT_SETTLED))
		return;
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	/* The clocks of two CPUs may differ slightly. */
	value = now > start ? now - start : 0;
	if (plain) {
		sched_record_plain(s, pc, v[KOBS_W_COMM], v[KOBS_W_COMM + 1],
				   value);
		return;
	}
	if (unlikely(d->wakers) &&
	    !offcpu_waker(d, next, start, state & WAIT_STATE, v)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		return;
	}
	kobs_hit_record(s, pc, &(struct kobs_hit){ .v = v, .value = value },
			KOBS_HIT_TABLE);
}

/* A task exits: drop its last wake-up. */
static noinline void offcpu_dead(struct kobs_sched *d, struct task_struct *prev)
{
	struct kobs_inflight_ref ref;

	if (d->wakers &&
	    kobs_inflight_find(&d->inflight, (u64)prev, SCHED_KEY_WAKE, &ref))
		kobs_inflight_end(&ref);
}

static __always_inline void offcpu_switch(struct kobs_session *s, bool preempt,
					  struct task_struct *prev,
					  struct task_struct *next,
					  unsigned int state, bool stacks,
					  bool plain)
{
	struct kobs_cpu *pc = kobs_hit_enter_off(s);
	u64 t0 = 0;
	u64 now;

	if (!pc)
		return;
	now = ktime_get_mono_fast_ns();
	if (unlikely(state & TASK_DEAD))
		offcpu_dead(s->priv, prev);
	else if (prev->pid && kobs_hit_begin(s, pc, &t0))
		offcpu_out(s, pc, now, prev,
			   plain ? 0 : sched_state(preempt, prev, state),
			   stacks, plain);
	if (next->pid)
		offcpu_in(s, pc, now, next, plain);
	kobs_hit_end(s, pc, t0, 0);
	kobs_hit_leave_off(pc);
}

static void offcpu_probe_plain(void *data, bool preempt,
			       struct task_struct *prev,
			       struct task_struct *next, unsigned int state)
{
	offcpu_switch(data, preempt, prev, next, state, false, true);
}

static void offcpu_probe(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next, unsigned int state)
{
	offcpu_switch(data, preempt, prev, next, state, false, false);
}

static void offcpu_probe_stacks(void *data, bool preempt,
				struct task_struct *prev,
				struct task_struct *next, unsigned int state)
{
	offcpu_switch(data, preempt, prev, next, state, true, false);
}

/* Current wakes a task up. */
static void offcpu_probe_waking(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_cpu *pc = kobs_hit_enter_off(s);
	u64 v[KOBS_W_USTACK + 1] KOBS_UNINIT;
	u32 state = task_is_runnable(p) ? WAKE_QUEUED : 0;
	struct kobs_sched *d = s->priv;
	struct kobs_inflight_ref ref KOBS_UNINIT;

	if (!pc)
		return;
	if (!READ_ONCE(s->armed) || !p->pid)
		goto out;
	if (kobs_inflight_find(&d->inflight, (u64)p, SCHED_KEY_WAKE, &ref))
		kobs_inflight_end(&ref);
	v[KOBS_W_KSTACK] = 0;
	if (s->has_stacks &&
	    !kobs_context(s, v, BIT(KOBS_W_KSTACK), true))
		state |= WAKE_NO_STACK;
	if (kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAKE, &ref) !=
	    KOBS_INFLIGHT_BEGUN)
		goto out;
	ref.entry->start = ktime_get_mono_fast_ns();
	sched_describe(ref.entry->data, current, false);
	if (!in_task()) {
		memcpy(&ref.entry->data[SCHED_D_COMM], sched_interrupt,
		       sizeof(sched_interrupt));
		ref.entry->data[SCHED_D_PIDS] = 0;
	}
	ref.entry->data[SCHED_D_STACKS] = sched_pair(v[KOBS_W_KSTACK], 0);
	ref.entry->data[SCHED_D_STATE] = state;
	kobs_inflight_publish(&ref);
out:
	kobs_hit_leave_off(pc);
}

/* === runq === */

/* A task begins to wait; the filter is applied at the end, where it runs. */
static __always_inline void runq_out(struct kobs_session *s,
				     struct kobs_cpu *pc, u64 now,
				     struct task_struct *p,
				     enum kobs_sched_wait state)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_sched *d = s->priv;
	enum kobs_inflight_got got;
	u64 t0;

	if (unlikely(!READ_ONCE(s->armed)))
		return;
	got = kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAIT, &ref);
	/* Preempted on its way to sleep, then woken up: it waits already. */
	if (unlikely(got == KOBS_INFLIGHT_FOUND))
		return;
	t0 = kobs_hit_clock(pc);
	if (unlikely(got == KOBS_INFLIGHT_FULL)) {
		kobs_count(&pc->counters, KOBS_N_INFLIGHT_FULL);
	} else {
		ref.entry->start = now;
		sched_describe(ref.entry->data, p, false);
		ref.entry->data[SCHED_D_STACKS] = 0;
		ref.entry->data[SCHED_D_STATE] = sched_pair(task_cpu(p), state);
		kobs_inflight_publish(&ref);
		kobs_count(&pc->counters, KOBS_N_IN_FLIGHT);
	}
	kobs_hit_end(s, pc, t0, 0);
}

static __always_inline void runq_wake(struct kobs_session *s,
				      struct task_struct *p,
				      enum kobs_sched_wait state)
{
	struct kobs_cpu *pc;

	if (sched_running(p))
		return;
	pc = kobs_hit_enter_off(s);
	if (!pc)
		return;
	runq_out(s, pc, ktime_get_mono_fast_ns(), p, state);
	kobs_hit_leave_off(pc);
}

static void runq_probe_wakeup(void *data, struct task_struct *p)
{
	runq_wake(data, p, WAIT_WOKEN);
}

static void runq_probe_new(void *data, struct task_struct *p)
{
	runq_wake(data, p, WAIT_NEW);
}

/* A waiting task runs. */
static __always_inline void runq_in(struct kobs_session *s,
				    struct kobs_cpu *pc, u64 now,
				    struct task_struct *next, bool plain)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_sched *d = s->priv;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	u32 cpu = raw_smp_processor_id();
	const u64 *data;
	u64 start;
	u64 value;

	if (!kobs_inflight_find(&d->inflight, (u64)next, SCHED_KEY_WAIT, &ref))
		return;
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	data = ref.entry->data;
	if (likely(sched_wanted(s, pc, data, cpu))) {
		start = ref.entry->start;
		value = now > start ? now - start : 0;
		if (plain) {
			sched_record_plain(s, pc, data[SCHED_D_COMM],
					   data[SCHED_D_COMM + 1], value);
		} else {
			sched_words(v, data, cpu);
			kobs_hit_record(s, pc, &(struct kobs_hit){
				.v = v, .value = value,
			}, KOBS_HIT_TABLE);
		}
	}
	kobs_inflight_end_own(&ref);
}

static __always_inline void runq_switch(struct kobs_session *s, bool preempt,
					struct task_struct *prev,
					struct task_struct *next,
					unsigned int state, bool plain)
{
	struct kobs_cpu *pc = kobs_hit_enter_off(s);
	struct kobs_sched *d = s->priv;
	u64 now;

	if (!pc)
		return;
	now = ktime_get_mono_fast_ns();
	if (d->preempted && prev->pid && !(state & TASK_DEAD) &&
	    sched_state(preempt, prev, state) == WAIT_PREEMPTED)
		runq_out(s, pc, now, prev, WAIT_PREEMPTED);
	if (next->pid)
		runq_in(s, pc, now, next, plain);
	kobs_hit_leave_off(pc);
}

static void runq_probe_switch_plain(void *data, bool preempt,
				    struct task_struct *prev,
				    struct task_struct *next,
				    unsigned int state)
{
	runq_switch(data, preempt, prev, next, state, true);
}

static void runq_probe_switch(void *data, bool preempt,
			      struct task_struct *prev,
			      struct task_struct *next, unsigned int state)
{
	runq_switch(data, preempt, prev, next, state, false);
}

static void sched_hang(struct kobs_sched *d, const char *name, void *probe)
{
	d->probes[d->n_probes++] = (struct kobs_probe){ name, probe };
}

/**
 * sched_choose_probes() - choose the probes of a session
 * @s: session being prepared
 * @d: complete except its probes
 *
 * Context: task.
 */
void sched_choose_probes(const struct kobs_session *s, struct kobs_sched *d)
{
	bool plain = s->n_words == 2 && s->gather[0] == KOBS_W_COMM;

	if (sched_is_runq(s)) {
		sched_hang(d, "sched_switch", plain ?
			   (void *)runq_probe_switch_plain : runq_probe_switch);
		sched_hang(d, "sched_wakeup", runq_probe_wakeup);
		sched_hang(d, "sched_wakeup_new", runq_probe_new);
		return;
	}
	if (s->need & KOBS_W_STACKS)
		sched_hang(d, "sched_switch", offcpu_probe_stacks);
	else
		sched_hang(d, "sched_switch", plain ?
			   (void *)offcpu_probe_plain : offcpu_probe);
	if (d->wakers)
		sched_hang(d, "sched_waking", offcpu_probe_waking);
}
