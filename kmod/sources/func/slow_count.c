// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: what is counted in calls, of the events that the client asked
 * for. This CPU's counters are read wherever an interval in which the thread runs
 * begins or ends: what others count meanwhile is none of the call's. What an interrupt
 * counts in its place is, and what kobs does itself between a reading and the call.
 *
 * Locking: as for a task's record, see slow.h; its own CPU only.
 */
#include <linux/smp.h>
#include <linux/string.h>

#include "sources/func/slow.h"

/**
 * kobs_slow_count_begin() - the current thread runs from here on
 * @d: session with events
 * @t: its record
 *
 * Context: any; preemption off.
 */
void kobs_slow_count_begin(const struct kobs_slow *d, struct kobs_slow_task *t)
{
	t->counting = kobs_counting_read(d->counting, t->counts);
}

/**
 * kobs_slow_count() - what was counted since then is the innermost call's
 * @d: session with events
 * @t: record of the current thread
 *
 * Context: any; preemption off.
 */
void kobs_slow_count(const struct kobs_slow *d, struct kobs_slow_task *t)
{
	struct kobs_slow_frame *f = &t->frame[t->depth - 1];
	u64 before[KOBS_COUNTING_EVENTS];
	bool counted = t->counting && t->class == SLOW_RUN &&
		       t->cpu == raw_smp_processor_id();
	unsigned int i;

	memcpy(before, t->counts, sizeof(before));
	kobs_slow_count_begin(d, t);
	if (unlikely(!counted || !t->counting)) {
		f->uncounted = true;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(before); i++)
		f->counts[i] += t->counts[i] - before[i];
}

/**
 * kobs_slow_count_enter() - the current thread enters a call
 * @d: session with events
 * @t: its record; the call is not yet one of those in progress
 *
 * Context: any; preemption off.
 */
void kobs_slow_count_enter(const struct kobs_slow *d, struct kobs_slow_task *t)
{
	struct kobs_slow_frame *f = &t->frame[t->depth];

	memset(f->counts, 0, sizeof(f->counts));
	f->uncounted = false;
	if (t->depth)
		kobs_slow_count(d, t);
	else
		kobs_slow_count_begin(d, t);
}
