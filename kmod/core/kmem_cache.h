/* SPDX-License-Identifier: GPL-2.0 */
/* Slab caches, for any source: the name of a cache, the cache and the object of an address. */
#ifndef KOBS_KMEM_CACHE_H
#define KOBS_KMEM_CACHE_H

#include <linux/types.h>

struct kmem_cache;

/* Words of a cache's name, with its NUL. */
#define KOBS_CACHE_NAME_WORDS	4

bool kobs_cache_names_readable(void);
bool kobs_cache_name(const struct kmem_cache *cache, u64 *text);
void kobs_cache_where_init(void);
const struct kmem_cache *kobs_cache_of(const void *address);
void kobs_cache_where(const void *address, u64 *text);
void kobs_cache_objects_init(void);
const void *kobs_cache_start(const void *address);
bool kobs_cache_object(const void *address, u64 *text, const void **start);

#endif /* KOBS_KMEM_CACHE_H */
