// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: what threads do that are in a call, by the scheduler's
 * events.
 *
 *   sched_switch	an interval of both threads ends
 *   sched_waking	a blocked thread can run: current wakes it up
 *   sched_wakeup	it is on a run queue
 *
 * None of these is a hit. Threads that are in no call are told from others by one
 * lookup.
 *
 * Locking: none of its own. The scheduler calls with interrupts off and the lock of
 * the thread's run queue held; sched_waking with the task's pi_lock. A wake-up is told
 * of in both, and sched_waking can come while the task is being switched out on
 * another CPU, or runs there: it only changes the record of a thread whose switch-out
 * was seen to have ended. The record's entry in the table tells that it is still this
 * thread's, which then stays blocked until its pi_lock is released.
 */
#include <linux/mm_types.h> /* struct folio, for trace/events/sched.h */
#include <linux/sched.h>
#include <trace/events/sched.h>

#include "sources/func/slow.h"

/* The kind of a task that is blocked in a state. */
static __always_inline u8 slow_state(unsigned int state)
{
	if (state & TASK_INTERRUPTIBLE)
		return KOBS_SLOW_SLEEP;
	if (state & TASK_UNINTERRUPTIBLE)
		return state & TASK_NOLOAD ? KOBS_SLOW_IDLE : KOBS_SLOW_DISK;
	if (state & TASK_RTLOCK_WAIT)
		return KOBS_SLOW_LOCK;
	return state & (__TASK_STOPPED | __TASK_TRACED) ? KOBS_SLOW_STOPPED :
							  KOBS_SLOW_OTHER;
}

/* Where current is about to be blocked; 0 when there is no room for it. */
static u32 slow_stack(struct kobs_slow *d)
{
	u64 v[KOBS_W_KSTACK + 1] KOBS_UNINIT;

	if (!d->stacks)
		return 0;
	if (kobs_context(d->s, v, BIT(KOBS_W_KSTACK), true))
		return v[KOBS_W_KSTACK];
	atomic64_inc(&d->no_stack);
	return 0;
}

/**
 * kobs_slow_block() - add a blocked interval that ends to a call
 * @f: call
 * @t: its thread, with the kind of the interval
 * @ns: its time
 * @waker: who ended it, or NULL
 *
 * Context: any; nobody else changes the thread's record.
 */
void kobs_slow_block(struct kobs_slow_frame *f, const struct kobs_slow_task *t,
		     u64 ns, const struct kobs_slow_waker *waker)
{
	u64 word[KOBS_SLOW_PART] = {
		[KOBS_SLOW_NS] = ns,
		[KOBS_SLOW_COUNT] = 1,
		[KOBS_SLOW_LONGEST] = ns,
		[KOBS_SLOW_STATE] = (u64)t->stack << 32 | t->state,
		[KOBS_SLOW_HELD] = t->held,
		[KOBS_SLOW_OWNER_STACK] = t->owner_stack,
	};

	if (waker) {
		word[KOBS_SLOW_WAKER] = waker->who;
		word[KOBS_SLOW_WAKER_COMM] = waker->comm[0];
		word[KOBS_SLOW_WAKER_COMM + 1] = waker->comm[1];
	}
	kobs_slow_parts_add(&f->parts, word);
}

/* An event that does not follow from the one before: one was not seen. */
static __always_inline void slow_expect(struct kobs_slow *d, bool expected)
{
	if (unlikely(!expected))
		atomic64_inc(&d->missed);
}

/* A thread leaves the CPU: prev is current. */
static noinline void slow_out(struct kobs_slow *d, struct kobs_slow_task *t,
			      struct task_struct *prev, bool preempt,
			      unsigned int state)
{
	slow_expect(d, t->class == SLOW_RUN);
	if (unlikely(d->counting))
		kobs_slow_count(d, t);
	slow_change_begin(t);
	slow_account(t, ktime_get_mono_fast_ns(), kobs_stolen_now(d->s), NULL);
	/* A signal, or a wake-up, can keep a task that is about to sleep. */
	if (preempt || !state || task_is_runnable(prev)) {
		t->class = SLOW_PREEMPTED;
	} else {
		t->class = SLOW_BLOCKED;
		t->state = slow_state(state);
		t->stack = slow_stack(d);
		t->held = 0;
		t->owner_stack = 0;
		if (unlikely(t->lock))
			kobs_slow_hold(d, t, prev);
	}
	slow_change_end(t);
}

static noinline void slow_in(struct kobs_slow *d, struct kobs_slow_task *t)
{
	slow_expect(d, t->class == SLOW_WOKEN || t->class == SLOW_PREEMPTED);
	slow_change_begin(t);
	slow_account(t, ktime_get_mono_fast_ns(), t->stolen, NULL);
	t->class = SLOW_RUN;
	t->cpu = raw_smp_processor_id();
	t->stolen = kobs_stolen_now(d->s);
	slow_change_end(t);
	if (unlikely(d->counting))
		kobs_slow_count_begin(d, t);
}

/* A thread ends in a call, which never returns: it stays in flight. */
static noinline void slow_gone(const struct kobs_slow_task *t)
{
	struct kobs_inflight_ref ref = t->ref;

	kobs_inflight_end_own(&ref);
}

static void slow_probe_switch(void *data, bool preempt, struct task_struct *prev,
			      struct task_struct *next, unsigned int state)
{
	struct kobs_session *s = data;
	struct kobs_slow *d = slow_of(s);
	struct kobs_cpu *pc = kobs_hit_enter_irqs_off(s);
	struct kobs_slow_task *out;
	struct kobs_slow_task *in;
	u64 t0;

	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	out = slow_find(d, prev);
	in = slow_find(d, next);
	if (unlikely(out && (state & TASK_DEAD)))
		slow_gone(out);
	else if (unlikely(out && out->depth))
		slow_out(d, out, prev, preempt, state);
	if (unlikely(in && in->depth))
		slow_in(d, in);
	kobs_hit_call_end(s, pc, t0);
	kobs_hit_leave_off(pc);
}

/* Was the thread seen to be blocked, so that its switch-out has ended? */
static __always_inline bool slow_is_blocked(const struct kobs_slow_task *t)
{
	/* Pairs with the barriers of the change. */
	u32 seq = smp_load_acquire(&t->seq);
	u8 class = READ_ONCE(t->class);

	smp_rmb(); /* The class is read before the number again. */
	return !(seq & 1) && READ_ONCE(t->seq) == seq && class == SLOW_BLOCKED;
}

/* The waker in an interrupt is not the interrupted task. */
static const union {
	char text[16];
	u64 words[2];
} slow_interrupt = { "[interrupt]" };

static void slow_set_waker(struct kobs_slow_waker *w)
{
	const u64 *comm = in_task() ? (const u64 *)current->comm :
				      slow_interrupt.words;

	w->who = in_task() ? (u64)current->tgid << 32 | current->pid : 0;
	w->comm[0] = comm[0];
	w->comm[1] = comm[1];
}

/* A blocked thread can run: @waker, or who was not seen, ends its interval. */
static __always_inline void slow_wake(struct kobs_slow_task *t,
				      const struct kobs_slow_waker *waker)
{
	slow_change_begin(t);
	slow_account(t, ktime_get_mono_fast_ns(), t->stolen, waker);
	t->class = SLOW_WOKEN;
	slow_change_end(t);
}

/* Current wakes it up. */
static noinline void slow_wake_current(struct kobs_slow_task *t)
{
	struct kobs_slow_waker waker;

	slow_set_waker(&waker);
	slow_wake(t, &waker);
}

/*
 * It was woken up while it was being switched out. Then its CPU may have been asked to
 * put it on the run queue, which does so in an interrupt or as it is idle: neither has
 * woken it up.
 */
static noinline void slow_queued(struct kobs_slow_task *t)
{
	if (in_task() && !is_idle_task(current))
		slow_wake_current(t);
	else
		slow_wake(t, NULL);
}

static void slow_probe_waking(void *data, struct task_struct *p)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_session *s = data;
	struct kobs_slow *d = slow_of(s);
	struct kobs_slow_task *t;
	struct kobs_cpu *pc;
	u64 t0;

	if (p == current)
		return;
	pc = kobs_hit_enter_irqs_off(s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	if (unlikely(kobs_inflight_find(&d->tasks, (u64)p, 0, &ref))) {
		t = (struct kobs_slow_task *)ref.entry->data[0];
		if (slow_is_blocked(t) && kobs_inflight_same(&ref))
			slow_wake_current(t);
	}
	kobs_hit_call_end(s, pc, t0);
	kobs_hit_leave_off(pc);
}

/* Usually it can run since sched_waking. The lock of its run queue is held. */
static void slow_probe_wakeup(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_slow *d = slow_of(s);
	struct kobs_slow_task *t;
	struct kobs_cpu *pc;
	u64 t0;

#ifdef CONFIG_SMP
	if (READ_ONCE(p->on_cpu))
		return;
#endif
	if (p == current)
		return;
	pc = kobs_hit_enter_irqs_off(s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	t = slow_find(d, p);
	if (unlikely(t && t->class == SLOW_BLOCKED))
		slow_queued(t);
	kobs_hit_call_end(s, pc, t0);
	kobs_hit_leave_off(pc);
}

KOBS_PROBE_TYPE(slow_probe_switch, sched_switch);
KOBS_PROBE_TYPE(slow_probe_waking, sched_waking);
KOBS_PROBE_TYPE(slow_probe_wakeup, sched_wakeup);

/**
 * kobs_slow_probes() - choose the probes of a session
 * @probes: set to the probes, at most SLOW_PROBES; their data is the session
 * @locks: locks that block threads are followed, too
 *
 * Context: task.
 * Return: number of the probes.
 */
unsigned int kobs_slow_probes(struct kobs_probe *probes, bool locks)
{
	static const struct kobs_probe own[] = {
		{ "sched_switch", slow_probe_switch },
		{ "sched_waking", slow_probe_waking },
		{ "sched_wakeup", slow_probe_wakeup },
	};

	unsigned int n = ARRAY_SIZE(own);

	memcpy(probes, own, sizeof(own));
	if (locks)
		n += kobs_slow_lock_probes(probes + n);
	return n + kobs_stolen_probes(probes + n);
}
