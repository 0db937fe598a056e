/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, mode slow: the record of a thread whose call begins or ends, for the
 * handlers of calls.
 *
 * Locking: see slow.h.
 */
#ifndef KOBS_FUNC_SLOW_CALL_H
#define KOBS_FUNC_SLOW_CALL_H

#include <linux/err.h>

#include "sources/func/slow.h"

/* Where a call is no root, or none of the tree's. */
#define SLOW_NO_PLACE	U32_MAX

/**
 * struct kobs_slow_call - data of a call in progress
 * @task: record of its thread; NULL in an interrupt
 * @start: of such a call, when it began, ns
 * @use: use of the record's entry: it changes when the thread's calls are over
 * @place: its place among these
 * @cost: cost of the entry's handler if the hit is timed, else 0
 */
struct kobs_slow_call {
	struct kobs_slow_task *task;
	u64 start;
	u32 use;
	u32 place;
	u64 cost;
};

/**
 * struct kobs_slow_tree_call - the same with the parameter tree
 * @call: of a root, else its place is SLOW_NO_PLACE
 * @inner: place among the thread's calls of the tree, or SLOW_NO_PLACE
 */
struct kobs_slow_tree_call {
	struct kobs_slow_call call;
	u32 inner;
};

/* The current thread enters a call, and is in none. NULL when there is no room. */
static __always_inline struct kobs_slow_task *slow_claim(struct kobs_slow *d)
{
	const u64 *comm = (const u64 *)current->comm;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_slow_task *t;

	if (kobs_inflight_begin(&d->tasks, (u64)current, 0, &ref) !=
	    KOBS_INFLIGHT_BEGUN)
		return NULL;
	t = d->records + (ref.state - d->tasks.states) * d->stride;
	t->ref = ref;
	t->depth = 0;
	t->inner = 0;
	t->class = SLOW_RUN;
	t->busy = true;
	t->lock = 0;
	t->cpu = raw_smp_processor_id();
	t->pid = current->tgid;
	t->tid = current->pid;
	t->comm[0] = comm[0];
	t->comm[1] = comm[1];
	if (unlikely(d->s->need & BIT(KOBS_W_CGROUP)))
		t->cgroup = kobs_cgroup_id(current);
	ref.entry->start = 0;
	ref.entry->data[0] = (u64)t;
	kobs_inflight_publish(&ref);
	return t;
}

/* The thread has left its last call. */
static __always_inline void slow_release(struct kobs_slow_task *t)
{
	struct kobs_inflight_ref ref = t->ref;

	kobs_inflight_end_own(&ref);
}

/*
 * The record of the current thread, which nobody else changes until slow_free();
 * NULL for a call that is no part of its time. Of a thread that is in no call, and
 * finds no room, it is an error pointer.
 */
static __always_inline struct kobs_slow_task *slow_seize(struct kobs_slow *d)
{
	struct kobs_slow_task *t;

	if (unlikely(!slow_in_thread()))
		return NULL;
	t = slow_find(d, current);
	if (!t)
		return slow_claim(d) ?: ERR_PTR(-ENOSPC);
	if (unlikely(READ_ONCE(t->busy) || READ_ONCE(t->class) != SLOW_RUN))
		return NULL;
	WRITE_ONCE(t->busy, true);
	barrier();
	return t;
}

static __always_inline void slow_free(struct kobs_slow_task *t)
{
	barrier();
	WRITE_ONCE(t->busy, false);
}

#endif /* KOBS_FUNC_SLOW_CALL_H */
