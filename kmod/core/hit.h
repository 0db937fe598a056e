/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hot path: what a source's handler calls for a hit, inlined into it.
 *
 * A handler runs in any context, NMI included. It calls
 *
 *	kobs_hit_enter()	preemption off, recursion guard; where the
 *				hook it hangs on does not do that
 *	kobs_hit_begin()	the hit counts from here on
 *	kobs_hit_wanted()	the filter, but for the value
 *	kobs_hit_record()	into the table or the stream
 *	kobs_hit_end()		self-cost and the guard
 *	kobs_hit_leave()	undoes kobs_hit_enter()
 *
 * and every hit that begins ends in exactly one of the counters recorded,
 * filtered, or a reason why it was lost.
 */
#ifndef KOBS_HIT_H
#define KOBS_HIT_H

#include <linux/sched.h>
#include <linux/timekeeping.h>
#include "core/context.h"
#include "core/session.h"
#include "core/stream.h"

/*
 * One hit in this many is timed. The first ones of a CPU, which find nothing
 * in its caches, are not among them.
 */
#define KOBS_HIT_SAMPLE		1024
#define KOBS_HIT_FIRST		16

/* Contexts that can interrupt each other: task, softirq, hardirq, NMI. */
#define KOBS_HIT_NEST		4

void kobs_hit_recursion(struct kobs_session *s, struct kobs_cpu *pc);

/**
 * kobs_hit_enter_off() - kobs_hit_enter() where preemption is off as it is
 * @s: session
 *
 * Context: any, NMI included; preemption off.
 * Return: as kobs_hit_enter().
 */
static __always_inline struct kobs_cpu *
kobs_hit_enter_off(struct kobs_session *s)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);

	if (likely(++pc->nest <= KOBS_HIT_NEST)) {
		barrier();
		/* Spares callers the test. */
		if (!pc)
			__builtin_unreachable();
		return pc;
	}
	kobs_hit_recursion(s, pc);
	pc->nest--;
	return NULL;
}

/**
 * kobs_hit_leave_off() - undo kobs_hit_enter_off()
 * @pc: its result
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_leave_off(struct kobs_cpu *pc)
{
	barrier();
	pc->nest--;
}

/**
 * kobs_hit_enter() - turn preemption off and guard against recursion
 * @s: session
 *
 * Handlers of interrupts nest, one for each context. What is deeper is a
 * handler that came upon its own hook. (Contexts that interrupt this function
 * leave the number of nested handlers as it was: it needs no atomics.)
 *
 * Context: any, NMI included.
 * Return: the part of this CPU for the functions below, or NULL when this is
 * a recursion, which was counted.
 */
static __always_inline struct kobs_cpu *kobs_hit_enter(struct kobs_session *s)
{
	struct kobs_cpu *pc;

	preempt_disable_notrace();
	pc = kobs_hit_enter_off(s);
	if (unlikely(!pc))
		preempt_enable_notrace();
	return pc;
}

/**
 * kobs_hit_leave() - undo kobs_hit_enter()
 * @pc: its result
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_hit_leave(struct kobs_cpu *pc)
{
	kobs_hit_leave_off(pc);
	preempt_enable_notrace();
}

/**
 * kobs_hit_count() - count a hit of an armed session
 * @pc: the session's part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: whether this hit is to be timed.
 */
static __always_inline bool kobs_hit_count(struct kobs_cpu *pc)
{
	/* The hits before this one: what the instruction gives. */
	u64 n = local64_inc_return(&pc->counters.n[KOBS_N_HITS]) - 1;

	return n % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST - 1;
}

/**
 * kobs_hit_clock() - count a hit of an armed session, and look at the clock
 * @pc: the session's part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: the time when this hit is to be timed, else 0.
 */
static __always_inline u64 kobs_hit_clock(struct kobs_cpu *pc)
{
	return unlikely(kobs_hit_count(pc)) ? ktime_get_mono_fast_ns() : 0;
}

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
	if (unlikely(!READ_ONCE(s->armed)))
		return false;
	*t0 = kobs_hit_clock(pc);
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
	if (unlikely(s->filter.task) && !kobs_context_filter(s)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return false;
	}
	return true;
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
 * kobs_hit_record_at() - record a hit of a function's entry
 * @s: session
 * @pc: its part of this CPU
 * @v: words of the hit, KOBS_WORDS of them; the source's are filled in
 * @need: context words still to be filled in, a bit for each
 * @entry: address of the function whose entry or exit this is, where a
 *         kernel stack shall begin; 0 for none
 * @at: where that function was entered, or NULL when that is not known
 * @value: value; U64_MAX when the mode has none
 * @stacks: whether stacks can be among @need; a constant
 * @stream: whether it is a streaming mode; a constant where it is known
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_record_at(struct kobs_session *s,
					       struct kobs_cpu *pc, u64 *v,
					       u32 need, unsigned long entry,
					       const struct kobs_at *at,
					       u64 value, bool stacks,
					       bool stream)
{
	enum kobs_counter fate = KOBS_N_RECORDED;
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	if (unlikely(value < s->filter.min)) {
		fate = KOBS_N_FILTERED;
	} else if (need && !kobs_context_at(s, v, need, entry, at, stacks)) {
		fate = KOBS_N_STACK_FULL;
	} else if (stream) {
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
 * kobs_hit_record() - record a hit
 * @s: session
 * @pc: its part of this CPU
 * @v: words of the hit, KOBS_WORDS of them; the source's are filled in
 * @need: context words still to be filled in, a bit for each
 * @entry: address of the function whose entry or exit this is, where a
 *         kernel stack shall begin; 0 for none
 * @value: value; U64_MAX when the mode has none
 * @stacks: whether stacks can be among @need; a constant
 * @stream: whether it is a streaming mode; a constant where it is known
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_record(struct kobs_session *s,
					    struct kobs_cpu *pc, u64 *v,
					    u32 need, unsigned long entry,
					    u64 value, bool stacks,
					    bool stream)
{
	kobs_hit_record_at(s, pc, v, need, entry, NULL, value, stacks, stream);
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
