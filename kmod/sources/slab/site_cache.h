/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source slab: groups found before, so that an allocation need not look for
 * its group again. Where a group follows from the site and the cache alone,
 * each CPU remembers it by these, with what else follows from them: the size
 * of the cache's objects, and where the group's counters are.
 *
 * Locking: none; each CPU has its own, used with preemption off. Contexts nest:
 * an entry is numbered before and after it is changed, so that one that
 * interrupts a change finds two numbers that differ, and one that was
 * interrupted by a change does as well.
 */
#ifndef KOBS_SLAB_QUICK_H
#define KOBS_SLAB_QUICK_H

#include <linux/bits.h>
#include <linux/gfp.h>

#include "sources/slab/slab.h"

/**
 * struct kobs_slab_found - what is known of a site and a cache
 * @counts: counters of the group on this CPU
 * @group: group
 * @size: bytes of an object; of kmalloc() meaningless
 */
struct kobs_slab_found {
	local64_t *counts;
	u32 group;
	u32 size;
};

/**
 * slab_site_cache_cache() - what a group depends on, beside the site
 * @cache: cache, or NULL for kmalloc()
 * @size: bytes of the object
 * @gfp: flags
 *
 * Context: any.
 * Return: the cache as a number; of kmalloc(), all that its cache's name
 * depends on.
 */
static __always_inline u64 slab_site_cache_cache(const struct kmem_cache *cache,
						 size_t size, gfp_t gfp)
{
	const gfp_t class = __GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT;

	if (cache)
		return (unsigned long)cache;
	return (u64)(__force u32)(gfp & class) << 32 | size;
}

static __always_inline struct kobs_slab_site *slab_site_cache_at(const struct kobs_slab *sl,
								 unsigned long site,
							u64 cache)
{
	u64 hash = (site ^ cache << 8) * KOBS_HASH_FACTOR;

	return &this_cpu_ptr(sl->cpu)->fast[hash >> (64 - SLAB_SITE_CACHE_BITS)];
}

/**
 * slab_site_cache_get() - the group of a site and a cache, if it is known
 * @sl: session
 * @site: site
 * @cache: from slab_site_cache_cache()
 * @found: set to what is known
 *
 * Context: any, NMI included; preemption off.
 * Return: false when it is not known.
 */
static __always_inline bool slab_site_cache_get(const struct kobs_slab *sl,
						unsigned long site, u64 cache,
					   struct kobs_slab_found *found)
{
	const struct kobs_slab_site *q = slab_site_cache_at(sl, site, cache);
	u32 done = READ_ONCE(q->done);

	barrier();
	if (q->site != site || q->cache != cache ||
	    q->generation != READ_ONCE(sl->generation))
		return false;
	found->counts = q->counts;
	found->group = q->group;
	found->size = q->size;
	barrier();
	return READ_ONCE(q->begun) == done;
}

/**
 * slab_site_cache_put() - remember the group of a site and a cache
 * @sl: session
 * @site: site
 * @cache: from slab_site_cache_cache()
 * @group: group
 * @size: bytes of an object
 * @generation: what sl->generation was before the group was looked for
 *
 * Context: any, NMI included; preemption off.
 */
static inline void slab_site_cache_put(struct kobs_slab *sl, unsigned long site,
				       u64 cache, u32 group, u32 size,
				  u32 generation)
{
	struct kobs_slab_site *q = slab_site_cache_at(sl, site, cache);
	u32 done = READ_ONCE(q->done);

	/* An interrupt finds a change begun and leaves it alone. */
	if (cmpxchg_local(&q->begun, done, done + 1) != done)
		return;
	q->site = site;
	q->cache = cache;
	q->counts = kobs_group_table_counts(&sl->groups, group);
	q->group = group;
	q->size = size;
	q->generation = generation;
	barrier();
	WRITE_ONCE(q->done, done + 1);
}

#endif /* KOBS_SLAB_QUICK_H */
