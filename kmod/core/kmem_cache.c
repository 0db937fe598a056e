// SPDX-License-Identifier: GPL-2.0
/*
 * The slab cache that an address lives in, for any source. The page of a slab
 * leads to its cache; where in it is the allocator's own, and found by an
 * experiment as the place of a cache's name is (slab_name.c): an object of a
 * cache of kobs' own is made, and its page looked through for that cache. Where
 * that finds nothing, no address has a cache.
 *
 * Locking: where_lock, around the experiment. Reading has none: the caller
 * knows that the address was in use, or finds out afterwards.
 */
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page-flags.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sources/slab/slab.h"

/* Words of a struct page that are looked through. */
#define PAGE_WORDS	(sizeof(struct page) / sizeof(unsigned long))

/* Which word of a slab's page is the cache; -1 for none, -2 not tried. */
static int cache_word = -2;
static DEFINE_MUTEX(where_lock);

/* The page that tells of the slab which an address is in, or NULL. */
static const unsigned long *slab_page(const void *address)
{
	struct page *page;

	if (!virt_addr_valid(address))
		return NULL;
	page = virt_to_head_page(address);
	return PageSlab(page) ? (const unsigned long *)page : NULL;
}

/* Caches with a constructor are not merged with others. */
static void where_ctor(void *object)
{
}

static int where_experiment(void)
{
	struct kmem_cache *cache;
	const unsigned long *page;
	int found = -1;
	unsigned int i;
	void *object;

	cache = kmem_cache_create("kobs_where_am_i", 64, 0, 0, where_ctor);
	if (!cache)
		return -1;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	page = object ? slab_page(object) : NULL;
	for (i = 0; page && i < PAGE_WORDS; i++) {
		if (READ_ONCE(page[i]) == (unsigned long)cache)
			found = i;
	}
	if (object)
		kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);
	return found;
}

/**
 * kobs_slab_where_init() - make ready for kobs_slab_where()
 *
 * Context: task, may sleep.
 */
void kobs_slab_where_init(void)
{
	kobs_slab_names_readable();
	mutex_lock(&where_lock);
	if (cache_word == -2)
		WRITE_ONCE(cache_word, where_experiment());
	mutex_unlock(&where_lock);
}

/**
 * kobs_slab_where() - the name of the cache that an address lives in
 * @address: any address
 * @text: set to the name, SLAB_NAME_WORDS words padded with zeroes; empty when
 *        it is in none, or that cannot be told
 *
 * Context: any, NMI included.
 */
void kobs_slab_where(const void *address, u64 *text)
{
	int word = READ_ONCE(cache_word);
	const unsigned long *page;

	memset(text, 0, SLAB_NAME_WORDS * sizeof(*text));
	if (word < 0)
		return;
	page = slab_page(address);
	if (page)
		kobs_slab_cache_name((void *)READ_ONCE(page[word]), text);
}
