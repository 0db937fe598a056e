// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the blocked intervals of a call: each is in exactly one part, or in the
 * rest, also when calls are nested.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "sources/func/slow_parts.h"

#define ROUNDS	20000

static void add(struct kobs_slow_parts *p, u64 kind, u64 ns, u64 who)
{
	const u64 word[KOBS_SLOW_PART] = {
		[KOBS_SLOW_NS] = ns,
		[KOBS_SLOW_COUNT] = 1,
		[KOBS_SLOW_LONGEST] = ns,
		[KOBS_SLOW_STATE] = kind,
		[KOBS_SLOW_WAKER] = who,
	};

	kobs_slow_parts_add(p, word);
}

static u64 time_of(const struct kobs_slow_parts *p)
{
	u64 sum = p->rest;
	unsigned int i;

	for (i = 0; i < p->n; i++)
		sum += p->part[i].word[KOBS_SLOW_NS];
	return sum;
}

static u64 count_of(const struct kobs_slow_parts *p)
{
	u64 sum = p->rest_waits;
	unsigned int i;

	for (i = 0; i < p->n; i++)
		sum += p->part[i].word[KOBS_SLOW_COUNT];
	return sum;
}

static void one_kind(struct kunit *test)
{
	struct kobs_slow_parts p;
	const u64 *word = p.part[0].word;

	kobs_slow_parts_empty(&p);
	KUNIT_EXPECT_EQ(test, kobs_slow_parts_stack(&p), 0);
	add(&p, 7ULL << 32 | KOBS_SLOW_DISK, 10, 1);
	add(&p, 7ULL << 32 | KOBS_SLOW_DISK, 30, 2);
	add(&p, 7ULL << 32 | KOBS_SLOW_DISK, 20, 3);
	KUNIT_EXPECT_EQ(test, p.n, 1);
	KUNIT_EXPECT_EQ(test, p.waits, 3);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_NS], 60);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_COUNT], 3);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_LONGEST], 30);
	KUNIT_EXPECT_EQ(test, word[KOBS_SLOW_WAKER], 2);
	KUNIT_EXPECT_EQ(test, kobs_slow_parts_stack(&p), 7);
}

/* The same stack in two states is two kinds. */
static void two_states(struct kunit *test)
{
	struct kobs_slow_parts p;

	kobs_slow_parts_empty(&p);
	add(&p, 7ULL << 32 | KOBS_SLOW_DISK, 10, 0);
	add(&p, 7ULL << 32 | KOBS_SLOW_SLEEP, 11, 0);
	add(&p, 8ULL << 32 | KOBS_SLOW_SLEEP, 12, 0);
	KUNIT_EXPECT_EQ(test, p.n, 3);
	KUNIT_EXPECT_EQ(test, kobs_slow_parts_stack(&p), 8);
}

/* So are two locks, or two owners of one; the owner's stack is the longest one's. */
static void two_locks(struct kunit *test)
{
	struct kobs_slow_parts p;
	u64 word[KOBS_SLOW_PART] = {
		[KOBS_SLOW_NS] = 10,
		[KOBS_SLOW_COUNT] = 1,
		[KOBS_SLOW_LONGEST] = 10,
		[KOBS_SLOW_STATE] = 7ULL << 32 | KOBS_SLOW_DISK,
		[KOBS_SLOW_HELD] = 3,
		[KOBS_SLOW_OWNER_STACK] = 20,
	};

	kobs_slow_parts_empty(&p);
	kobs_slow_parts_add(&p, word);
	word[KOBS_SLOW_LONGEST] = 9;
	word[KOBS_SLOW_OWNER_STACK] = 21;
	kobs_slow_parts_add(&p, word);
	word[KOBS_SLOW_HELD] = 4;
	kobs_slow_parts_add(&p, word);
	add(&p, 7ULL << 32 | KOBS_SLOW_DISK, 1, 0);
	KUNIT_EXPECT_EQ(test, p.n, 3);
	KUNIT_EXPECT_EQ(test, p.part[0].word[KOBS_SLOW_COUNT], 2);
	KUNIT_EXPECT_EQ(test, p.part[0].word[KOBS_SLOW_HELD], 3);
	KUNIT_EXPECT_EQ(test, p.part[0].word[KOBS_SLOW_OWNER_STACK], 20);
	KUNIT_EXPECT_EQ(test, p.part[1].word[KOBS_SLOW_OWNER_STACK], 21);
	KUNIT_EXPECT_EQ(test, p.part[2].word[KOBS_SLOW_HELD], 0);
}

/* Without room the kind with the least time gives way. */
static void full(struct kunit *test)
{
	struct kobs_slow_parts p;
	unsigned int i;

	kobs_slow_parts_empty(&p);
	for (i = 1; i <= KOBS_SLOW_PARTS; i++)
		add(&p, i, 100 * i, 0);
	KUNIT_EXPECT_EQ(test, p.rest_waits, 0);
	add(&p, 50, 100, 0);
	KUNIT_EXPECT_EQ(test, p.rest, 100);
	KUNIT_EXPECT_EQ(test, p.rest_waits, 1);
	add(&p, 51, 101, 0);
	KUNIT_EXPECT_EQ(test, p.rest, 200);
	KUNIT_EXPECT_EQ(test, p.rest_waits, 2);
	KUNIT_EXPECT_EQ(test, p.n, KOBS_SLOW_PARTS);
	KUNIT_EXPECT_EQ(test, p.part[0].word[KOBS_SLOW_STATE], 51);
	KUNIT_EXPECT_EQ(test, p.waits, count_of(&p));
}

static void nested(struct kunit *test)
{
	struct kobs_slow_parts outer;
	struct kobs_slow_parts inner;
	unsigned int i;

	kobs_slow_parts_empty(&outer);
	kobs_slow_parts_empty(&inner);
	add(&outer, 1, 5, 4);
	for (i = 1; i <= KOBS_SLOW_PARTS + 2; i++)
		add(&inner, i, 10 * i, 9);
	kobs_slow_parts_fold(&outer, &inner);
	KUNIT_EXPECT_EQ(test, outer.waits, KOBS_SLOW_PARTS + 3);
	KUNIT_EXPECT_EQ(test, time_of(&outer), 5 + time_of(&inner));
	KUNIT_EXPECT_EQ(test, count_of(&outer), outer.waits);
	KUNIT_EXPECT_EQ(test, kobs_slow_parts_stack(&outer), 0);
}

static void any_order(struct kunit *test)
{
	/* Too large for the stack. */
	static struct kobs_slow_parts p[3];
	struct rnd_state rnd;
	unsigned int i;
	u64 time = 0;
	u64 n = 0;

	prandom_seed_state(&rnd, 16);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		kobs_slow_parts_empty(&p[i]);
	for (i = 0; i < ROUNDS; i++) {
		u32 r = prandom_u32_state(&rnd);
		u32 at = r % ARRAY_SIZE(p);
		u64 ns = r >> 20;

		/* A call returns, and what made it goes on. */
		if (at && r % 37 == 0) {
			kobs_slow_parts_fold(&p[at - 1], &p[at]);
			kobs_slow_parts_empty(&p[at]);
			continue;
		}
		add(&p[at], r >> 8 & 15, ns, r);
		time += ns;
		n++;
	}
	KUNIT_EXPECT_EQ(test, time_of(&p[0]) + time_of(&p[1]) + time_of(&p[2]),
			time);
	KUNIT_EXPECT_EQ(test, p[0].waits + p[1].waits + p[2].waits, n);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		KUNIT_EXPECT_EQ(test, count_of(&p[i]), p[i].waits);
}

static struct kunit_case slow_parts_cases[] = {
	KUNIT_CASE(one_kind),
	KUNIT_CASE(two_states),
	KUNIT_CASE(two_locks),
	KUNIT_CASE(full),
	KUNIT_CASE(nested),
	KUNIT_CASE(any_order),
	{}
};

static struct kunit_suite slow_parts_suite = {
	.name = "kobs_slow_parts",
	.test_cases = slow_parts_cases,
};

kunit_test_suite(slow_parts_suite);
