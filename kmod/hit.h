/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hot path: what a source's handler calls for a hit, inlined into it.
 *
 * A handler runs in any context, NMI included, with preemption off and inside
 * a recursion guard. It calls
 *
 *	kobs_hit_begin()	the hit counts from here on
 *	kobs_hit_wanted()	the filter, but for the value
 *	kobs_hit_record()	into the table or the stream
 *	kobs_hit_end()		self-cost and the guard
 *
 * and every hit that begins ends in exactly one of the counters recorded,
 * filtered, or a reason why it was lost.
 */
#ifndef KOBS_HIT_H
#define KOBS_HIT_H

#include <linux/sched.h>
#include <linux/timekeeping.h>
#include "kobs.h"

/* One hit in this many, and the first of each CPU, is timed. */
#define KOBS_HIT_SAMPLE		1024

/**
 * kobs_hit_begin() - count a hit
 * @s: session
 * @pc: its part of this CPU
 * @t0: set to the time when this hit is to be timed, else to 0
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the session is not armed and the hit does not count.
 */
static __always_inline bool kobs_hit_begin(struct kobs_session *s,
					   struct kobs_cpu *pc, u64 *t0)
{
	u64 n;

	if (unlikely(!READ_ONCE(s->armed)))
		return false;
	n = local64_inc_return(&pc->counters.n[KOBS_N_HITS]);
	*t0 = 0;
	if (unlikely(n % KOBS_HIT_SAMPLE == 1))
		*t0 = ktime_get_mono_fast_ns();
	return true;
}

/**
 * kobs_hit_wanted() - apply the filter to a hit, but for its value
 * @s: session
 * @pc: its part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the hit is filtered, and was counted so.
 */
static __always_inline bool kobs_hit_wanted(struct kobs_session *s,
					    struct kobs_cpu *pc)
{
	pid_t tgid = current->tgid;

	/* What an interrupt does is not the doing of the task below it. */
	if (unlikely((tgid == s->own_tgid || tgid == s->worker_tgid) &&
		     in_task())) {
		kobs_count(&pc->counters, KOBS_N_OWN);
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return false;
	}
	if (unlikely(s->filter.task) && !kobs_capture_filter(s)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return false;
	}
	return true;
}

static __always_inline void kobs_hit_gather(const struct kobs_session *s,
					    const u64 *v, u64 *key)
{
	unsigned int i = 0;

	do {
		key[i] = v[s->gather[i]];
	} while (++i < s->n_words);
}

/**
 * kobs_hit_record() - record a hit
 * @s: session
 * @pc: its part of this CPU
 * @v: words of the hit, KOBS_WORDS of them; the source's are filled in
 * @need: context words still to be filled in, a bit for each
 * @entry: address of the function whose entry or exit this is, where a
 *         kernel stack shall begin; 0 for none
 * @value: value, when the mode has one
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_record(struct kobs_session *s,
					    struct kobs_cpu *pc, u64 *v,
					    u32 need, unsigned long entry,
					    u64 value)
{
	enum kobs_counter fate = KOBS_N_RECORDED;
	u64 key[KOBS_KEY_WORDS];

	if (unlikely(value < s->filter.min)) {
		fate = KOBS_N_FILTERED;
	} else if (need && !kobs_capture(s, v, need, entry)) {
		fate = KOBS_N_STACK_FULL;
	} else if (unlikely(s->stream)) {
		if (!kobs_stream_write(s, v, value))
			fate = KOBS_N_RING_FULL;
	} else {
		kobs_hit_gather(s, v, key);
		if (pc->table.values ?
		    !kobs_table_add(&pc->table, key, value) :
		    !kobs_table_count(&pc->table, key))
			fate = KOBS_N_TABLE_FULL;
	}
	kobs_count(&pc->counters, fate);
}

/**
 * kobs_hit_end() - close a hit
 * @s: session
 * @pc: its part of this CPU
 * @t0: as kobs_hit_begin() set it
 * @more: ns to add to the cost, when the hit has another handler
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_end(struct kobs_session *s,
					 struct kobs_cpu *pc, u64 t0, u64 more)
{
	if (unlikely(t0)) {
		u64 now = ktime_get_mono_fast_ns();

		kobs_guard_check(s, pc, now, now - t0 + more);
	}
}

#endif /* KOBS_HIT_H */
