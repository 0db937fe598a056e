// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: which lock a thread is blocked by, and who holds it.
 *
 *   contention_begin	current is about to wait for a lock
 *   contention_end	it has the lock, or has given up
 *
 * In between it is blocked, once or more; who holds the lock is read at each
 * switch-out, and is told of the interval that begins there. Phases in which
 * threads spin are not followed. Where a thread waits for a lock while it waits
 * for another, as PREEMPT_RT can, the lock is that which it asked for last, and
 * after its end none.
 *
 * Locking: none. What is noted is current's own, and interrupts leave it alone; a
 * reader's copy is of no use to it. Owners are read without a lock (core/lock_owner.c).
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <trace/events/lock.h>

#include "core/lock_owner.h"
#include "sources/wall/hit.h"

/* Current waits for @lock, or does not wait for it any more. */
static __always_inline void lock_note(struct kobs_session *s, void *lock,
				      unsigned int flags, bool begins)
{
	struct kobs_wall *d = s->priv;
	struct kobs_wall_thread *t;
	struct kobs_cpu *pc;
	u64 t0;

	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	t = wall_find(d, current);
	if (t && begins) {
		t->lock = (unsigned long)lock;
		t->lock_flags = flags;
	} else if (t && t->lock == (unsigned long)lock) {
		t->lock = 0;
	}
	if (t0)
		kobs_hit_call_end(s, pc, t0);
	kobs_hit_leave(pc);
}

static void lock_probe_begin(void *data, void *lock, unsigned int flags)
{
	if (!(flags & LCB_F_SPIN) && in_task())
		lock_note(data, lock, flags, true);
}

static void lock_probe_end(void *data, void *lock, int ret)
{
	if (in_task())
		lock_note(data, lock, 0, false);
}

KOBS_PROBE_TYPE(lock_probe_begin, contention_begin);
KOBS_PROBE_TYPE(lock_probe_end, contention_end);

/**
 * wall_choose_locks() - add the probes of locks to those of a session
 * @d: session being prepared
 *
 * Context: task.
 */
void wall_choose_locks(struct kobs_wall *d)
{
	/* Without them all else of a report is there all the same. */
	if (!kobs_tracepoint_find("contention_begin") ||
	    !kobs_tracepoint_find("contention_end"))
		return;
	wall_hang(d, "contention_end", lock_probe_end);
	wall_hang(d, "contention_begin", lock_probe_begin);
}

/**
 * wall_hold() - note who holds the lock that a thread is blocked by
 * @d: session
 * @t: thread that is switched out, which waits for a lock
 * @p: its task
 *
 * Context: any; interrupts off.
 */
void wall_hold(struct kobs_wall *d, struct kobs_wall_thread *t,
	       const struct task_struct *p)
{
	struct kobs_lock_owner o;

	rcu_read_lock();
	kobs_lock_owner(t->lock, t->lock_flags, p, &o);
	rcu_read_unlock();
	/* Owners are processes: a group for each of their threads is too many. */
	o.tid = 0;
	t->held = kobs_lock_held(d->s, t->lock, &o);
	if (!t->held)
		t->fate = KOBS_N_STACK_FULL;
}
