// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks from the kernel's own ORC unwinder, which is exported. What it
 * finds is learned on the way: rules of frames, and where each CPU's stacks
 * for interrupts and exceptions lie.
 *
 * Locking: none; each CPU uses its own data, with preemption off.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include <asm/stacktrace.h>
#include <asm/unwind.h>

#include "unwind/entry_frames.h"
#include "unwind/orc.h"
#include "unwind/x86.h"

/* Stacks per CPU: for interrupts, and for each kind of exception. */
#define CPU_STACKS	(1 + N_EXCEPTION_STACKS)

/**
 * struct kobs_stack_range - a stack
 * @start: lowest address
 * @end: address after it
 */
struct kobs_stack_range {
	unsigned long start;
	unsigned long end;
};

static DEFINE_PER_CPU(struct kobs_stack_range[CPU_STACKS], cpu_stacks);

/* A CPU's stacks do not move: remember where one lies. */
static void learn_stack(const struct stack_info *info)
{
	struct kobs_stack_range *r;

	if (info->type == STACK_TYPE_IRQ)
		r = this_cpu_ptr(&cpu_stacks[0]);
	else if (info->type >= STACK_TYPE_EXCEPTION &&
		 info->type <= STACK_TYPE_EXCEPTION_LAST)
		r = this_cpu_ptr(&cpu_stacks[1 + info->type -
					     STACK_TYPE_EXCEPTION]);
	else
		return;
	WRITE_ONCE(r->start, (unsigned long)info->begin);
	/* The uppermost word of an interrupt stack links to the one before. */
	WRITE_ONCE(r->end, (unsigned long)(info->end -
					   (info->type == STACK_TYPE_IRQ)));
}

/**
 * kobs_orc_cpu_stack_top() - end of the CPU's stack that an address lies in
 * @sp: address
 *
 * Context: any, NMI included; preemption off.
 * Return: the end, or 0 when no such stack is known yet.
 */
unsigned long kobs_orc_cpu_stack_top(unsigned long sp)
{
	unsigned int i;

	for (i = 0; i < CPU_STACKS; i++) {
		const struct kobs_stack_range *r = this_cpu_ptr(&cpu_stacks[i]);

		if (sp - READ_ONCE(r->start) < READ_ONCE(r->end) - r->start)
			return r->end;
	}
	return 0;
}

/*
 * Start at a cursor. The unwinder is told that a function of the kernel was
 * just entered there, which saves it the frames of kobs and of the hook.
 */
static void start_at_cursor(struct unwind_state *state,
			    const struct kobs_cursor *c)
{
	struct pt_regs regs = {
		.ip = (unsigned long)unwind_next_frame,
		.sp = c->sp - sizeof(long),
		.bp = c->bp,
	};

	unwind_start(state, current, &regs, NULL);
}

/*
 * Start here, and skip the frames up to a cursor: a comparison must not rely
 * on the cursor's values.
 */
static void start_here(struct unwind_state *state, const struct kobs_cursor *c)
{
	unwind_start(state, current, NULL, (unsigned long *)c->sp - 1);
}

/* Start at the frame after the interrupted code. */
static void start_at_regs(struct unwind_state *state,
			  const struct kobs_cursor *c)
{
	unwind_start(state, current, c->regs, NULL);
	if (!unwind_error(state))
		kobs_orc_learn(c->ip);
}

/* Does the stack of an interrupt, which started on @own, end here? */
static bool cut_here(const struct unwind_state *state,
		     const struct kobs_cursor *c, struct stack_info *own)
{
	return c->cut && (state->regs ||
			  !on_stack(own, (void *)(state->sp - sizeof(long)),
				    sizeof(long)));
}

static noinline unsigned int unwind_frames(const struct kobs_cursor *c,
					   bool here, unsigned long *ips,
					   unsigned int max)
{
	struct unwind_state state;
	struct stack_info own;
	unsigned int n = 0;

	if (c->regs)
		start_at_regs(&state, c);
	else if (here)
		start_here(&state, c);
	else
		start_at_cursor(&state, c);
	own = state.stack_info;
	learn_stack(&own);
	for (; !unwind_done(&state); unwind_next_frame(&state)) {
		unsigned long *slot = (unsigned long *)state.sp - 1;
		unsigned long ip;

		if (cut_here(&state, c, &own))
			break;
		ip = unwind_get_return_address(&state);
		if (!ip)
			break;
		/* Not where a tracer replaced the return address. */
		if (!state.regs && !unwind_error(&state) &&
		    READ_ONCE_NOCHECK(*slot) == ip)
			kobs_orc_learn(ip);
		if (!n && !c->inner && kobs_entry_frame(ip))
			continue;
		ips[n++] = ip;
		if (n == max)
			break;
	}
	return n;
}

/**
 * kobs_orc_unwind() - a stack from the unwinder
 * @u: unwind context
 * @c: where the stack starts and ends
 * @here: go to the cursor through the frames of kobs and of the hook
 * @entry: address that the stack starts with, or 0
 * @ips: set to code addresses, leaf first; room for @u->depth
 *
 * Context: any, NMI included; preemption off.
 * Return: number of addresses.
 */
unsigned int kobs_orc_unwind(const struct kobs_unwind *u,
			     const struct kobs_cursor *c, bool here,
			     unsigned long entry, unsigned long *ips)
{
	unsigned int n = 0;

	if (entry)
		ips[n++] = entry;
	if (n < u->depth)
		n += unwind_frames(c, here, ips + n, u->depth - n);
	return n;
}

/**
 * kobs_orc_bridge() - unwind past frames that the frame cache is stuck at
 * @c: cursor with @c->stuck set. If an ordinary frame follows, it is set to
 *     that, with @c->top 0 when the stack is unknown; else @c->stuck is cleared
 * @ips: addresses, to be continued
 * @n: number of addresses so far
 * @max: maximum number of addresses
 *
 * Context: any, NMI included; preemption off.
 * Return: number of addresses.
 */
unsigned int kobs_orc_bridge(struct kobs_cursor *c, unsigned long *ips,
			     unsigned int n, unsigned int max)
{
	struct unwind_state state;
	struct stack_info own;
	unsigned long ip;

	c->stuck = false;
	start_at_cursor(&state, c);
	own = state.stack_info;
	while (n < max && unwind_next_frame(&state)) {
		if (cut_here(&state, c, &own))
			break;
		ip = unwind_get_return_address(&state);
		if (!ip)
			break;
		if (!state.regs && !unwind_error(&state)) {
			c->sp = state.sp;
			c->bp = state.bp;
			c->top = kobs_orc_stack_top(state.sp - sizeof(long));
			c->stuck = true;
			break;
		}
		ips[n++] = ip;
	}
	return n;
}

/**
 * kobs_orc_made_up() - the stack of registers that were made up for a call
 * @regs: registers, as software events have them: an address and a stack
 *	  pointer
 * @ips: set to code addresses, leaf first
 * @max: maximum number of addresses, at least 1
 *
 * Context: any, NMI included; preemption off.
 * Return: number of addresses.
 */
unsigned int kobs_orc_made_up(struct pt_regs *regs, unsigned long *ips,
			      unsigned int max)
{
	struct unwind_state state;

	ips[0] = regs->ip;
	unwind_start(&state, current, NULL, (void *)regs->sp);
	return kobs_unwind_collect(&state, ips, 1, max);
}
