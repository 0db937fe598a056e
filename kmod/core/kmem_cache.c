// SPDX-License-Identifier: GPL-2.0
/*
 * Slab caches, for any source: the name of a cache, and the cache and the object
 * of an address.
 *
 * Both are private to the allocator, and their places are found by experiments
 * with caches of kobs's own. The offset of the name in struct kmem_cache: a
 * cache with a unique name is searched for a pointer to that name. The word of
 * a slab's struct page that points to its cache: the page of an object is
 * searched for a pointer to the object's cache. How far apart the objects of a
 * slab lie: what caches of several sizes have at one offset, and is how far apart
 * their objects are. Where an experiment fails, names, caches or where objects
 * begin are unknown.
 *
 * Locking: experiment_lock, around the experiments. Reading takes no lock: the
 * caller knows that the cache or the address was in use, or finds out
 * afterwards.
 */
#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/kfence.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page-flags.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "core/kmem_cache.h"

#define NAME_LEN	(KOBS_CACHE_NAME_WORDS * sizeof(u64))

/* Number of bytes of struct kmem_cache that are searched. */
#define CACHE_BYTES	1024

/* Number of words of a struct page that are searched. */
#define PAGE_WORDS	(sizeof(struct page) / sizeof(unsigned long))

/* Result of an experiment before it was made, and when it failed. */
#define NOT_TRIED	(-2)
#define NOT_FOUND	(-1)

/* Offset of the name in a struct kmem_cache. */
static int name_offset = NOT_TRIED;
/* Index of the word of a slab's page that points to its cache. */
static int cache_word = NOT_TRIED;
/* Offset of the distance of objects, an unsigned int, in a struct kmem_cache. */
static int step_offset = NOT_TRIED;
static DEFINE_MUTEX(experiment_lock);

/* Stops at the end of the text: the bytes after it may not be mapped. */
static bool read_text(const char *from, char *to, size_t len)
{
	size_t i;

	memset(to, 0, len);
	for (i = 0; i < len - 1; i++) {
		if (copy_from_kernel_nofault(&to[i], from + i, 1)) {
			to[i] = '\0';
			return false;
		}
		if (!to[i])
			return true;
	}
	return true;
}

static bool read_name(const struct kmem_cache *cache, unsigned int offset,
		      char *name)
{
	const char *from;

	return !copy_from_kernel_nofault(&from, (const char *)cache + offset,
					 sizeof(from)) &&
	       read_text(from, name, NAME_LEN);
}

/* Caches with a constructor are not merged with others. */
static void experiment_ctor(void *object)
{
}

static int name_experiment(void)
{
	static const char unique[] = "kobs_what_is_my_name";
	struct kmem_cache *cache;
	unsigned int offset;
	int found = NOT_FOUND;

	cache = kmem_cache_create(unique, 64, 0, 0, experiment_ctor);
	if (!cache)
		return NOT_FOUND;
	for (offset = 0; offset < CACHE_BYTES; offset += sizeof(char *)) {
		char name[NAME_LEN];

		if (read_name(cache, offset, name) && !strcmp(name, unique)) {
			found = offset;
			break;
		}
	}
	kmem_cache_destroy(cache);
	return found;
}

/* The struct page of the slab that an address is in, or NULL. */
static const unsigned long *slab_page(const void *address)
{
	struct page *page;

	if (!virt_addr_valid(address))
		return NULL;
	page = virt_to_head_page(address);
	return PageSlab(page) ? (const unsigned long *)page : NULL;
}

static int where_experiment(void)
{
	struct kmem_cache *cache;
	const unsigned long *page;
	int found = NOT_FOUND;
	unsigned int i;
	void *object;

	cache = kmem_cache_create("kobs_where_am_i", 64, 0, 0, experiment_ctor);
	if (!cache)
		return NOT_FOUND;
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

/* Sizes and alignments of objects: no distance is a size, or as in another. */
static const struct {
	unsigned int size;
	unsigned int align;
} step_tests[] = { { 72, 64 }, { 200, 128 }, { 330, 128 } };

#define STEP_OBJECTS	64

/* The least distance of two objects of a slab; they come in any order. */
static unsigned int least_distance(void *const *objects, unsigned int n)
{
	unsigned long least = PAGE_SIZE;
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < n; k++) {
			unsigned long d = objects[k] - objects[i];

			if (d && d < least)
				least = d;
		}
	}
	return least;
}

/* Mark the words of a cache that are the distance of its objects. */
static bool step_measure(unsigned int size, unsigned int align, unsigned long *is)
{
	void *objects[STEP_OBJECTS] = {};
	struct kmem_cache *cache;
	unsigned int i, step, word;
	bool ok = true;

	cache = kmem_cache_create("kobs_how_far_apart", size, align, 0,
				  experiment_ctor);
	if (!cache)
		return false;
	for (i = 0; i < STEP_OBJECTS; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		ok &= !!objects[i];
	}
	step = ok ? least_distance(objects, STEP_OBJECTS) : 0;
	for (i = 0; i < CACHE_BYTES / sizeof(word); i++) {
		if (copy_from_kernel_nofault(&word, (u32 *)cache + i, sizeof(word)) ||
		    word != step)
			__clear_bit(i, is);
	}
	for (i = 0; i < STEP_OBJECTS; i++) {
		if (objects[i])
			kmem_cache_free(cache, objects[i]);
	}
	kmem_cache_destroy(cache);
	return ok;
}

static int step_experiment(void)
{
	DECLARE_BITMAP(is, CACHE_BYTES / sizeof(u32));
	unsigned int i;

	bitmap_fill(is, CACHE_BYTES / sizeof(u32));
	for (i = 0; i < ARRAY_SIZE(step_tests); i++) {
		if (!step_measure(step_tests[i].size, step_tests[i].align, is))
			return NOT_FOUND;
	}
	if (bitmap_weight(is, CACHE_BYTES / sizeof(u32)) != 1)
		return NOT_FOUND;
	return find_first_bit(is, CACHE_BYTES / sizeof(u32)) * sizeof(u32);
}

/**
 * kobs_cache_names_readable() - whether names of caches can be read
 *
 * Context: task, may sleep.
 * Return: false when no name can be read.
 */
bool kobs_cache_names_readable(void)
{
	int offset = READ_ONCE(name_offset);

	/* Operations ask, too, and must not wait for an experiment. */
	if (offset != NOT_TRIED)
		return offset >= 0;
	mutex_lock(&experiment_lock);
	if (name_offset == NOT_TRIED)
		WRITE_ONCE(name_offset, name_experiment());
	offset = name_offset;
	mutex_unlock(&experiment_lock);
	return offset >= 0;
}

/**
 * kobs_cache_name() - read the name of a cache
 * @cache: pointer to a cache, which may be gone
 * @text: set to the name, KOBS_CACHE_NAME_WORDS words padded with zeroes
 *
 * Context: any, NMI included; after kobs_cache_names_readable().
 * Return: false when it cannot be read, and the name is empty.
 */
bool kobs_cache_name(const struct kmem_cache *cache, u64 *text)
{
	int offset = READ_ONCE(name_offset);

	if (offset >= 0 && read_name(cache, offset, (char *)text))
		return true;
	memset(text, 0, NAME_LEN);
	return false;
}

/**
 * kobs_cache_where_init() - prepare for kobs_cache_of() and kobs_cache_where()
 *
 * Context: task, may sleep.
 */
void kobs_cache_where_init(void)
{
	kobs_cache_names_readable();
	mutex_lock(&experiment_lock);
	if (cache_word == NOT_TRIED)
		WRITE_ONCE(cache_word, where_experiment());
	mutex_unlock(&experiment_lock);
}

/**
 * kobs_cache_objects_init() - prepare for kobs_cache_object()
 *
 * Context: task, may sleep.
 */
void kobs_cache_objects_init(void)
{
	kobs_cache_where_init();
	mutex_lock(&experiment_lock);
	if (step_offset == NOT_TRIED)
		WRITE_ONCE(step_offset, step_experiment());
	mutex_unlock(&experiment_lock);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_cache_objects_init);

/**
 * kobs_cache_of() - the cache that an address is in
 * @address: any address
 *
 * Context: any, NMI included.
 * Return: the cache, or NULL when the address is in none, or that is unknown.
 */
const struct kmem_cache *kobs_cache_of(const void *address)
{
	int word = READ_ONCE(cache_word);
	const unsigned long *page;

	page = word < 0 ? NULL : slab_page(address);
	return page ? (const struct kmem_cache *)READ_ONCE(page[word]) : NULL;
}

/**
 * kobs_cache_where() - the name of the cache that an address is in
 * @address: any address
 * @text: set to the name, KOBS_CACHE_NAME_WORDS words padded with zeroes; empty
 *        when the address is in no cache, or that is unknown
 *
 * Context: any, NMI included.
 */
void kobs_cache_where(const void *address, u64 *text)
{
	const struct kmem_cache *cache = kobs_cache_of(address);

	memset(text, 0, NAME_LEN);
	if (cache)
		kobs_cache_name(cache, text);
}

/* Where the object of a cache begins that an address is in; NULL: that is unknown. */
static const void *start_in(const struct kmem_cache *cache, const void *address)
{
	int offset = READ_ONCE(step_offset);
	const char *slab;
	unsigned int step;

	if (offset < 0 || is_kfence_address(address) ||
	    copy_from_kernel_nofault(&step, (const char *)cache + offset,
				     sizeof(step)) || !step)
		return NULL;
	slab = page_address(virt_to_head_page(address));
	return address - ((const char *)address - slab) % step;
}

/**
 * kobs_cache_start() - where the object begins that an address is in
 * @address: any address
 *
 * Context: any, NMI included; after kobs_cache_objects_init().
 * Return: its first byte, as of kobs_cache_object(); NULL when the address is in no
 * cache, or that is unknown.
 */
const void *kobs_cache_start(const void *address)
{
	const struct kmem_cache *cache = kobs_cache_of(address);

	return cache ? start_in(cache, address) : NULL;
}

/**
 * kobs_cache_object() - where the object begins that an address is in
 * @address: any address
 * @text: set to the name of its cache, as by kobs_cache_where()
 * @start: set to its first byte; to NULL where that is unknown
 *
 * A cache that the kernel checks with a red zone before each object (slub_debug=Z)
 * has its objects behind these zones, which count here.
 *
 * Context: any, NMI included; after kobs_cache_objects_init().
 * Return: false when the address is in no cache, or that is unknown.
 */
bool kobs_cache_object(const void *address, u64 *text, const void **start)
{
	const struct kmem_cache *cache = kobs_cache_of(address);

	*start = NULL;
	if (!cache || !kobs_cache_name(cache, text) || kobs_cache_of(address) != cache)
		return false;
	*start = start_in(cache, address);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_cache_object);
