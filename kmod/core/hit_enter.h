/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How handlers begin and end: preemption off, and the recursion guard, which
 * keeps a session's handlers from recording what they cause.
 *
 * Locking: none; the state is that of one CPU, and each context that interrupts
 * another one leaves it as it was.
 */
#ifndef KOBS_HIT_ENTER_H
#define KOBS_HIT_ENTER_H

#include <linux/irqflags.h>
#include <linux/preempt.h>
#include "core/session.h"

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

/* Likewise, where only tasks come, with interrupts on: the context is known. */
static __always_inline void kobs_hit_occupy_task(struct kobs_cpu *pc)
{
	kobs_hit_save_flags(&pc->flags);
	pc->busy = KOBS_HIT_BUSY;
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
 * kobs_hit_enter_task() - kobs_hit_enter() where only tasks come
 * @s: session
 *
 * For handlers that have a slow path, as kobs_hit_enter_alone().
 *
 * Context: task, interrupts on.
 * Return: the session's part of this CPU, or NULL while another handler is active:
 * nothing was done.
 */
static __always_inline struct kobs_cpu *
kobs_hit_enter_task(struct kobs_session *s)
{
	struct kobs_cpu *pc;

	preempt_disable_notrace();
	pc = this_cpu_ptr(s->cpu);
	if (likely(!pc->busy)) {
		kobs_hit_occupy_task(pc);
		if (!pc)
			__builtin_unreachable();
		return pc;
	}
	preempt_enable_notrace();
	return NULL;
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

#endif /* KOBS_HIT_ENTER_H */
