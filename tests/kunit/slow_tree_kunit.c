// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what a call called: each call is in exactly one function's entry, or in the
 * rest; and of which functions are roots, and which are the tree's.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "sources/func/slow_children.h"
#include "sources/func/slow_roles.h"

#define ROUNDS		20000
#define FUNCTIONS	300

static void add(struct kobs_slow_children *c, u64 func, u64 ns, u64 self)
{
	const u64 word[KOBS_SLOW_CHILD] = {
		[KOBS_SLOW_CHILD_FUNC] = func,
		[KOBS_SLOW_CHILD_CALLS] = 1,
		[KOBS_SLOW_CHILD_NS] = ns,
		[KOBS_SLOW_CHILD_SELF] = self,
		[KOBS_SLOW_CHILD_LONGEST] = ns,
	};

	kobs_slow_children_add(c, word);
}

static u64 sum_of(const struct kobs_slow_children *c, enum kobs_slow_child what,
		  u64 rest)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		rest += c->child[i].word[what];
	return rest;
}

static void one_function(struct kunit *test)
{
	struct kobs_slow_children c;
	const u64 *word = c.child[0].word;

	kobs_slow_children_empty(&c);
	add(&c, 7, 10, 1);
	add(&c, 7, 30, 2);
	add(&c, 7, 20, 3);
	KUNIT_EXPECT_EQ(test, c.n, 1);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_CHILD_FUNC], 7);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_CHILD_CALLS], 3);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_CHILD_NS], 60);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_CHILD_SELF], 6);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_CHILD_LONGEST], 30);
	KUNIT_EXPECT_EQ(test, c.rest_calls, 0);
}

/* The longest stay, in whatever order they come. */
static void the_longest_stay(struct kunit *test)
{
	struct kobs_slow_children c;
	unsigned int i;
	u64 least = U64_MAX;

	kobs_slow_children_empty(&c);
	for (i = 0; i < 3 * KOBS_SLOW_CHILDREN; i++)
		add(&c, 100 + i, 1 + i * 31 % (3 * KOBS_SLOW_CHILDREN), 1);
	KUNIT_EXPECT_EQ(test, c.n, SLOW_CHILDREN_KEPT);
	kobs_slow_children_trim(&c);
	for (i = 0; i < c.n; i++)
		least = min(least, c.child[i].word[KOBS_SLOW_CHILD_NS]);
	KUNIT_EXPECT_EQ(test, c.n, KOBS_SLOW_CHILDREN);
	KUNIT_EXPECT_EQ(test, least, 2 * KOBS_SLOW_CHILDREN + 1);
	KUNIT_EXPECT_EQ(test, c.rest_calls, 2 * KOBS_SLOW_CHILDREN);
	KUNIT_EXPECT_EQ(test, c.rest, 2 * KOBS_SLOW_CHILDREN);
}

/* One whose calls are short, and come after those of as many functions as there are. */
static void many_short_calls(struct kunit *test)
{
	struct kobs_slow_children c;
	u64 most = 0;
	unsigned int i;

	kobs_slow_children_empty(&c);
	for (i = 0; i < KOBS_SLOW_CHILDREN; i++)
		add(&c, 100 + i, 2000, 2000);
	for (i = 0; i < ROUNDS; i++)
		add(&c, 7, 1000, 1000);
	kobs_slow_children_trim(&c);
	for (i = 0; i < c.n; i++) {
		if (c.child[i].word[KOBS_SLOW_CHILD_FUNC] == 7)
			most = c.child[i].word[KOBS_SLOW_CHILD_CALLS];
	}
	KUNIT_EXPECT_EQ(test, c.n, KOBS_SLOW_CHILDREN);
	KUNIT_EXPECT_EQ(test, most, ROUNDS);
	KUNIT_EXPECT_EQ(test, c.rest, 2000);
	KUNIT_EXPECT_EQ(test, c.rest_calls, 1);
}

/* Whatever comes, all calls and all of their own time are there. */
static void all_there(struct kunit *test)
{
	struct kobs_slow_children c;
	struct rnd_state rnd;
	u64 self = 0;
	unsigned int i;

	prandom_seed_state(&rnd, 1);
	kobs_slow_children_empty(&c);
	for (i = 0; i < ROUNDS; i++) {
		u32 r = prandom_u32_state(&rnd);

		add(&c, r % 40, r >> 8 & 1 ? r >> 9 : 0, r >> 12);
		self += r >> 12;
		KUNIT_ASSERT_LE(test, c.n, SLOW_CHILDREN_KEPT);
	}
	kobs_slow_children_trim(&c);
	KUNIT_ASSERT_LE(test, c.n, KOBS_SLOW_CHILDREN);
	KUNIT_EXPECT_EQ(test, sum_of(&c, KOBS_SLOW_CHILD_CALLS, c.rest_calls),
			ROUNDS);
	KUNIT_EXPECT_EQ(test, sum_of(&c, KOBS_SLOW_CHILD_SELF, c.rest), self);
}

static u64 function(unsigned int i)
{
	/* Some are short, and follow at once. */
	return 0xffffffff81000000 + i * 64 + i % 3 * 16;
}

/* Each address is looked up twice: it is found, and then it is kept. */
static void expect_role(struct kunit *test, const struct kobs_slow_roles *r,
			u64 ip, u32 role)
{
	KUNIT_EXPECT_EQ(test, kobs_slow_role(r, ip), role);
	KUNIT_EXPECT_EQ(test, kobs_slow_role(r, ip), role);
}

static u32 role_of(unsigned int i)
{
	return (i % 5 == 0 ? KOBS_SLOW_ROOT : 0) | (i % 2 == 0 ? KOBS_SLOW_INNER : 0);
}

static void roles(struct kunit *test)
{
	struct kobs_slow_roles r = {};
	u64 *roots = kunit_kcalloc(test, FUNCTIONS, sizeof(u64), GFP_KERNEL);
	u64 *inner = kunit_kcalloc(test, FUNCTIONS, sizeof(u64), GFP_KERNEL);
	unsigned int n_roots = 0;
	unsigned int n_inner = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, roots);
	KUNIT_ASSERT_NOT_NULL(test, inner);
	/* In no order, and some twice. */
	for (i = FUNCTIONS; i--;) {
		if (role_of(i) & KOBS_SLOW_ROOT)
			roots[n_roots++] = function(i);
		if (role_of(i) & KOBS_SLOW_INNER)
			inner[n_inner++] = function(i);
		if (i == 20)
			inner[n_inner++] = function(i);
	}
	KUNIT_ASSERT_EQ(test, kobs_slow_roles_init(&r, roots, n_roots, inner, n_inner), 0);
	for (i = 0; i < FUNCTIONS; i++) {
		expect_role(test, &r, function(i), role_of(i));
		expect_role(test, &r, function(i) + 4, role_of(i));
		expect_role(test, &r, function(i) + 15, role_of(i));
		expect_role(test, &r, function(i) + 16, 0);
	}
	expect_role(test, &r, function(0) - 1, 0);
	kobs_slow_roles_free(&r);
}

static void one_role(struct kunit *test)
{
	const u64 only = 0xffffffffc0001000;
	struct kobs_slow_roles r = {};

	KUNIT_ASSERT_EQ(test, kobs_slow_roles_init(&r, &only, 1, &only, 1), 0);
	expect_role(test, &r, only, KOBS_SLOW_ROOT | KOBS_SLOW_INNER);
	expect_role(test, &r, only + 16, 0);
	expect_role(test, &r, only - 16, 0);
	kobs_slow_roles_free(&r);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(one_function),
	KUNIT_CASE(the_longest_stay),
	KUNIT_CASE(many_short_calls),
	KUNIT_CASE(all_there),
	KUNIT_CASE(roles),
	KUNIT_CASE(one_role),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_slow_tree",
	.test_cases = cases,
};

kunit_test_suite(suite);
