/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Call tree: the ways from a function down to what it calls, each with a number,
 * and the calls in progress of one context (a task, or an interrupt). Pure: no
 * tracing or netlink headers.
 *
 * A node is a function called by a parent node, or by nobody that is in the
 * tree: a root. It has its path, from itself up to the root, as a stack of the
 * stack table. One load and one comparison find a node that is there.
 *
 * Times are exact: what a call took itself is what it took in all, less what the
 * calls right below it took that are in the tree. So the own times of a call and
 * of all calls below it add up to the whole of it, to the nanosecond, also where
 * a call in between could not be recorded: its own time becomes its caller's. For
 * this the clock of a context never goes back.
 *
 * Locking: none. A node is claimed by a cmpxchg and published by a release store.
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
/* The parent of a root; no node has this number. */
#define KOBS_CALL_NONE		0

/**
 * struct kobs_call_node - a function, as it is called
 * @state: KOBS_ROW_FREE, KOBS_ROW_CLAIMED, or the hash
 * @ip: the function
 * @parent: number of the node that calls it
 * @path: number of its path in the stack table
 */
struct kobs_call_node {
	u64 state;
	u64 ip;
	u32 parent;
	u32 path;
};

/**
 * struct kobs_call_tree - the tree
 * @nodes: open-addressing table, or NULL; node number n is at n - 1
 * @paths: their paths
 * @mask: number of places less one
 * @shift: bits to shift a hash right to get a node's place
 * @used: number of nodes
 * @full: a call found no room
 */
struct kobs_call_tree {
	struct kobs_call_node *nodes;
	struct kobs_stack_table *paths;
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
	u32 node;
	u32 number;
};

/**
 * struct kobs_call_stack - the calls in progress of a context
 * @ref: the entry of an in-flight table that the context is looked up by
 * @last: last reading of the clock, ns
 * @entered: number of times that a context came to have these calls
 * @depth: number of @frame
 * @calls: number of calls since the root, of kobs_call_count()
 * @aside: the root was called on another stack than that of the task
 * @busy: a handler reads the clock and changes this: what seems to be called
 *        meanwhile is the edge of an interrupt
 * @frame: the calls, the root first
 */
struct kobs_call_stack {
	struct kobs_inflight_ref ref;
	u64 last;
	u64 entered;
	u32 depth;
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
	u32 node;
};

int kobs_call_tree_init(struct kobs_call_tree *t, struct kobs_memory *m,
			struct kobs_stack_table *paths);
void kobs_call_tree_free(struct kobs_call_tree *t);
u32 kobs_call_tree_find_slow(struct kobs_call_tree *t, u32 parent, u64 ip);
unsigned int kobs_call_tree_functions(const struct kobs_call_tree *t,
				      unsigned long *ips, unsigned int max);

static __always_inline u64 kobs_call_hash(u32 parent, u64 ip)
{
	return ((ip * KOBS_HASH_FACTOR ^ parent) * KOBS_HASH_FACTOR) |
	       KOBS_ROW_HASH;
}

/**
 * kobs_call_tree_find() - look up a node, or add it
 * @t: tree
 * @parent: number of the node that calls it, or KOBS_CALL_NONE
 * @ip: function
 *
 * Context: any, NMI included.
 * Return: its number, or KOBS_CALL_NONE when there is no room.
 */
static __always_inline u32 kobs_call_tree_find(struct kobs_call_tree *t,
					       u32 parent, u64 ip)
{
	u64 hash = kobs_call_hash(parent, ip);
	u32 place = hash >> t->shift;
	const struct kobs_call_node *node = &t->nodes[place];

	/* Pairs with the release in kobs_call_tree_find_slow(). */
	if (likely(smp_load_acquire(&node->state) == hash && node->ip == ip &&
		   node->parent == parent))
		return place + 1;
	return kobs_call_tree_find_slow(t, parent, ip);
}

/**
 * kobs_call_path() - the path of a node
 * @t: tree
 * @node: its number
 *
 * Context: any.
 * Return: number of a stack.
 */
static __always_inline u32 kobs_call_path(const struct kobs_call_tree *t,
					  u32 node)
{
	return t->nodes[node - 1].path;
}

/**
 * kobs_call_parent() - the node that a call made now would be below
 * @s: calls of this context
 *
 * Context: any, NMI included; preemption off.
 * Return: its number, or KOBS_CALL_NONE.
 */
static __always_inline u32 kobs_call_parent(const struct kobs_call_stack *s)
{
	return s->depth ? s->frame[s->depth - 1].node : KOBS_CALL_NONE;
}

static __always_inline u64 kobs_call_clock(struct kobs_call_stack *s, u64 now)
{
	s->last = max(s->last, now);
	return s->last;
}

/**
 * kobs_call_push() - a call begins
 * @s: calls of this context, which have room
 * @node: its node
 * @now: time, ns
 *
 * Context: any, NMI included; preemption off.
 * Return: its place.
 */
static __always_inline u32 kobs_call_push(struct kobs_call_stack *s, u32 node,
					  u64 now)
{
	u32 place = s->depth;

	s->frame[place] = (struct kobs_call_frame){
		.start = kobs_call_clock(s, now), .node = node,
	};
	s->depth = place + 1;
	return place;
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
 * @place: its place; its frame has its number
 *
 * Context: any, NMI included; preemption off.
 * Return: it, the call itself not included.
 */
static __always_inline u32 kobs_call_inside(const struct kobs_call_stack *s,
					    u32 place)
{
	return s->calls - s->frame[place].number - 1;
}

/**
 * kobs_call_pop() - a call returns
 * @s: calls of this context
 * @place: its place, below the depth
 * @now: time, ns
 * @done: set to what is known of it
 *
 * Calls above it whose return was not seen are over, too: what was recorded below
 * them counts as below this one. kobs_call_settle() is to follow.
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_call_pop(struct kobs_call_stack *s, u32 place,
					  u64 now, struct kobs_call_done *done)
{
	struct kobs_call_frame *f = &s->frame[place];
	u32 above;

	for (above = s->depth - 1; unlikely(above > place); above--)
		s->frame[above - 1].below += s->frame[above].below;
	done->total = kobs_call_clock(s, now) - f->start;
	done->below = f->below;
	done->self = done->total - done->below;
	done->node = f->node;
	s->depth = place;
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
	if (s->depth)
		s->frame[s->depth - 1].below += recorded ? done->total :
							   done->below;
}

#endif /* KOBS_CALL_TREE_H */
