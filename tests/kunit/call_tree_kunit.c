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
	size_t frames = FRAMES * sizeof(struct kobs_call_frame);

	KUNIT_ASSERT_NOT_NULL(test, tree);
	tree->stack = kunit_kzalloc(test, sizeof(*tree->stack) + frames,
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tree->stack);
	tree->seed = 1;
	test->priv = tree;
	KUNIT_ASSERT_EQ(test, 0, kobs_stack_table_init(&tree->paths, &rig_memory,
						       stacks));
	KUNIT_ASSERT_EQ(test, 0, kobs_call_tree_init(&tree->t, &rig_memory,
						     &tree->paths));
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
static void expect_path(struct kunit *test, struct tree *tree, u32 node,
			const u64 *ips, unsigned int n)
{
	const struct kobs_stack *path;
	unsigned int i;

	KUNIT_ASSERT_NE(test, node, KOBS_CALL_NONE);
	path = kobs_stack_table_get(&tree->paths,
				    kobs_call_path(&tree->t, node));
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
	u32 a = kobs_call_tree_find(t, KOBS_CALL_NONE, 0xa);
	u32 b = kobs_call_tree_find(t, a, 0xb);
	u32 c = kobs_call_tree_find(t, b, 0xc);
	u32 other = kobs_call_tree_find(t, a, 0xc);
	u32 again = kobs_call_tree_find(t, c, 0xc);

	expect_path(test, tree, a, (u64[]){ 0xa }, 1);
	expect_path(test, tree, b, (u64[]){ 0xb, 0xa }, 2);
	expect_path(test, tree, c, (u64[]){ 0xc, 0xb, 0xa }, 3);
	expect_path(test, tree, other, (u64[]){ 0xc, 0xa }, 2);
	expect_path(test, tree, again, (u64[]){ 0xc, 0xc, 0xb, 0xa }, 4);
	KUNIT_EXPECT_EQ(test, kobs_call_tree_find(t, KOBS_CALL_NONE, 0xa), a);
	KUNIT_EXPECT_EQ(test, kobs_call_tree_find(t, a, 0xb), b);
	KUNIT_EXPECT_EQ(test, kobs_call_tree_find(t, b, 0xc), c);
	KUNIT_EXPECT_EQ(test, kobs_call_tree_find(t, a, 0xc), other);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->used), 5);
	KUNIT_EXPECT_FALSE(test, t->full);
}

static void functions_are_listed_once(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	unsigned long ips[8] = {};
	u32 a, b;

	KUNIT_EXPECT_EQ(test, kobs_call_tree_functions(&tree->t, ips, 8), 0);
	a = kobs_call_tree_find(&tree->t, KOBS_CALL_NONE, 0x30);
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
	u32 node[4];
	u64 i;

	for (i = 0; i < 4; i++) {
		node[i] = kobs_call_tree_find(&tree->t, KOBS_CALL_NONE, i + 1);
		KUNIT_ASSERT_NE(test, node[i], KOBS_CALL_NONE);
	}
	KUNIT_EXPECT_FALSE(test, tree->t.full);
	for (i = 4; i < 40; i++)
		KUNIT_EXPECT_EQ(test, kobs_call_tree_find(&tree->t, node[0], i),
				KOBS_CALL_NONE);
	KUNIT_EXPECT_TRUE(test, tree->t.full);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, kobs_call_tree_find(&tree->t, KOBS_CALL_NONE,
							  i + 1), node[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&tree->t.used), 4);
}

static void a_path_has_an_end(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	u32 node = KOBS_CALL_NONE;
	unsigned int i;

	for (i = 0; i < KOBS_STACK_DEPTH; i++) {
		node = kobs_call_tree_find(&tree->t, node, 0x100);
		KUNIT_ASSERT_NE(test, node, KOBS_CALL_NONE);
	}
	KUNIT_EXPECT_EQ(test, kobs_call_tree_find(&tree->t, node, 0x100),
			KOBS_CALL_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&tree->t.used), KOBS_STACK_DEPTH);
}

static u32 push(struct tree *tree, u64 ip, u64 now)
{
	u32 node = kobs_call_tree_find(&tree->t, kobs_call_parent(tree->stack),
				       ip);

	return kobs_call_push(tree->stack, node, now);
}

static struct kobs_call_done pop(struct tree *tree, u32 place, u64 now,
				 bool recorded)
{
	struct kobs_call_done done;

	kobs_call_pop(tree->stack, place, now, &done);
	kobs_call_settle(tree->stack, &done, recorded);
	if (recorded)
		tree->self += done.self;
	if (!place)
		tree->total += done.total;
	return done;
}

static void times_of_calls(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_done done;
	u32 a, b, c;

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
	KUNIT_EXPECT_EQ(test, tree->stack->depth, 0);
	KUNIT_EXPECT_EQ(test, tree->self, 100);
}

/* The own time of what is not recorded becomes its caller's. */
static void what_is_not_recorded(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_done done;
	u32 a, b, c;

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
	struct kobs_call_done done;
	u32 a, d;

	a = push(tree, 0xa, 0);
	push(tree, 0xb, 10);
	push(tree, 0xc, 20);
	d = push(tree, 0xd, 25);
	pop(tree, d, 30, true);
	done = pop(tree, a, 100, true);
	KUNIT_EXPECT_EQ(test, done.self, 95);
	KUNIT_EXPECT_EQ(test, tree->stack->depth, 0);
	KUNIT_EXPECT_EQ(test, tree->self, 100);
}

/* Clocks of two CPUs differ: the time of a context stands still, then. */
static void the_clock_goes_back(struct kunit *test)
{
	struct tree *tree = tree_new(test, STACKS);
	struct kobs_call_done done;
	u32 a, b;

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
	u32 place[3];
	u32 i;

	for (i = 0; i < 3; i++) {
		place[i] = push(tree, 0xa + i, 10 * i);
		s->frame[place[i]].number = kobs_call_count(s);
		KUNIT_EXPECT_EQ(test, s->frame[place[i]].number, i);
	}
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, place[2]), 0);
	pop(tree, place[2], 30, true);
	KUNIT_EXPECT_EQ(test, kobs_call_count(s), 3);
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, place[1]), 2);
	pop(tree, place[1], 40, true);
	place[1] = push(tree, 0xb, 50);
	s->frame[place[1]].number = kobs_call_count(s);
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, place[1]), 0);
	pop(tree, place[1], 60, true);
	KUNIT_EXPECT_EQ(test, kobs_call_inside(s, place[0]), 4);
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
	u32 i;

	for (i = 0; i < 200000 || stack->depth; i++) {
		/* Sometimes backwards. */
		now += random(tree, 50);
		now -= random(tree, 5);
		if (i < 200000 && stack->depth < FRAMES &&
		    (!stack->depth || random(tree, 2))) {
			roots += !stack->depth;
			push(tree, 1 + random(tree, 3), now);
		} else {
			u32 place = stack->depth - 1;

			place -= min(place, random(tree, 8) ? 0 : random(tree, 4));
			/* The whole that the parts add up to is recorded. */
			pop(tree, place, now, !place || random(tree, 16));
		}
		if (!stack->depth)
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
	u32 node = KOBS_CALL_NONE;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		const struct kobs_stack *path;
		unsigned int k;

		node = kobs_call_tree_find(t, node, first + i);
		if (node == KOBS_CALL_NONE) {
			atomic_inc(&load->wrong);
			return;
		}
		path = kobs_stack_table_get(t->paths, kobs_call_path(t, node));
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
