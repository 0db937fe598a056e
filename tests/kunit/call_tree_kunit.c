// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the call tree: numbers and paths of nodes, what happens without room,
 * and times that add up to the nanosecond, whatever is not recorded or not seen
 * to return.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "lib/call_tree.h"
#include "lib/memory.h"
#include "rig.h"

#define STACKS	256
#define FRAMES	16

/**
 * struct tree - what a test works with
 * @paths: paths of @t
 * @t: tree
 * @stack: calls of a context
 * @self: sum of the own times that were recorded
 * @total: sum of the whole times of roots that were
 * @seed: of the random numbers
 */
struct tree {
	struct kobs_stack_table paths;
	struct kobs_call_tree t;
	struct kobs_call_stack *stack;
	u64 self;
	u64 total;
	u32 seed;
};

static struct tree *tree_new(struct kunit *test, unsigned int stacks)
{
	struct tree *tree = kunit_kzalloc(test, sizeof(*tree), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tree);
	tree->stack = kunit_kzalloc(test, kobs_call_size(FRAMES), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tree->stack);
	tree->seed = 1;
	test->priv = tree;
	KUNIT_ASSERT_EQ(test, 0, kobs_stack_table_init(&tree->paths, &rig_memory,
						       stacks));
	KUNIT_ASSERT_EQ(test, 0, kobs_call_tree_init(&tree->t, &rig_memory,
						     &tree->paths));
	kobs_call_reset(tree->stack, &tree->t, FRAMES);
	return tree;
}

static void tree_exit(struct kunit *test)
{
	struct tree *tree = test->priv;

	if (!tree)
		return;
	kobs_call_tree_free(&tree->t);
	kobs_stack_table_free(&tree->paths);
}

/* A path has the functions from the node up to its root. */
static void expect_path(struct kunit *test, struct tree *tree,
			const struct kobs_call_node *node, const u64 *ips,
			unsigned int n)
{
	const struct kobs_stack *path;
	unsigned int i;
	u64 key;

	KUNIT_ASSERT_NOT_NULL(test, node);
	key = node->path;
	KUNIT_EXPECT_EQ(test, node->hash, kobs_hash(&key, 1));
	path = kobs_stack_table_get(&tree->paths, node->path);
	KUNIT_ASSERT_NOT_NULL(test, path);
	KUNIT_ASSERT_EQ(test, path->nr, n);
	KUNIT_EXPECT_EQ(test, path->pid, 0);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, tree->paths.words[path->start + i],
				ips[i]);
}

static void nodes_have_paths(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_tree *t = &tree->t;
	const struct kobs_call_node *a, *b, *c, *other, *again;

	KUNIT_EXPECT_NULL(test, kobs_call_tree_peek(t, &t->nobody, 0xa));
	a = kobs_call_tree_find(t, &t->nobody, 0xa);
	b = kobs_call_tree_find(t, a, 0xb);
	c = kobs_call_tree_find(t, b, 0xc);
	other = kobs_call_tree_find(t, a, 0xc);
	again = kobs_call_tree_find(t, c, 0xc);
	expect_path(test, tree, a, (u64[]){ 0xa }, 1);
	expect_path(test, tree, b, (u64[]){ 0xb, 0xa }, 2);
	expect_path(test, tree, c, (u64[]){ 0xc, 0xb, 0xa }, 3);
	expect_path(test, tree, other, (u64[]){ 0xc, 0xa }, 2);
	expect_path(test, tree, again, (u64[]){ 0xc, 0xc, 0xb, 0xa }, 4);
	KUNIT_EXPECT_PTR_EQ(test, kobs_call_tree_find(t, &t->nobody, 0xa), a);
	KUNIT_EXPECT_PTR_EQ(test, kobs_call_tree_peek(t, &t->nobody, 0xa), a);
	KUNIT_EXPECT_PTR_EQ(test, kobs_call_tree_find(t, a, 0xb), b);
	KUNIT_EXPECT_PTR_EQ(test, kobs_call_tree_find(t, b, 0xc), c);
	KUNIT_EXPECT_PTR_EQ(test, kobs_call_tree_find(t, a, 0xc), other);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->used), 5);
	KUNIT_EXPECT_FALSE(test, t->full);
}

static void functions_are_listed_once(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	const struct kobs_call_node *a, *b;
	unsigned long ips[8] = {};

	KUNIT_EXPECT_EQ(test, kobs_call_tree_functions(&tree->t, ips, 8), 0);
	a = kobs_call_tree_find(&tree->t, &tree->t.nobody, 0x30);
	b = kobs_call_tree_find(&tree->t, a, 0x10);
	kobs_call_tree_find(&tree->t, b, 0x20);
	kobs_call_tree_find(&tree->t, a, 0x20);
	kobs_call_tree_find(&tree->t, b, 0x10);
	KUNIT_EXPECT_EQ(test, kobs_call_tree_functions(&tree->t, ips, 8), 3);
	KUNIT_EXPECT_EQ(test, ips[0], 0x10);
	KUNIT_EXPECT_EQ(test, ips[1], 0x20);
	KUNIT_EXPECT_EQ(test, ips[2], 0x30);
}

static void without_room_nodes_stay(struct kunit *test)
{
	struct tree *tree = tree_new(test, 4);
	struct kobs_call_tree *t = &tree->t;
	const struct kobs_call_node *node[4];
	u64 i;

	for (i = 0; i < 4; i++) {
		node[i] = kobs_call_tree_find(t, &t->nobody, i + 1);
		KUNIT_ASSERT_NOT_NULL(test, node[i]);
	}
	KUNIT_EXPECT_FALSE(test, tree->t.full);
	for (i = 4; i < 40; i++)
		KUNIT_EXPECT_NULL(test, kobs_call_tree_find(t, node[0], i));
	KUNIT_EXPECT_TRUE(test, tree->t.full);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, kobs_call_tree_find(t, &t->nobody,
							      i + 1), node[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&tree->t.used), 4);
}

static void a_path_has_an_end(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	const struct kobs_call_node *node = &tree->t.nobody;
	unsigned int i;

	for (i = 0; i < KOBS_STACK_DEPTH; i++) {
		node = kobs_call_tree_find(&tree->t, node, 0x100);
		KUNIT_ASSERT_NOT_NULL(test, node);
	}
	KUNIT_EXPECT_NULL(test, kobs_call_tree_find(&tree->t, node, 0x100));
	KUNIT_EXPECT_EQ(test, atomic_read(&tree->t.used), KOBS_STACK_DEPTH);
}

/* What finds no room in the tree takes its time, too. */
static struct kobs_call_frame *push(struct tree *tree, u64 ip, u64 now)
{
	const struct kobs_call_node *parent = kobs_call_parent(tree->stack);
	const struct kobs_call_node *node;

	node = kobs_call_tree_find(&tree->t, parent, ip);
	return kobs_call_push(tree->stack, node ?: &tree->t.nobody, now);
}

static struct kobs_call_done pop(struct tree *tree, struct kobs_call_frame *f,
				 u64 now, bool recorded)
{
	bool root = f == &tree->stack->frame[1];
	struct kobs_call_done done;

	kobs_call_pop(tree->stack, f, now, &done);
	kobs_call_settle(tree->stack, &done, recorded);
	if (recorded)
		tree->self += done.self;
	if (root)
		tree->total += done.total;
	return done;
}

static void times_of_calls(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_frame *a, *b, *c;
	struct kobs_call_done done;

	a = push(tree, 0xa, 1000);
	b = push(tree, 0xb, 1010);
	c = push(tree, 0xc, 1013);
	done = pop(tree, c, 1020, true);
	KUNIT_EXPECT_EQ(test, done.total, 7);
	KUNIT_EXPECT_EQ(test, done.self, 7);
	done = pop(tree, b, 1030, true);
	KUNIT_EXPECT_EQ(test, done.total, 20);
	KUNIT_EXPECT_EQ(test, done.self, 13);
	b = push(tree, 0xb, 1031);
	pop(tree, b, 1035, true);
	done = pop(tree, a, 1100, true);
	KUNIT_EXPECT_EQ(test, done.total, 100);
	KUNIT_EXPECT_EQ(test, done.self, 76);
	expect_path(test, tree, done.node, (u64[]){ 0xa }, 1);
	KUNIT_EXPECT_EQ(test, kobs_call_depth(tree->stack), 0);
	KUNIT_EXPECT_EQ(test, tree->self, 100);
}

/* The own time of what is not recorded becomes its caller's. */
static void what_is_not_recorded(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_frame *a, *b, *c;
	struct kobs_call_done done;

	a = push(tree, 0xa, 0);
	b = push(tree, 0xb, 10);
	c = push(tree, 0xc, 20);
	pop(tree, c, 30, true);
	pop(tree, b, 50, false);
	done = pop(tree, a, 100, true);
	KUNIT_EXPECT_EQ(test, done.below, 10);
	KUNIT_EXPECT_EQ(test, done.self, 90);
	KUNIT_EXPECT_EQ(test, tree->self, 100);
}

/* So does that of what is not seen to return. */
static void what_does_not_return(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_frame *a, *d;
	struct kobs_call_done done;

	a = push(tree, 0xa, 0);
	push(tree, 0xb, 10);
	push(tree, 0xc, 20);
	d = push(tree, 0xd, 25);
	pop(tree, d, 30, true);
	done = pop(tree, a, 100, true);
	KUNIT_EXPECT_EQ(test, done.self, 95);
	KUNIT_EXPECT_EQ(test, kobs_call_depth(tree->stack), 0);
	KUNIT_EXPECT_EQ(test, tree->self, 100);
}

/* Clocks of two CPUs differ: the time of a context stands still, then. */
static void the_clock_goes_back(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_frame *a, *b;
	struct kobs_call_done done;

	a = push(tree, 0xa, 1000);
	b = push(tree, 0xb, 990);
	done = pop(tree, b, 980, true);
	KUNIT_EXPECT_EQ(test, done.total, 0);
	b = push(tree, 0xb, 995);
	done = pop(tree, b, 1005, true);
	KUNIT_EXPECT_EQ(test, done.total, 5);
	done = pop(tree, a, 1001, true);
	KUNIT_EXPECT_EQ(test, done.total, 5);
	KUNIT_EXPECT_EQ(test, done.self, 0);
	KUNIT_EXPECT_EQ(test, tree->self, tree->total);
}

/* Numbers of the calls of a root, of which one has no place. */
static void calls_are_counted(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_stack *s = tree->stack;
	struct kobs_call_frame *f[3];
	u32 i;

	for (i = 0; i < 3; i++) {
		f[i] = push(tree, 0xa + i, 10 * i);
		f[i]->number = kobs_call_count(s);
		KUNIT_EXPECT_EQ(test, f[i]->number, i);
	}
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, f[2]), 0);
	pop(tree, f[2], 30, true);
	KUNIT_EXPECT_EQ(test, kobs_call_count(s), 3);
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, f[1]), 2);
	pop(tree, f[1], 40, true);
	f[1] = push(tree, 0xb, 50);
	f[1]->number = kobs_call_count(s);
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, f[1]), 0);
	pop(tree, f[1], 60, true);
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, f[0]), 4);
}

static void depth_has_an_end(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_stack *s = tree->stack;
	unsigned int i;

	for (i = 0; i < FRAMES; i++) {
		KUNIT_EXPECT_FALSE(test, kobs_call_is_deep(s));
		push(tree, 0xa, i);
		KUNIT_EXPECT_EQ(test, kobs_call_depth(s), i + 1);
	}
	KUNIT_EXPECT_TRUE(test, kobs_call_is_deep(s));
	pop(tree, s->top, FRAMES, true);
	KUNIT_EXPECT_FALSE(test, kobs_call_is_deep(s));
	kobs_call_reset(s, &tree->t, 1);
	KUNIT_EXPECT_EQ(test, kobs_call_depth(s), 0);
	KUNIT_EXPECT_PTR_EQ(test, kobs_call_parent(s), &tree->t.nobody);
	push(tree, 0xa, 5);
	KUNIT_EXPECT_EQ(test, s->top->start, 5);
	KUNIT_EXPECT_TRUE(test, kobs_call_is_deep(s));
}

static u32 random(struct tree *tree, u32 below)
{
	tree->seed = tree->seed * 1664525 + 1013904223;
	return (tree->seed >> 8) % below;
}

/* Calls at random, of which some are not recorded, and some not seen to return. */
static void times_add_up(struct kunit *test)
{
	struct tree *tree = tree_new(test, 4096);
	struct kobs_call_stack *stack = tree->stack;
	u64 now = 1000;
	u32 roots = 0;
	u32 depth = 0;
	u32 i;

	for (i = 0; i < 200000 || depth; i++) {
		/* Sometimes backwards. */
		now += random(tree, 50);
		now -= random(tree, 5);
		if (i < 200000 && depth < FRAMES && (!depth || random(tree, 2))) {
			roots += !depth;
			push(tree, 1 + random(tree, 3), now);
		} else {
			if (!random(tree, 8))
				depth -= min(depth - 1, random(tree, 4));
			/* The whole that the parts add up to is recorded. */
			pop(tree, &stack->frame[depth], now,
			    depth == 1 || random(tree, 16));
		}
		depth = kobs_call_depth(stack);
		if (!depth)
			KUNIT_ASSERT_EQ(test, tree->self, tree->total);
	}
	KUNIT_EXPECT_GT(test, roots, 100);
	KUNIT_EXPECT_GT(test, tree->total, 1000);
}

#define ROUNDS	20000

/**
 * struct load - a thread of several that add the same nodes
 * @rig: where it runs
 * @tree: tree of all
 * @wrong: nodes with the wrong path
 */
struct load {
	struct rig rig;
	struct tree *tree;
	atomic_t wrong;
};

static void chain(struct load *load, u64 first)
{
	struct kobs_call_tree *t = &load->tree->t;
	const struct kobs_call_node *node = &t->nobody;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		const struct kobs_stack *path;
		unsigned int k;

		node = kobs_call_tree_find(t, node, first + i);
		if (!node) {
			atomic_inc(&load->wrong);
			return;
		}
		path = kobs_stack_table_get(t->paths, node->path);
		for (k = 0; path && k <= i; k++) {
			if (t->paths->words[path->start + k] != first + i - k)
				path = NULL;
		}
		if (!path || path->nr != i + 1)
			atomic_inc(&load->wrong);
	}
}

static void load_task(struct rig *rig)
{
	struct load *load = rig->data;
	u64 i;

	for (i = 0; i < ROUNDS; i++) {
		chain(load, i % 50 * 16 + 1);
		if (i % 64 == 0)
			rig_kick(rig);
		cond_resched();
	}
}

static void load_irq(struct rig *rig)
{
	chain(rig->data, rig->irqs % 50 * 16 + 1);
}

static void same_nodes_under_load(struct kunit *test)
{
	struct load *load = kunit_kcalloc(test, 4, sizeof(*load), GFP_KERNEL);
	struct tree *tree = tree_new(test, 4096);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, load);
	for (i = 0; i < 4; i++) {
		load[i].tree = tree;
		load[i].rig.task = load_task;
		load[i].rig.irq = load_irq;
		load[i].rig.data = &load[i];
		rig_start(test, &load[i].rig, i % num_online_cpus());
	}
	for (i = 0; i < 4; i++) {
		rig_wait(&load[i].rig);
		KUNIT_EXPECT_EQ(test, atomic_read(&load[i].wrong), 0);
	}
	/* Two that add a node at once can make it twice. */
	KUNIT_EXPECT_GE(test, atomic_read(&tree->t.used), 300);
	KUNIT_EXPECT_LT(test, atomic_read(&tree->t.used), 2048);
	KUNIT_EXPECT_FALSE(test, tree->t.full);
}

static struct kunit_case tree_cases[] = {
	KUNIT_CASE(nodes_have_paths),
	KUNIT_CASE(functions_are_listed_once),
	KUNIT_CASE(without_room_nodes_stay),
	KUNIT_CASE(a_path_has_an_end),
	KUNIT_CASE(times_of_calls),
	KUNIT_CASE(what_is_not_recorded),
	KUNIT_CASE(what_does_not_return),
	KUNIT_CASE(the_clock_goes_back),
	KUNIT_CASE(calls_are_counted),
	KUNIT_CASE(depth_has_an_end),
	KUNIT_CASE(times_add_up),
	KUNIT_CASE(same_nodes_under_load),
	{}
};

static struct kunit_suite tree_suite = {
	.name = "kobs_call_tree",
	.exit = tree_exit,
	.test_cases = tree_cases,
};

kunit_test_suite(tree_suite);
