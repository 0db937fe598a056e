// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the histogram: buckets invert, join without gaps, and are narrow.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "lib/hist.h"

static void buckets_invert(struct kunit *test)
{
	unsigned int b;

	for (b = 0; b < KOBS_HIST_BUCKETS; b++) {
		u64 lo = kobs_hist_lo(b);
		u64 hi = kobs_hist_hi(b);

		KUNIT_ASSERT_LE(test, lo, hi);
		KUNIT_ASSERT_EQ(test, kobs_hist_bucket(lo), b);
		KUNIT_ASSERT_EQ(test, kobs_hist_bucket(hi), b);
		KUNIT_ASSERT_EQ(test, kobs_hist_bucket(lo + (hi - lo) / 2), b);
	}
}

/* No value is between two buckets, and none is in both. */
static void buckets_join(struct kunit *test)
{
	unsigned int b;

	KUNIT_EXPECT_EQ(test, KOBS_HIST_BUCKETS, 976);
	KUNIT_EXPECT_EQ(test, kobs_hist_lo(0), 0);
	KUNIT_EXPECT_EQ(test, kobs_hist_hi(KOBS_HIST_BUCKETS - 1), U64_MAX);
	for (b = 0; b + 1 < KOBS_HIST_BUCKETS; b++)
		KUNIT_ASSERT_EQ(test, kobs_hist_hi(b) + 1,
				kobs_hist_lo(b + 1));
}

/* Promise of reports: the error of a percentile is at most 1/16. */
static void buckets_are_narrow(struct kunit *test)
{
	unsigned int b;

	for (b = 0; b < KOBS_HIST_BUCKETS; b++) {
		u64 lo = kobs_hist_lo(b);
		u64 width = kobs_hist_hi(b) - lo + 1;

		if (b < KOBS_HIST_SUB)
			KUNIT_ASSERT_EQ(test, width, 1);
		else
			KUNIT_ASSERT_LE(test, width, lo / 16);
	}
}

static void random_values_are_inside(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 100000; i++) {
		u64 v = (u64)prandom_u32_state(&rnd) << 32 |
			prandom_u32_state(&rnd);
		unsigned int b;

		v >>= prandom_u32_state(&rnd) % 64;
		b = kobs_hist_bucket(v);
		if (b >= KOBS_HIST_BUCKETS || v < kobs_hist_lo(b) ||
		    v > kobs_hist_hi(b)) {
			KUNIT_FAIL(test, "%llu is not in bucket %u", v, b);
			return;
		}
	}
}

struct hist_case {
	const char *desc;
	u64 value;
	unsigned int bucket;
};

static const struct hist_case hist_cases[] = {
	{ "zero", 0, 0 },
	{ "one", 1, 1 },
	{ "last exact", 15, 15 },
	{ "first power", 16, 16 },
	{ "last of width one", 31, 31 },
	{ "first of width two", 32, 32 },
	{ "second of width two", 33, 32 },
	{ "next of width two", 34, 33 },
	{ "before 64", 63, 47 },
	{ "64", 64, 48 },
	{ "a thousand", 1000, 111 },
	{ "a second in ns", 1000000000, 429 },
	{ "32 bits", U32_MAX, 463 },
	{ "33 bits", 1ULL << 32, 464 },
	{ "below the top bit", S64_MAX, 959 },
	{ "top bit", 1ULL << 63, 960 },
	{ "largest", U64_MAX, 975 },
};

KUNIT_ARRAY_PARAM_DESC(hist, hist_cases, desc);

static void value_has_bucket(struct kunit *test)
{
	const struct hist_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, kobs_hist_bucket(c->value), c->bucket);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(buckets_invert),
	KUNIT_CASE(buckets_join),
	KUNIT_CASE(buckets_are_narrow),
	KUNIT_CASE(random_values_are_inside),
	KUNIT_CASE_PARAM(value_has_bucket, hist_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_hist",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of kobs");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
