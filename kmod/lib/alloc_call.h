/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls of an allocator in user space: how much memory one asks for, by its
 * arguments, and what it did, by its result. Pure.
 *
 * Locking: none.
 */
#ifndef KOBS_ALLOC_CALL_H
#define KOBS_ALLOC_CALL_H

#include <linux/types.h>
#include <uapi/kobs_umem.h>

/* Arguments that are looked at. */
#define KOBS_ALLOC_ARGS		3

/**
 * struct kobs_alloc_done - what a call did that has returned
 * @made: address of the new object; 0: there is none
 * @ended: the object that it was given is not there any more
 * @failed: it was to allocate, and did not
 */
struct kobs_alloc_done {
	u64 made;
	bool ended;
	bool failed;
};

u64 kobs_alloc_size(enum kobs_umem_call call, const u64 *args);
u64 kobs_alloc_given(enum kobs_umem_call call, const u64 *args);
u64 kobs_alloc_where(enum kobs_umem_call call, const u64 *args);
bool kobs_alloc_moves_end(enum kobs_umem_call call);
u64 kobs_alloc_end(enum kobs_umem_call call, const u64 *args, u64 now);
u64 kobs_alloc_result(enum kobs_umem_call call, u64 result);
u32 kobs_alloc_rest(u32 size, u64 unmapped, unsigned long page);
struct kobs_alloc_done kobs_alloc_done(u64 given, u64 size, u64 result);

#endif /* KOBS_ALLOC_CALL_H */
