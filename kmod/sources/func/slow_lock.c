// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: which lock blocks a thread that is in a call, and who holds
 * it.
 *
 *   contention_begin	current is about to wait for a lock
 *   contention_end	it has the lock, or has given up
 *
 * In between it is blocked, once or more; who holds the lock, and where that thread
 * is, is read at each switch-out. Phases in which threads spin are not followed. A wait
 * that began before the thread's first call is told by its stack only.
 *
 * Locking: none. What is noted of a lock is current's own, and interrupts leave it
 * alone. Owners are read without a lock (core/lock_owner.c).
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <trace/events/lock.h>

#include "core/lock_owner.h"
#include "sources/func/slow.h"

/* Current waits for @lock, or does not wait for it any more. */
static __always_inline void slow_note(struct kobs_session *s, void *lock,
				      unsigned int flags, bool begins)
{
	struct kobs_slow *d = slow_of(s);
	struct kobs_slow_task *t;
	struct kobs_cpu *pc;
	u64 t0;

	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	t = slow_find(d, current);
	if (t && begins) {
		t->lock = (unsigned long)lock;
		t->lock_flags = flags;
	} else if (t && t->lock == (unsigned long)lock) {
		t->lock = 0;
	}
	kobs_hit_call_end(s, pc, t0);
	kobs_hit_leave(pc);
}

static void slow_probe_lock(void *data, void *lock, unsigned int flags)
{
	if (!(flags & LCB_F_SPIN) && slow_in_thread())
		slow_note(data, lock, flags, true);
}

static void slow_probe_locked(void *data, void *lock, int ret)
{
	if (slow_in_thread())
		slow_note(data, lock, 0, false);
}

KOBS_PROBE_TYPE(slow_probe_lock, contention_begin);
KOBS_PROBE_TYPE(slow_probe_locked, contention_end);

/**
 * kobs_slow_lock_probes() - choose the probes of locks
 * @probes: set to the probes, at most two; their data is the session
 *
 * Context: task.
 * Return: number of the probes; 0 on a kernel without such tracepoints, where all else
 * is there all the same.
 */
unsigned int kobs_slow_lock_probes(struct kobs_probe *probes)
{
	static const struct kobs_probe own[] = {
		{ "contention_end", slow_probe_locked },
		{ "contention_begin", slow_probe_lock },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		if (!kobs_tracepoint_find(own[i].name))
			return 0;
	}
	memcpy(probes, own, sizeof(own));
	return ARRAY_SIZE(own);
}

/**
 * kobs_slow_hold() - note who holds the lock that a thread is blocked by
 * @d: session
 * @t: thread that is switched out, which waits for a lock
 * @p: its task
 *
 * Context: any; interrupts off.
 */
void kobs_slow_hold(struct kobs_slow *d, struct kobs_slow_task *t,
		    const struct task_struct *p)
{
	struct kobs_lock_owner o;
	u64 stack;
	bool fits;

	/* There can be any number of locks and owners: stacks keep half. */
	if (unlikely(atomic_read(&d->s->stacks.used) > d->s->stacks.max / 2)) {
		t->held = 0;
		t->owner_stack = 0;
		atomic64_inc(&d->no_stack);
		return;
	}
	rcu_read_lock();
	kobs_lock_owner(t->lock, t->lock_flags, p, &o);
	fits = kobs_lock_owner_stack(d->s, &o, &stack);
	rcu_read_unlock();
	t->held = kobs_lock_held(d->s, t->lock, &o);
	t->owner_stack = stack;
	if (!fits || !t->held)
		atomic64_inc(&d->no_stack);
}
