// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: the probes of the scheduler's events.
 *
 *   sched_switch	an interval of both threads ends
 *   sched_waking	a blocked thread can run: current wakes it up
 *   sched_wakeup	it is on a run queue, whose CPU runs another thread
 *   sched_wakeup_new	current has created a thread
 *   sched_process_exec	a thread has another name, and can be one to follow
 *
 * Locking: none of its own, but for sched_process_exec. The scheduler calls with
 * interrupts off and the lock of the thread's run queue held; sched_waking with the
 * task's pi_lock. A wake-up is told of in both, and sched_waking can come while
 * the task is being switched out on another CPU: it only changes the record of a
 * thread whose switch-out was seen to have ended, which nobody else changes then.
 * (sched_waking of current comes without these locks: it is not blocked.)
 */
#include <linux/mm_types.h> /* struct folio, for trace/events/sched.h */
#include <linux/sched.h>
#include <trace/events/sched.h>

#include "sources/wall/hit.h"

static __always_inline void wall_stacks(struct kobs_session *s,
					struct kobs_wall_thread *t)
{
	u64 v[KOBS_W_USTACK + 1] KOBS_UNINIT;

	v[KOBS_W_KSTACK] = 0;
	v[KOBS_W_USTACK] = 0;
	if (!kobs_context(s, v, s->need & KOBS_W_STACKS, true)) {
		t->fate = KOBS_N_STACK_FULL;
		return;
	}
	t->detail[0] = v[KOBS_W_KSTACK];
	t->detail[1] = v[KOBS_W_USTACK];
}

static __always_inline u8 wall_next_state(bool preempt, struct task_struct *prev,
					  unsigned int state)
{
	if (unlikely(state & TASK_DEAD))
		return WALL_GONE;
	/* A signal, or a wake-up, can keep a task that is about to sleep. */
	if (preempt || !state || task_is_runnable(prev))
		return WALL_PREEMPTED;
	return wall_class(state);
}

/* A followed task ends: its memory can be another one's next. */
static noinline void wall_gone(struct kobs_wall *d, struct task_struct *p)
{
	struct kobs_inflight_ref ref;

	if (kobs_inflight_find(&d->tasks, (u64)p, 0, &ref))
		kobs_inflight_end_own(&ref);
}

/* A thread leaves the CPU: prev is current. */
static __always_inline void wall_out(struct kobs_wall_hit *h,
				     struct kobs_wall_thread *t,
				     struct task_struct *prev,
				     struct task_struct *next, u8 state)
{
	struct kobs_wall *d = h->d;

	wall_change_begin(t);
	wall_event(h, t, WALL_OUT, state,
		   wall_stolen(t, kobs_stolen_now(d->s)));
	wall_describe(d, t, prev);
	t->stolen = WALL_NO_STOLEN;
	if (state == WALL_PREEMPTED)
		wall_place(t, (const u64 *)next->comm);
	else if (d->stacks && kobs_wall_blocked(state))
		wall_stacks(d->s, t);
	if (unlikely(t->lock) && kobs_wall_blocked(state))
		wall_hold(d, t, prev);
	wall_change_end(t);
	if (unlikely(state == WALL_GONE))
		wall_gone(d, prev);
}

static __always_inline void wall_in(struct kobs_wall_hit *h,
				    struct kobs_wall_thread *t)
{
	wall_change_begin(t);
	wall_event(h, t, WALL_IN, t->system ? WALL_SYSTEM : WALL_RUN, 0);
	t->cpu = raw_smp_processor_id();
	t->stolen = kobs_stolen_now(h->d->s);
	wall_change_end(t);
}

static void wall_probe_switch(void *data, bool preempt, struct task_struct *prev,
			      struct task_struct *next, unsigned int state)
{
	struct kobs_session *s = data;
	struct kobs_wall *d = s->priv;
	struct kobs_wall_hit h KOBS_UNINIT;
	struct kobs_wall_thread *out;
	struct kobs_wall_thread *in;

	wall_begin(&h, d, kobs_hit_enter_irqs_off(s));
	if (!h.pc)
		return;
	if (d->instead) {
		this_cpu_write(d->cpu->running[0], ((u64 *)next->comm)[0]);
		this_cpu_write(d->cpu->running[1], ((u64 *)next->comm)[1]);
	}
	out = prev->pid ? wall_find(d, prev) : NULL;
	in = next->pid ? wall_find(d, next) : NULL;
	if (!out && !in) {
		wall_call(&h, prev, next);
	} else if (wall_counts(s)) {
		wall_time(&h);
		if (out)
			wall_out(&h, out, prev, next,
				 wall_next_state(preempt, prev, state));
		if (in)
			wall_in(&h, in);
		kobs_hit_end(s, h.pc, h.t0, 0);
	}
	kobs_hit_leave_off(h.pc);
}

/* Was the thread seen to be blocked, so that its switch-out has ended? */
static __always_inline bool wall_is_blocked(const struct kobs_wall_thread *t)
{
	/* Pairs with the barriers of the change. */
	u32 seq = smp_load_acquire(&t->seq);
	u8 state = READ_ONCE(t->account.state);

	smp_rmb(); /* The state is read before the number again. */
	return !(seq & 1) && READ_ONCE(t->seq) == seq && kobs_wall_blocked(state);
}

/* The waker in an interrupt is not the interrupted task. */
static __always_inline void wall_set_waker(struct kobs_wall_hit *h,
					   struct kobs_wall_thread *t)
{
	const u64 *comm = wall_interrupt.words;

	if (h->d->chains) {
		wall_chain(h->d, t, h->now);
		t->waker[0] = t->chain;
		return;
	}
	if (in_task())
		comm = (const u64 *)current->comm;
	t->waker[0] = comm[0];
	t->waker[1] = comm[1];
}

static void wall_probe_waking(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_wall *d = s->priv;
	struct kobs_wall_hit h KOBS_UNINIT;
	struct kobs_wall_thread *t;

	if (p == current)
		return;
	wall_begin(&h, d, kobs_hit_enter_irqs_off(s));
	if (!h.pc)
		return;
	t = wall_find(d, p);
	if (!t) {
		wall_call(&h, p, NULL);
	} else if (wall_is_blocked(t) && wall_counts(s)) {
		wall_time(&h);
		wall_change_begin(t);
		if (d->wakers)
			wall_set_waker(&h, t);
		wall_event(&h, t, WALL_WAKE, WALL_WOKEN, 0);
		wall_change_end(t);
		kobs_hit_end(s, h.pc, h.t0, 0);
	}
	kobs_hit_leave_off(h.pc);
}

/* The lock of the run queue keeps the name of what runs there. */
static __always_inline const u64 *wall_running_there(const struct kobs_wall *d,
						     const struct task_struct *p)
{
	return per_cpu_ptr(d->cpu, task_cpu(p))->running;
}

/* Usually it can run since sched_waking. */
static __always_inline bool wall_must_queue(const struct kobs_wall *d,
					    const struct kobs_wall_thread *t)
{
	return (d->instead && !t->placed) ||
	       unlikely(!kobs_wall_runnable(t->account.state));
}

/* A thread is on a run queue. */
static __always_inline void wall_queued(struct kobs_wall_hit *h,
					struct kobs_wall_thread *t,
					const struct task_struct *p)
{
	wall_change_begin(t);
	if (unlikely(!kobs_wall_runnable(t->account.state))) {
		wall_time(h);
		if (h->d->chains)
			wall_chain_none(h->d, t, h->now);
		wall_event(h, t, WALL_WAKE, WALL_WOKEN, 0);
	}
	if (h->d->instead)
		wall_place(t, wall_running_there(h->d, p));
	wall_change_end(t);
	kobs_hit_end(h->d->s, h->pc, h->t0, 0);
}

static void wall_probe_wakeup(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_wall *d = s->priv;
	struct kobs_wall_hit h KOBS_UNINIT;
	struct kobs_wall_thread *t;

	if (p == current || kobs_compat_on_cpu(p))
		return;
	wall_begin(&h, d, kobs_hit_enter_irqs_off(s));
	if (!h.pc)
		return;
	t = wall_find(d, p);
	if (!t)
		wall_call(&h, p, NULL);
	else if (wall_must_queue(d, t) && wall_counts(s))
		wall_queued(&h, t, p);
	kobs_hit_leave_off(h.pc);
}

static void wall_probe_new(void *data, struct task_struct *p)
{
	struct kobs_session *s = data;
	struct kobs_wall *d = s->priv;
	struct kobs_wall_hit h KOBS_UNINIT;

	wall_begin(&h, d, kobs_hit_enter_irqs_off(s));
	if (!h.pc)
		return;
	/* One that ended unseen was here before. */
	wall_gone(d, p);
	if (wall_counts(s) && ((d->children && wall_find(d, current)) ||
			       wall_wanted(d, p))) {
		wall_time(&h);
		if (!wall_follow(d, p, h.now, WALL_WOKEN,
				 wall_running_there(d, p)))
			wall_count(&h, WALL_N_THREADS_FULL);
	}
	kobs_hit_leave_off(h.pc);
}

/* Current runs another program. The census takes the same lock. */
static void wall_probe_exec(void *data, struct task_struct *p, pid_t old_pid,
			    struct linux_binprm *bprm)
{
	struct kobs_session *s = data;
	struct kobs_wall *d = s->priv;
	struct kobs_wall_hit h KOBS_UNINIT;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->pi_lock, flags);
	wall_begin(&h, d, kobs_hit_enter_irqs_off(s));
	if (h.pc && wall_counts(s) && !wall_find(d, p) && wall_wanted(d, p)) {
		wall_time(&h);
		if (!wall_follow(d, p, h.now, WALL_RUN, NULL))
			wall_count(&h, WALL_N_THREADS_FULL);
	}
	if (h.pc)
		kobs_hit_leave_off(h.pc);
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
}

KOBS_PROBE_TYPE(wall_probe_switch, sched_switch);
KOBS_PROBE_TYPE(wall_probe_waking, sched_waking);
KOBS_PROBE_TYPE(wall_probe_wakeup, sched_wakeup);
KOBS_PROBE_TYPE(wall_probe_new, sched_wakeup_new);
KOBS_PROBE_TYPE(wall_probe_exec, sched_process_exec);

/**
 * wall_choose_probes() - choose the probes of a session
 * @d: session being prepared
 *
 * Context: task.
 */
void wall_choose_probes(struct kobs_wall *d)
{
	wall_hang(d, "sched_switch", wall_probe_switch);
	wall_hang(d, "sched_waking", wall_probe_waking);
	wall_hang(d, "sched_wakeup", wall_probe_wakeup);
	wall_hang(d, "sched_wakeup_new", wall_probe_new);
	/* One with another name, or in another group, can be one to follow. */
	if (d->s->filter.n_comm || d->s->filter.n_cgroup)
		wall_hang(d, "sched_process_exec", wall_probe_exec);
}
