/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source slab: what its files share.
 *
 *	source.c	description of the source, life cycle of a session
 *	hook.c		turns the handlers on and off
 *	fast.c		handlers of mode leaks, fast path
 *	slow.c		handlers of mode leaks, slow path and accounting
 *	trace.c		handlers of mode trace
 *	rows.c		rows, snapshots
 *	names.c		names of caches
 *	module.c	allocations of one module
 */
#ifndef KOBS_SLAB_H
#define KOBS_SLAB_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/workqueue.h>

#include "core/kmem_cache.h"
#include "core/session.h"
#include "hooks/tracepoint.h"
#include "lib/group_table.h"
#include "lib/object_table.h"

struct kmem_cache;

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

enum kobs_slab_param {
	SLAB_P_MIN_SIZE,
	SLAB_P_MAX_SIZE,
	SLAB_P_CACHE,
	SLAB_P_SAMPLE,
	SLAB_P_OBJECTS,
	SLAB_P_OLDER,
	SLAB_P_ESCALATE,
	SLAB_P_MODULE,
	SLAB_P_MODULE_TEXT,
	SLAB_P
};

/* Counters of a group. */
enum kobs_slab_count {
	SLAB_N_ALLOCATED,
	SLAB_N_BYTES,
	SLAB_N_FREED,
	SLAB_N_MISSED,
	SLAB_N_FAILED,
	SLAB_N
};

static_assert((int)SLAB_N <= KOBS_GROUP_COUNTS);

/* Key of a group of frees of objects that are not followed: site, cache. */
#define SLAB_OLDER_WORDS	(1 + KOBS_CACHE_NAME_WORDS)
/* Maximum number of these groups. */
#define SLAB_OLDER		512

/* Objects that kobs and its controller allocated, in no group's counters. */
#define SLAB_GROUP_OWN		(KOBS_GROUP_NONE - 1)

/* Code ranges of a module, which can be in several parts. */
#define SLAB_RANGES		4

/**
 * struct kobs_slab_range - a range of code
 * @from: first address
 * @size: bytes; 0 for none
 */
struct kobs_slab_range {
	unsigned long from;
	unsigned long size;
};

/* Maximum number of snapshots per group, evenly spread over a session. */
#define SLAB_SHOTS		16

/**
 * struct kobs_slab_tally - live objects of a group, for a reader
 * @count: number of objects
 * @bytes: their size
 * @sum: sum of their ages in ns
 * @min: age of the youngest
 * @max: age of the oldest
 * @hist: histogram of their ages, or NULL
 */
struct kobs_slab_tally {
	u64 count;
	u64 bytes;
	u64 sum;
	u64 min;
	u64 max;
	u32 *hist;
};

/* Entries of the site cache per CPU. */
#define SLAB_SITE_CACHE_BITS	8
#define SLAB_SITE_CACHE	BIT(SLAB_SITE_CACHE_BITS)

/**
 * struct kobs_slab_site - entry of the site cache
 * @site: site; 0 for none
 * @cache: see slab_site_cache_cache() in site_cache.h
 * @counts: counters of the group on this CPU
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
 * @fast: site cache
 */
struct kobs_slab_cpu {
	local64_t unknown;
	local64_t skipped;
	struct kobs_slab_site fast[SLAB_SITE_CACHE];
};

/**
 * struct kobs_slab - a session of this source
 *
 * Read by handlers:
 * @s: session
 * @sampled: addresses are sampled
 * @follow_below: addresses with a lower hash are followed
 * @bounded: @min_size or @max_size is given
 * @in_module: only allocations of the module's code
 * @ranges: its code
 * @min_size: minimum size of an object
 * @max_size: maximum size of an object
 * @escalate: number of live objects from which a growing site gets stacks;
 *	0: stacks at every site
 * @hot: per group: it has stacks
 * @names: names of caches, or NULL when not needed
 * @live: live objects
 * @groups: group table
 * @older: frees of objects that are not followed, by site and cache
 * @older_full: some found no room there
 * @fast: the site and the cache determine the group of an allocation
 * @cpu: per-CPU part
 * @generation: of what is known of caches
 *
 * Under the session's lock:
 * @probes: tracepoints
 * @ops: hooks of functions
 * @hooked: number of hooks that are on
 * @bulk: hook of kmem_cache_alloc_bulk()
 * @bulk_on: it is on
 * @stuck: a hook can be called after the end
 * @started: jiffies
 * @stopped: jiffies, once stopped
 * @tally: per group, filled when a reader begins
 * @buckets: of the row being read
 * @modules: notifier of modules
 * @module: its name
 * @symbol_lock: see module.c
 * @symbols: names of sites whose code is gone
 *
 * Of the worker, and under @shot_lock:
 * @work: takes snapshots
 * @shot_lock: protects the members below
 * @shots: live objects per group, SLAB_SHOTS times
 * @older_shots: the same of the frees in @older
 * @shot_at: time of each snapshot, in jiffies since the start
 * @n_shots: number of snapshots
 * @every: runs of the worker per snapshot
 * @wait: runs of the worker until the next snapshot
 * @peak: maximum number of live objects per group at a run of the worker
 * @peaks: runs with a new maximum
 */
struct kobs_slab {
	struct kobs_session *s;
	bool sampled;
	bool bounded;
	bool in_module;
	bool fast;
	u32 follow_below;
	u64 min_size;
	u64 max_size;
	struct kobs_slab_range ranges[SLAB_RANGES];
	u32 escalate;
	u8 *hot;
	struct kobs_slab_names *names;
	struct kobs_object_table live;
	struct kobs_group_table groups;
	struct kobs_group_table older;
	bool older_full;
	struct kobs_slab_cpu __percpu *cpu;
	u32 generation;

	struct kobs_probe probes[4];
	struct ftrace_ops ops[4];
	unsigned int hooked;
	struct kretprobe bulk;
	bool bulk_on;
	bool stuck;
	unsigned long started;
	unsigned long stopped;
	struct kobs_slab_tally *tally;
	local64_t *buckets;
	struct notifier_block modules;
	char module[MODULE_NAME_LEN];
	struct mutex symbol_lock; /* protects symbols */
	struct list_head symbols;

	struct delayed_work work;
	struct mutex shot_lock; /* protects the members below */
	u32 *shots[SLAB_SHOTS];
	u32 *older_shots[SLAB_SHOTS];
	unsigned long shot_at[SLAB_SHOTS];
	unsigned int n_shots;
	unsigned int every;
	unsigned int wait;
	u32 *peak;
	u8 *peaks;
};

/**
 * struct kobs_slab_alloc - an allocation
 * @site: return address
 * @ptr: address, or 0
 * @size: bytes of the object
 * @request: bytes requested
 * @cache: cache, or NULL for kmalloc()
 * @gfp: flags
 */
struct kobs_slab_alloc {
	unsigned long site;
	unsigned long ptr;
	size_t size;
	size_t request;
	struct kmem_cache *cache;
	gfp_t gfp;
};

/* slow.c */
void kobs_slab_alloc_slow(struct kobs_slab *sl, const struct kobs_slab_alloc *a,
			  bool timed);
void kobs_slab_put_slow(struct kobs_slab *sl, unsigned long ptr, u32 group,
			u32 size);
void kobs_slab_free_slow(struct kobs_slab *sl, unsigned long site,
			 unsigned long ptr, bool timed);
void kobs_slab_free_own(struct kobs_cpu *pc);
void kobs_slab_give(struct kobs_slab *sl, unsigned long ptr);

/* fast.c */

/**
 * struct kobs_slab_handlers - handlers of the hooks
 * @probe: of the tracepoints kmalloc, kmem_cache_alloc, kfree and
 *	kmem_cache_free
 * @free_bulk: at the entry of kmem_cache_free_bulk()
 * @give: at the entry of kvfree_call_rcu()
 * @alloc_bulk: at the return of kmem_cache_alloc_bulk(), with 0 objects for
 *	a failure
 */
struct kobs_slab_handlers {
	void *probe[4];
	ftrace_func_t free_bulk;
	ftrace_func_t give;
	void (*alloc_bulk)(struct kobs_slab *sl, unsigned long site,
			   struct kmem_cache *cache, gfp_t gfp, void **p,
			   unsigned int n);
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

/* rows.c */
int kobs_slab_rows_init(struct kobs_slab *sl);
void kobs_slab_rows_free(struct kobs_slab *sl);
void kobs_slab_rows_start(struct kobs_slab *sl);
void kobs_slab_rows_stop(struct kobs_slab *sl);
size_t kobs_slab_rows_bytes(const struct kobs_slab *sl);
bool kobs_slab_rows(struct kobs_session *s, unsigned long *at,
		    struct kobs_row_out *out);

/* names.c */
struct kobs_slab_names *kobs_slab_names_new(const char *pattern);
void kobs_slab_names_free(struct kobs_slab_names *names);
u64 kobs_slab_kmalloc_key(size_t size, gfp_t gfp);
bool kobs_slab_name(struct kobs_slab_names *names, const struct kmem_cache *cache,
		    u64 key, size_t request, u64 *text);
bool kobs_slab_name_matches(const struct kobs_slab_names *names, const u64 *text);
void kobs_slab_name_forget(struct kobs_slab_names *names,
			   const struct kmem_cache *cache);

/* source.c */
u64 kobs_slab_sum(const struct kobs_slab *sl, size_t member);

/* module.c */
int kobs_slab_module_init(struct kobs_slab *sl, struct netlink_ext_ack *extack);
void kobs_slab_module_free(struct kobs_slab *sl);
const char *kobs_slab_symbol(struct kobs_session *s, u64 *address);

/* By hash bits that do not select an address' bucket. */
static __always_inline bool kobs_slab_followed(const struct kobs_slab *sl,
					       unsigned long ptr)
{
	return !sl->sampled ||
	       (u32)(kobs_object_hash(ptr) >> 12) < sl->follow_below;
}

static __always_inline bool kobs_slab_in_module(const struct kobs_slab *sl,
						unsigned long site)
{
	unsigned int i;

	for (i = 0; i < SLAB_RANGES; i++) {
		if (site - READ_ONCE(sl->ranges[i].from) <
		    READ_ONCE(sl->ranges[i].size))
			return true;
	}
	return false;
}

#endif /* KOBS_SLAB_H */
