/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hot path: the functions that a source's handler calls for a hit, inlined.
 *
 * A handler runs in any context, NMI included. It calls
 *
 *	kobs_hit_enter()	preemption off, recursion guard; unless the
 *				hook has done both
 *	kobs_hit_begin()	count the hit
 *	kobs_hit_wanted()	apply the filter, except for the value
 *	kobs_hit_record()	record it in the table or the stream
 *	kobs_hit_end()		measure the cost, check the guard's budget
 *	kobs_hit_leave()	undo kobs_hit_enter()
 *
 * and every hit that was counted ends in exactly one of the counters recorded,
 * filtered, or a reason of loss. A call of a handler that is no hit has a cost, too:
 *
 *	kobs_hit_call_begin()	count the call
 *	kobs_hit_call_end()	measure its cost, check the guard's budget
 *
 * or kobs_hit_call() at its end.
 */
#ifndef KOBS_HIT_H
#define KOBS_HIT_H

#include <linux/sched.h>
#include <linux/timekeeping.h>
#include "core/context.h"
#include "core/hit_enter.h"
#include "core/session.h"
#include "core/stream.h"
#include "lib/elapsed.h"
#include "lib/table_hist.h"

/*
 * Every KOBS_HIT_SAMPLE-th hit of a CPU is timed, from number KOBS_HIT_FIRST on:
 * the first hits run with cold caches. The same goes for calls that are no hits.
 */
#define KOBS_HIT_SAMPLE		1024
#define KOBS_HIT_FIRST		16

/**
 * kobs_hit_count() - count a hit of an armed session
 * @pc: the session's part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: true when this hit is to be timed.
 */
static __always_inline bool kobs_hit_count(struct kobs_cpu *pc)
{
	/* The number of hits before this one: the result of the instruction. */
	u64 n = local64_inc_return(&pc->counters.n[KOBS_N_HITS]) - 1;

	return n % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST - 1;
}

/**
 * kobs_hit_clock() - count a hit of an armed session, and read the clock
 * @pc: the session's part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: the time if this hit is to be timed, else 0.
 */
static __always_inline u64 kobs_hit_clock(struct kobs_cpu *pc)
{
	return unlikely(kobs_hit_count(pc)) ? ktime_get_mono_fast_ns() : 0;
}

/**
 * kobs_hit_begin() - count a hit
 * @s: session
 * @pc: its part of this CPU
 * @t0: set to the time if this hit is to be timed, else to 0
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the session is not armed: the hit does not count.
 */
static __always_inline bool kobs_hit_begin(struct kobs_session *s,
					   struct kobs_cpu *pc, u64 *t0)
{
	if (unlikely(!READ_ONCE(s->armed)))
		return false;
	*t0 = kobs_hit_clock(pc);
	return true;
}

/*
 * Whether a process is the session's owner, or one of the module's workers. One
 * test tells for most of the others.
 */
static __always_inline bool kobs_hit_is_own(const struct kobs_session *s,
					    pid_t tgid)
{
	if (likely(!(READ_ONCE(s->own_bits) & BIT_ULL(tgid % 64U))))
		return false;
	return tgid == s->own_tgid || tgid == s->worker_tgid ||
	       tgid == READ_ONCE(s->job_tgid);
}

/* Count a hit as filtered because it is the owner's or the worker's. */
static __always_inline void kobs_hit_count_own(struct kobs_cpu *pc)
{
	kobs_count(&pc->counters, KOBS_N_OWN);
	kobs_count(&pc->counters, KOBS_N_FILTERED);
}

/**
 * kobs_hit_pass() - apply the filter to a hit, except for its value
 * @s: session
 * @pc: its part of this CPU
 * @own: the hit is the owner's or the worker's
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the hit is filtered, and was counted so.
 */
static __always_inline bool kobs_hit_pass(struct kobs_session *s,
					  struct kobs_cpu *pc, bool own)
{
	if (unlikely(own)) {
		kobs_hit_count_own(pc);
		return false;
	}
	if (unlikely(s->filter.task) && !kobs_context_filter(s)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return false;
	}
	return true;
}

/**
 * kobs_hit_wanted() - kobs_hit_pass() for a hit of the current context
 * @s: session
 * @pc: its part of this CPU
 *
 * Hits in an interrupt are not the interrupted task's own.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the hit is filtered, and was counted so.
 */
static __always_inline bool kobs_hit_wanted(struct kobs_session *s,
					    struct kobs_cpu *pc)
{
	return kobs_hit_pass(s, pc, unlikely(kobs_hit_is_own(s, current->tgid)) &&
				    in_task());
}

/**
 * kobs_hit_is_timed() - whether the next hit of this CPU is to be timed
 * @pc: the session's part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: as kobs_hit_count() will.
 */
static __always_inline bool kobs_hit_is_timed(const struct kobs_cpu *pc)
{
	u64 before = local64_read(&pc->counters.n[KOBS_N_HITS]);

	return before % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST - 1;
}

/* Whether a hit of the current context needs nothing but to be counted. */
static __always_inline bool kobs_hit_is_usual(const struct kobs_session *s,
					      const struct kobs_cpu *pc)
{
	return !pc->busy && READ_ONCE(s->armed) && !s->filter.task &&
	       !kobs_hit_is_timed(pc) &&
	       !(READ_ONCE(s->own_bits) & BIT_ULL(current->tgid % 64U));
}

/* @task: only tasks come here, with interrupts on; a constant. */
static __always_inline struct kobs_cpu *
kobs_hit_enter_usual_in(struct kobs_session *s, bool task)
{
	struct kobs_cpu *pc;

	preempt_disable_notrace();
	pc = this_cpu_ptr(s->cpu);
	if (likely(kobs_hit_is_usual(s, pc))) {
		if (task)
			kobs_hit_occupy_task(pc);
		else
			kobs_hit_occupy(pc);
		kobs_count(&pc->counters, KOBS_N_HITS);
		if (!pc)
			__builtin_unreachable();
		return pc;
	}
	preempt_enable_notrace();
	return NULL;
}

/**
 * kobs_hit_enter_usual() - kobs_hit_enter(), kobs_hit_begin() and
 * kobs_hit_wanted() of a hit of which they say true, and which is not timed
 * @s: session
 *
 * For handlers of few instructions, which tail-call another one for other hits:
 * there is no call in it, for which they would have to save registers. Such a hit
 * needs no kobs_hit_end().
 *
 * Context: any, NMI included.
 * Return: the session's part of this CPU, or NULL: nothing was done.
 */
static __always_inline struct kobs_cpu *
kobs_hit_enter_usual(struct kobs_session *s)
{
	return kobs_hit_enter_usual_in(s, false);
}

/**
 * kobs_hit_enter_usual_task() - kobs_hit_enter_usual() where only tasks come
 * @s: session
 *
 * Context: task, interrupts on.
 * Return: as kobs_hit_enter_usual().
 */
static __always_inline struct kobs_cpu *
kobs_hit_enter_usual_task(struct kobs_session *s)
{
	return kobs_hit_enter_usual_in(s, true);
}

static __always_inline void kobs_hit_gather(const struct kobs_session *s,
					    const u64 *v, u64 *key)
{
	unsigned int n = s->n_words;
	unsigned int i;

#pragma GCC unroll 4
	for (i = 0; i < n; i++)
		key[i] = v[s->gather[i]];
}

/**
 * enum kobs_hit_kind - what a handler must be able to do for a hit
 * @KOBS_HIT_TABLE: record in the table; no stacks
 * @KOBS_HIT_STREAM: record in the stream; no stacks
 * @KOBS_HIT_EITHER: record in the one that the session has; no stacks
 * @KOBS_HIT_TABLE_STACKS: record in the table; capture stacks
 * @KOBS_HIT_STREAM_STACKS: record in the stream; capture stacks
 * @KOBS_HIT_EITHER_STACKS: record in the one that the session has; capture
 *                          stacks
 *
 * A constant: each handler is compiled with the code of its kind only.
 */
enum kobs_hit_kind {
	KOBS_HIT_TABLE,
	KOBS_HIT_STREAM,
	KOBS_HIT_EITHER,
	KOBS_HIT_TABLE_STACKS,
	KOBS_HIT_STREAM_STACKS,
	KOBS_HIT_EITHER_STACKS
};

/* The value of hits in a mode without values. */
#define KOBS_NO_VALUE		U64_MAX

/**
 * struct kobs_hit - a hit to be recorded
 * @v: its words, KOBS_WORDS of them; those of the source are filled in
 * @need: context words to fill in, a bit for each
 * @entry: address of the function that is hooked at its entry, with which a
 *         kernel stack begins; 0 for other hooks
 * @at: where that function was entered; NULL for other hooks
 * @value: value, or KOBS_NO_VALUE
 */
struct kobs_hit {
	u64 *v;
	u32 need;
	unsigned long entry;
	const struct kobs_at *at;
	u64 value;
};

/* Why a hit that found no row is lost. */
static inline enum kobs_counter kobs_hit_no_row(const struct kobs_cpu *pc)
{
	return kobs_table_ready(&pc->table) ? KOBS_N_TABLE_FULL : KOBS_N_NO_TABLE;
}

static __always_inline bool kobs_hit_streams(const struct kobs_session *s,
					     enum kobs_hit_kind kind)
{
	if (kind == KOBS_HIT_EITHER || kind == KOBS_HIT_EITHER_STACKS)
		return s->stream;
	return kind == KOBS_HIT_STREAM || kind == KOBS_HIT_STREAM_STACKS;
}

/**
 * kobs_hit_record() - record a hit
 * @s: session
 * @pc: its part of this CPU
 * @hit: the hit
 * @kind: kind of the handler; a constant
 *
 * Context: any, NMI included; preemption off.
 * Return: false when it was filtered or lost.
 */
static __always_inline bool kobs_hit_record(struct kobs_session *s,
					    struct kobs_cpu *pc,
					    const struct kobs_hit *hit,
					    enum kobs_hit_kind kind)
{
	const bool stacks = kind >= KOBS_HIT_TABLE_STACKS;
	enum kobs_counter fate = KOBS_N_RECORDED;
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	if (unlikely(hit->value < s->filter.min)) {
		fate = KOBS_N_FILTERED;
	} else if (hit->need && !kobs_context_at(s, hit->v, hit->need,
						 hit->entry, hit->at, stacks)) {
		fate = KOBS_N_STACK_FULL;
	} else if (kobs_hit_streams(s, kind)) {
		if (!kobs_stream_write(s, hit->v, hit->value))
			fate = KOBS_N_RING_FULL;
	} else {
		kobs_hit_gather(s, hit->v, key);
		if (pc->table.values ?
		    !kobs_table_add(&pc->table, key, hit->value) :
		    !kobs_table_count(&pc->table, key))
			fate = kobs_hit_no_row(pc);
	}
	kobs_count(&pc->counters, fate);
	return fate == KOBS_N_RECORDED;
}

/**
 * kobs_hit_end() - close a hit
 * @s: session
 * @pc: its part of this CPU
 * @t0: as kobs_hit_begin() set it
 * @more: cost of another handler of the same hit, ns
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

/**
 * kobs_hit_more() - add the cost of another handler of a hit that was timed
 * @s: session
 * @pc: its part of this CPU
 * @t0: when that handler began, monotonic ns
 *
 * Where what it takes is not known when the hit ends; else it is part of that.
 *
 * Context: any, NMI included; preemption off.
 */
static inline void kobs_hit_more(struct kobs_session *s, struct kobs_cpu *pc,
				 u64 t0)
{
	kobs_guard_more(s, pc, ktime_get_mono_fast_ns() - t0);
}

static __always_inline bool kobs_hit_call_count(struct kobs_cpu *pc)
{
	u64 n = local64_inc_return(&pc->counters.n[KOBS_N_CALLS]) - 1;

	return n % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST - 1;
}

/**
 * kobs_hit_call_usual() - kobs_hit_call_begin() of a call that is not to be timed
 * @s: session
 * @pc: its part of this CPU
 *
 * For handlers that must be cheap: there is no call in it.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when nothing was done: call kobs_hit_call_begin().
 */
static __always_inline bool kobs_hit_call_usual(struct kobs_session *s,
						struct kobs_cpu *pc)
{
	u64 n = local64_read(&pc->counters.n[KOBS_N_CALLS]);

	if (unlikely(!READ_ONCE(s->armed) ||
		     n % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST - 1))
		return false;
	kobs_count(&pc->counters, KOBS_N_CALLS);
	return true;
}

/**
 * kobs_hit_call_begin() - count a call of a handler that is no hit
 * @s: session
 * @pc: its part of this CPU
 *
 * If it turns out to be one, kobs_hit_begin() comes after kobs_hit_call_end().
 *
 * Context: any, NMI included; preemption off.
 * Return: the time if the session is armed and this call is to be timed, else 0.
 */
static __always_inline u64 kobs_hit_call_begin(struct kobs_session *s,
					       struct kobs_cpu *pc)
{
	if (unlikely(!READ_ONCE(s->armed)) || likely(!kobs_hit_call_count(pc)))
		return 0;
	return ktime_get_mono_fast_ns();
}

/**
 * kobs_hit_call_end() - close a call that is no hit
 * @s: session
 * @pc: its part of this CPU
 * @t0: as kobs_hit_call_begin() returned it
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_call_end(struct kobs_session *s,
					      struct kobs_cpu *pc, u64 t0)
{
	if (unlikely(t0)) {
		u64 now = ktime_get_mono_fast_ns();

		kobs_guard_check_call(s, pc, now, now - t0);
	}
}

/**
 * kobs_hit_call() - count a call that was no hit, of a handler that reads the clock
 * @s: session
 * @pc: its part of this CPU
 * @t0: when it began, monotonic ns
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_call(struct kobs_session *s,
					  struct kobs_cpu *pc, u64 t0)
{
	if (likely(READ_ONCE(s->armed)) && unlikely(kobs_hit_call_count(pc)))
		kobs_hit_call_end(s, pc, t0);
}

#endif /* KOBS_HIT_H */
