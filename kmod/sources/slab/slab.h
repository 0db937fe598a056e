/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source slab: what its files share.
 *
 *	source.c	description of the source, life cycle of a session
 *	hook.c		turns the handlers on and off
 *	fast.c		handlers of mode leaks, fast path
 *	slow.c		handlers of mode leaks, slow path and accounting
 *	trace.c		handlers of mode trace
 *	names.c		names of caches
 */
#ifndef KOBS_SLAB_H
#define KOBS_SLAB_H

#include <linux/ftrace.h>

#include "core/census.h"
#include "core/kmem_cache.h"
#include "core/module_code.h"
#include "core/session.h"
#include "core/site.h"
#include "hooks/return.h"
#include "hooks/tracepoint.h"
#include "lib/group_table.h"
#include "lib/object_table.h"

struct kmem_cache;

/**
 * struct kobs_slab_name - the name of a cache
 * @key: pointer to the cache, or for kmalloc() class and size
 * @text: the name, padded with zeroes
 * @match: the pattern matches it
 */
struct kobs_slab_name {
	u64 key;
	u64 text[KOBS_CACHE_NAME_WORDS];
	bool match;
};

/**
 * kobs_slab_name_known() - the name of an entry
 * @n: entry, from kobs_slab_name()
 * @text: set to the name, KOBS_CACHE_NAME_WORDS words padded with zeroes
 *
 * Context: any, NMI included.
 * Return: whether it matches the table's pattern.
 */
static inline bool kobs_slab_name_known(const struct kobs_slab_name *n, u64 *text)
{
	memcpy(text, n->text, sizeof(n->text));
	return n->match;
}

/* Words of an event. */
enum kobs_slab_word {
	SLAB_W_SITE = KOBS_W_SOURCE,
	SLAB_W_PTR,
	SLAB_W_SIZE,
	SLAB_W_EVENT,
	SLAB_W_CACHE = SLAB_W_EVENT + 2,
	SLAB_WORDS = SLAB_W_CACHE + KOBS_CACHE_NAME_WORDS
};

static_assert((int)SLAB_WORDS <= (int)KOBS_WORDS);

/* Its reasons of loss. */
#define SLAB_LOST_MISSED	(KOBS_N_SOURCE + 0)
#define SLAB_LOST_OBJECTS_FULL	(KOBS_N_SOURCE + 1)

/* Parameters after those of enum kobs_census_param. */
enum kobs_slab_param {
	SLAB_P_MIN_SIZE = KOBS_CENSUS_PARAMS,
	SLAB_P_MAX_SIZE,
	SLAB_P_CACHE,
	SLAB_P_SAMPLE,
	SLAB_P
};

/* Key of a group of frees of objects that are not followed: site, cache. */
#define SLAB_OLDER_WORDS	(1 + KOBS_CACHE_NAME_WORDS)
/* Maximum number of these groups. */
#define SLAB_OLDER		512

/* Entries of the site cache per CPU. */
#define SLAB_SITE_CACHE_BITS	8
#define SLAB_SITE_CACHE	BIT(SLAB_SITE_CACHE_BITS)

/**
 * struct kobs_slab_site - entry of the site cache
 * @site: site; 0 for none
 * @cache: see slab_site_cache_cache() in site_cache.h
 * @counts: counters of the group on this CPU; with @group and @size, where the
 *	site and the cache determine the group
 * @name: elsewhere, the name of the cache; NULL when not needed
 * @group: group
 * @size: bytes of an object; undefined for kmalloc()
 * @generation: of what is known of caches
 * @begun: number of changes begun
 * @done: number of changes completed
 */
struct kobs_slab_site {
	unsigned long site;
	u64 cache;
	local64_t *counts;
	const struct kobs_slab_name *name;
	u32 group;
	u32 size;
	u32 generation;
	u32 begun;
	u32 done;
} __aligned(64);

/**
 * struct kobs_slab_cpu - per-CPU part of a session
 * @unknown: frees of objects that are not followed, in no group of
 *	kobs_slab.older
 * @skipped: events of addresses outside of the sample
 * @sites: site cache, SLAB_SITE_CACHE entries; NULL for a CPU without memory
 */
struct kobs_slab_cpu {
	local64_t unknown;
	local64_t skipped;
	struct kobs_slab_site *sites;
};

/* Hooked functions: at their entries, and at their returns. */
#define SLAB_FUNCTIONS	5
#define SLAB_RETURNS	2

/**
 * struct kobs_slab - a session of this source
 *
 * Read by handlers:
 * @s: session
 * @sampled: addresses are sampled
 * @follow_below: addresses with a lower hash are followed
 * @bounded: @min_size or @max_size is given
 * @module: code of the module whose allocations alone are followed
 * @helpers: code of helpers
 * @min_size: minimum size of an object
 * @max_size: maximum size of an object
 * @census: rows; its escalate is 0 for stacks at every site, else a hot group
 *	has stacks
 * @names: names of caches, or NULL when not needed
 * @live: live objects
 * @groups: group table
 * @older: frees of objects that are not followed, by site and cache
 * @older_full: some found no room there
 * @fast: the site and the cache determine the group of an allocation
 * @cpu: per-CPU part
 * @cpus: memory of the CPUs that have been online
 * @generation: of what is known of caches
 *
 * Under the session's lock:
 * @probes: tracepoints
 * @ops: hooks of functions
 * @hooked: number of hooks that are on
 * @returns: hooks of allocations that have no tracepoint
 * @stuck: a hook can be called after the end
 */
struct kobs_slab {
	struct kobs_session *s;
	bool sampled;
	bool bounded;
	bool fast;
	u32 follow_below;
	u64 min_size;
	u64 max_size;
	struct kobs_module_code module;
	struct kobs_code_ranges helpers;
	struct kobs_census census;
	struct kobs_slab_names *names;
	struct kobs_object_table live;
	struct kobs_group_table groups;
	struct kobs_group_table older;
	bool older_full;
	struct kobs_slab_cpu __percpu *cpu;
	struct kobs_cpus cpus;
	u32 generation;

	struct kobs_probe probes[4];
	struct ftrace_ops ops[SLAB_FUNCTIONS];
	unsigned int hooked;
#ifdef CONFIG_KRETPROBES
	struct kobs_return returns[SLAB_RETURNS];
#endif
	bool stuck;
};

/**
 * struct kobs_slab_alloc - an allocation
 * @site: return address
 * @ptr: address, or 0
 * @size: bytes of the object
 * @request: bytes requested
 * @cache: cache, or NULL for kmalloc()
 * @gfp: flags
 * @name: name of the cache, or NULL when not looked up
 * @named: @name was in the site cache
 * @by_helper: @site is not that of the call of the allocator
 * @uncached: do not add the site to the site cache
 */
struct kobs_slab_alloc {
	unsigned long site;
	unsigned long ptr;
	size_t size;
	size_t request;
	struct kmem_cache *cache;
	gfp_t gfp;
	const struct kobs_slab_name *name;
	bool named;
	bool by_helper;
	bool uncached;
};

/**
 * enum kobs_slab_hit - a hit that takes the slow path
 * @SLAB_HIT_COUNTED: its handler was entered, and it was counted
 * @SLAB_HIT_TIMED: the same, and its cost is to be measured
 * @SLAB_HIT_NESTED: another handler is active; preemption is off
 */
enum kobs_slab_hit { SLAB_HIT_COUNTED, SLAB_HIT_TIMED, SLAB_HIT_NESTED };

/* slow.c */
void kobs_slab_alloc_slow(struct kobs_slab *sl, struct kobs_slab_alloc *a,
			  enum kobs_slab_hit hit);
void kobs_slab_put_slow(struct kobs_slab *sl, unsigned long ptr, u32 group,
			u32 size);
void kobs_slab_free_slow(struct kobs_slab *sl, unsigned long site,
			 unsigned long ptr, enum kobs_slab_hit hit);
void kobs_slab_free_own(struct kobs_cpu *pc);
void kobs_slab_free_lost(struct kobs_cpu *pc);
void kobs_slab_give(struct kobs_slab *sl, unsigned long ptr);

/* fast.c */

/**
 * struct kobs_slab_handlers - handlers of the hooks
 * @probe: of the tracepoints kmalloc, kmem_cache_alloc, kfree and
 *	kmem_cache_free
 * @free_bulk: at the entry of kmem_cache_free_bulk()
 * @free_nolock: at the entry of kfree_nolock()
 * @give: at the entry of kvfree_call_rcu()
 * @alloc_bulk: at the return of kmem_cache_alloc_bulk(), with 0 objects for
 *	a failure
 * @alloc_nolock: at the return of kmalloc_nolock(), with the arguments of
 *	tracepoint kmalloc
 */
struct kobs_slab_handlers {
	void *probe[4];
	ftrace_func_t free_bulk;
	ftrace_func_t free_nolock;
	ftrace_func_t give;
	void (*alloc_bulk)(struct kobs_slab *sl, unsigned long site,
			   struct kmem_cache *cache, gfp_t gfp, void **p,
			   unsigned int n);
	void (*alloc_nolock)(void *data, unsigned long site, const void *ptr,
			     size_t request, size_t size, gfp_t gfp, int node);
};

extern const struct kobs_slab_handlers kobs_slab_fast;
extern const struct kobs_slab_handlers kobs_slab_follow;
/* trace.c */
extern const struct kobs_slab_handlers kobs_slab_stream;

/* hook.c */
const char *kobs_slab_how(bool *ok);
int kobs_slab_hook(struct kobs_slab *sl, struct netlink_ext_ack *extack);
void kobs_slab_unhook(struct kobs_slab *sl);
unsigned int kobs_slab_hooks(const struct kobs_slab *sl);
u64 kobs_slab_missed(const struct kobs_session *s);

/* names.c */
struct kobs_slab_names *kobs_slab_names_new(const char *pattern);
void kobs_slab_names_free(struct kobs_slab_names *names);
u64 kobs_slab_kmalloc_key(size_t size, gfp_t gfp);
bool kobs_slab_name(struct kobs_slab_names *names, const struct kmem_cache *cache,
		    unsigned long ptr, u64 class, size_t request, u64 *text,
		    const struct kobs_slab_name **kept);
bool kobs_slab_name_matches(const struct kobs_slab_names *names, const u64 *text);
void kobs_slab_name_forget(struct kobs_slab_names *names,
			   const struct kmem_cache *cache);

/* source.c */
u64 kobs_slab_sum(const struct kobs_slab *sl, size_t member);

/* By hash bits that do not select an address' bucket. */
static __always_inline bool kobs_slab_followed(const struct kobs_slab *sl,
					       unsigned long ptr)
{
	return !sl->sampled ||
	       (u32)(kobs_object_hash(ptr) >> 12) < sl->follow_below;
}

static __always_inline unsigned long
kobs_slab_site(const struct kobs_slab *sl, unsigned long site)
{
	return kobs_site(sl->s, &sl->helpers, site);
}

#endif /* KOBS_SLAB_H */
