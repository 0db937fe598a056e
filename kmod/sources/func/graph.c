// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, modes graph and calls: handlers of functions that are hooked at
 * their entry and their return. The one adds calls up in rows, the other streams a
 * record of each when it returns.
 *
 * Here is what most calls take: one below a root, of a task on its own stack, in a
 * known place of the tree. The rest, and what a hit is, is in graph_any.c: nothing
 * has changed when it gets a call from here.
 *
 * The calls of a task are found by what was found last on this CPU. These are its
 * own if they say so: they belong to the session, and stay, whose ever they are.
 *
 * A hit needs no recursion guard of the session's here: it is one of this task, whose
 * calls are busy until it ends. So a hit in between is none of the calls.
 *
 * Locking: none; any context, NMI included.
 */
#include "core/hit.h"
#include "sources/func/graph.h"

/* The calls of this task, if it is in a root and a hit can be recorded here. */
static __always_inline struct kobs_call_stack *
graph_usual(const struct kobs_graph *g, const struct kobs_cpu *pc)
{
	struct kobs_call_stack *stack = pc->found;

	if (!stack || !graph_in_task() || stack->task != current ||
	    stack->busy || graph_is_aside() ||
	    !READ_ONCE(g->s->armed) || kobs_hit_is_timed(pc) ||
	    kobs_call_is_deep(stack))
		return NULL;
	return stack;
}

/* A call in a known place. */
static __always_inline void graph_pass(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *ops,
				       struct ftrace_regs *fregs,
				       struct kobs_call_stack *stack,
				       const struct kobs_call_node *node,
				       bool each)
{
	struct kobs_graph_call *call;
	struct kobs_graph *g;
	struct kobs_cpu *pc;

	graph_occupy(stack);
	g = kobs_calls_of_ops(ops)->ctx;
	call = kobs_calls_pass(ops, ip, parent_ip, fregs, GRAPH_PLAIN);
	if (likely(call)) {
		graph_push(stack, node, call, each);
		pc = this_cpu_ptr(g->s->cpu);
		kobs_count(&pc->counters, FUNC_N_IN_FLIGHT);
	} else {
		if (each)
			kobs_call_count(stack);
		pc = this_cpu_ptr(g->s->cpu);
		kobs_count(&pc->counters, FUNC_N_MISSED);
	}
	kobs_count(&pc->counters, KOBS_N_HITS);
	graph_vacate(stack);
	preempt_enable_notrace();
}

/* In functions of their own: the rest needs no registers to be saved. */
static noinline __noclone void
graph_pass_row(unsigned long ip, unsigned long parent_ip,
	       struct ftrace_ops *ops, struct ftrace_regs *fregs,
	       struct kobs_call_stack *stack, const struct kobs_call_node *node)
{
	graph_pass(ip, parent_ip, ops, fregs, stack, node, false);
}

static noinline __noclone void
graph_pass_each(unsigned long ip, unsigned long parent_ip,
		struct ftrace_ops *ops, struct ftrace_regs *fregs,
		struct kobs_call_stack *stack, const struct kobs_call_node *node)
{
	graph_pass(ip, parent_ip, ops, fregs, stack, node, true);
}

static __always_inline void graph_enter(unsigned long ip,
					unsigned long parent_ip,
					struct ftrace_ops *ops,
					struct ftrace_regs *fregs, bool each)
{
	struct kobs_graph *g = kobs_calls_of_ops(ops)->ctx;
	const struct kobs_call_node *node;
	struct kobs_call_stack *stack;

	preempt_disable_notrace();
	stack = graph_usual(g, this_cpu_ptr(g->s->cpu));
	if (unlikely(!stack)) {
		kobs_graph_hit(ip, parent_ip, ops, fregs);
		return;
	}
	node = kobs_call_tree_peek(&g->tree, kobs_call_parent(stack), ip);
	if (unlikely(!node))
		kobs_graph_hit(ip, parent_ip, ops, fregs);
	else if (each)
		graph_pass_each(ip, parent_ip, ops, fregs, stack, node);
	else
		graph_pass_row(ip, parent_ip, ops, fregs, stack, node);
}

static __no_stack_protector void
graph_hit_row(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
	      struct ftrace_regs *fregs)
{
	graph_enter(ip, parent_ip, ops, fregs, false);
}

static __no_stack_protector void
graph_hit_each(unsigned long ip, unsigned long parent_ip,
	       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	graph_enter(ip, parent_ip, ops, fregs, true);
}

/* Whether a call can end here: the innermost, of no histogram, and not timed. */
static __always_inline bool graph_ends_usual(const struct kobs_graph *g,
					     const struct kobs_graph_call *call)
{
	const struct kobs_call_stack *stack = call->stack;

	return likely(g->usual && call->frame == (unsigned long)stack->top &&
		      call->use == stack->ref.use);
}

static __always_inline void graph_exit_row(void *ctx, unsigned long ip,
					   unsigned long caller,
					   unsigned long ret, const void *data)
{
	const struct kobs_graph_call *call = data;
	struct kobs_call_done done KOBS_UNINIT;
	struct kobs_call_frame *f = (void *)call->frame;
	struct kobs_call_stack *stack;
	struct kobs_graph *g = ctx;
	struct kobs_row *row;
	struct kobs_cpu *pc;
	u64 now;

	if (unlikely(!graph_ends_usual(g, call))) {
		kobs_graph_end(g, call, caller);
		return;
	}
	graph_occupy(call->stack);
	now = ktime_get_mono_fast_ns();
	stack = call->stack;
	pc = this_cpu_ptr(g->s->cpu);
	row = kobs_table_peek_hash(&pc->table, f->node->hash);
	if (unlikely(!row)) {
		/* The key is the path alone, without the caller. */
		kobs_graph_end_at(g, call, 0, now);
		return;
	}
	kobs_call_pop(stack, f, now, &done);
	kobs_call_settle(stack, &done, true);
	kobs_row_sum(row, 1, done.self);
	local64_add(done.total, kobs_row_field_at(row, 1, GRAPH_F_TOTAL));
	kobs_raise(kobs_row_field_at(row, 1, GRAPH_F_LONGEST), done.total);
	local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	graph_vacate(stack);
}

static __always_inline void graph_exit_each(void *ctx, unsigned long ip,
					    unsigned long caller,
					    unsigned long ret, const void *data)
{
	kobs_graph_end(ctx, data, caller);
}

static int graph_keep_out(void *ctx, unsigned long ip, const char *reason)
{
	struct kobs_graph *g = ctx;

	return kobs_session_keep_out(g->s, ip, reason, false);
}

static bool graph_unwanted(void *ctx)
{
	struct kobs_graph *g = ctx;

	return kobs_session_unwanted(g->s);
}

static const struct kobs_call_ops graph_row_ops = {
	.size = sizeof(struct kobs_graph_call),
	.plain = GRAPH_PLAIN,
	.exit = graph_exit_row,
	.keep_out = graph_keep_out,
	.unwanted = graph_unwanted,
};

static const struct kobs_call_ops graph_each_ops = {
	.size = sizeof(struct kobs_graph_call),
	.plain = GRAPH_PLAIN,
	.exit = graph_exit_each,
	.keep_out = graph_keep_out,
	.unwanted = graph_unwanted,
};

KOBS_CALL_HIT_HANDLERS(graph_row, graph_row_ops, graph_hit_row);
KOBS_CALL_HIT_HANDLERS(graph_each, graph_each_ops, graph_hit_each);

/**
 * kobs_graph_call() - the handlers of a session
 * @s: session of mode graph or calls
 *
 * Context: any.
 * Return: they.
 */
const struct kobs_call_handlers *kobs_graph_call(const struct kobs_session *s)
{
	return s->mode->stream ? &graph_each : &graph_row;
}
