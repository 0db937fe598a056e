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
 * filtered, or a reason of loss.
 */
#ifndef KOBS_HIT_H
#define KOBS_HIT_H

#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include "core/context.h"
#include "core/session.h"
#include "core/stream.h"
#include "lib/elapsed.h"

/*
 * Every KOBS_HIT_SAMPLE-th hit of a CPU is timed, from number KOBS_HIT_FIRST on:
 * the first hits run with cold caches.
 */
#define KOBS_HIT_SAMPLE		1024
#define KOBS_HIT_FIRST		16

/*
 * The recursion guard keeps the contexts of a session's active handlers on a
 * CPU in kobs_cpu.busy, 16 bits each, the innermost lowest: the softirq bit and
 * the hardirq and NMI counts of preempt_count(). What lies between the softirq
 * bit and KOBS_HIT_IRQS_OFF can be anything.
 *
 * A context that interrupts kobs_hit_enter_off() between its two stores leaves
 * its own flags there. A hit at the edge of another interrupt of that handler is
 * then taken for a recursion: lost, and counted so.
 */
#define KOBS_HIT_BUSY		BIT(7)
#define KOBS_HIT_IRQS_OFF	BIT(6)
#define KOBS_HIT_LANE		16
#define KOBS_HIT_IRQS_SHIFT	8
#define KOBS_HIT_IRQS		(((NMI_MASK | HARDIRQ_MASK) >> HARDIRQ_SHIFT) << \
				 KOBS_HIT_IRQS_SHIFT)
#define KOBS_HIT_CONTEXT	(KOBS_HIT_IRQS | 1)

/*
 * In some kernels the softirq count is next to the hardirq count, so that one
 * shift moves both; in others (7.x) there is a count of other things between.
 */
#define KOBS_HIT_ADJACENT	(HARDIRQ_SHIFT - SOFTIRQ_SHIFT == \
				 KOBS_HIT_IRQS_SHIFT)

bool kobs_hit_nest(struct kobs_session *s, struct kobs_cpu *pc);

/* The context that a preempt_count() tells of, as in kobs_cpu.busy. */
static __always_inline u16 kobs_hit_context_of(u32 pc)
{
	if (KOBS_HIT_ADJACENT)
		return pc >> SOFTIRQ_SHIFT & U16_MAX;
	return (pc >> (HARDIRQ_SHIFT - KOBS_HIT_IRQS_SHIFT) & KOBS_HIT_IRQS) |
	       (pc >> SOFTIRQ_SHIFT & 1);
}

/* Each context has bits of its own, and nothing else has. */
static __always_inline void kobs_hit_context_check(void)
{
	const u32 others = (u32)~(NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET);

	BUILD_BUG_ON((kobs_hit_context_of(SOFTIRQ_OFFSET) &
		      KOBS_HIT_CONTEXT) != 1);
	BUILD_BUG_ON((kobs_hit_context_of(HARDIRQ_OFFSET) & KOBS_HIT_CONTEXT) !=
		     BIT(KOBS_HIT_IRQS_SHIFT));
	BUILD_BUG_ON((kobs_hit_context_of(NMI_OFFSET) & KOBS_HIT_CONTEXT) !=
		     BIT(KOBS_HIT_IRQS_SHIFT + HARDIRQ_BITS));
	BUILD_BUG_ON(kobs_hit_context_of(others) & KOBS_HIT_CONTEXT);
	BUILD_BUG_ON(KOBS_HIT_CONTEXT & (KOBS_HIT_BUSY | KOBS_HIT_IRQS_OFF));
}

/* The current context, as in kobs_cpu.busy. */
static __always_inline u16 kobs_hit_context(void)
{
	kobs_hit_context_check();
	return kobs_hit_context_of(preempt_count()) | KOBS_HIT_BUSY;
}

/*
 * Interrupts on or off, at the lowest cost. (On x86 native_save_fl() would be a
 * patched call. In a guest of Xen the flag always says on, which is the safe
 * side: see kobs_hit_nest().)
 */
static __always_inline void kobs_hit_save_flags(unsigned long *flags)
{
#ifdef CONFIG_X86_64
	asm volatile("pushf; pop %0" : "=rm" (*flags) : : "memory");
#else
	*flags = arch_local_save_flags();
#endif
}

/* Enter a handler; no other one is active. */
static __always_inline void kobs_hit_occupy(struct kobs_cpu *pc)
{
	kobs_hit_save_flags(&pc->flags);
	pc->busy = kobs_hit_context();
	barrier();
}

/* Enter a handler unless another one is active. */
static __always_inline bool kobs_hit_alone(struct kobs_cpu *pc)
{
	if (unlikely(pc->busy))
		return false;
	kobs_hit_occupy(pc);
	return true;
}

/**
 * kobs_hit_enter_off() - kobs_hit_enter() with preemption off already
 * @s: session
 *
 * Context: any, NMI included; preemption off.
 * Return: as kobs_hit_enter().
 */
static __always_inline struct kobs_cpu *
kobs_hit_enter_off(struct kobs_session *s)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);

	if (unlikely(!kobs_hit_alone(pc)) && !kobs_hit_nest(s, pc))
		return NULL;
	/* Spares callers the test for NULL. */
	if (!pc)
		__builtin_unreachable();
	return pc;
}

/**
 * kobs_hit_enter_irqs_off() - kobs_hit_enter_off() with interrupts off already
 * @s: session
 *
 * Context: any, NMI included; interrupts off.
 * Return: as kobs_hit_enter().
 */
static __always_inline struct kobs_cpu *
kobs_hit_enter_irqs_off(struct kobs_session *s)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);

	if (unlikely(pc->busy)) {
		if (!kobs_hit_nest(s, pc))
			return NULL;
	} else {
		pc->busy = kobs_hit_context() | KOBS_HIT_IRQS_OFF;
		barrier();
	}
	if (!pc)
		__builtin_unreachable();
	return pc;
}

/**
 * kobs_hit_leave_off() - undo kobs_hit_enter_off() or kobs_hit_enter_irqs_off()
 * @pc: its result
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_hit_leave_off(struct kobs_cpu *pc)
{
	barrier();
	pc->busy >>= KOBS_HIT_LANE;
}

/**
 * kobs_hit_enter() - turn preemption off and guard against recursion
 * @s: session
 *
 * Handlers nest, one per context (task, softirq, hardirq, NMI). A second one in
 * the same context means that a handler hit its own hook. (This needs no
 * atomics: contexts that interrupt this function restore what they change.)
 *
 * Context: any, NMI included.
 * Return: the session's part of this CPU, or NULL for a recursion, which was
 * counted as lost.
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
 * kobs_hit_enter_alone() - kobs_hit_enter() without the call in it
 * @s: session
 * @pc: set to the session's part of this CPU
 *
 * For handlers that have a slow path: a call on their way would cost them the
 * registers that it may change.
 *
 * Context: any, NMI included.
 * Return: false while another handler is active: preemption is off, and
 * kobs_hit_nest() is to be asked.
 */
static __always_inline bool kobs_hit_enter_alone(struct kobs_session *s,
						 struct kobs_cpu **pc)
{
	preempt_disable_notrace();
	*pc = this_cpu_ptr(s->cpu);
	return kobs_hit_alone(*pc);
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

/* Whether a hit of the current context needs nothing but to be counted. */
static __always_inline bool kobs_hit_is_usual(const struct kobs_session *s,
					      const struct kobs_cpu *pc)
{
	u64 before = local64_read(&pc->counters.n[KOBS_N_HITS]);

	return !pc->busy && READ_ONCE(s->armed) && !s->filter.task &&
	       before % KOBS_HIT_SAMPLE != KOBS_HIT_FIRST - 1 &&
	       !(READ_ONCE(s->own_bits) & BIT_ULL(current->tgid % 64U));
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
	struct kobs_cpu *pc;

	preempt_disable_notrace();
	pc = this_cpu_ptr(s->cpu);
	if (likely(kobs_hit_is_usual(s, pc))) {
		kobs_hit_occupy(pc);
		kobs_count(&pc->counters, KOBS_N_HITS);
		if (!pc)
			__builtin_unreachable();
		return pc;
	}
	preempt_enable_notrace();
	return NULL;
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

#endif /* KOBS_HIT_H */
