// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the block table: a block is removed as a whole, in parts of any order
 * and sequence, together with its neighbours, or in steps; moves; what is stale; a
 * full table; the lock; and random splits against a plain array of pages.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "lib/block_table.h"
#include "lib/memory.h"
#include "rig.h"

static struct kobs_block_table *blocks_new(struct kunit *test, unsigned int n)
{
	struct kobs_block_table *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, kobs_block_table_init(b, &rig_memory, n), 0);
	test->priv = b;
	return b;
}

static void blocks_exit(struct kunit *test)
{
	if (test->priv)
		kobs_block_table_free(test->priv);
}

static void put(struct kunit *test, struct kobs_block_table *b, u64 pfn,
		unsigned int order, u32 group)
{
	struct kobs_object o = {
		.group = group, .born = group + 1, .size = 1U << order
	};
	struct kobs_object old;

	KUNIT_ASSERT_EQ(test, kobs_block_insert(b, pfn, &o, order, &old),
			KOBS_OBJECT_NEW);
}

/* What was missed of all groups, and the last of these. */
struct missed {
	u32 group;
	u32 pages;
};

static void miss(void *arg, u32 group, u32 pages)
{
	struct missed *m = arg;

	m->group = group;
	m->pages += pages;
}

/* Take a block. Returns the pages of its record, 0 without one. */
static u32 take(struct kunit *test, struct kobs_block_table *b, u64 pfn,
		unsigned int order, u32 group)
{
	struct missed m = {};
	struct kobs_block_missed missed = { .fn = miss, .arg = &m };
	struct kobs_object o;

	if (!kobs_block_take(b, pfn, order, &o, &missed))
		return 0;
	KUNIT_EXPECT_EQ(test, missed.full, 0);
	KUNIT_EXPECT_EQ(test, m.pages, 0);
	KUNIT_EXPECT_EQ(test, o.group, group);
	KUNIT_EXPECT_EQ(test, o.born, group + 1);
	return o.size;
}

/* Pages in the table, all of the group. */
static u32 pages(const struct kobs_block_table *b, u32 group)
{
	struct kobs_object o;
	unsigned long place = 0;
	u32 n = 0;
	u64 key;

	while (kobs_object_table_next(&b->t, &place, &key, &o)) {
		if (o.group == group)
			n += o.size;
	}
	return n;
}

static void as_a_whole(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);
	struct kobs_object o;
	unsigned int order;

	for (order = 0; order <= 10; order++)
		put(test, b, 1 << 20 | 1 << order, order, order);
	for (order = 0; order <= 10; order++) {
		u64 pfn = 1 << 20 | 1 << order;

		/* Not by another order. */
		KUNIT_EXPECT_FALSE(test, kobs_block_remove_fast(b, pfn, order + 1, &o));
		KUNIT_ASSERT_TRUE(test, kobs_block_remove_fast(b, pfn, order, &o));
		KUNIT_EXPECT_EQ(test, o.group, order);
		KUNIT_EXPECT_EQ(test, o.size, 1U << order);
		KUNIT_EXPECT_EQ(test, take(test, b, pfn, order, order), 0);
	}
	/* Page 0 has a key, too. */
	put(test, b, 0, 0, 7);
	KUNIT_EXPECT_TRUE(test, kobs_block_remove_fast(b, 0, 0, &o));
}

static void in_parts(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);
	u32 i;

	put(test, b, 64, 4, 3);
	/* Somewhere in the middle; a neighbour is none of it. */
	KUNIT_EXPECT_EQ(test, take(test, b, 80, 0, 3), 0);
	KUNIT_EXPECT_EQ(test, take(test, b, 63, 0, 3), 0);
	KUNIT_EXPECT_EQ(test, take(test, b, 64 + 6, 0, 3), 1);
	KUNIT_EXPECT_EQ(test, pages(b, 3), 15);
	/* It was freed. */
	KUNIT_EXPECT_EQ(test, take(test, b, 64 + 6, 0, 3), 0);
	KUNIT_EXPECT_EQ(test, take(test, b, 64 + 8, 2, 3), 4);
	KUNIT_EXPECT_EQ(test, pages(b, 3), 11);
	/* The first page, as another reference leaves it for the last. */
	KUNIT_EXPECT_EQ(test, take(test, b, 64, 0, 3), 1);
	for (i = 1; i < 16; i++) {
		bool gone = i == 6 || (i >= 8 && i < 12);

		KUNIT_EXPECT_EQ(test, take(test, b, 64 + i, 0, 3), !gone);
	}
	KUNIT_EXPECT_EQ(test, pages(b, 3), 0);
}

static void of_parts(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);

	put(test, b, 32, 0, 1);
	put(test, b, 33, 0, 1);
	put(test, b, 34, 1, 1);
	/* Order 2, in three records: one after the other. */
	KUNIT_EXPECT_EQ(test, take(test, b, 32, 2, 1), 1);
	KUNIT_EXPECT_EQ(test, take(test, b, 33, 0, 1), 1);
	KUNIT_EXPECT_EQ(test, take(test, b, 34, 1, 1), 2);
	KUNIT_EXPECT_EQ(test, pages(b, 1), 0);
}

static void moves(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);
	struct missed m = {};
	struct kobs_block_missed missed = { .fn = miss, .arg = &m };

	/* To a block without a record: one is left that expects the free. */
	put(test, b, 128, 0, 5);
	KUNIT_EXPECT_EQ(test, kobs_block_move(b, 128, 256, 0, 99, &missed), 1);
	KUNIT_EXPECT_EQ(test, pages(b, 99), 1);
	KUNIT_EXPECT_EQ(test, take(test, b, 256, 0, 5), 1);
	/* In exchange. */
	put(test, b, 512, 3, 6);
	put(test, b, 640, 3, 7);
	KUNIT_EXPECT_EQ(test, kobs_block_move(b, 512, 640, 3, 99, &missed), 8);
	KUNIT_EXPECT_EQ(test, take(test, b, 640, 3, 6), 8);
	KUNIT_EXPECT_EQ(test, take(test, b, 512, 3, 7), 8);
	/* What is not known stays unknown, and leaves what is. */
	put(test, b, 700, 0, 8);
	KUNIT_EXPECT_EQ(test, kobs_block_move(b, 701, 700, 0, 99, &missed), 0);
	KUNIT_EXPECT_EQ(test, take(test, b, 701, 0, 8), 1);
	KUNIT_EXPECT_EQ(test, pages(b, 8), 0);
	kobs_block_move(b, 800, 801, 0, 99, &missed);
	KUNIT_EXPECT_EQ(test, pages(b, 99), 1);
	/* A part of a block moves alone. */
	put(test, b, 1024, 2, 9);
	kobs_block_move(b, 1026, 2048, 0, 99, &missed);
	KUNIT_EXPECT_EQ(test, pages(b, 9), 4);
	KUNIT_EXPECT_EQ(test, take(test, b, 2048, 0, 9), 1);
	KUNIT_EXPECT_EQ(test, take(test, b, 1024, 1, 9), 2);
	KUNIT_EXPECT_EQ(test, take(test, b, 1027, 0, 9), 1);
	/* A block of several records. */
	put(test, b, 4096, 0, 10);
	put(test, b, 4097, 0, 10);
	put(test, b, 4098, 1, 10);
	KUNIT_EXPECT_EQ(test, kobs_block_move(b, 4096, 8192, 2, 99, &missed), 4);
	KUNIT_EXPECT_EQ(test, take(test, b, 8192, 0, 10), 1);
	KUNIT_EXPECT_EQ(test, take(test, b, 8193, 0, 10), 1);
	KUNIT_EXPECT_EQ(test, take(test, b, 8194, 1, 10), 2);
	KUNIT_EXPECT_EQ(test, missed.full, 0);
	KUNIT_EXPECT_EQ(test, m.pages, 0);
}

/* Where a block goes are records of pages whose free was missed: of parts of it. */
static void moves_onto_stale(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);
	struct missed m = {};
	struct kobs_block_missed missed = { .fn = miss, .arg = &m };

	/* With and without one of the first page. */
	put(test, b, 64, 2, 3);
	put(test, b, 128, 0, 4);
	put(test, b, 130, 1, 4);
	KUNIT_EXPECT_EQ(test, kobs_block_move(b, 64, 128, 2, 99, &missed), 4);
	KUNIT_EXPECT_EQ(test, m.pages, 3);
	KUNIT_EXPECT_EQ(test, m.group, 4);
	KUNIT_EXPECT_EQ(test, pages(b, 4), 0);
	KUNIT_EXPECT_EQ(test, pages(b, 99), 4);
	put(test, b, 193, 0, 5);
	KUNIT_EXPECT_EQ(test, kobs_block_move(b, 128, 192, 2, 99, &missed), 4);
	KUNIT_EXPECT_EQ(test, m.pages, 4);
	KUNIT_EXPECT_EQ(test, m.group, 5);
	KUNIT_EXPECT_EQ(test, pages(b, 5), 0);
	KUNIT_EXPECT_EQ(test, take(test, b, 192, 2, 3), 4);
	KUNIT_EXPECT_EQ(test, pages(b, 3), 0);
	KUNIT_EXPECT_EQ(test, missed.full, 0);
}

/* A block whose parts take the places of stale records when it is split. */
static void splits_onto_stale(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);
	struct missed m = {};
	struct kobs_block_missed missed = { .fn = miss, .arg = &m };
	struct kobs_object o;

	put(test, b, 34, 0, 6);
	put(test, b, 32, 2, 7);
	KUNIT_EXPECT_TRUE(test, kobs_block_take(b, 32, 0, &o, &missed));
	KUNIT_EXPECT_EQ(test, o.group, 7);
	KUNIT_EXPECT_EQ(test, m.pages, 1);
	KUNIT_EXPECT_EQ(test, m.group, 6);
	KUNIT_EXPECT_EQ(test, pages(b, 6), 0);
	KUNIT_EXPECT_EQ(test, pages(b, 7), 3);
}

/* A block of 1 GiB is removed in steps, of a bounded number of lookups each. */
static void in_steps(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 4096);
	struct kobs_block_missed missed = {};
	struct kobs_block_walk w = { .pfn = 1 << 18, .order = 18 };
	struct kobs_object o;
	u32 found = 0;
	u32 holds = 0;
	u32 i;

	for (i = 0; i < 1000; i++)
		put(test, b, (1 << 18) + i * 257, 0, 1);
	/* The next block is none of it. */
	put(test, b, 2 << 18, 0, 1);
	while (w.at < BIT(18)) {
		u32 from = w.at;

		w.left = KOBS_BLOCK_STEPS;
		while (kobs_block_next(b, &w, &o, &missed))
			found += o.size;
		KUNIT_ASSERT_LE(test, w.at - from, KOBS_BLOCK_STEPS);
		KUNIT_ASSERT_GT(test, w.at, from);
		holds++;
	}
	KUNIT_EXPECT_EQ(test, found, 1000);
	KUNIT_EXPECT_EQ(test, holds, BIT(18) / KOBS_BLOCK_STEPS);
	KUNIT_EXPECT_EQ(test, pages(b, 1), 1);
}

static void full(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1);
	struct kobs_object o = { .group = 1, .size = 16 };
	struct missed m = {};
	struct kobs_block_missed missed = { .fn = miss, .arg = &m };
	struct kobs_object old;
	u64 pfn = 0;
	u32 n = 0;

	while (kobs_block_insert(b, pfn, &o, 4, &old) == KOBS_OBJECT_NEW) {
		pfn += 16;
		n += 16;
	}
	/* What finds no room is told. */
	KUNIT_ASSERT_TRUE(test, kobs_block_take(b, 0, 0, &o, &missed));
	KUNIT_EXPECT_EQ(test, o.size, 1);
	KUNIT_EXPECT_GT(test, missed.full, 0);
	KUNIT_EXPECT_EQ(test, m.pages, missed.full);
	KUNIT_EXPECT_EQ(test, m.group, 1);
	KUNIT_EXPECT_EQ(test, pages(b, 1) + missed.full + 1, n);
}

static void lock(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 1024);
	unsigned long flags, more;

	KUNIT_ASSERT_TRUE(test, kobs_block_lock(b, true, &flags));
	KUNIT_EXPECT_TRUE(test, irqs_disabled());
	/* As an NMI finds it. */
	KUNIT_EXPECT_FALSE(test, kobs_block_lock(b, false, &more));
	KUNIT_EXPECT_TRUE(test, irqs_disabled());
	kobs_block_unlock(b, flags);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	KUNIT_ASSERT_TRUE(test, kobs_block_lock(b, false, &flags));
	kobs_block_unlock(b, flags);
}

#define PLAIN	2048

/* Random blocks, freed in random parts, against an array of pages. */
static void random_parts(struct kunit *test)
{
	struct kobs_block_table *b = blocks_new(test, 2 * PLAIN);
	u8 *owner = kunit_kzalloc(test, PLAIN, GFP_KERNEL);
	struct rnd_state rnd;
	u32 live = 0;
	u32 i, k;

	KUNIT_ASSERT_NOT_NULL(test, owner);
	prandom_seed_state(&rnd, 17);
	for (i = 0; i < 40000; i++) {
		unsigned int order = prandom_u32_state(&rnd) % 7;
		u32 pfn = prandom_u32_state(&rnd) % PLAIN & ~((1U << order) - 1);
		u32 same = 1;

		for (k = 1; k < 1U << order; k++)
			same += owner[pfn + k] == owner[pfn];
		if (same != 1U << order)
			continue;
		if (!owner[pfn]) {
			put(test, b, pfn, order, order + 1);
			memset(owner + pfn, order + 1, 1U << order);
			live += 1U << order;
			continue;
		}
		/* Blocks of one order can lie side by side. */
		for (k = 0; k < 1U << order;) {
			u32 n = take(test, b, pfn + k,
				     k ? min_t(u32, order, __ffs(k)) : order,
				     owner[pfn]);

			KUNIT_ASSERT_GT(test, n, 0);
			k += n;
		}
		memset(owner + pfn, 0, 1U << order);
		live -= 1U << order;
	}
	KUNIT_EXPECT_GT(test, live, 0);
	for (i = 0, k = 0; i < 8; i++)
		k += pages(b, i);
	KUNIT_EXPECT_EQ(test, k, live);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(as_a_whole),
	KUNIT_CASE(in_parts),
	KUNIT_CASE(of_parts),
	KUNIT_CASE(moves),
	KUNIT_CASE(moves_onto_stale),
	KUNIT_CASE(splits_onto_stale),
	KUNIT_CASE(in_steps),
	KUNIT_CASE(full),
	KUNIT_CASE(lock),
	KUNIT_CASE(random_parts),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_block_table",
	.exit = blocks_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
