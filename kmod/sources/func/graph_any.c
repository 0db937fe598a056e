// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, modes graph and calls: handlers of any call, of which graph.c leaves
 * what is not usual.
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
#include <trace/events/sched.h>

#include "core/hit.h"
#include "sources/func/graph.h"

/* Tells the current context from all others: a task, or a kind on a CPU. */
static __always_inline u64 graph_context(void)
{
	u32 pc = preempt_count();

	if (graph_in_task())
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

/* Whether the current context is in no root, if one look tells so. */
static __always_inline bool graph_is_elsewhere(const struct kobs_graph *g)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;

	return !kobs_inflight_find_home(&g->tasks, graph_context(), 0, &ref) &&
	       !atomic_read(&ref.state->displaced);
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
	/*
	 * Until the root has its place, nothing else can be below it: before the
	 * task is known, as a task that ended here left it vacant.
	 */
	stack->busy = true;
	barrier();
	stack->aside = graph_is_aside();
	stack->task = graph_in_task() && !stack->aside ? current : NULL;
	kobs_call_reset(stack, &g->tree, g->depth);
	ref.entry->start = 0;
	ref.entry->data[0] = (unsigned long)stack;
	kobs_inflight_publish(&ref);
	return stack;
}

/* The context leaves its root, or never was in it. */
static __always_inline void graph_release(struct kobs_call_stack *stack)
{
	struct kobs_inflight_ref ref = stack->ref;

	WRITE_ONCE(stack->task, NULL);
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

	if (!kobs_inflight_find(&g->tasks, (unsigned long)p, 0, &ref))
		return;
	/* Another task can have the same address. */
	WRITE_ONCE(((struct kobs_call_stack *)ref.entry->data[0])->task, NULL);
	kobs_inflight_end(&ref);
}

KOBS_PROBE_TYPE(kobs_graph_task_gone, sched_process_free);

static __always_inline bool graph_is_root(const struct kobs_graph *g,
					  unsigned long ip)
{
	unsigned int i = 0;

	/* There is one at least. */
	do {
		if (ip - g->roots[i] < GRAPH_PROLOGUE)
			return true;
	} while (++i < g->n_roots);
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

/**
 * struct kobs_graph_entry - entry of a function, as ftrace passes it on
 * @ip: function
 * @parent_ip: address it returns to
 * @ops: of the session's functions
 * @fregs: registers
 */
struct kobs_graph_entry {
	unsigned long ip;
	unsigned long parent_ip;
	struct ftrace_ops *ops;
	struct ftrace_regs *fregs;
};

/* Have its return hooked. Returns NULL when that cannot be. */
static __always_inline struct kobs_graph_call *
graph_pass(const struct kobs_graph_entry *e)
{
	if (unlikely(kobs_call_pool_unsafe()))
		return NULL;
	return kobs_calls_pass(e->ops, e->ip, e->parent_ip, e->fregs,
			       GRAPH_PLAIN);
}

/*
 * Begin a call in its context; @t0: if it is timed, when the handler began. Returns
 * what becomes of it.
 */
static __always_inline enum kobs_counter
graph_begin(struct kobs_graph *g, struct kobs_call_stack *stack,
	    const struct kobs_graph_entry *e, u64 t0)
{
	const struct kobs_call_node *node;
	struct kobs_graph_call *call;
	bool each = g->s->stream;
	u64 cost = 0;

	if (unlikely(kobs_call_is_deep(stack)))
		return KOBS_N_FILTERED;
	node = kobs_call_tree_find(&g->tree, kobs_call_parent(stack), e->ip);
	if (unlikely(!node)) {
		kobs_call_count(stack);
		return KOBS_N_STACK_FULL;
	}
	graph_occupy(stack);
	/* The pool is the kernel's. */
	if (unlikely(t0))
		cost = (ktime_get_mono_fast_ns() - t0) ?: 1;
	call = graph_pass(e);
	if (likely(call)) {
		graph_push(stack, node, call, each);
		call->cost = cost;
		if (t0 || kobs_call_depth(stack) == 1)
			call->frame |= GRAPH_APART;
	} else if (each) {
		kobs_call_count(stack);
	}
	/* Busy to the end: an edge must not begin in place of the root. */
	if (likely(kobs_call_depth(stack)))
		graph_vacate(stack);
	return likely(call) ? FUNC_N_IN_FLIGHT : FUNC_N_MISSED;
}

/* A hit, in the recursion guard: below @stack, or of a root. */
static __always_inline void graph_hit_in(struct kobs_graph *g,
					 struct kobs_cpu *pc,
					 struct kobs_call_stack *stack,
					 const struct kobs_graph_entry *e)
{
	struct kobs_session *s = g->s;
	enum kobs_counter fate;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return;
	if (!stack) {
		if (!kobs_hit_wanted(s, pc))
			goto out;
		stack = graph_claim(g);
	}
	fate = stack ? graph_begin(g, stack, e, t0) : FUNC_N_TASKS;
	kobs_count(&pc->counters, fate);
	if (likely(fate == FUNC_N_IN_FLIGHT)) {
		/* The next call on this CPU is found by it. */
		if (stack->task)
			pc->found = stack;
		return;
	}
	if (stack && !kobs_call_depth(stack)) {
		/* A root that is lost is none that was seen. */
		stack->entered--;
		graph_release(stack);
	}
out:
	kobs_hit_end(s, pc, t0, 0);
}

/* A call of no hit, which is to be timed, or of a hit. */
static noinline __noclone void graph_hit_any(unsigned long ip,
					     unsigned long parent_ip,
					     struct ftrace_ops *ops,
					     struct ftrace_regs *fregs)
{
	const struct kobs_graph_entry e = { ip, parent_ip, ops, fregs };
	struct kobs_graph *g = kobs_calls_of_ops(ops)->ctx;
	void *found = graph_find(g, ip);
	struct kobs_cpu *pc;
	u64 t0;

	if (unlikely(!found)) {
		pc = this_cpu_ptr(g->s->cpu);
		t0 = kobs_hit_call_begin(g->s, pc);
		if (unlikely(t0))
			graph_time_other(g, pc, ip, t0);
	} else {
		pc = kobs_hit_enter_off(g->s);
		if (likely(pc)) {
			graph_hit_in(g, pc, found == g ? NULL : found, &e);
			kobs_hit_leave_off(pc);
		}
	}
	preempt_enable_notrace();
}

/**
 * kobs_graph_hit() - an entry of a function
 * @ip: as ftrace passes it to a callback, like the others
 * @parent_ip: likewise
 * @ops: likewise
 * @fregs: likewise
 *
 * Context: any, NMI included; preemption off, and on again when it returns.
 */
void kobs_graph_hit(unsigned long ip, unsigned long parent_ip,
		    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_graph *g = kobs_calls_of_ops(ops)->ctx;

	/* No call, but the last: then no registers need be saved. */
	if (likely(graph_is_elsewhere(g) && !graph_is_root(g, ip) &&
		   kobs_hit_call_usual(g->s, this_cpu_ptr(g->s->cpu))))
		preempt_enable_notrace();
	else
		graph_hit_any(ip, parent_ip, ops, fregs);
}

/* Slow path: the row is new or displaced, or its key is not the path alone. */
static noinline struct kobs_row *graph_row_slow(struct kobs_graph *g,
						struct kobs_cpu *pc,
						const struct kobs_call_node *node,
						unsigned long caller)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	struct kobs_session *s = g->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[FUNC_W_FUNC] = node->ip;
	v[FUNC_W_CALLER] = caller;
	v[FUNC_W_PATH] = node->path;
	kobs_context(s, v, s->need, false);
	kobs_hit_gather(s, v, key);
	return kobs_table_find(&pc->table, key);
}

/* Record a call. Returns what becomes of it. */
static __always_inline enum kobs_counter
graph_record(struct kobs_graph *g, struct kobs_cpu *pc, unsigned long caller,
	     const struct kobs_call_done *done)
{
	u64 path = done->node->path;
	struct kobs_table *t = &pc->table;
	struct kobs_row *row = NULL;

	if (unlikely(done->self < g->s->filter.min))
		return KOBS_N_FILTERED;
	if (likely(g->plain))
		row = kobs_table_peek(t, path, 0, 1);
	if (unlikely(!row))
		row = graph_row_slow(g, pc, done->node, caller);
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
graph_write(struct kobs_graph *g, const struct kobs_call_stack *stack,
	    const struct kobs_call_frame *f, unsigned long caller,
	    const struct kobs_call_done *done)
{
	u64 context = stack->ref.entry->key[0];
	struct kobs_session *s = g->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (unlikely(done->total < s->filter.min))
		return KOBS_N_FILTERED;
	v[FUNC_W_FUNC] = done->node->ip;
	v[FUNC_W_CALLER] = caller;
	v[FUNC_W_PATH] = done->node->path;
	v[FUNC_W_ROOT] = graph_number(g, stack);
	v[FUNC_W_CALL] = f->number;
	v[FUNC_W_INSIDE] = kobs_call_inside(stack, f);
	v[FUNC_W_SELF] = done->self;
	memcpy(&v[FUNC_W_CONTEXT], graph_contexts[graph_kind(context)],
	       sizeof(u64));
	kobs_context(s, v, s->need, false);
	return kobs_stream_write(s, v, done->total) ? KOBS_N_RECORDED :
						      KOBS_N_RING_FULL;
}

/**
 * kobs_graph_end_at() - a call returns, and the clock was read
 * @g: session
 * @call: the call, in progress; its context's calls are busy
 * @caller: where it returns to
 * @now: monotonic ns
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_graph_end_at(struct kobs_graph *g, const struct kobs_graph_call *call,
		       unsigned long caller, u64 now)
{
	struct kobs_call_frame *f = (void *)(call->frame & ~GRAPH_APART);
	u64 cost = call->frame & GRAPH_APART ? call->cost : 0;
	struct kobs_cpu *pc = this_cpu_ptr(g->s->cpu);
	struct kobs_call_done done KOBS_UNINIT;
	struct kobs_call_stack *stack = call->stack;
	enum kobs_counter fate;

	kobs_call_pop(stack, f, now, &done);
	local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
	fate = g->s->stream ? graph_write(g, stack, f, caller, &done) :
			      graph_record(g, pc, caller, &done);
	kobs_count(&pc->counters, fate);
	kobs_call_settle(stack, &done, fate == KOBS_N_RECORDED);
	/* Busy to the end: an edge must not take what is released for its own. */
	barrier();
	if (!kobs_call_depth(stack))
		graph_release(stack);
	else
		graph_vacate(stack);
	kobs_hit_end(g->s, pc, cost ? now : 0, cost);
}

/**
 * kobs_graph_end() - a call returns
 * @g: session
 * @call: data of the call
 * @caller: where it returns to
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_graph_end(struct kobs_graph *g, const struct kobs_graph_call *call,
		    unsigned long caller)
{
	unsigned long frame = call->frame & ~GRAPH_APART;
	struct kobs_call_stack *stack = call->stack;

	/* Another call is there now: this one stays in flight. */
	if (unlikely(call->use != stack->ref.use ||
		     frame > (unsigned long)stack->top))
		return;
	graph_occupy(stack);
	kobs_graph_end_at(g, call, caller, ktime_get_mono_fast_ns());
}
