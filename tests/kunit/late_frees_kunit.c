// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of late frees: a free that is reported after its address was allocated
 * again is told from that of the new object, also if that happens twice; one that
 * is never reported; and a full list.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "lib/late_frees.h"

static void in_order(struct kunit *test)
{
	struct kobs_late_frees l = {};
	u32 group = 0;

	KUNIT_EXPECT_FALSE(test, kobs_late_frees_take(&l, 8, &group, 9, 4));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8, 1, 5));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 16, 2, 5));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8, 3, 5));
	KUNIT_EXPECT_FALSE(test, kobs_late_frees_take(&l, 24, &group, 9, 4));
	/* Of two of one address, the older one is freed first. */
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_take(&l, 8, &group, 9, 4));
	KUNIT_EXPECT_EQ(test, group, 1);
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_take(&l, 8, &group, 9, 4));
	KUNIT_EXPECT_EQ(test, group, 3);
	KUNIT_EXPECT_FALSE(test, kobs_late_frees_take(&l, 8, &group, 9, 4));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_take(&l, 16, &group, 9, 4));
	KUNIT_EXPECT_EQ(test, group, 2);
	KUNIT_EXPECT_EQ(test, l.n, 0);
}

static void full(struct kunit *test)
{
	struct kobs_late_frees l = {};
	u32 group = 0;
	u32 i;

	for (i = 0; i < KOBS_LATE_FREES; i++)
		KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8 * i, i, 5));
	KUNIT_EXPECT_FALSE(test, kobs_late_frees_add(&l, 8 * i, i, 5));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_take(&l, 8 * 5, &group, 9, 4));
	KUNIT_EXPECT_EQ(test, group, 5);
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8 * i, i, 5));
	for (i = 0; i <= KOBS_LATE_FREES; i++) {
		KUNIT_EXPECT_EQ(test, kobs_late_frees_take(&l, 8 * i, &group, 5, 9),
				i != 5);
		if (i != 5)
			KUNIT_EXPECT_EQ(test, group, i);
	}
	KUNIT_EXPECT_EQ(test, l.n, 0);
}

/* What was never reported does not stand for the free of the next object. */
static void never(struct kunit *test)
{
	struct kobs_late_frees l = {};
	u32 group = 0;

	/* The clock runs over. */
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8, 1, U32_MAX - 1));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8, 2, 1));
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_take(&l, 8, &group, 4, 5));
	KUNIT_EXPECT_EQ(test, group, 2);
	KUNIT_EXPECT_EQ(test, l.n, 0);
	KUNIT_EXPECT_TRUE(test, kobs_late_frees_add(&l, 8, 3, 1));
	KUNIT_EXPECT_FALSE(test, kobs_late_frees_take(&l, 8, &group, 7, 5));
	KUNIT_EXPECT_EQ(test, l.n, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(in_order),
	KUNIT_CASE(never),
	KUNIT_CASE(full),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_late_frees",
	.test_cases = cases,
};

kunit_test_suite(suite);
