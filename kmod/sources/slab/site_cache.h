/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source slab: site cache. Where the site and the cache determine the group of
 * an allocation, each CPU caches it by these, with the size of the cache's
 * objects and the address of the group's counters. Elsewhere it caches the name
 * of the cache, for sites that are in no helper.
 *
 * Locking: none; per CPU, used with preemption off. Contexts nest: an entry has
 * sequence numbers of begun and of completed changes, which differ for a
 * context that interrupts a change, and for one that a change interrupted.
 */
#ifndef KOBS_SLAB_SITE_CACHE_H
#define KOBS_SLAB_SITE_CACHE_H

#include <linux/bits.h>
#include <linux/gfp.h>

#include "sources/slab/slab.h"

/**
 * struct kobs_slab_found - cached data of a site and a cache
 * @counts: counters of the group on this CPU
 * @name: the name of the cache, for slab_site_cache_put() only
 * @group: group
 * @size: bytes of an object; undefined for kmalloc()
 */
struct kobs_slab_found {
	local64_t *counts;
	const struct kobs_slab_name *name;
	u32 group;
	u32 size;
};

/**
 * slab_site_cache_cache() - key of a cache
 * @cache: cache, or NULL for kmalloc()
 * @size: bytes of the object
 * @gfp: flags
 *
 * Context: any.
 * Return: the cache as a number; for kmalloc(), everything that its cache's
 * name depends on.
 */
static __always_inline u64 slab_site_cache_cache(const struct kmem_cache *cache,
						 size_t size, gfp_t gfp)
{
	const gfp_t class = __GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT;

	if (cache)
		return (unsigned long)cache;
	return (u64)(__force u32)(gfp & class) << 32 | size;
}

/* This CPU's entry of a site and a cache, or NULL without memory. */
static __always_inline struct kobs_slab_site *
slab_site_cache_at(const struct kobs_slab *sl, unsigned long site, u64 cache)
{
	struct kobs_slab_site *sites = this_cpu_read(sl->cpu->sites);
	u64 hash = (site ^ cache << 8) * KOBS_HASH_FACTOR;

	if (unlikely(!sites))
		return NULL;
	return &sites[hash >> (64 - SLAB_SITE_CACHE_BITS)];
}

/**
 * slab_site_cache_get() - look up a site and a cache
 * @sl: session
 * @site: site
 * @cache: from slab_site_cache_cache()
 * @found: set to the cached data
 *
 * Context: any, NMI included; preemption off.
 * Return: false when it is not cached.
 */
static __always_inline bool slab_site_cache_get(const struct kobs_slab *sl,
						unsigned long site, u64 cache,
					   struct kobs_slab_found *found)
{
	const struct kobs_slab_site *q = slab_site_cache_at(sl, site, cache);
	u32 done;

	if (!q)
		return false;
	done = READ_ONCE(q->done);
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
 * slab_site_cache_name() - look up the name of a cache by a site
 * @sl: session
 * @site: site
 * @cache: from slab_site_cache_cache()
 * @name: set to the name's entry
 *
 * Not part of slab_site_cache_get(): that is in the fast path, where the name
 * would take 26 instructions per kmem_cache pair (bench slab).
 *
 * Context: any, NMI included; preemption off.
 * Return: false when it is not cached.
 */
static __always_inline bool slab_site_cache_name(const struct kobs_slab *sl,
						 unsigned long site, u64 cache,
						 const struct kobs_slab_name **name)
{
	const struct kobs_slab_site *q = slab_site_cache_at(sl, site, cache);
	const struct kobs_slab_name *found;
	u32 done;

	if (!q)
		return false;
	done = READ_ONCE(q->done);
	barrier();
	if (q->site != site || q->cache != cache ||
	    q->generation != READ_ONCE(sl->generation))
		return false;
	found = q->name;
	barrier();
	if (READ_ONCE(q->begun) != done)
		return false;
	*name = found;
	return true;
}

/**
 * slab_site_cache_forget() - no longer use what the site caches know
 * @sl: session
 *
 * What is looked up from here on has another generation: pairs with the acquire
 * in slow.c. The number must not go back where several do this at a time.
 *
 * Context: any.
 */
static inline void slab_site_cache_forget(struct kobs_slab *sl)
{
	u32 generation = READ_ONCE(sl->generation);

	while (!try_cmpxchg(&sl->generation, &generation, generation + 1))
		;
}

/**
 * slab_site_cache_put() - cache what a site and a cache determine
 * @sl: session
 * @site: site
 * @cache: from slab_site_cache_cache()
 * @with: members counts, group and size, or name
 * @generation: sl->generation before these were looked up
 *
 * Context: any, NMI included; preemption off.
 */
static inline void slab_site_cache_put(struct kobs_slab *sl, unsigned long site,
				       u64 cache, const struct kobs_slab_found *with,
				       u32 generation)
{
	struct kobs_slab_site *q = slab_site_cache_at(sl, site, cache);
	u32 done;

	if (!q)
		return;
	done = READ_ONCE(q->done);
	/* An interrupt does not touch an entry that is being changed. */
	if (cmpxchg_local(&q->begun, done, done + 1) != done)
		return;
	q->site = site;
	q->cache = cache;
	q->counts = with->counts;
	q->name = with->name;
	q->group = with->group;
	q->size = with->size;
	q->generation = generation;
	barrier();
	WRITE_ONCE(q->done, done + 1);
}

#endif /* KOBS_SLAB_SITE_CACHE_H */
