// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of calls of an allocator: what they ask for, and what they did.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "lib/alloc_call.h"

struct asked {
	enum kobs_umem_call call;
	u64 args[KOBS_ALLOC_ARGS];
	u64 size;
	u64 given;
	u64 where;
};

static void arguments_have_their_meaning(struct kunit *test)
{
	static const struct asked cases[] = {
		{ KOBS_UMEM_MALLOC, { 7, 11, 13 }, 7, 0, 0 },
		{ KOBS_UMEM_MALLOC, { 0, 11, 13 }, 0, 0, 0 },
		{ KOBS_UMEM_CALLOC, { 7, 11, 13 }, 77, 0, 0 },
		{ KOBS_UMEM_CALLOC, { 0, 11, 13 }, 0, 0, 0 },
		{ KOBS_UMEM_REALLOC, { 7, 11, 13 }, 11, 7, 0 },
		{ KOBS_UMEM_REALLOC, { 0, 11, 13 }, 11, 0, 0 },
		{ KOBS_UMEM_REALLOCARRAY, { 7, 11, 13 }, 143, 7, 0 },
		{ KOBS_UMEM_ALIGNED, { 7, 11, 13 }, 11, 0, 0 },
		{ KOBS_UMEM_POSIX, { 7, 11, 13 }, 13, 0, 7 },
		{ KOBS_UMEM_FREE, { 7, 11, 13 }, 0, 7, 0 },
		{ KOBS_UMEM_MMAP, { 7, 11, 13 }, 11, 0, 0 },
		{ KOBS_UMEM_MREMAP, { 7, 11, 13 }, 13, 7, 0 },
		{ KOBS_UMEM_MUNMAP, { 7, 11, 13 }, 11, 7, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct asked *a = &cases[i];

		KUNIT_EXPECT_EQ(test, kobs_alloc_size(a->call, a->args), a->size);
		KUNIT_EXPECT_EQ(test, kobs_alloc_given(a->call, a->args),
				a->given);
		KUNIT_EXPECT_EQ(test, kobs_alloc_where(a->call, a->args),
				a->where);
	}
}

static void products_do_not_wrap(struct kunit *test)
{
	static const u64 wraps[] = { 0, 1ULL << 33, 1ULL << 33 };
	static const u64 fits[] = { 0, 1ULL << 31, 1ULL << 32 };

	KUNIT_EXPECT_EQ(test, kobs_alloc_size(KOBS_UMEM_CALLOC, wraps + 1),
			U64_MAX);
	KUNIT_EXPECT_EQ(test, kobs_alloc_size(KOBS_UMEM_REALLOCARRAY, wraps),
			U64_MAX);
	KUNIT_EXPECT_EQ(test, kobs_alloc_size(KOBS_UMEM_REALLOCARRAY, fits),
			1ULL << 63);
}

struct did {
	u64 given;
	u64 size;
	u64 result;
	struct kobs_alloc_done done;
};

static void results_have_their_meaning(struct kunit *test)
{
	static const struct did cases[] = {
		/* Allocated, or not. */
		{ 0, 10, 0x1000, { 0x1000, false, false } },
		{ 0, 0, 0x1000, { 0x1000, false, false } },
		{ 0, 10, 0, { 0, false, true } },
		{ 0, 0, 0, { 0, false, false } },
		/* Moved, resized where it is, resized to nothing, not resized. */
		{ 0x2000, 10, 0x1000, { 0x1000, true, false } },
		{ 0x2000, 10, 0x2000, { 0x2000, true, false } },
		{ 0x2000, 0, 0, { 0, true, false } },
		{ 0x2000, 0, 0x1000, { 0x1000, true, false } },
		{ 0x2000, 10, 0, { 0, false, true } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct did *d = &cases[i];
		struct kobs_alloc_done got = kobs_alloc_done(d->given, d->size,
							     d->result);

		KUNIT_EXPECT_EQ(test, got.made, d->done.made);
		KUNIT_EXPECT_EQ(test, got.ended, d->done.ended);
		KUNIT_EXPECT_EQ(test, got.failed, d->done.failed);
	}
}

static void mappings_are_unmapped_in_parts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kobs_alloc_result(KOBS_UMEM_MMAP, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_result(KOBS_UMEM_MREMAP, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_result(KOBS_UMEM_MMAP, 0x1000), 0x1000);
	KUNIT_EXPECT_EQ(test, kobs_alloc_result(KOBS_UMEM_MALLOC, U64_MAX),
			U64_MAX);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(8192, 4096, 4096), 4096);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(8192, 1, 4096), 4096);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(8192, 4097, 4096), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(5000, 5000, 4096), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(5000, 4096, 4096), 904);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(5000, 1ULL << 40, 4096), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_rest(U32_MAX, 4096, 4096), 0);
}

static void the_end_of_the_heap_moves(struct kunit *test)
{
	static const u64 more[] = { 0x300 }, less[] = { -0x300ULL };
	static const u64 place[] = { 0x1234 }, none[] = { 0 };

	KUNIT_EXPECT_TRUE(test, kobs_alloc_moves_end(KOBS_UMEM_BRK));
	KUNIT_EXPECT_TRUE(test, kobs_alloc_moves_end(KOBS_UMEM_SBRK));
	KUNIT_EXPECT_FALSE(test, kobs_alloc_moves_end(KOBS_UMEM_MALLOC));
	KUNIT_EXPECT_FALSE(test, kobs_alloc_moves_end(KOBS_UMEM_MUNMAP));
	KUNIT_EXPECT_EQ(test, kobs_alloc_end(KOBS_UMEM_SBRK, more, 0x1000), 0x1300);
	KUNIT_EXPECT_EQ(test, kobs_alloc_end(KOBS_UMEM_SBRK, less, 0x1000), 0xd00);
	KUNIT_EXPECT_EQ(test, kobs_alloc_end(KOBS_UMEM_SBRK, none, 0x1000), 0x1000);
	KUNIT_EXPECT_EQ(test, kobs_alloc_end(KOBS_UMEM_BRK, place, 0x1000), 0x1234);
	KUNIT_EXPECT_EQ(test, kobs_alloc_end(KOBS_UMEM_BRK, none, 0x1000), 0x1000);
	KUNIT_EXPECT_NE(test, kobs_alloc_result(KOBS_UMEM_BRK, 0), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_result(KOBS_UMEM_BRK, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, kobs_alloc_result(KOBS_UMEM_SBRK, U64_MAX), 0);
	KUNIT_EXPECT_NE(test, kobs_alloc_result(KOBS_UMEM_SBRK, 0x1000), 0);
}

static struct kunit_case alloc_call_cases[] = {
	KUNIT_CASE(arguments_have_their_meaning),
	KUNIT_CASE(products_do_not_wrap),
	KUNIT_CASE(results_have_their_meaning),
	KUNIT_CASE(mappings_are_unmapped_in_parts),
	KUNIT_CASE(the_end_of_the_heap_moves),
	{}
};

static struct kunit_suite alloc_call_suite = {
	.name = "kobs_alloc_call",
	.test_cases = alloc_call_cases,
};

kunit_test_suite(alloc_call_suite);
