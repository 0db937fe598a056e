/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of a kretprobe's or an fprobe's calls in progress. Each was an object of
 * kmalloc(), until "kprobes: kretprobe scalability improvement", first in 6.7,
 * put them into an object pool: arrays, with a ring of pointers per CPU that has
 * room for all of them.
 */
#ifndef KOBS_COMPAT_CALL_MEMORY_H
#define KOBS_COMPAT_CALL_MEMORY_H

#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/slab.h>

static inline u64 kobs_call_memory(unsigned int calls, size_t each)
{
#ifdef KOBS_HAVE_CALL_POOL
	return (u64)calls * ALIGN(each, sizeof(void *)) +
	       (u64)num_possible_cpus() * sizeof(void *) *
	       roundup_pow_of_two((unsigned long)calls);
#else
	return (u64)calls * kmalloc_size_roundup(each);
#endif
}

#endif /* KOBS_COMPAT_CALL_MEMORY_H */
