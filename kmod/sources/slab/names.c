// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: names of caches. struct kmem_cache is the allocator's own; the
 * place of the pointer to the name in it is found by an experiment: a cache of
 * a unique name is made, and looked through for a pointer to that name. Where
 * none is found, a cache goes by the size of its objects. kmalloc() does not
 * tell its cache; the name is that of the size class.
 *
 * A name is read when its cache is first met, and kept.
 *
 * Locking: names_lock, around the experiment. The table of names has none: an
 * entry is claimed by a cmpxchg and published by a release store, and a name
 * that finds no entry is made anew each time. Reading runs in any context, NMI
 * included.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/glob.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sources/slab/slab.h"

#define NAME_LEN	(SLAB_NAME_WORDS * sizeof(u64))
#define NAMES_BITS	10
#define NAMES		BIT(NAMES_BITS)
#define NAMES_PROBES	16

/* States of an entry; keys are multiples of 8. */
#define NAME_FREE	0ULL
#define NAME_BUSY	1ULL
#define NAME_FORGOTTEN	2ULL

/* Classes of kmalloc(), in a key of it; no pointer is as small. */
enum { CLASS_NORMAL, CLASS_DMA, CLASS_RECLAIM, CLASS_CGROUP, CLASS_LARGE };
#define CLASS_BITS	3
#define CLASS_SHIFT	3

/* Bytes of struct kmem_cache that are looked through. */
#define CACHE_BYTES	1024

/**
 * struct kobs_slab_name - a name that is known
 * @key: pointer to the cache or, of kmalloc(), class and size
 * @text: the name, padded with zeroes
 * @match: the pattern matches it
 */
struct kobs_slab_name {
	u64 key;
	u64 text[SLAB_NAME_WORDS];
	bool match;
};

/**
 * struct kobs_slab_names - the names of a session
 * @pattern: to match, or NULL
 * @entry: open-addressing table
 */
struct kobs_slab_names {
	const char *pattern;
	struct kobs_slab_name entry[NAMES];
};

/* Where the name is in a struct kmem_cache; -1 for nowhere, -2 not tried. */
static int name_offset = -2;
static DEFINE_MUTEX(names_lock);

/* No further than its end: what lies behind may not be there. */
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

static int experiment(void)
{
	static const char unique[] = "kobs_what_is_my_name";
	struct kmem_cache *cache;
	unsigned int offset;
	int found = -1;

	cache = kmem_cache_create(unique, 64, 0, 0, experiment_ctor);
	if (!cache)
		return -1;
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

/**
 * kobs_slab_names_readable() - whether names of caches can be read
 *
 * Context: task, may sleep.
 * Return: false when sizes have to do.
 */
bool kobs_slab_names_readable(void)
{
	int offset;

	mutex_lock(&names_lock);
	if (name_offset == -2)
		WRITE_ONCE(name_offset, experiment());
	offset = name_offset;
	mutex_unlock(&names_lock);
	return offset >= 0;
}

/**
 * kobs_slab_names_new() - allocate an empty table of names
 * @pattern: glob that names are to match, or NULL; has to live as long
 *
 * Context: task, may sleep.
 * Return: the table, or NULL when there is no memory.
 */
struct kobs_slab_names *kobs_slab_names_new(const char *pattern)
{
	struct kobs_slab_names *names = kvzalloc(sizeof(*names), GFP_KERNEL);

	if (!names)
		return NULL;
	names->pattern = pattern;
	kobs_slab_names_readable();
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
 * kobs_slab_kmalloc_key() - what a cache of kmalloc() is known by
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
	/* The first of these that the kernel looks at counts. */
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
	/* A cache is named after what it has for its users. */
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
	int offset = READ_ONCE(name_offset);

	memset(name, 0, NAME_LEN);
	if (!key)
		return;
	if (!cache)
		kmalloc_name(key, request, name);
	else if (offset < 0 || !read_name(cache, offset, name))
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
 * kobs_slab_name() - the name of a cache
 * @names: table
 * @cache: cache, or NULL for kmalloc()
 * @key: pointer to the cache, or from kobs_slab_kmalloc_key(); 0 when it is
 *	not known, and the name empty
 * @request: bytes that kmalloc() was asked for
 * @text: set to the name, SLAB_NAME_WORDS words padded with zeroes
 *
 * Context: any, NMI included.
 * Return: whether it matches the table's pattern.
 */
bool kobs_slab_name(struct kobs_slab_names *names, const struct kmem_cache *cache,
		    u64 key, size_t request, u64 *text)
{
	struct kobs_slab_name *n = lookup(names, key);
	bool match;

	if (likely(n && key)) {
		memcpy(text, n->text, sizeof(n->text));
		return n->match;
	}
	make_name(cache, key, request, (char *)text);
	match = !names->pattern || glob_match(names->pattern, (char *)text);
	if (key)
		keep(names, key, text, match);
	return match;
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

	/* Two that met it at once may have kept it twice. */
	while (names && key && (n = lookup(names, key)))
		cmpxchg(&n->key, key, NAME_FORGOTTEN);
}

/**
 * kobs_slab_cache_name() - read the name of a cache, which nobody keeps
 * @cache: pointer to a cache; it need not be there
 * @text: set to the name, SLAB_NAME_WORDS words padded with zeroes
 *
 * Context: any, NMI included; kobs_slab_names_readable() was called before.
 * Return: false when it cannot be read, and the name is empty.
 */
bool kobs_slab_cache_name(const struct kmem_cache *cache, u64 *text)
{
	int offset = READ_ONCE(name_offset);

	if (offset >= 0 && read_name(cache, offset, (char *)text))
		return true;
	memset(text, 0, NAME_LEN);
	return false;
}
