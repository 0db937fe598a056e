// SPDX-License-Identifier: GPL-2.0
/*
 * Source sched: the probes of mode offcpu, and the choice of a session's probes.
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
#include "sources/sched/probes.h"

/* The waker in an interrupt is not the interrupted task. */
static const char sched_interrupt[16] = "[interrupt]";

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

/* A task leaves the CPU: prev is current. */
static __always_inline void offcpu_out(struct kobs_session *s,
				       struct kobs_cpu *pc, u64 now,
				       struct task_struct *prev,
				       u32 state, bool stacks, bool plain)
{
	enum kobs_counter fate = KOBS_N_IN_FLIGHT;
	const struct kobs_sched *d = s->priv;
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
		if (!plain) {
			data[SCHED_D_STACKS] = sched_pair(v[KOBS_W_KSTACK],
							  v[KOBS_W_USTACK]);
			/* The filter has been applied: the task can move. */
			if (unlikely(d->cgroups))
				data[SCHED_D_CGROUP] = kobs_cgroup_id(prev);
		}
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
	/* Entries have no more where no column needs it. */
	u64 waker[SCHED_D_CGROUP];
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
	sched_describe_cgroup(s, data, next);
	if (sched_pass(s, pc, data, raw_smp_processor_id()))
		kobs_count(&pc->counters, KOBS_N_UNPAIRED);
	kobs_hit_end(s, pc, t0, 0);
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
		sched_words(d, v, ref.entry->data, state >> 32);
	}
	kobs_inflight_end_own(&ref);
	if (unlikely(state & WAIT_SETTLED))
		return;
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	value = kobs_elapsed(start, now);
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
	struct kobs_cpu *pc = kobs_hit_enter_irqs_off(s);
	bool out = false;
	u64 t0 = 0;
	u64 now;

	if (!pc)
		return;
	now = ktime_get_mono_fast_ns();
	if (unlikely(state & TASK_DEAD)) {
		offcpu_dead(s->priv, prev);
	} else if (likely(prev->pid)) {
		out = true;
		if (kobs_hit_begin(s, pc, &t0))
			offcpu_out(s, pc, now, prev,
				   plain ? 0 : sched_state(preempt, prev, state),
				   stacks, plain);
	}
	if (next->pid)
		offcpu_in(s, pc, now, next, plain);
	if (likely(out))
		kobs_hit_end(s, pc, t0, 0);
	else
		kobs_hit_call(s, pc, now);
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
	u64 t0 = 0;

	if (!pc)
		return;
	if (!READ_ONCE(s->armed) || !p->pid)
		goto out;
	t0 = kobs_hit_call_begin(s, pc);
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
	kobs_hit_call_end(s, pc, t0);
	kobs_hit_leave_off(pc);
}

KOBS_PROBE_TYPE(offcpu_probe_plain, sched_switch);
KOBS_PROBE_TYPE(offcpu_probe, sched_switch);
KOBS_PROBE_TYPE(offcpu_probe_stacks, sched_switch);
KOBS_PROBE_TYPE(offcpu_probe_waking, sched_waking);

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
		sched_choose_runq(d, plain);
		return;
	}
	if (s->need & KOBS_W_STACKS)
		sched_hang(d, "sched_switch", offcpu_probe_stacks);
	else
		sched_hang(d, "sched_switch",
			   plain ? offcpu_probe_plain : offcpu_probe);
	if (d->wakers)
		sched_hang(d, "sched_waking", offcpu_probe_waking);
}
