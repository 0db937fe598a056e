// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, modes graph and calls: memory, start and stop, the choice of functions.
 *
 * A function can only be seen below a root if its entry is hooked, and which ones
 * are called is not known before. So a session can have every function of the
 * kernel, and with the parameter settle unhooks those that were not called, once
 * no new one was for that time, and for GRAPH_CALLS calls of roots: it has seen
 * all calls until then, and none of others since.
 *
 * Locking: struct kobs_func.lock. The work item that looks takes it; stop cancels
 * the work before it takes it itself.
 */
#include <linux/bsearch.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "core/refuse.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources/func/graph.h"

/* Between two looks at what was called. */
#define GRAPH_LOOK	(HZ / 10)
/* Calls of roots without a new function after which none is expected. */
#define GRAPH_CALLS	1000

/* Which mode a column belongs to, of those that not all modes have; or NULL. */
static const char *graph_column_of(const struct kobs_session *s,
				   const struct kobs_column *c)
{
	if (c->word > FUNC_W_PATH && c->word <= FUNC_W_CONTEXT &&
	    !(kobs_func_is_graph(s) && s->mode->stream))
		return "calls";
	return c->word == FUNC_W_PATH && !kobs_func_is_graph(s) ? "graph" : NULL;
}

/* Columns that the mode has not, and the one that it needs. */
static int graph_check_columns(const struct kobs_session *s,
			       struct netlink_ext_ack *extack)
{
	bool graph = kobs_func_is_graph(s);
	bool path = false;
	unsigned int i;

	for (i = 0; i < s->n_columns; i++) {
		const char *mode = graph_column_of(s, s->columns[i]);

		if (mode)
			return kobs_refuse(extack, -EINVAL,
					   "func %s has no column %s: func %s has",
					   s->mode->name, s->columns[i]->name,
					   mode);
		path |= s->columns[i]->word == FUNC_W_PATH;
	}
	if (graph && (s->need & KOBS_W_STACKS))
		return kobs_refuse(extack, -EINVAL,
				   "func %s has no stacks: its column path has the functions from the root down",
				   s->mode->name);
	if (graph && !path)
		return kobs_refuse(extack, -EINVAL,
				   "func %s needs its column path",
				   s->mode->name);
	return 0;
}

/**
 * kobs_func_graph_check() - check what concerns mode graph in a session's request
 * @s: session, of any mode
 * @extack: takes the reason of a failure
 *
 * Context: task.
 * Return: 0 or -EINVAL.
 */
int kobs_func_graph_check(const struct kobs_session *s,
			  struct netlink_ext_ack *extack)
{
	/* The last two are those of func slow, too. */
	static const enum kobs_func_param own[] = {
		FUNC_P_ROOTS, FUNC_P_SETTLE, FUNC_P_DEPTH, FUNC_P_TASKS
	};
	unsigned int n = ARRAY_SIZE(own) - (kobs_func_is_slow(s) ? 2 : 0);
	const struct kobs_value *params = s->source_params;
	bool graph = kobs_func_is_graph(s);
	unsigned int i;

	for (i = 0; !graph && i < n; i++) {
		if (params[own[i]].given)
			return kobs_refuse(extack, -EINVAL,
					   "parameter %s belongs to func graph and func calls",
					   s->source->params[own[i]].name);
	}
	if (graph && !params[FUNC_P_ROOTS].number)
		return kobs_refuse(extack, -EINVAL,
				   "parameter roots is missing: the functions that trees begin with");
	if (graph && params[FUNC_P_WAIT].text)
		return kobs_refuse(extack, -EINVAL,
				   "parameter wait does not belong to func %s: its functions are those that are there at its start",
				   s->mode->name);
	return graph_check_columns(s, extack);
}

/* Why a root cannot be one, as far as it is known now; or NULL. */
static const char *root_reason(unsigned long ip)
{
	const char *reason = kobs_func_denied(ip);
	struct ftrace_ops trial = {};

	if (!reason && kobs_ftrace_check(&trial, ip) == -EINVAL)
		reason = "ftrace cannot trace it";
	return reason;
}

static int graph_take_roots(struct kobs_graph *g, struct netlink_ext_ack *extack)
{
	const struct kobs_value *roots = &g->s->source_params[FUNC_P_ROOTS];
	unsigned int i;

	for (i = 0; i < roots->number; i++) {
		unsigned long ip = roots->addresses[i];
		const char *reason = root_reason(ip);

		if (reason)
			return kobs_refuse(extack, -EINVAL,
					   "%ps cannot be traced: %s",
					   (void *)ip, reason);
		g->roots[g->n_roots++] = ip;
	}
	return 0;
}

static int graph_alloc(struct kobs_graph *g, struct netlink_ext_ack *extack)
{
	u64 tasks = g->s->source_params[FUNC_P_TASKS].number;
	struct kobs_memory *m = &g->s->memory;
	u64 slots;
	int err;

	g->stride = kobs_call_size(g->depth);
	err = kobs_inflight_table_init(&g->tasks, m, tasks, 1);
	if (err)
		return kobs_session_no_memory(g->s, extack, "tasks or depth");
	slots = (g->tasks.mask + 1ULL) * KOBS_INFLIGHT_BUCKET;
	g->stacks = kobs_memory_get(m, slots * g->stride, NUMA_NO_NODE);
	err = g->stacks ? kobs_call_tree_init(&g->tree, m, &g->s->stacks) :
			  -ENOMEM;
	if (!err && g->quiet) {
		slots = g->tree.mask + 1ULL;
		g->seen = kobs_memory_get(m, slots * sizeof(*g->seen),
					  NUMA_NO_NODE);
		err = g->seen ? 0 : -ENOMEM;
	}
	return err ? kobs_session_no_memory(g->s, extack,
					    "tasks, depth or stacks") : 0;
}

static void graph_look(struct work_struct *work);

/**
 * kobs_func_graph_new() - prepare a session of mode graph or calls
 * @f: session of the source
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EINVAL or -ENOMEM; kobs_func_graph_free() is to be called anyway.
 */
int kobs_func_graph_new(struct kobs_func *f, struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = f->s->source_params;
	struct kobs_graph *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	int err;

	if (!g)
		return -ENOMEM;
	f->graph = g;
	g->f = f;
	g->s = f->s;
	g->plain = f->s->n_words == 1 && f->s->gather[0] == FUNC_W_PATH;
	g->usual = g->plain && !f->s->filter.min &&
		   !f->s->params[KOBS_P_HIST].number;
	g->depth = params[FUNC_P_DEPTH].number;
	g->quiet = params[FUNC_P_SETTLE].number * NSEC_PER_MSEC;
	g->gone = (struct kobs_probe){
		.name = "sched_process_free",
		.probe = kobs_graph_task_gone,
		.plain = true,
	};
	INIT_DELAYED_WORK(&g->look, graph_look);
	err = graph_take_roots(g, extack);
	return err ?: graph_alloc(g, extack);
}

/**
 * kobs_func_graph_free() - undo kobs_func_graph_new()
 * @f: session of the source, of any mode
 *
 * Context: task, may sleep.
 */
void kobs_func_graph_free(struct kobs_func *f)
{
	struct kobs_graph *g = f->graph;

	if (!g)
		return;
	f->graph = NULL;
	kobs_call_tree_free(&g->tree);
	vfree(g->stacks);
	vfree(g->seen);
	kobs_inflight_table_free(&g->tasks);
	kfree(g);
}

static bool graph_has(const struct kobs_func *f, unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		if (f->ips[i] == ip)
			return true;
	}
	return false;
}

/**
 * kobs_func_graph_calls() - prepare to hook the functions and their returns
 * @f: session of the source, with its functions, roots included
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep; @f->lock is held.
 * Return: 0; -EINVAL for a root that cannot be hooked; or an error of
 * kobs_calls_new().
 */
int kobs_func_graph_calls(struct kobs_func *f, struct netlink_ext_ack *extack)
{
	u64 inflight = f->s->source_params[FUNC_P_INFLIGHT].number;
	struct kobs_graph *g = f->graph;
	struct kobs_calls *calls;
	unsigned int i;

	calls = kobs_calls_new(kobs_graph_call(f->s), g, f->ips, &f->n, inflight,
			       &f->s->memory);
	if (IS_ERR(calls))
		return kobs_func_refuse(f, PTR_ERR(calls), extack);
	f->calls = calls;
	for (i = 0; i < g->n_roots; i++) {
		if (!graph_has(f, g->roots[i]))
			return kobs_refuse(extack, -EINVAL,
					   "%ps cannot be traced: its return cannot be hooked",
					   (void *)g->roots[i]);
	}
	return 0;
}

/**
 * kobs_func_graph_attach() - follow tasks that end, before functions are hooked
 * @f: session of the source
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, or an error of kobs_tracepoint_attach().
 */
int kobs_func_graph_attach(struct kobs_func *f, struct netlink_ext_ack *extack)
{
	const char *failed;
	int err = kobs_tracepoint_attach(&f->graph->gone, 1, f->graph, &failed);

	return err ? kobs_refuse(extack, err,
				 "cannot attach to the tracepoint %s: error %d",
				 failed, -err) : 0;
}

/**
 * kobs_func_graph_detach() - undo kobs_func_graph_attach(), no function is hooked
 * @f: session of the source
 *
 * Context: task, may sleep.
 */
void kobs_func_graph_detach(struct kobs_func *f)
{
	kobs_tracepoint_detach(&f->graph->gone, 1, f->graph);
}

/**
 * kobs_func_graph_follow() - look for functions that need not be hooked
 * @f: session of the source, whose functions are hooked
 *
 * Context: task; @f->lock is held.
 */
void kobs_func_graph_follow(struct kobs_func *f)
{
	if (f->graph->quiet)
		queue_delayed_work(kobs_wq, &f->graph->look, GRAPH_LOOK);
}

/**
 * kobs_func_graph_settle() - undo kobs_func_graph_follow(), if it was called
 * @f: session of the source
 *
 * Context: task, may sleep; @f->lock is not held.
 */
void kobs_func_graph_settle(struct kobs_func *f)
{
	cancel_delayed_work_sync(&f->graph->look);
}

static int compare_entry(const void *key, const void *elt)
{
	unsigned long ip = *(const unsigned long *)key;
	unsigned long seen = *(const unsigned long *)elt;

	/* Where ftrace is called, in the function. */
	if (seen - ip < GRAPH_PROLOGUE)
		return 0;
	return ip < seen ? -1 : 1;
}

static bool graph_needs(const struct kobs_graph *g, unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < g->n_roots; i++) {
		if (ip == g->roots[i])
			return true;
	}
	return bsearch(&ip, g->seen, g->n_seen, sizeof(*g->seen), compare_entry);
}

/* Unhook the functions that were not called. */
static void graph_narrow(struct kobs_graph *g, u64 now)
{
	struct kobs_func_count *note = &g->narrowed;
	struct kobs_func *f = g->f;
	unsigned int all = f->n;
	unsigned int left = 0;
	unsigned int i;
	u64 ms;

	for (i = 0; i < all; i++) {
		if (graph_needs(g, f->ips[i]))
			swap(f->ips[left++], f->ips[i]);
	}
	if (left == all || !left || kobs_calls_narrow(f->calls, left))
		return;
	f->n = left;
	ms = div_u64(now - f->began, NSEC_PER_MSEC);
	snprintf(note->when, sizeof(note->when),
		 "functions were called below the roots in the first %llu.%03llu s, and are followed; %u others are not any more",
		 ms / 1000, ms % 1000, all - left);
	/* Pairs with the acquire in kobs_func_graph_note(). */
	smp_store_release(&note->n, left);
}

/* How often roots were entered, by contexts that were in none. */
static u64 graph_calls(const struct kobs_graph *g)
{
	u32 slots = (g->tasks.mask + 1) * KOBS_INFLIGHT_BUCKET;
	u64 n = 0;
	u32 i;

	for (i = 0; i < slots; i++) {
		const struct kobs_call_stack *stack = g->stacks + i * g->stride;

		n += READ_ONCE(stack->entered);
	}
	return n;
}

/* Whether no other functions are expected to be called. */
static bool graph_is_settled(struct kobs_graph *g, u64 now)
{
	unsigned int n = kobs_call_tree_functions(&g->tree, g->seen,
						  g->tree.mask + 1);
	u64 calls = graph_calls(g);

	if (n != g->n_seen) {
		g->n_seen = n;
		g->since = now;
		g->since_calls = calls;
	}
	/* A call that found no room may be of one that is not in the tree. */
	return n && !READ_ONCE(g->tree.full) && now - g->since >= g->quiet &&
	       calls - g->since_calls >= GRAPH_CALLS;
}

static void graph_look(struct work_struct *work)
{
	struct kobs_graph *g = container_of(to_delayed_work(work),
					    struct kobs_graph, look);
	struct kobs_func *f = g->f;
	u64 now = ktime_get_mono_fast_ns();

	mutex_lock(&f->lock);
	if (f->began && graph_is_settled(g, now))
		graph_narrow(g, now);
	else if (f->began)
		queue_delayed_work(kobs_wq, &g->look, GRAPH_LOOK);
	mutex_unlock(&f->lock);
}

/**
 * kobs_func_graph_note() - what became of functions that were not called
 * @f: session of the source
 * @i: number of the note among those of this mode
 * @note: set to it
 *
 * Context: task.
 * Return: false after the last one.
 */
bool kobs_func_graph_note(const struct kobs_func *f, unsigned int i,
			  struct kobs_note *note)
{
	const struct kobs_graph *g = f->graph;

	if (!g || i)
		return false;
	note->name = "functions_called";
	/* Pairs with the release in graph_narrow(). */
	note->number = smp_load_acquire(&g->narrowed.n);
	note->doc = g->narrowed.when;
	return true;
}
