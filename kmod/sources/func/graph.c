// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, modes graph and calls: handlers of functions that are hooked at
 * their entry and their return. The one adds calls up in rows, the other streams a
 * record of each when it returns.
 *
 * What a hit is: a call of a root, and a call of another of the session's
 * functions while its context is in a root. The context is the task, or the
 * interrupt, of this CPU and kind: what an interrupt calls is not below the
 * function that it interrupts. All other calls are none: they are told from hits
 * by one lookup of the context, before anything else is done.
 *
 * Filters apply to the call of a root, and what is below it goes with it. A call
 * deeper than the session's depth is filtered; its time is its caller's own.
 *
 * The functions that an interrupt runs before and after the kernel says which
 * context it is in seem to be called by the one that it interrupts. They are told
 * by their stack, where interrupts have one (kobs_call_stack.aside); on arm64 they
 * run on that of the task, and so do those of an interrupt of a softirq on x86:
 * obsctl leaves them out. Where one comes in between the lines of a handler, it is
 * none of the calls (kobs_call_stack.busy), whether or not it was left out.
 *
 * Records of a root's call have its number, and numbers of their own, in the order
 * of the calls' entries; with the number of calls inside each they say where in the
 * tree a call is, and where and how many are missing. A call that is lost has a
 * number, too.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <trace/events/sched.h>

#include "core/hit.h"
#include "sources/func/graph.h"

/**
 * struct kobs_graph_call - data of a call in progress
 * @stack: the calls of its context
 * @use: use of these calls' entry: it changes when they are over
 * @place: its place among them
 * @cost: cost of the entry's handler if the hit is timed, else 0
 */
struct kobs_graph_call {
	struct kobs_call_stack *stack;
	u32 use;
	u32 place;
	u64 cost;
};

/* Tells the current context from all others: a task, or a kind on a CPU. */
static __always_inline u64 graph_context(void)
{
	u32 pc = preempt_count() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET);

	if (likely(!pc))
		return (unsigned long)current;
	/* No task is at such an address. */
	return raw_smp_processor_id() << 2 |
	       (pc & NMI_MASK ? 3 : pc & HARDIRQ_MASK ? 2 : 1);
}

/*
 * The calls of the current context, or NULL when it is in no root. Nobody else ends
 * them.
 */
static __always_inline struct kobs_call_stack *
graph_stack(const struct kobs_graph *g)
{
	const struct kobs_inflight *entry =
		kobs_inflight_peek(&g->tasks, graph_context(), 0);

	return entry ? (struct kobs_call_stack *)entry->data[0] : NULL;
}

/* Whether this runs on another stack than the task's. */
static __always_inline bool graph_is_aside(void)
{
	u8 here;

	return (unsigned long)&here - (unsigned long)task_stack_page(current) >=
	       THREAD_SIZE;
}

/* The context enters a root. Returns NULL when there is no room for it. */
static noinline struct kobs_call_stack *graph_claim(struct kobs_graph *g)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_call_stack *stack;

	if (kobs_inflight_begin(&g->tasks, graph_context(), 0, &ref) !=
	    KOBS_INFLIGHT_BEGUN)
		return NULL;
	stack = g->stacks + (ref.state - g->tasks.states) * g->stride;
	stack->ref = ref;
	stack->entered++;
	stack->last = 0;
	stack->depth = 0;
	stack->calls = 0;
	stack->aside = graph_is_aside();
	/* Until the root has its place, nothing else can be below it. */
	stack->busy = true;
	ref.entry->start = 0;
	ref.entry->data[0] = (unsigned long)stack;
	kobs_inflight_publish(&ref);
	return stack;
}

/* The context leaves its root, or never was in it. */
static __always_inline void graph_release(struct kobs_call_stack *stack)
{
	struct kobs_inflight_ref ref = stack->ref;

	kobs_inflight_end_own(&ref);
}

/**
 * kobs_graph_task_gone() - a task is about to be freed
 * @data: session
 * @p: task
 *
 * One that ended in a root never returned from it: its calls stay in flight.
 *
 * Context: any.
 */
void kobs_graph_task_gone(void *data, struct task_struct *p)
{
	struct kobs_graph *g = data;
	struct kobs_inflight_ref ref;

	if (kobs_inflight_find(&g->tasks, (unsigned long)p, 0, &ref))
		kobs_inflight_end(&ref);
}

KOBS_PROBE_TYPE(kobs_graph_task_gone, sched_process_free);

static __always_inline bool graph_is_root(const struct kobs_graph *g,
					  unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < g->n_roots; i++) {
		if (ip - g->roots[i] < GRAPH_PROLOGUE)
			return true;
	}
	return false;
}

/*
 * What a call is below: the calls of its context, or the session for that of a
 * root by a context that is in none; or NULL.
 */
static __always_inline void *graph_find(struct kobs_graph *g, unsigned long ip)
{
	struct kobs_call_stack *stack = graph_stack(g);

	if (stack)
		return READ_ONCE(stack->busy) ||
		       stack->aside != graph_is_aside() ? NULL : stack;
	return graph_is_root(g, ip) ? g : NULL;
}

/* A call that is no hit is timed: what it took is done once more. */
static noinline void graph_time_other(struct kobs_graph *g, struct kobs_cpu *pc,
				      unsigned long ip, u64 t0)
{
	void *found = graph_find(g, ip);

	OPTIMIZER_HIDE_VAR(found);
	kobs_hit_call_end(g->s, pc, t0);
}

static __always_inline void *graph_want(void *ctx, unsigned long ip)
{
	struct kobs_graph *g = ctx;
	void *found = graph_find(g, ip);
	struct kobs_cpu *pc;
	u64 t0;

	if (unlikely(found))
		return found;
	preempt_disable_notrace();
	pc = this_cpu_ptr(g->s->cpu);
	t0 = kobs_hit_call_begin(g->s, pc);
	if (unlikely(t0))
		graph_time_other(g, pc, ip, t0);
	preempt_enable_notrace();
	return NULL;
}

/* Begin a call in its context. Returns what becomes of it. */
static __always_inline enum kobs_counter
graph_push(struct kobs_graph *g, struct kobs_call_stack *stack,
	   unsigned long ip, struct kobs_graph_call *call, bool each)
{
	u32 node;

	if (unlikely(stack->depth >= g->depth))
		return KOBS_N_FILTERED;
	node = kobs_call_tree_find(&g->tree, kobs_call_parent(stack), ip);
	if (unlikely(node == KOBS_CALL_NONE)) {
		kobs_call_count(stack);
		return KOBS_N_STACK_FULL;
	}
	call->stack = stack;
	call->use = stack->ref.use;
	WRITE_ONCE(stack->busy, true);
	barrier();
	call->place = kobs_call_push(stack, node, ktime_get_mono_fast_ns());
	if (each)
		stack->frame[call->place].number = kobs_call_count(stack);
	barrier();
	WRITE_ONCE(stack->busy, false);
	return FUNC_N_IN_FLIGHT;
}

static __always_inline bool graph_begins(void *ctx, unsigned long ip,
					 void *found, void *data, bool each)
{
	struct kobs_graph *g = ctx;
	struct kobs_session *s = g->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_call_stack *stack = found == g ? NULL : found;
	struct kobs_graph_call *call = data;
	enum kobs_counter fate;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return false;
	if (!stack) {
		if (!kobs_hit_wanted(s, pc))
			goto out;
		stack = graph_claim(g);
	}
	fate = stack ? graph_push(g, stack, ip, call, each) : FUNC_N_TASKS;
	kobs_count(&pc->counters, fate);
	if (likely(fate == FUNC_N_IN_FLIGHT)) {
		call->cost = unlikely(t0) ? (stack->last - t0) ?: 1 : 0;
		return true;
	}
	if (stack && !stack->depth)
		graph_release(stack);
out:
	kobs_hit_end(s, pc, t0, 0);
	return false;
}

static __always_inline bool graph_enter(void *ctx, unsigned long ip,
					void *found, const struct pt_regs *regs,
					void *data)
{
	return graph_begins(ctx, ip, found, data, false);
}

static __always_inline bool graph_enter_each(void *ctx, unsigned long ip,
					     void *found,
					     const struct pt_regs *regs,
					     void *data)
{
	return graph_begins(ctx, ip, found, data, true);
}

/* Slow path: the row is new or displaced, or its key is not the path alone. */
static noinline struct kobs_row *graph_row_slow(struct kobs_graph *g,
						struct kobs_cpu *pc, u64 path,
						unsigned long ip,
						unsigned long caller)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	struct kobs_session *s = g->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[FUNC_W_FUNC] = ip;
	v[FUNC_W_CALLER] = caller;
	v[FUNC_W_PATH] = path;
	kobs_context(s, v, s->need, false);
	kobs_hit_gather(s, v, key);
	return kobs_table_find(&pc->table, key);
}

/* Record a call. Returns what becomes of it. */
static __always_inline enum kobs_counter
graph_record(struct kobs_graph *g, struct kobs_cpu *pc, unsigned long ip,
	     unsigned long caller, const struct kobs_call_done *done)
{
	u64 path = kobs_call_path(&g->tree, done->node);
	struct kobs_table *t = &pc->table;
	struct kobs_row *row = NULL;

	if (unlikely(done->self < g->s->filter.min))
		return KOBS_N_FILTERED;
	if (likely(g->plain))
		row = kobs_table_peek(t, path, 0, 1);
	if (unlikely(!row))
		row = graph_row_slow(g, pc, path, ip, caller);
	if (unlikely(!row || !kobs_row_add(t, row, done->self)))
		return kobs_hit_no_row(pc);
	local64_add(done->total, kobs_row_field(t, row, GRAPH_F_TOTAL));
	kobs_raise(kobs_row_field(t, row, GRAPH_F_LONGEST), done->total);
	return KOBS_N_RECORDED;
}

/* What a context is, by its key. */
static const char graph_contexts[][sizeof(u64)] = {
	"task", "softirq", "hardirq", "NMI"
};

static __always_inline unsigned int graph_kind(u64 context)
{
	return context < (u64)nr_cpu_ids << 2 ? context & 3 : 0;
}

/* The number of a root's call: no other one of the session has it. */
static __always_inline u64 graph_number(const struct kobs_graph *g,
					const struct kobs_call_stack *stack)
{
	return stack->entered << GRAPH_SLOT_BITS |
	       (stack->ref.state - g->tasks.states);
}

/* Write the record of a call. Returns what becomes of it. */
static __always_inline enum kobs_counter
graph_write(struct kobs_graph *g, const struct kobs_call_stack *stack, u32 place,
	    unsigned long ip, unsigned long caller,
	    const struct kobs_call_done *done)
{
	u64 context = stack->ref.entry->key[0];
	struct kobs_session *s = g->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (unlikely(done->total < s->filter.min))
		return KOBS_N_FILTERED;
	v[FUNC_W_FUNC] = ip;
	v[FUNC_W_CALLER] = caller;
	v[FUNC_W_PATH] = kobs_call_path(&g->tree, done->node);
	v[FUNC_W_ROOT] = graph_number(g, stack);
	v[FUNC_W_CALL] = stack->frame[place].number;
	v[FUNC_W_INSIDE] = kobs_call_inside(stack, place);
	v[FUNC_W_SELF] = done->self;
	memcpy(&v[FUNC_W_CONTEXT], graph_contexts[graph_kind(context)],
	       sizeof(u64));
	kobs_context(s, v, s->need, false);
	return kobs_stream_write(s, v, done->total) ? KOBS_N_RECORDED :
						      KOBS_N_RING_FULL;
}

static __always_inline void graph_ends(void *ctx, unsigned long ip,
				       unsigned long caller, const void *data,
				       bool each)
{
	const struct kobs_graph_call *call = data;
	struct kobs_call_stack *stack = call->stack;
	struct kobs_graph *g = ctx;
	struct kobs_session *s = g->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_call_done done KOBS_UNINIT;
	enum kobs_counter fate;
	u64 now;

	/* Another call is there now: this one stays in flight. */
	if (unlikely(READ_ONCE(stack->ref.state->use) != call->use ||
		     call->place >= stack->depth))
		return;
	WRITE_ONCE(stack->busy, true);
	barrier();
	now = ktime_get_mono_fast_ns();
	kobs_call_pop(stack, call->place, now, &done);
	local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
	fate = each ? graph_write(g, stack, call->place, ip, caller, &done) :
		      graph_record(g, pc, ip, caller, &done);
	kobs_count(&pc->counters, fate);
	kobs_call_settle(stack, &done, fate == KOBS_N_RECORDED);
	barrier();
	/* Busy to the end: an edge must not take what is released for its own. */
	if (!call->place)
		graph_release(stack);
	else
		WRITE_ONCE(stack->busy, false);
	kobs_hit_end(s, pc, call->cost ? now : 0, call->cost);
}

static __always_inline void graph_exit(void *ctx, unsigned long ip,
				       unsigned long caller, unsigned long ret,
				       const void *data)
{
	graph_ends(ctx, ip, caller, data, false);
}

static __always_inline void graph_exit_each(void *ctx, unsigned long ip,
					    unsigned long caller,
					    unsigned long ret, const void *data)
{
	graph_ends(ctx, ip, caller, data, true);
}

static __always_inline void *graph_begin(void *ctx)
{
	struct kobs_graph *g = ctx;

	return kobs_hit_enter(g->s);
}

static __always_inline void graph_end(void *guarded)
{
	kobs_hit_leave(guarded);
}

static __always_inline void graph_miss(void *ctx, void *guarded)
{
	struct kobs_graph *g = ctx;
	struct kobs_cpu *pc = guarded;

	if (!READ_ONCE(g->s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, FUNC_N_MISSED);
}

static __always_inline void graph_miss_each(void *ctx, void *guarded)
{
	struct kobs_graph *g = ctx;
	struct kobs_call_stack *stack = graph_stack(g);

	graph_miss(ctx, guarded);
	if (stack && stack->depth < g->depth)
		kobs_call_count(stack);
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

static const struct kobs_call_ops graph_call_ops = {
	.size = sizeof(struct kobs_graph_call),
	.plain = true,
	.want = graph_want,
	.begin = graph_begin,
	.end = graph_end,
	.missed = graph_miss,
	.enter = graph_enter,
	.exit = graph_exit,
	.keep_out = graph_keep_out,
	.unwanted = graph_unwanted,
};

static const struct kobs_call_ops graph_each_ops = {
	.size = sizeof(struct kobs_graph_call),
	.plain = true,
	.want = graph_want,
	.begin = graph_begin,
	.end = graph_end,
	.missed = graph_miss_each,
	.enter = graph_enter_each,
	.exit = graph_exit_each,
	.keep_out = graph_keep_out,
	.unwanted = graph_unwanted,
};

KOBS_CALL_HANDLERS(graph_call, graph_call_ops);
KOBS_CALL_HANDLERS(graph_each, graph_each_ops);

/**
 * kobs_graph_call() - the handlers of a session
 * @s: session of mode graph or calls
 *
 * Context: any.
 * Return: they.
 */
const struct kobs_call_handlers *kobs_graph_call(const struct kobs_session *s)
{
	return s->mode->stream ? &graph_each : &graph_call;
}
