// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of an allocator in user space. Pure.
 *
 * Locking: none.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/math.h>
#include <linux/overflow.h>

#include "lib/alloc_call.h"

/* Numbers of arguments, from 1; 0: it has none of these. */
static const struct kobs_alloc_shape {
	u8 size;
	u8 count;
	u8 given;
	u8 where;
	bool maps;
} shapes[KOBS_UMEM_CALLS] = {
	[KOBS_UMEM_MALLOC] = { .size = 1 },
	[KOBS_UMEM_CALLOC] = { .size = 2, .count = 1 },
	[KOBS_UMEM_REALLOC] = { .size = 2, .given = 1 },
	[KOBS_UMEM_REALLOCARRAY] = { .size = 3, .count = 2, .given = 1 },
	[KOBS_UMEM_ALIGNED] = { .size = 2 },
	[KOBS_UMEM_POSIX] = { .size = 3, .where = 1 },
	[KOBS_UMEM_FREE] = { .given = 1 },
	[KOBS_UMEM_MMAP] = { .size = 2, .maps = true },
	[KOBS_UMEM_MREMAP] = { .size = 3, .given = 1, .maps = true },
	[KOBS_UMEM_MUNMAP] = { .size = 2, .given = 1 },
	[KOBS_UMEM_SBRK] = { .maps = true },
};

static u64 argument(const u64 *args, u8 number)
{
	return number ? args[number - 1] : 0;
}

/**
 * kobs_alloc_size() - how many bytes a call asks for
 * @call: what the function does
 * @args: its first KOBS_ALLOC_ARGS arguments
 *
 * Context: any, NMI included.
 * Return: the number; U64_MAX if a product has no room in it.
 */
u64 kobs_alloc_size(enum kobs_umem_call call, const u64 *args)
{
	const struct kobs_alloc_shape *shape = &shapes[call];
	u64 size = argument(args, shape->size);

	if (shape->count &&
	    check_mul_overflow(size, argument(args, shape->count), &size))
		return U64_MAX;
	return size;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_size);

/**
 * kobs_alloc_given() - the object that a call is given
 * @call: what the function does
 * @args: its first KOBS_ALLOC_ARGS arguments
 *
 * Context: any, NMI included.
 * Return: its address; 0 if there is none.
 */
u64 kobs_alloc_given(enum kobs_umem_call call, const u64 *args)
{
	return argument(args, shapes[call].given);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_given);

/**
 * kobs_alloc_where() - where a call stores the address of its object
 * @call: what the function does
 * @args: its first KOBS_ALLOC_ARGS arguments
 *
 * Context: any, NMI included.
 * Return: the address of that; 0: the address is its result.
 */
u64 kobs_alloc_where(enum kobs_umem_call call, const u64 *args)
{
	return argument(args, shapes[call].where);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_where);

/**
 * kobs_alloc_moves_end() - whether a call moves the end of the heap
 * @call: what the function does
 *
 * Context: any, NMI included.
 * Return: true for brk() and sbrk().
 */
bool kobs_alloc_moves_end(enum kobs_umem_call call)
{
	return call == KOBS_UMEM_BRK || call == KOBS_UMEM_SBRK;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_moves_end);

/**
 * kobs_alloc_end() - where a call moves the end of the heap to
 * @call: what the function does, one that moves it
 * @args: its first KOBS_ALLOC_ARGS arguments
 * @now: where it is
 *
 * Context: any, NMI included.
 * Return: where it is to be; @now for a call that just asks.
 */
u64 kobs_alloc_end(enum kobs_umem_call call, const u64 *args, u64 now)
{
	if (call == KOBS_UMEM_SBRK)
		return now + args[0];
	return args[0] ?: now;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_end);

/**
 * kobs_alloc_result() - the address that a call returned
 * @call: what the function does
 * @result: what it returned
 *
 * Context: any, NMI included.
 * Return: the address; 0: none; of brk() another number when it has succeeded.
 */
u64 kobs_alloc_result(enum kobs_umem_call call, u64 result)
{
	/* An int. */
	if (call == KOBS_UMEM_BRK)
		return !(u32)result;
	/* MAP_FAILED */
	return shapes[call].maps && result == U64_MAX ? 0 : result;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_result);

/**
 * kobs_alloc_rest() - what is left of mapped memory whose begin is unmapped
 * @size: bytes that were mapped
 * @unmapped: bytes that are unmapped, whole pages, from its begin on
 * @page: bytes of a page
 *
 * Context: any, NMI included.
 * Return: bytes; 0: nothing, or its size is not known.
 */
u32 kobs_alloc_rest(u32 size, u64 unmapped, unsigned long page)
{
	/* More than has room. */
	if (size == U32_MAX)
		return 0;
	unmapped = DIV_ROUND_UP_ULL(unmapped, page) * page;
	return unmapped < size ? size - unmapped : 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_rest);

/**
 * kobs_alloc_done() - what a call did, by its result
 * @given: the object that it was given; 0: none
 * @size: how many bytes it asked for
 * @result: address that it returned, or stored; 0: none
 *
 * What is resized is another object from then on, though it may not have moved.
 *
 * Context: any, NMI included.
 * Return: see struct kobs_alloc_done.
 */
struct kobs_alloc_done kobs_alloc_done(u64 given, u64 size, u64 result)
{
	return (struct kobs_alloc_done){
		.made = result,
		/* Resized to nothing is freed. */
		.ended = given && (result || !size),
		/* An allocator may return nothing for nothing. */
		.failed = !result && size,
	};
}
EXPORT_SYMBOL_IF_KUNIT(kobs_alloc_done);
