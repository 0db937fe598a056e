/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Call tree: the ways from a function down to what it calls, each with a number,
 * and the calls in progress of one context (a task, or an interrupt). Pure: no
 * tracing or netlink headers.
 *
 * A node is a function called by a parent node, or by nobody that is in the
 * tree: a root. It has its path, from itself up to the root, as a stack of the
 * stack table. One multiplication and two comparisons find a node that is there.
 *
 * Times are exact: what a call took itself is what it took in all, less what the
 * calls right below it took that are in the tree. So the own times of a call and
 * of all calls below it add up to the whole of it, to the nanosecond, also where
 * a call in between could not be recorded: its own time becomes its caller's. For
 * this the clock of a context never goes back.
 *
 * Locking: none. A node is claimed by a cmpxchg, and published by a release store.
 * A writer that meets a claimed node cannot wait for it (it may have interrupted
 * the claimer) and takes the next free one: rarely, two nodes have the same path.
 * The calls of a context are changed by nobody but it, with preemption off.
 */
#ifndef KOBS_CALL_TREE_H
#define KOBS_CALL_TREE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>
#include "lib/hash.h"
#include "lib/inflight.h"
#include "lib/stack_table.h"
#include "lib/table.h"

struct kobs_memory;

/* Probe limit; beyond it there is no room. */
#define KOBS_CALL_PROBES	64

/**
 * struct kobs_call_node - a function, as it is called
 * @ip: the function; 0 until the node is complete
 * @parent: the node that calls it
 * @hash: of its path, as the key of a row (kobs_hash()); it tells what the node
 *        calls from what others call, too
 * @path: number of its path in the stack table
 * @claimed: it is, or is about to be, complete
 */
struct kobs_call_node {
	u64 ip;
	const struct kobs_call_node *parent;
	u64 hash;
	u32 path;
	u32 claimed;
};

/**
 * struct kobs_call_tree - the tree
 * @nodes: open-addressing table, or NULL
 * @paths: their paths
 * @nobody: the parent of roots, which has no path
 * @mask: number of places less one
 * @shift: bits to shift a hash right to get a node's place
 * @used: number of nodes
 * @full: a call found no room
 */
struct kobs_call_tree {
	struct kobs_call_node *nodes;
	struct kobs_stack_table *paths;
	struct kobs_call_node nobody;
	u32 mask;
	u32 shift;
	atomic_t used;
	bool full;
};

/**
 * struct kobs_call_frame - a call in progress
 * @start: when it began, ns
 * @below: time of the calls right below it that were recorded, ns
 * @node: its node
 * @number: of kobs_call_count(), where the calls of a root are counted
 */
struct kobs_call_frame {
	u64 start;
	u64 below;
	const struct kobs_call_node *node;
	u32 number;
};

/**
 * struct kobs_call_stack - the calls in progress of a context
 * @ref: the entry of an in-flight table that the context is looked up by
 * @task: the task that is the context, if its root was called on its own stack;
 *        NULL for others, and without a context
 * @last: last reading of the clock, ns
 * @entered: number of times that a context came to have these calls
 * @top: the innermost call
 * @limit: the last of @frame
 * @calls: number of calls since the root, of kobs_call_count()
 * @aside: the root was called on another stack than that of the task
 * @busy: a handler reads the clock and changes this: what seems to be called
 *        meanwhile is the edge of an interrupt
 * @frame: what calls the root, which is nobody; then the calls, the root first
 */
struct kobs_call_stack {
	struct kobs_inflight_ref ref;
	const void *task;
	u64 last;
	u64 entered;
	struct kobs_call_frame *top;
	struct kobs_call_frame *limit;
	u32 calls;
	bool aside;
	bool busy;
	struct kobs_call_frame frame[];
};

/**
 * struct kobs_call_done - a call that has returned
 * @total: time from its entry to its return, ns
 * @self: part of it that no call below it took, ns
 * @below: the rest, ns
 * @node: its node
 */
struct kobs_call_done {
	u64 total;
	u64 self;
	u64 below;
	const struct kobs_call_node *node;
};

int kobs_call_tree_init(struct kobs_call_tree *t, struct kobs_memory *m,
			struct kobs_stack_table *paths);
void kobs_call_tree_free(struct kobs_call_tree *t);
const struct kobs_call_node *
kobs_call_tree_find_slow(struct kobs_call_tree *t,
			 const struct kobs_call_node *parent, u64 ip);
unsigned int kobs_call_tree_functions(const struct kobs_call_tree *t,
				      unsigned long *ips, unsigned int max);

static __always_inline size_t kobs_call_place(const struct kobs_call_tree *t,
					      const struct kobs_call_node *parent,
					      u64 ip)
{
	return (ip ^ parent->hash) * KOBS_HASH_FACTOR >> t->shift;
}

/**
 * kobs_call_tree_peek() - look up a node in its own place
 * @t: tree
 * @parent: the node that calls it; &t->nobody for a root
 * @ip: function
 *
 * For handlers that must be cheap: there is no call in it.
 *
 * Context: any, NMI included.
 * Return: the node, or NULL: call kobs_call_tree_find().
 */
static __always_inline const struct kobs_call_node *
kobs_call_tree_peek(const struct kobs_call_tree *t,
		    const struct kobs_call_node *parent, u64 ip)
{
	const struct kobs_call_node *node =
		&t->nodes[kobs_call_place(t, parent, ip)];

	/* Spares callers the test for NULL. */
	if (!node)
		__builtin_unreachable();
	/* Pairs with the release in node_fill(). */
	if (likely(smp_load_acquire(&node->ip) == ip && node->parent == parent))
		return node;
	return NULL;
}

/**
 * kobs_call_tree_find() - look up a node, or add it
 * @t: tree
 * @parent: the node that calls it; &t->nobody for a root
 * @ip: function
 *
 * Context: any, NMI included.
 * Return: the node, or NULL when there is no room.
 */
static __always_inline const struct kobs_call_node *
kobs_call_tree_find(struct kobs_call_tree *t,
		    const struct kobs_call_node *parent, u64 ip)
{
	return kobs_call_tree_peek(t, parent, ip) ?:
	       kobs_call_tree_find_slow(t, parent, ip);
}

/**
 * kobs_call_size() - size of the calls in progress of a context
 * @depth: maximum number of nested calls
 *
 * Context: any.
 * Return: bytes.
 */
static inline size_t kobs_call_size(unsigned int depth)
{
	return sizeof(struct kobs_call_stack) +
	       (depth + 1) * sizeof(struct kobs_call_frame);
}

/**
 * kobs_call_reset() - a context has no calls yet
 * @s: its calls, of kobs_call_size() bytes
 * @t: tree that they are in
 * @depth: maximum number of nested calls
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_call_reset(struct kobs_call_stack *s,
					    const struct kobs_call_tree *t,
					    unsigned int depth)
{
	s->last = 0;
	s->calls = 0;
	s->frame[0] = (struct kobs_call_frame){ .node = &t->nobody };
	s->top = &s->frame[0];
	s->limit = &s->frame[depth];
}

/**
 * kobs_call_depth() - the number of calls in progress
 * @s: calls of a context
 *
 * Context: any, NMI included; preemption off.
 * Return: it.
 */
static __always_inline unsigned int
kobs_call_depth(const struct kobs_call_stack *s)
{
	return s->top - s->frame;
}

/**
 * kobs_call_is_deep() - whether there is no room for another call
 * @s: calls of this context
 *
 * Context: any, NMI included; preemption off.
 * Return: true if so.
 */
static __always_inline bool kobs_call_is_deep(const struct kobs_call_stack *s)
{
	return s->top >= s->limit;
}

/**
 * kobs_call_parent() - the node that a call made now would be below
 * @s: calls of this context
 *
 * Context: any, NMI included; preemption off.
 * Return: it; that of nobody without a root.
 */
static __always_inline const struct kobs_call_node *
kobs_call_parent(const struct kobs_call_stack *s)
{
	return s->top->node;
}

static __always_inline u64 kobs_call_clock(struct kobs_call_stack *s, u64 now)
{
	if (unlikely(now < s->last))
		return s->last;
	s->last = now;
	return now;
}

/**
 * kobs_call_push() - a call begins
 * @s: calls of this context, which have room
 * @node: its node
 * @now: time, ns
 *
 * Context: any, NMI included; preemption off.
 * Return: the call.
 */
static __always_inline struct kobs_call_frame *
kobs_call_push(struct kobs_call_stack *s, const struct kobs_call_node *node,
	       u64 now)
{
	struct kobs_call_frame *f = s->top + 1;

	f->start = kobs_call_clock(s, now);
	f->below = 0;
	f->node = node;
	s->top = f;
	return f;
}

/**
 * kobs_call_count() - count a call since the root, whether or not it has a place
 * @s: calls of this context
 *
 * Context: any, NMI included; preemption off.
 * Return: its number: that of the root is 0.
 */
static __always_inline u32 kobs_call_count(struct kobs_call_stack *s)
{
	return s->calls++;
}

/**
 * kobs_call_inside() - the number of calls that were counted since one of them
 * @s: calls of this context
 * @f: the call, which has its number
 *
 * Context: any, NMI included; preemption off.
 * Return: it, the call itself not included.
 */
static __always_inline u32 kobs_call_inside(const struct kobs_call_stack *s,
					    const struct kobs_call_frame *f)
{
	return s->calls - f->number - 1;
}

/**
 * kobs_call_pop() - a call returns
 * @s: calls of this context
 * @f: the call, in progress
 * @now: time, ns
 * @done: set to what is known of it
 *
 * Calls above it whose return was not seen are over, too: what was recorded below
 * them counts as below this one. kobs_call_settle() is to follow.
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_call_pop(struct kobs_call_stack *s,
					  struct kobs_call_frame *f, u64 now,
					  struct kobs_call_done *done)
{
	struct kobs_call_frame *above;

	for (above = s->top; unlikely(above > f); above--)
		above[-1].below += above->below;
	done->total = kobs_call_clock(s, now) - f->start;
	done->below = f->below;
	done->self = done->total - done->below;
	done->node = f->node;
	s->top = f - 1;
}

/**
 * kobs_call_settle() - tell its caller of a call that has returned
 * @s: calls of this context
 * @done: from kobs_call_pop()
 * @recorded: it was recorded
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_call_settle(struct kobs_call_stack *s,
					     const struct kobs_call_done *done,
					     bool recorded)
{
	/* Nobody's is never read. */
	s->top->below += recorded ? done->total : done->below;
}

#endif /* KOBS_CALL_TREE_H */
