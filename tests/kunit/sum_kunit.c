// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sums: whether they fit into 64 bits is told, by the sums of rows and
 * by what a row's own may have lost.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "lib/sum.h"

static void fits(struct kunit *test)
{
	u64 all = 0;

	KUNIT_EXPECT_TRUE(test, kobs_sum_add(&all, 0, 0, 0));
	KUNIT_EXPECT_TRUE(test, kobs_sum_add(&all, 7, 2, 5));
	KUNIT_EXPECT_EQ(test, all, 7);
	KUNIT_EXPECT_TRUE(test, kobs_sum_add(&all, U64_MAX - 7, 1, U64_MAX - 7));
	KUNIT_EXPECT_EQ(test, all, U64_MAX);
	KUNIT_EXPECT_TRUE(test, kobs_sum_add(&all, 0, 3, 0));
}

static void does_not_fit(struct kunit *test)
{
	u64 all = U64_MAX;

	/* The sum of the rows. */
	KUNIT_EXPECT_FALSE(test, kobs_sum_add(&all, 1, 1, 1));
	KUNIT_EXPECT_EQ(test, all, 0);
	/* That of the row: 2 values of 2^63, whose sum the row has as 0. */
	KUNIT_EXPECT_FALSE(test, kobs_sum_add(&all, 0, 2, BIT_ULL(63)));
	KUNIT_EXPECT_TRUE(test, kobs_sum_add(&all, U64_MAX - 1, 2, BIT_ULL(63) - 1));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fits),
	KUNIT_CASE(does_not_fit),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_sum",
	.test_cases = cases,
};

kunit_test_suite(suite);
