/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, modes graph and calls: what its files share.
 *
 *	graph.c		handlers
 *	graph_setup.c	memory, start and stop, the choice of functions
 *
 * Locking: see graph.c and graph_setup.c.
 */
#ifndef KOBS_FUNC_GRAPH_H
#define KOBS_FUNC_GRAPH_H

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

/* graph.c */
const struct kobs_call_handlers *kobs_graph_call(const struct kobs_session *s);
void kobs_graph_task_gone(void *data, struct task_struct *p);

#endif /* KOBS_FUNC_GRAPH_H */
