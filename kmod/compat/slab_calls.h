/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooked functions of the allocator that differ between kernels. After 6.12
 * kmem_cache_alloc_bulk() returns a bool instead of a number, and
 * kfree_rcu_nolock() was added.
 */
#ifndef KOBS_COMPAT_SLAB_CALLS_H
#define KOBS_COMPAT_SLAB_CALLS_H

#include <linux/minmax.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

/* What kmem_cache_alloc_bulk() allocated, of @n objects: all or none. */
static __always_inline unsigned long kobs_bulk_got(struct pt_regs *regs,
						   unsigned long n)
{
#ifdef KOBS_HAVE_ALLOC_BULK_BOOL
	return (bool)(u8)regs_return_value(regs) ? n : 0;
#else
	return clamp_t(long, (int)regs_return_value(regs), 0, n);
#endif
}

/* What kfree_rcu_nolock() calls, with the arguments of kvfree_call_rcu(). */
#ifdef KOBS_HAVE_RCU_NOLOCK
#define KOBS_RCU_NOLOCK		true
#define kobs_rcu_nolock		((void *)kfree_call_rcu_nolock)
#else
#define KOBS_RCU_NOLOCK		false
#define kobs_rcu_nolock		NULL
#endif

#endif /* KOBS_COMPAT_SLAB_CALLS_H */
