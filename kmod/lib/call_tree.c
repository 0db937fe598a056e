// SPDX-License-Identifier: GPL-2.0
/*
 * Call tree: memory, and the slow path of adding a node. The fast paths are in
 * call_tree.h, to be inlined into the handlers. Pure.
 *
 * Locking: see call_tree.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/call_tree.h"
#include "lib/memory.h"

/**
 * kobs_call_tree_init() - allocate an empty tree
 * @t: tree
 * @m: account of its memory
 * @paths: the table that has its paths: it limits the number of nodes
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_call_tree_init(struct kobs_call_tree *t, struct kobs_memory *m,
			struct kobs_stack_table *paths)
{
	memset(t, 0, sizeof(*t));
	t->paths = paths;
	t->mask = paths->mask;
	t->shift = paths->shift;
	t->nodes = kobs_memory_get(m, (t->mask + 1ULL) * sizeof(*t->nodes),
				   NUMA_NO_NODE);
	return t->nodes ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_call_tree_init);

/**
 * kobs_call_tree_free() - free a tree without users
 * @t: tree; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_call_tree_free(struct kobs_call_tree *t)
{
	vfree(t->nodes);
	t->nodes = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_call_tree_free);

/* Intern the path of a new node, the function itself first. */
static u32 path_of(const struct kobs_call_tree *t, u32 parent, u64 ip)
{
	unsigned long ips[KOBS_STACK_DEPTH];
	unsigned int n = 0;

	ips[n++] = ip;
	for (; parent != KOBS_CALL_NONE; parent = t->nodes[parent - 1].parent) {
		if (n == KOBS_STACK_DEPTH)
			return 0;
		ips[n++] = t->nodes[parent - 1].ip;
	}
	return kobs_stack_table_intern(t->paths, 0, ips, n);
}

/* Fill a claimed node. */
static bool node_fill(struct kobs_call_tree *t, struct kobs_call_node *node,
		      u32 parent, u64 ip)
{
	node->path = path_of(t, parent, ip);
	if (!node->path)
		return false;
	node->ip = ip;
	node->parent = parent;
	atomic_inc(&t->used);
	return true;
}

/**
 * kobs_call_tree_find_slow() - kobs_call_tree_find(), slow path
 * @t: tree
 * @parent: number of the node that calls it, or KOBS_CALL_NONE
 * @ip: function
 *
 * Context: any, NMI included.
 * Return: its number, or KOBS_CALL_NONE when there is no room.
 */
u32 kobs_call_tree_find_slow(struct kobs_call_tree *t, u32 parent, u64 ip)
{
	u64 hash = kobs_call_hash(parent, ip);
	u32 place = hash >> t->shift;
	unsigned int i;

	for (i = 0; i < KOBS_CALL_PROBES && i <= t->mask; i++, place++) {
		struct kobs_call_node *node = &t->nodes[place & t->mask];
		/* Pairs with the release below. */
		u64 state = smp_load_acquire(&node->state);

		if (state == hash && node->ip == ip && node->parent == parent)
			return (place & t->mask) + 1;
		if (state != KOBS_ROW_FREE ||
		    cmpxchg(&node->state, KOBS_ROW_FREE, KOBS_ROW_CLAIMED) !=
		    KOBS_ROW_FREE)
			continue;
		if (!node_fill(t, node, parent, ip)) {
			/* As in kobs_stack_table_intern(): a shorter path may fit. */
			smp_store_release(&node->state, KOBS_ROW_FREE);
			break;
		}
		/* Pairs with the acquires of lookups. */
		smp_store_release(&node->state, hash);
		return (place & t->mask) + 1;
	}
	WRITE_ONCE(t->full, true);
	return KOBS_CALL_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_call_tree_find_slow);

static int compare_ips(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/**
 * kobs_call_tree_functions() - which functions are in the tree
 * @t: tree; nodes may be added meanwhile
 * @ips: set to them, in rising order
 * @max: room in @ips; as many as the tree has places are enough
 *
 * Context: task, may sleep.
 * Return: their number.
 */
unsigned int kobs_call_tree_functions(const struct kobs_call_tree *t,
				      unsigned long *ips, unsigned int max)
{
	unsigned int n = 0;
	unsigned int left = 0;
	u32 place;
	u32 i;

	for (place = 0; place <= t->mask && n < max; place++) {
		/* Pairs with the release in kobs_call_tree_find_slow(). */
		if (smp_load_acquire(&t->nodes[place].state) >= KOBS_ROW_HASH)
			ips[n++] = t->nodes[place].ip;
		if (place % 1024 == 1023)
			cond_resched();
	}
	sort(ips, n, sizeof(*ips), compare_ips, NULL);
	for (i = 0; i < n; i++) {
		if (!left || ips[left - 1] != ips[i])
			ips[left++] = ips[i];
	}
	return left;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_call_tree_functions);
