// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the reference table and of what pairs gets and puts: counts per object,
 * which of several gets a put gives back, before and after others have taught it;
 * objects that end; a full table, and many gets of one object.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "lib/memory.h"
#include "lib/ref_table.h"
#include "rig.h"

/* Gets are below PUTS, and have most in common with the put that is PUTS higher. */
enum { OWNER, USER, ASYNC, LEAK, PUTS = 32, GROUPS = 64 };

#define OBJECTS		512

static u32 shared_by_number(void *arg, u32 get, u32 put)
{
	/* What is put elsewhere has nothing in common with its put. */
	return get + PUTS == put && get != ASYNC && get != OWNER ? 40 : 10;
}

static struct kobs_ref_table *refs_new(struct kunit *test)
{
	struct kobs_ref_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->pairs.shared = shared_by_number;
	test->priv = t;
	KUNIT_ASSERT_EQ(test, kobs_ref_pairs_init(&t->pairs, &rig_memory, 64,
						  GROUPS), 0);
	KUNIT_ASSERT_EQ(test, kobs_ref_table_init(t, &rig_memory, OBJECTS), 0);
	return t;
}

static void refs_exit(struct kunit *test)
{
	struct kobs_ref_table *t = test->priv;

	if (!t)
		return;
	kobs_ref_table_free(t);
	kobs_ref_pairs_free(&t->pairs);
}

static u64 address(u32 i)
{
	return 0xffff888100000000ULL + i * 192ULL;
}

static void get(struct kunit *test, struct kobs_ref_table *t, u32 i, u32 who)
{
	KUNIT_EXPECT_EQ(test, kobs_ref_get(t, address(i), who, i), KOBS_REF_DONE);
}

/* The get whose reference the put of @who gives back. */
static u32 put(struct kunit *test, struct kobs_ref_table *t, u32 i, u32 who)
{
	struct kobs_ref_given given = { .get = KOBS_REF_NONE };

	KUNIT_EXPECT_EQ(test, kobs_ref_put(t, address(i), who + PUTS, i, &given),
			KOBS_REF_DONE);
	return given.get;
}

/* References of a get that are held, of all objects. */
static u32 held(struct kobs_ref_table *t, u32 who)
{
	struct kobs_ref_object o;
	unsigned long place = 0;
	unsigned int i;
	u32 n = 0;

	while (kobs_ref_next(t, &place, &o))
		for (i = 0; i < KOBS_REF_SLOTS; i++)
			if (o.slot[i].n && o.slot[i].get == who &&
			    o.slot[i].put == KOBS_REF_HELD)
				n += o.slot[i].n;
	return n;
}

static s32 settle(struct kobs_ref_table *t, u32 who)
{
	s32 more[KOBS_REF_SLOTS];
	struct kobs_ref_object o;
	unsigned long place = 0;
	unsigned int i;
	s32 sum = 0;

	while (kobs_ref_settle_next(t, &place, &o, more))
		for (i = 0; i < KOBS_REF_SLOTS; i++)
			if (o.slot[i].get == who)
				sum += more[i];
	return sum;
}

static void counts(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	struct kobs_ref_given given;
	u32 i, k;

	for (i = 0; i < OBJECTS; i++)
		for (k = 0; k <= i % 5; k++)
			get(test, t, i, OWNER);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), OBJECTS / 5 * 15 + 3);
	for (i = 0; i < OBJECTS; i++)
		for (k = 0; k <= i % 5; k++)
			KUNIT_EXPECT_EQ(test, put(test, t, i, OWNER), OWNER);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 0);
	KUNIT_EXPECT_EQ(test, kobs_ref_put(t, address(3), PUTS, 1, &given),
			KOBS_REF_UNKNOWN);
}

/* An object that is used, and whose references are all given back. */
static void balanced(struct kunit *test, struct kobs_ref_table *t, u32 i)
{
	get(test, t, i, OWNER);
	get(test, t, i, USER);
	put(test, t, i, USER);
	get(test, t, i, ASYNC);
	put(test, t, i, OWNER);
	put(test, t, i, ASYNC);
}

static void taught(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	u32 i;

	for (i = 0; i < 100; i++)
		balanced(test, t, i);
	KUNIT_EXPECT_EQ(test, held(t, OWNER) + held(t, USER) + held(t, ASYNC), 0);
	/* One of them is held in the end: that of a stack that is never put. */
	for (i = 100; i < 110; i++) {
		get(test, t, i, OWNER);
		get(test, t, i, LEAK);
		KUNIT_EXPECT_EQ(test, put(test, t, i, OWNER), OWNER);
	}
	KUNIT_EXPECT_EQ(test, held(t, LEAK), 10);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 0);
	/* The same with a stack that is put as a rule. */
	for (i = 200; i < 210; i++) {
		get(test, t, i, OWNER);
		get(test, t, i, USER);
		KUNIT_EXPECT_EQ(test, put(test, t, i, OWNER), OWNER);
	}
	KUNIT_EXPECT_EQ(test, held(t, USER), 10);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 0);
}

static void taught_later(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	u32 i;

	/* Nothing is known: the last one is chosen. */
	for (i = 0; i < 10; i++) {
		get(test, t, i, OWNER);
		get(test, t, i, LEAK);
		KUNIT_EXPECT_EQ(test, put(test, t, i, OWNER), LEAK);
	}
	KUNIT_EXPECT_EQ(test, settle(t, LEAK), 0);
	for (i = 100; i < 110; i++)
		balanced(test, t, i);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 10);
	KUNIT_EXPECT_EQ(test, settle(t, LEAK), -10);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 0);
	KUNIT_EXPECT_EQ(test, held(t, LEAK), 10);
	KUNIT_EXPECT_EQ(test, settle(t, OWNER), 0);
	/* They end as any other. */
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, put(test, t, i, LEAK), LEAK);
	KUNIT_EXPECT_EQ(test, held(t, LEAK), 0);
}

static void certain(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	struct kobs_ref_object o;
	unsigned long place = 0;

	get(test, t, 0, OWNER);
	get(test, t, 0, USER);
	KUNIT_ASSERT_TRUE(test, kobs_ref_next(t, &place, &o));
	KUNIT_EXPECT_TRUE(test, kobs_ref_is_certain(&o));
	put(test, t, 0, USER);
	place = 0;
	KUNIT_ASSERT_TRUE(test, kobs_ref_next(t, &place, &o));
	KUNIT_EXPECT_FALSE(test, kobs_ref_is_certain(&o));
	KUNIT_EXPECT_EQ(test, o.held, 1);
}

static void ends(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	struct kobs_ref_object was;

	get(test, t, 7, OWNER);
	get(test, t, 7, OWNER);
	KUNIT_EXPECT_EQ(test, kobs_ref_end(t, address(7), &was), KOBS_REF_DONE);
	KUNIT_EXPECT_EQ(test, was.held, 2);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 0);
	KUNIT_EXPECT_EQ(test, kobs_ref_end(t, address(7), &was), KOBS_REF_UNKNOWN);
}

static void full(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	u32 most = t->n * KOBS_REF_PARTS;
	u32 in = 0;
	u32 i;

	for (i = 0; i < 2 * most; i++) {
		enum kobs_ref_fate fate = kobs_ref_get(t, address(i), OWNER, i);

		KUNIT_EXPECT_TRUE(test, fate == KOBS_REF_DONE ||
				  fate == KOBS_REF_FULL);
		in += fate == KOBS_REF_DONE;
	}
	KUNIT_EXPECT_GE(test, in, OBJECTS);
	KUNIT_EXPECT_LE(test, in, most);
	KUNIT_EXPECT_EQ(test, held(t, OWNER), in);
}

/* More stacks than there are slots: pairs make room for gets, gets do not. */
static void crowded(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	u32 i;

	get(test, t, 0, OWNER);
	for (i = 1; i < 2 * KOBS_REF_SLOTS; i++) {
		get(test, t, 0, i);
		KUNIT_EXPECT_EQ(test, put(test, t, 0, i), i);
	}
	KUNIT_EXPECT_EQ(test, held(t, OWNER), 1);
	for (i = 1; i < KOBS_REF_SLOTS; i++)
		get(test, t, 0, i);
	KUNIT_EXPECT_EQ(test, kobs_ref_get(t, address(0), i, i), KOBS_REF_CROWDED);
	get(test, t, 0, 1);
	KUNIT_EXPECT_EQ(test, held(t, 1), 2);
}

/* What a reader counts of a get and a put, and what objects taught of both. */
static void seen(struct kunit *test)
{
	struct kobs_ref_table *t = refs_new(test);
	struct kobs_ref_seen s;
	unsigned long place;
	u64 here, ended;
	u32 i;

	for (i = 0; i < 5; i++)
		balanced(test, t, i);
	for (i = 0; i < 2; i++) {
		kobs_ref_pairs_begin(&t->pairs);
		kobs_ref_pairs_add(&t->pairs, USER, PUTS + USER, 3);
		kobs_ref_pairs_add(&t->pairs, USER, PUTS + USER, 4);
		kobs_ref_pairs_add(&t->pairs, LEAK, PUTS + ASYNC, 1);
		/* Of what has no number of its own: not among the pairs. */
		kobs_ref_pairs_add(&t->pairs, U32_MAX - 1, PUTS + USER, 9);
		here = 0;
		ended = 0;
		place = 0;
		while (kobs_ref_pairs_next(&t->pairs, &place, &s)) {
			KUNIT_EXPECT_LT(test, s.get, GROUPS);
			here += s.here;
			if (s.get == USER && s.put == PUTS + USER)
				KUNIT_EXPECT_EQ(test, s.here, 7);
			if (s.get == LEAK)
				KUNIT_EXPECT_EQ(test, s.ended, 0);
			if (s.get == USER)
				ended += s.ended;
		}
		KUNIT_EXPECT_EQ(test, here, 8);
		/* With each of the three puts. */
		KUNIT_EXPECT_EQ(test, ended, 15);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(counts),
	KUNIT_CASE(taught),
	KUNIT_CASE(taught_later),
	KUNIT_CASE(certain),
	KUNIT_CASE(ends),
	KUNIT_CASE(full),
	KUNIT_CASE(crowded),
	KUNIT_CASE(seen),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_ref_table",
	.exit = refs_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
