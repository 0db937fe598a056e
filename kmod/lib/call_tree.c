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
	t->nobody.hash = KOBS_ROW_HASH;
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
static u32 path_of(const struct kobs_call_tree *t,
		   const struct kobs_call_node *parent, u64 ip)
{
	unsigned long ips[KOBS_STACK_DEPTH];
	unsigned int n = 0;

	ips[n++] = ip;
	for (; parent != &t->nobody; parent = parent->parent) {
		if (n == KOBS_STACK_DEPTH)
			return 0;
		ips[n++] = parent->ip;
	}
	return kobs_stack_table_intern(t->paths, 0, ips, n);
}

/* Complete a claimed node. */
static bool node_fill(struct kobs_call_tree *t, struct kobs_call_node *node,
		      const struct kobs_call_node *parent, u64 ip)
{
	u64 key;

	node->path = path_of(t, parent, ip);
	if (!node->path)
		return false;
	key = node->path;
	node->hash = kobs_hash(&key, 1);
	node->parent = parent;
	atomic_inc(&t->used);
	/* Pairs with the acquires of lookups. */
	smp_store_release(&node->ip, ip);
	return true;
}

/**
 * kobs_call_tree_find_slow() - kobs_call_tree_find(), slow path
 * @t: tree
 * @parent: the node that calls it; &t->nobody for a root
 * @ip: function
 *
 * Context: any, NMI included.
 * Return: the node, or NULL when there is no room.
 */
const struct kobs_call_node *
kobs_call_tree_find_slow(struct kobs_call_tree *t,
			 const struct kobs_call_node *parent, u64 ip)
{
	size_t place = kobs_call_place(t, parent, ip);
	unsigned int i;

	for (i = 0; i < KOBS_CALL_PROBES && i <= t->mask; i++, place++) {
		struct kobs_call_node *node = &t->nodes[place & t->mask];

		/* Pairs with the release in node_fill(). */
		if (smp_load_acquire(&node->ip) == ip && node->parent == parent)
			return node;
		if (READ_ONCE(node->claimed) || cmpxchg(&node->claimed, 0, 1))
			continue;
		if (node_fill(t, node, parent, ip))
			return node;
		/* As in kobs_stack_table_intern(): a shorter path may fit. */
		smp_store_release(&node->claimed, 0);
		break;
	}
	WRITE_ONCE(t->full, true);
	return NULL;
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
		u64 ip = READ_ONCE(t->nodes[place].ip);

		if (ip)
			ips[n++] = ip;
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
