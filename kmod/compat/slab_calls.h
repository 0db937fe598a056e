/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooked functions of the allocator that differ between kernels. After 6.12
 * kmem_cache_alloc_bulk() returns a bool instead of a number, and
 * kmalloc_nolock(), kfree_nolock() and kfree_rcu_nolock() were added.
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
#define KOBS_RCU_NOLOCK		((void *)kfree_call_rcu_nolock)
#define KOBS_RCU_NOLOCKS	1
#else
#define KOBS_RCU_NOLOCK		((void *)NULL)
#define KOBS_RCU_NOLOCKS	0
#endif

/*
 * kmalloc_nolock() is a macro around a function that since 7.x has a name of its
 * own: with CONFIG_KMALLOC_PARTITION_CACHES it takes a token between the size and
 * the flags.
 */
#if defined(kmalloc_nolock_noprof)
#define KOBS_MALLOC_NOLOCK	((void *)_kmalloc_nolock_noprof)
#define KOBS_FREE_NOLOCK	((void *)kfree_nolock)
#define KOBS_NOLOCKS		1
#elif defined(kmalloc_nolock)
#define KOBS_MALLOC_NOLOCK	((void *)kmalloc_nolock_noprof)
#define KOBS_FREE_NOLOCK	((void *)kfree_nolock)
#define KOBS_NOLOCKS		1
#else
#define KOBS_MALLOC_NOLOCK	((void *)NULL)
#define KOBS_FREE_NOLOCK	((void *)NULL)
#define KOBS_NOLOCKS		0
#endif

/* The flags of a call of KOBS_MALLOC_NOLOCK. */
static __always_inline gfp_t kobs_nolock_gfp(struct pt_regs *regs)
{
	const unsigned int flags = IS_ENABLED(CONFIG_KMALLOC_PARTITION_CACHES) ? 2 : 1;

	return (__force gfp_t)regs_get_kernel_argument(regs, flags);
}

#endif /* KOBS_COMPAT_SLAB_CALLS_H */
