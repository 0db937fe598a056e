/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, modes graph and calls: what its files share.
 *
 *	graph.c		handlers of most calls
 *	graph_any.c	those of any call
 *	graph_setup.c	memory, start and stop, the choice of functions
 *
 * Locking: see graph_any.c and graph_setup.c.
 */
#ifndef KOBS_FUNC_GRAPH_H
#define KOBS_FUNC_GRAPH_H

#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "hooks/tracepoint.h"
#include "lib/call_tree.h"
#include "lib/inflight.h"
#include "sources/func/func.h"

/* Maximum number of roots: clones of one function, mostly. */
#define GRAPH_ROOTS	8

/*
 * Where ftrace is called is so near to a function's start: behind an endbr, or
 * what else a prologue has. The next function does not begin there.
 */
#define GRAPH_PROLOGUE	16

/*
 * Bits of the number of a root's call that say in which slot of the tasks its calls
 * are; the others are those of programs whose numbers have 53.
 */
#define GRAPH_SLOT_BITS	16
/* Maximum of the parameter tasks; the table has twice as many slots. */
#define GRAPH_TASKS	16384

static_assert(2 * GRAPH_TASKS <= BIT(GRAPH_SLOT_BITS));

/* Further numbers of a row. */
enum { GRAPH_F_TOTAL, GRAPH_F_LONGEST };

/**
 * struct kobs_graph - a session of this mode
 * @f: session of the source
 * @s: session
 * @plain: the key is the path alone
 * @usual: so it is, and rows have no histograms and no lower limit
 * @depth: maximum number of nested calls
 * @n_roots: number of @roots
 * @roots: functions that trees begin with
 * @tasks: contexts that are in a root; an entry's data is its calls
 * @stacks: calls in progress, one struct kobs_call_stack for each slot of @tasks
 * @stride: bytes of one of them
 * @tree: the tree
 * @gone: probe on the end of tasks
 *
 * Under struct kobs_func.lock:
 * @look: looks for functions that need not be hooked
 * @seen: memory for the functions in @tree
 * @n_seen: number of these when @look ran last
 * @since: when there was a new one, monotonic ns
 * @since_calls: number of calls of roots then
 * @quiet: after such a time without a new one the others are unhooked, ns; 0:
 *         never
 * @narrowed: that they were
 */
struct kobs_graph {
	struct kobs_func *f;
	struct kobs_session *s;
	bool plain;
	bool usual;
	u32 depth;
	unsigned int n_roots;
	unsigned long roots[GRAPH_ROOTS];
	struct kobs_inflight_table tasks;
	void *stacks;
	size_t stride;
	struct kobs_call_tree tree;
	struct kobs_probe gone;

	struct delayed_work look;
	unsigned long *seen;
	unsigned int n_seen;
	u64 since;
	u64 since_calls;
	u64 quiet;
	struct kobs_func_count narrowed;
};

/**
 * struct kobs_graph_call - data of a call in progress
 * @stack: the calls of its context
 * @frame: its place among them; with GRAPH_APART
 * @use: use of these calls' entry: it is another one when they are those of another
 *       context
 * @cost: with GRAPH_APART: cost of the entry's handler if the hit is timed, else 0
 */
struct kobs_graph_call {
	struct kobs_call_stack *stack;
	unsigned long frame;
	u32 use;
	u64 cost;
};

/* Bit of a frame's address: a root, or a hit that is timed. */
#define GRAPH_APART	BIT(0)

/* The handlers read no registers: see struct kobs_call_ops. */
#define GRAPH_PLAIN	true

/* Whether this is in a task, as far as the kernel says so. */
static __always_inline bool graph_in_task(void)
{
	return likely(!(preempt_count() &
			(NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)));
}

/* Whether this runs on another stack than the task's. */
static __always_inline bool graph_is_aside(void)
{
	return current_stack_pointer - (unsigned long)task_stack_page(current) >=
	       THREAD_SIZE;
}

static __always_inline void graph_occupy(struct kobs_call_stack *stack)
{
	WRITE_ONCE(stack->busy, true);
	barrier();
}

static __always_inline void graph_vacate(struct kobs_call_stack *stack)
{
	barrier();
	WRITE_ONCE(stack->busy, false);
}

/* A call begins, for which there is room. */
static __always_inline void graph_push(struct kobs_call_stack *stack,
				       const struct kobs_call_node *node,
				       struct kobs_graph_call *call, bool each)
{
	struct kobs_call_frame *f;

	call->stack = stack;
	call->use = stack->ref.use;
	call->frame = (unsigned long)(stack->top + 1);
	f = kobs_call_push(stack, node, ktime_get_mono_fast_ns());
	if (each)
		f->number = kobs_call_count(stack);
}

/* graph.c */
const struct kobs_call_handlers *kobs_graph_call(const struct kobs_session *s);

/* graph_any.c */
void kobs_graph_hit(unsigned long ip, unsigned long parent_ip,
		    struct ftrace_ops *ops, struct ftrace_regs *fregs);
void kobs_graph_end(struct kobs_graph *g, const struct kobs_graph_call *call,
		    unsigned long caller);
void kobs_graph_end_at(struct kobs_graph *g, const struct kobs_graph_call *call,
		       unsigned long caller, u64 now);
void kobs_graph_task_gone(void *data, struct task_struct *p);

#endif /* KOBS_FUNC_GRAPH_H */
