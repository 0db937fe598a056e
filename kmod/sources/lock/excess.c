// SPDX-License-Identifier: GPL-2.0
/*
 * Waits that found no room in the in-flight table. They are counted as lost
 * where they begin. Their keys are kept, so that the further phases of a mutex
 * wait are not counted again, not even when there is room meanwhile, and so that
 * their ends do not count as unpaired. What finds no room here either is only
 * counted: LOCK_EXCESS such waits at a time are exact.
 *
 * Locking: none. A wait belongs to its task, which begins and ends it.
 */
#include <linux/atomic.h>
#include <linux/sched.h>

#include "sources/lock/lock.h"

/**
 * kobs_lock_excess_has() - check for a wait of the current task without an entry
 * @l: session
 * @lock: lock
 *
 * Context: any, NMI included; preemption off.
 * Return: true when a wait for @lock is in progress that found no room.
 */
bool kobs_lock_excess_has(const struct kobs_lock *l, unsigned long lock)
{
	struct kobs_inflight_ref ref;

	return kobs_inflight_find(&l->excess, (u64)current, lock, &ref);
}

/**
 * kobs_lock_excess_add() - a wait of the current task begins without an entry
 * @l: session
 * @lock: lock
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_excess_add(struct kobs_lock *l, unsigned long lock)
{
	struct kobs_inflight_ref ref;

	switch (kobs_inflight_begin(&l->excess, (u64)current, lock, &ref)) {
	case KOBS_INFLIGHT_BEGUN:
		kobs_inflight_publish(&ref);
		atomic_inc(&l->n_excess);
		break;
	case KOBS_INFLIGHT_FULL:
		atomic_inc(&l->overflow);
		break;
	case KOBS_INFLIGHT_FOUND:
		/* The end of an earlier wait was missed. */
		break;
	}
}

/**
 * kobs_lock_excess_end() - a wait of the current task ends that has no entry
 * @l: session
 * @lock: lock
 *
 * Context: any, NMI included; preemption off.
 * Return: true when it was one that found no room.
 */
bool kobs_lock_excess_end(struct kobs_lock *l, unsigned long lock)
{
	struct kobs_inflight_ref ref;

	if (atomic_read(&l->n_excess) &&
	    kobs_inflight_find(&l->excess, (u64)current, lock, &ref)) {
		kobs_inflight_end_own(&ref);
		atomic_dec(&l->n_excess);
		return true;
	}
	return atomic_read(&l->overflow) &&
	       atomic_dec_if_positive(&l->overflow) >= 0;
}
