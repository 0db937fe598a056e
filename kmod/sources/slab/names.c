// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: the names of a session's caches. A name is read at the first
 * hit of its cache, and kept. Where names cannot be read (core/kmem_cache.c), a
 * cache is named by the size of its objects. kmalloc() does not report its cache,
 * which can be one of a bucket set (memdup_user-64): it is that of the object.
 * Without an object, or where that cannot be found, the name is that of the size
 * class.
 *
 * Locking: none. An entry is claimed by a cmpxchg and published by a release
 * store; a name without a free entry is read again each time. Reading runs in
 * any context, NMI included.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/glob.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sources/slab/slab.h"

#define NAME_LEN	(KOBS_CACHE_NAME_WORDS * sizeof(u64))
#define NAMES_BITS	10
#define NAMES		BIT(NAMES_BITS)
#define NAMES_PROBES	16

/* States of an entry; keys are multiples of 8. */
#define NAME_FREE	0ULL
#define NAME_BUSY	1ULL
#define NAME_FORGOTTEN	2ULL

/* Classes of kmalloc(), in its keys; no pointer is as small. */
enum { CLASS_NORMAL, CLASS_DMA, CLASS_RECLAIM, CLASS_CGROUP, CLASS_LARGE };
#define CLASS_BITS	3
#define CLASS_SHIFT	3

/**
 * struct kobs_slab_names - the names of a session
 * @pattern: to match, or NULL
 * @entry: open-addressing table
 */
struct kobs_slab_names {
	const char *pattern;
	struct kobs_slab_name entry[NAMES];
};

/**
 * kobs_slab_names_new() - allocate an empty table of names
 * @pattern: glob to match names with, or NULL; must live as long
 *
 * Context: task, may sleep; after kobs_cache_where_init().
 * Return: the table, or NULL without memory.
 */
struct kobs_slab_names *kobs_slab_names_new(const char *pattern)
{
	struct kobs_slab_names *names = kvzalloc(sizeof(*names), GFP_KERNEL);

	if (!names)
		return NULL;
	names->pattern = pattern;
	return names;
}

/**
 * kobs_slab_names_free() - free a table of names
 * @names: table, or NULL
 *
 * Context: task, may sleep.
 */
void kobs_slab_names_free(struct kobs_slab_names *names)
{
	kvfree(names);
}

/**
 * kobs_slab_kmalloc_key() - key of a cache of kmalloc()
 * @size: bytes of its objects
 * @gfp: flags of the allocation
 *
 * Context: any.
 * Return: a key for kobs_slab_name().
 */
u64 kobs_slab_kmalloc_key(size_t size, gfp_t gfp)
{
	u64 class = CLASS_NORMAL;

	if (size > KMALLOC_MAX_CACHE_SIZE)
		return CLASS_LARGE << CLASS_SHIFT;
	/* In the order in which the kernel checks them. */
	if (IS_ENABLED(CONFIG_ZONE_DMA) && (gfp & __GFP_DMA))
		class = CLASS_DMA;
	else if (gfp & __GFP_RECLAIMABLE)
		class = CLASS_RECLAIM;
	else if (IS_ENABLED(CONFIG_MEMCG) && (gfp & __GFP_ACCOUNT))
		class = CLASS_CGROUP;
	return ((u64)size << CLASS_BITS | class) << CLASS_SHIFT;
}

static void kmalloc_name(u64 key, size_t request, char *name)
{
	static const char * const classes[] = {
		[CLASS_NORMAL] = "kmalloc-",
		[CLASS_DMA] = "dma-kmalloc-",
		[CLASS_RECLAIM] = "kmalloc-rcl-",
		[CLASS_CGROUP] = "kmalloc-cg-",
		[CLASS_LARGE] = "kmalloc-large",
	};
	unsigned int class = key >> CLASS_SHIFT & (BIT(CLASS_BITS) - 1);
	/* The size class is the size that users get. */
	size_t size = kmalloc_size_roundup(request);

	if (class == CLASS_LARGE)
		strscpy(name, classes[class], NAME_LEN);
	else if (size < 1024)
		snprintf(name, NAME_LEN, "%s%zu", classes[class], size);
	else
		snprintf(name, NAME_LEN, "%s%zuk", classes[class], size / 1024);
}

static void make_name(const struct kmem_cache *cache, u64 key, size_t request,
		      char *name)
{
	memset(name, 0, NAME_LEN);
	if (!key)
		return;
	if (!cache)
		kmalloc_name(key, request, name);
	else if (!kobs_cache_name(cache, (u64 *)name))
		snprintf(name, NAME_LEN, "size-%u",
			 kmem_cache_size((struct kmem_cache *)cache));
}

static void keep(struct kobs_slab_names *names, u64 key, const u64 *text, bool match)
{
	u32 place = hash_64(key, NAMES_BITS);
	unsigned int i;

	for (i = 0; i < NAMES_PROBES; i++) {
		struct kobs_slab_name *n = &names->entry[(place + i) % NAMES];
		u64 old = READ_ONCE(n->key);

		if ((old != NAME_FREE && old != NAME_FORGOTTEN) ||
		    !try_cmpxchg(&n->key, &old, NAME_BUSY))
			continue;
		memcpy(n->text, text, sizeof(n->text));
		n->match = match;
		/* Pairs with the acquire in lookup(). */
		smp_store_release(&n->key, key);
		return;
	}
}

static struct kobs_slab_name *lookup(struct kobs_slab_names *names, u64 key)
{
	u32 place = hash_64(key, NAMES_BITS);
	unsigned int i;

	for (i = 0; i < NAMES_PROBES; i++) {
		struct kobs_slab_name *n = &names->entry[(place + i) % NAMES];
		/* Pairs with the release in keep(). */
		u64 k = smp_load_acquire(&n->key);

		if (k == key)
			return n;
		if (k == NAME_FREE)
			break;
	}
	return NULL;
}

/**
 * kobs_slab_name() - look up or read the name of a cache
 * @names: table
 * @cache: cache, or NULL for kmalloc() and kfree()
 * @ptr: the object, or 0
 * @class: from kobs_slab_kmalloc_key(), used where the object's cache is
 *	unknown; 0: the name is empty then
 * @request: bytes requested of kmalloc()
 * @text: set to the name, KOBS_CACHE_NAME_WORDS words padded with zeroes
 * @kept: set to its entry, which holds until the cache is destroyed, or NULL when
 *	it has none yet; or NULL
 *
 * Context: any, NMI included.
 * Return: whether it matches the table's pattern.
 */
bool kobs_slab_name(struct kobs_slab_names *names, const struct kmem_cache *cache,
		    unsigned long ptr, u64 class, size_t request, u64 *text,
		    const struct kobs_slab_name **kept)
{
	struct kobs_slab_name *n;
	bool match;
	u64 key;

	if (!cache)
		cache = kobs_cache_of((void *)ptr);
	key = cache ? (unsigned long)cache : class;
	n = key ? lookup(names, key) : NULL;
	if (kept)
		*kept = n;
	if (likely(n))
		return kobs_slab_name_known(n, text);
	make_name(cache, key, request, (char *)text);
	match = kobs_slab_name_matches(names, text);
	if (key)
		keep(names, key, text, match);
	return match;
}

/**
 * kobs_slab_name_matches() - whether a name matches the table's pattern
 * @names: table
 * @text: name, KOBS_CACHE_NAME_WORDS words padded with zeroes
 *
 * Context: any, NMI included.
 * Return: true also without a pattern.
 */
bool kobs_slab_name_matches(const struct kobs_slab_names *names, const u64 *text)
{
	return !names->pattern || glob_match(names->pattern, (const char *)text);
}

/**
 * kobs_slab_name_forget() - forget the name of a cache that is destroyed
 * @names: table, or NULL
 * @cache: cache
 *
 * Context: any, NMI included.
 */
void kobs_slab_name_forget(struct kobs_slab_names *names,
			   const struct kmem_cache *cache)
{
	u64 key = (unsigned long)cache;
	struct kobs_slab_name *n;

	/* Two contexts may have added it at the same time. */
	while (names && key && (n = lookup(names, key)))
		cmpxchg(&n->key, key, NAME_FORGOTTEN);
}
