// SPDX-License-Identifier: GPL-2.0
/*
 * Source sched: the probes of mode runq. What a hit is: see source.c.
 *
 * The life of an entry:
 *
 *   sched_waking	begun, in state WAIT_WAKING: not a hit yet
 *   sched_wakeup	becomes a hit in state WAIT_WOKEN, with the time between
 *			the two; or ends without a hit when the task is running
 *   sched_wakeup_new	begun as a hit in state WAIT_NEW
 *   sched_switch	a hit ends, and is recorded; with preempted, one is begun
 *
 * A hit whose cost is measured has it measured where it begins, and where it ends.
 * A sched_waking is a call, and so is a sched_switch that ends no hit, or a
 * sched_wakeup that begins none.
 *
 * Locking: none; see source.c. sched_waking is called under the task's pi_lock,
 * the others under its run queue's lock (sched_wakeup of the current task: under
 * none, so that it is left out). A task is woken up once until it runs and sleeps
 * again: its events are serialized, except that it can be switched to after
 * sched_waking, and before sched_wakeup, if it had not left its run queue.
 */
#include "sources/sched/probes.h"

static __always_inline bool runq_is_waking(const struct kobs_inflight_ref *ref)
{
	return (ref->entry->data[SCHED_D_STATE] & WAIT_STATE) == WAIT_WAKING;
}

/* Whether a wait is no hit yet, or one whose cost is measured: in one test. */
static __always_inline bool runq_is_odd(const struct kobs_inflight_ref *ref)
{
	return (u32)ref->entry->data[SCHED_D_STATE] >= WAIT_WAKING;
}

/* A hit begins in a new entry; the filter is applied at the end, where it runs. */
static __always_inline void runq_begin(struct kobs_session *s,
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
	if (unlikely(got == KOBS_INFLIGHT_FOUND)) {
		/* Preempted while it is being woken up: it waits from now on. */
		if (!runq_is_waking(&ref) || !kobs_inflight_end(&ref))
			return;
		got = kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAIT,
					  &ref);
	}
	t0 = kobs_hit_clock(pc);
	if (unlikely(t0))
		state |= WAIT_TIMED;
	if (unlikely(got == KOBS_INFLIGHT_FULL)) {
		kobs_count(&pc->counters, KOBS_N_INFLIGHT_FULL);
	} else {
		ref.entry->start = now;
		sched_describe(ref.entry->data, p, false);
		sched_describe_cgroup(s, ref.entry->data, p);
		ref.entry->data[SCHED_D_ACTIVATION] = 0;
		ref.entry->data[SCHED_D_STATE] = sched_pair(task_cpu(p), state);
		kobs_inflight_publish(&ref);
		kobs_count(&pc->counters, KOBS_N_IN_FLIGHT);
	}
	kobs_hit_end(s, pc, t0, 0);
}

/* Current wakes up a task. */
static __always_inline void runq_waking(struct kobs_session *s,
					struct task_struct *p)
{
	struct kobs_sched *d = s->priv;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	enum kobs_inflight_got got;

	got = kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAIT, &ref);
	/* Else it waits already, unless its last wake-up was missed. */
	if (unlikely(got == KOBS_INFLIGHT_FOUND) && runq_is_waking(&ref) &&
	    kobs_inflight_end(&ref))
		got = kobs_inflight_begin(&d->inflight, (u64)p, SCHED_KEY_WAIT,
					  &ref);
	if (unlikely(got == KOBS_INFLIGHT_FULL))
		WRITE_ONCE(d->full, true);
	if (unlikely(got != KOBS_INFLIGHT_BEGUN))
		return;
	ref.entry->start = ktime_get_mono_fast_ns();
	sched_describe(ref.entry->data, p, false);
	sched_describe_cgroup(s, ref.entry->data, p);
	ref.entry->data[SCHED_D_STATE] = WAIT_WAKING;
	kobs_inflight_publish(&ref);
}

/* Likewise, and what it takes is measured. */
static noinline void runq_waking_timed(struct kobs_session *s,
				       struct kobs_cpu *pc,
				       struct task_struct *p)
{
	u64 t0 = ktime_get_mono_fast_ns();

	runq_waking(s, p);
	kobs_hit_call_end(s, pc, t0);
}

static void runq_probe_waking(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_cpu *pc;

	/* Not armed, it is no hit at sched_wakeup, and ends when the task runs. */
	if (p == current)
		return;
	pc = kobs_hit_enter_irqs_off(s);
	if (!pc)
		return;
	if (unlikely(kobs_hit_call_count(pc)))
		runq_waking_timed(s, pc, p);
	else
		runq_waking(s, p);
	kobs_hit_leave_off(pc);
}

/* A wake-up whose begin was not seen: for want of room, or before the session. */
static noinline void runq_wakeup_alone(struct kobs_session *s,
				       struct kobs_cpu *pc,
				       struct task_struct *p)
{
	struct kobs_sched *d = s->priv;
	u64 t0;

	if (!READ_ONCE(d->full)) {
		runq_begin(s, pc, ktime_get_mono_fast_ns(), p, WAIT_WOKEN);
		return;
	}
	if (!kobs_hit_begin(s, pc, &t0))
		return;
	kobs_count(&pc->counters, KOBS_N_INFLIGHT_FULL);
	kobs_hit_end(s, pc, t0, 0);
}

/* A wake-up that is no hit: the task runs, or waits already. */
static noinline void runq_wakeup_none(struct kobs_session *s,
				      struct kobs_cpu *pc,
				      struct task_struct *p)
{
	u64 t0 = kobs_hit_call_begin(s, pc);
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_sched *d = s->priv;

	if (kobs_inflight_find(&d->inflight, (u64)p, SCHED_KEY_WAIT, &ref) &&
	    runq_is_waking(&ref))
		kobs_inflight_end_own(&ref);
	kobs_hit_call_end(s, pc, t0);
}

/* A task that was woken up is on a run queue. */
static __always_inline void runq_wakeup(struct kobs_session *s,
					struct kobs_cpu *pc,
					struct task_struct *p)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	bool running = sched_running(p);
	struct kobs_sched *d = s->priv;
	u64 *data;
	u64 t0;

	if (unlikely(!kobs_inflight_find(&d->inflight, (u64)p, SCHED_KEY_WAIT,
					 &ref))) {
		if (running)
			runq_wakeup_none(s, pc, p);
		else
			runq_wakeup_alone(s, pc, p);
		return;
	}
	data = ref.entry->data;
	/* Preempted on its way to sleep, it waits already. */
	if (unlikely(running || !runq_is_waking(&ref))) {
		runq_wakeup_none(s, pc, p);
		return;
	}
	if (!kobs_hit_begin(s, pc, &t0))
		return;
	/* Nobody else looks at the entry before the task runs. */
	data[SCHED_D_ACTIVATION] = kobs_elapsed(ref.entry->start,
						ktime_get_mono_fast_ns());
	data[SCHED_D_STATE] = sched_pair(task_cpu(p), WAIT_WOKEN);
	kobs_count(&pc->counters, KOBS_N_IN_FLIGHT);
	if (unlikely(t0)) {
		data[SCHED_D_STATE] |= WAIT_TIMED;
		kobs_hit_end(s, pc, t0, 0);
	}
}

static void runq_probe_wakeup(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_cpu *pc;

	if (p == current)
		return;
	pc = kobs_hit_enter_irqs_off(s);
	if (!pc)
		return;
	runq_wakeup(s, pc, p);
	kobs_hit_leave_off(pc);
}

static void runq_probe_new(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_cpu *pc;

	if (sched_running(p))
		return;
	pc = kobs_hit_enter_irqs_off(s);
	if (!pc)
		return;
	runq_begin(s, pc, ktime_get_mono_fast_ns(), p, WAIT_NEW);
	kobs_hit_leave_off(pc);
}

/* A wait ends. */
static __always_inline void runq_record(struct kobs_session *s,
					struct kobs_cpu *pc, u64 now,
					const struct kobs_inflight *entry,
					u32 cpu, bool plain)
{
	u64 value = kobs_elapsed(entry->start, now);
	const u64 *data = entry->data;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_row *row;

	if (plain) {
		row = sched_record_plain(s, pc, data[SCHED_D_COMM],
					 data[SCHED_D_COMM + 1], value);
	} else {
		sched_words(s->priv, v, data, cpu);
		row = sched_record(s, pc, v, value);
	}
	sched_count_activation(pc, row, data[SCHED_D_ACTIVATION]);
}

static __always_inline void runq_end(struct kobs_session *s,
				     struct kobs_cpu *pc, u64 now,
				     const struct kobs_inflight_ref *ref,
				     bool plain)
{
	u32 cpu = raw_smp_processor_id();

	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (likely(sched_wanted(s, pc, ref->entry->data, cpu)))
		runq_record(s, pc, now, ref->entry, cpu, plain);
	kobs_inflight_end_own(ref);
}

/* A task runs whose wait is no hit, or one whose cost is measured. */
static noinline bool runq_in_odd(struct kobs_session *s, struct kobs_cpu *pc,
				 u64 now, const struct kobs_inflight_ref *ref,
				 bool plain)
{
	/* It had not left its run queue: sched_wakeup will find it running. */
	if (runq_is_waking(ref)) {
		kobs_inflight_end(ref);
		return false;
	}
	runq_end(s, pc, now, ref, plain);
	kobs_hit_more(s, pc, now);
	return true;
}

/* A task runs. Returns whether it waited. */
static __always_inline bool runq_in(struct kobs_session *s,
				    struct kobs_cpu *pc, u64 now,
				    struct task_struct *next, bool plain)
{
	struct kobs_sched *d = s->priv;
	struct kobs_inflight_ref ref KOBS_UNINIT;

	if (!kobs_inflight_find(&d->inflight, (u64)next, SCHED_KEY_WAIT, &ref))
		return false;
	if (unlikely(runq_is_odd(&ref)))
		return runq_in_odd(s, pc, now, &ref, plain);
	runq_end(s, pc, now, &ref, plain);
	return true;
}

static __always_inline void runq_switch(struct kobs_session *s, bool preempt,
					struct task_struct *prev,
					struct task_struct *next,
					unsigned int state, bool plain)
{
	struct kobs_cpu *pc = kobs_hit_enter_irqs_off(s);
	struct kobs_sched *d = s->priv;
	u64 now;

	if (!pc)
		return;
	now = ktime_get_mono_fast_ns();
	if (d->preempted && prev->pid && !(state & TASK_DEAD) &&
	    sched_state(preempt, prev, state) == WAIT_PREEMPTED)
		runq_begin(s, pc, now, prev, WAIT_PREEMPTED);
	if (!next->pid || !runq_in(s, pc, now, next, plain))
		kobs_hit_call(s, pc, now);
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

KOBS_PROBE_TYPE(runq_probe_switch_plain, sched_switch);
KOBS_PROBE_TYPE(runq_probe_switch, sched_switch);
KOBS_PROBE_TYPE(runq_probe_waking, sched_waking);
KOBS_PROBE_TYPE(runq_probe_wakeup, sched_wakeup);
KOBS_PROBE_TYPE(runq_probe_new, sched_wakeup_new);

/**
 * sched_choose_runq() - choose the probes of a session in mode runq
 * @d: session
 * @plain: its key is the name of the task
 *
 * Context: task.
 */
void sched_choose_runq(struct kobs_sched *d, bool plain)
{
	sched_hang(d, "sched_switch", plain ? runq_probe_switch_plain :
					      runq_probe_switch);
	sched_hang(d, "sched_waking", runq_probe_waking);
	sched_hang(d, "sched_wakeup", runq_probe_wakeup);
	sched_hang(d, "sched_wakeup_new", runq_probe_new);
}
