// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of accounted memory: what is held is counted, in all accounts, and
 * what does not fit is refused and counts nowhere.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/vmalloc.h>

#include "lib/memory.h"

static void pages_count(struct kunit *test)
{
	static const u64 sizes[] = { 1, PAGE_SIZE, PAGE_SIZE + 1, 70 * PAGE_SIZE };
	struct kobs_memory all = {};
	struct kobs_memory m = { .part_of = &all };
	void *p[ARRAY_SIZE(sizes)];
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p[i] = kobs_memory_get(&m, sizes[i], NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(p[i], 0, sizes[i]));
		memset(p[i], 0xff, sizes[i]);
		sum += PAGE_ALIGN(sizes[i]);
		KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&m), sum);
		KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&all), sum);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		vfree(p[i]);
	kobs_memory_close(&m);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&m), 0);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&all), 0);
}

static void maximum_is_kept(struct kunit *test)
{
	struct kobs_memory all = { .max = 3 };
	struct kobs_memory m[2] = { { .part_of = &all }, { .part_of = &all } };
	void *p;

	KUNIT_EXPECT_TRUE(test, kobs_memory_fits(&m[0], 3 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, kobs_memory_fits(&m[0], 3 * PAGE_SIZE + 1));
	KUNIT_EXPECT_EQ(test, m[0].lack, KOBS_MEMORY_ABOVE);
	KUNIT_EXPECT_EQ(test, m[0].wanted, 3 * PAGE_SIZE + 1);
	p = kobs_memory_get(&m[0], 2 * PAGE_SIZE, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_NULL(test, kobs_memory_get(&m[1], 2 * PAGE_SIZE,
						NUMA_NO_NODE));
	KUNIT_EXPECT_EQ(test, m[1].lack, KOBS_MEMORY_ABOVE);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&m[1]), 0);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&all), 2 * PAGE_SIZE);
	/* What others have allocated counts in any case. */
	KUNIT_EXPECT_TRUE(test, kobs_memory_count(&m[1], PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, kobs_memory_count(&m[1], PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&all), 4 * PAGE_SIZE);
	kobs_memory_uncount(&m[1], 1);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&m[1]), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&all), 3 * PAGE_SIZE);
	vfree(p);
	kobs_memory_close(&m[0]);
	kobs_memory_close(&m[1]);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&all), 0);
}

static void unavailable_is_refused(struct kunit *test)
{
	struct kobs_memory m = {};

	KUNIT_EXPECT_NULL(test, kobs_memory_get(&m, (u64)totalram_pages() << PAGE_SHIFT,
						NUMA_NO_NODE));
	KUNIT_EXPECT_EQ(test, m.lack, KOBS_MEMORY_UNAVAILABLE);
	KUNIT_EXPECT_FALSE(test, kobs_memory_fits(&m, U64_MAX));
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&m), 0);
}

static void unwanted_is_refused(struct kunit *test)
{
	struct kobs_memory m = { .unwanted = true };

	KUNIT_EXPECT_NULL(test, kobs_memory_get(&m, 70 * PAGE_SIZE,
						NUMA_NO_NODE));
	KUNIT_EXPECT_EQ(test, m.lack, KOBS_MEMORY_FAILED);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&m), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(pages_count),
	KUNIT_CASE(maximum_is_kept),
	KUNIT_CASE(unavailable_is_refused),
	KUNIT_CASE(unwanted_is_refused),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_memory",
	.test_cases = cases,
};

kunit_test_suite(suite);
