// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of copying a task's memory without paging it in: what is copied ends with
 * the last page that is there.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "core/context.h"

#define PAGES	3

/* Pages of which all but the last are there, with known bytes. */
static unsigned long map_pages(struct kunit *test)
{
	unsigned long at = kunit_vm_mmap(test, NULL, 0, PAGES * PAGE_SIZE,
					 PROT_READ | PROT_WRITE,
					 MAP_ANONYMOUS | MAP_PRIVATE, 0);
	unsigned long i;

	KUNIT_ASSERT_NE(test, at, 0UL);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	for (i = 0; i < (PAGES - 1) * PAGE_SIZE; i += sizeof(i))
		KUNIT_ASSERT_EQ(test, put_user(i, (unsigned long __user *)(at + i)),
				0);
	return at;
}

static void copies_up_to_what_is_absent(struct kunit *test)
{
	static const struct {
		unsigned long from;
		size_t bytes;
		size_t want;
	} cases[] = {
		{ 0, 8, 8 },
		{ 100, 5000, 5000 },
		{ PAGE_SIZE - 8, 16, 16 },
		{ 0, 2 * PAGE_SIZE, 2 * PAGE_SIZE },
		{ 8, 2 * PAGE_SIZE, 2 * PAGE_SIZE - 8 },
		{ 2 * PAGE_SIZE - 8, PAGE_SIZE, 8 },
		{ 2 * PAGE_SIZE, 8, 0 },
		{ 0, 0, 0 },
	};
	unsigned long at = map_pages(test);
	u8 *to = kunit_kzalloc(test, PAGES * PAGE_SIZE, GFP_KERNEL);
	unsigned int i;
	size_t n;

	KUNIT_ASSERT_NOT_NULL(test, to);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long from = cases[i].from;

		memset(to, 0xee, PAGES * PAGE_SIZE);
		n = kobs_context_user_copy(to, at + from, cases[i].bytes);
		KUNIT_EXPECT_EQ(test, n, cases[i].want);
		for (; n >= sizeof(from); n -= sizeof(from), from += sizeof(from)) {
			if (from % sizeof(from))
				break;
			KUNIT_ASSERT_EQ(test, *(unsigned long *)
					(to + from - cases[i].from), from);
		}
		KUNIT_EXPECT_EQ(test, to[cases[i].bytes], 0xee);
	}
}

static void copies_nothing_of_the_kernel(struct kunit *test)
{
	unsigned long here = (unsigned long)&here;
	u64 to = 0x55;

	map_pages(test);
	KUNIT_EXPECT_EQ(test, kobs_context_user_copy(&to, here, 8), 0);
	KUNIT_EXPECT_EQ(test, kobs_context_user_copy(&to, 0, 8), 0);
	KUNIT_EXPECT_EQ(test, kobs_context_user_copy(&to, ULONG_MAX - 3, 8), 0);
	KUNIT_EXPECT_EQ(test, kobs_context_user_copy(&to, TASK_SIZE_MAX - 4, 8), 0);
	KUNIT_EXPECT_EQ(test, to, 0x55);
}

static struct kunit_case user_copy_cases[] = {
	KUNIT_CASE(copies_up_to_what_is_absent),
	KUNIT_CASE(copies_nothing_of_the_kernel),
	{}
};

static struct kunit_suite user_copy_suite = {
	.name = "kobs_user_copy",
	.test_cases = user_copy_cases,
};

kunit_test_suite(user_copy_suite);
