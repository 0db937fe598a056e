// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: what happens when memory is allocated and freed.
 *
 * A hit is an allocation that succeeds or fails, or a free. Bulk operations
 * are a hit for each object. Not a hit is what frees nothing: NULL, and memory
 * of vmalloc() that goes through kvfree_call_rcu(). An object that
 * kvfree_call_rcu() takes is freed as far as its site is concerned; that is
 * the hit which counts, and the free that follows is filtered. One that is not
 * followed is no hit there, since a free follows in any case.
 *
 * Each hit ends in one counter:
 *
 *	recorded	the group's allocated, freed or failed counts it
 *	filtered	allocations kept out by the filter, the parameters or the
 *			sampling; frees of objects that are not followed, or
 *			that were given up before; allocations told of for
 *			the second time; what kobs and its controller do
 *	lost		the object could not be followed
 *
 * An allocation is traced when the object has left the allocator, and a free
 * before the object gets there: between the two nobody else is given its
 * address. An address that is allocated while it is live was freed unseen.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "compat/ftrace_args.h"
#include "hit.h"
#include "slab.h"

/**
 * struct slab_alloc - an allocation
 * @site: where it returns to
 * @ptr: address, or 0
 * @size: bytes of the object
 * @request: bytes that were asked for
 * @cache: cache, or NULL for kmalloc()
 * @gfp: flags
 */
struct slab_alloc {
	unsigned long site;
	unsigned long ptr;
	size_t size;
	size_t request;
	struct kmem_cache *cache;
	gfp_t gfp;
};

/* Sampling leaves an event out: the cheapest that can happen. */
static __always_inline bool slab_skip(const struct slab *sl, unsigned long ptr)
{
	if (kobs_slab_followed(sl, ptr))
		return false;
	if (READ_ONCE(sl->s->armed))
		this_cpu_inc(sl->cpu->skipped.a.a.counter);
	return true;
}

/*
 * The group of a site and a cache, if this CPU has just had it. An interrupt
 * that comes in between may put another one in its place, hence the second
 * look.
 */
static __always_inline struct slab_quick *slab_quick_at(struct slab *sl,
							unsigned long site,
							u64 cache)
{
	u64 hash = (site ^ cache << 8) * KOBS_HASH_FACTOR;

	return &this_cpu_ptr(sl->cpu)->quick[hash >> (64 - SLAB_QUICK_BITS)];
}

static __always_inline u32 slab_quick_get(struct slab *sl, unsigned long site,
					  u64 cache)
{
	struct slab_quick *q = slab_quick_at(sl, site, cache);
	u64 group;

	if (READ_ONCE(q->site) != site || READ_ONCE(q->cache) != cache)
		return KOBS_GROUP_NONE;
	group = READ_ONCE(q->group);
	if (READ_ONCE(q->site) != site ||
	    group >> 32 != READ_ONCE(sl->generation))
		return KOBS_GROUP_NONE;
	return group;
}

static void slab_quick_put(struct slab *sl, u32 generation, unsigned long site,
			   u64 cache, u32 group)
{
	struct slab_quick *q = slab_quick_at(sl, site, cache);
	unsigned long old = READ_ONCE(q->site);

	/* An interrupt finds it busy and leaves it alone. */
	if (old == 1 || cmpxchg_local(&q->site, old, 1) != old)
		return;
	WRITE_ONCE(q->cache, cache);
	WRITE_ONCE(q->group, (u64)generation << 32 | group);
	barrier();
	WRITE_ONCE(q->site, site);
}

/* What a cache is known by there; of kmalloc(), all that its name depends on. */
static __always_inline u64 slab_cache_key(const struct slab_alloc *a)
{
	const gfp_t class = __GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT;

	if (a->cache)
		return (unsigned long)a->cache;
	return (u64)(__force u32)(a->gfp & class) << 32 | a->size;
}

/* As kobs_hit_wanted() has it. */
static __always_inline bool slab_own(const struct kobs_session *s)
{
	pid_t tgid = current->tgid;

	return unlikely((tgid == s->own_tgid || tgid == s->worker_tgid) &&
			in_task());
}

static void slab_count_own(struct kobs_cpu *pc)
{
	kobs_count(&pc->counters, KOBS_N_OWN);
	kobs_count(&pc->counters, KOBS_N_FILTERED);
}

static bool slab_wanted(struct slab *sl, const struct slab_alloc *a, u64 *v)
{
	if (sl->in_module && !kobs_slab_in_module(sl, a->site))
		return false;
	if (sl->bounded && (a->size < sl->min_size || a->size > sl->max_size))
		return false;
	if (sl->s->filter.task && !kobs_capture_filter(sl->s))
		return false;
	if (!sl->names)
		return true;
	return kobs_slab_name(sl->names, a->cache,
			      a->cache ? (unsigned long)a->cache :
					 kobs_slab_kmalloc_key(a->size, a->gfp),
			      a->request, &v[SLAB_W_CACHE]);
}

static u32 slab_find(struct slab *sl, const u64 *v)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	kobs_hit_gather(sl->s, v, key);
	return kobs_groups_find(&sl->groups, key);
}

/*
 * The group of an allocation, in the general case. Where there is none, the
 * hit is counted as what became of it.
 */
static noinline u32 slab_group(struct slab *sl, struct kobs_cpu *pc,
			       const struct slab_alloc *a)
{
	/* Before the name: pairs with the release in on_destroy(). */
	u32 generation = smp_load_acquire(&sl->generation);
	struct kobs_session *s = sl->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u32 need = s->need;
	u32 group;

	if (!slab_wanted(sl, a, v)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return KOBS_GROUP_NONE;
	}
	v[SLAB_W_SITE] = a->site;
	v[SLAB_W_SIZE] = a->size;
	if (sl->escalate) {
		v[KOBS_W_KSTACK] = 0;
		v[KOBS_W_USTACK] = 0;
		kobs_capture(s, v, need & ~KOBS_W_STACKS, 0, false);
		group = slab_find(sl, v);
		if (group == KOBS_GROUP_NONE || !READ_ONCE(sl->hot[group]))
			goto out;
		need &= KOBS_W_STACKS;
	}
	if (!kobs_capture(s, v, need, 0, true)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		return KOBS_GROUP_NONE;
	}
	group = slab_find(sl, v);
out:
	if (group == KOBS_GROUP_NONE)
		kobs_count(&pc->counters, KOBS_N_TABLE_FULL);
	else if (sl->quick)
		slab_quick_put(sl, generation, a->site, slab_cache_key(a),
			       group);
	return group;
}

static noinline void slab_stale(struct slab *sl, const struct kobs_object *old)
{
	if (old->group != SLAB_GROUP_OWN)
		local64_inc(&kobs_groups_counts(&sl->groups,
						old->group)[SLAB_N_MISSED]);
}

/*
 * What kmalloc() has from the page allocator is told of twice by some kernels:
 * first with a site in the allocator, which loses the object to the second.
 * No free of such an object goes unseen.
 */
static bool slab_told_twice(struct slab *sl, const struct kobs_object *o,
			    const struct kobs_object *old)
{
	local64_t *n;

	if (o->size <= KMALLOC_MAX_CACHE_SIZE || old->size != o->size ||
	    old->group == SLAB_GROUP_OWN)
		return false;
	n = kobs_groups_counts(&sl->groups, old->group);
	local64_dec(&n[SLAB_N_ALLOCATED]);
	local64_sub(old->size, &n[SLAB_N_BYTES]);
	return true;
}

/* So that its free is known as well, and takes a stale record's place. */
static noinline void slab_put_own(struct slab *sl, struct kobs_cpu *pc,
				  unsigned long ptr)
{
	struct kobs_object o = { .group = SLAB_GROUP_OWN };
	struct kobs_object old;

	slab_count_own(pc);
	if (ptr && kobs_live_put(&sl->live, ptr, &o, &old) == KOBS_LIVE_STALE)
		slab_stale(sl, &old);
}

static noinline void slab_failed(struct slab *sl, struct kobs_cpu *pc,
				 const struct slab_alloc *a)
{
	u32 group = slab_group(sl, pc, a);

	if (group == KOBS_GROUP_NONE)
		return;
	local64_inc(&kobs_groups_counts(&sl->groups, group)[SLAB_N_FAILED]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
}

static __always_inline void slab_put(struct slab *sl, struct kobs_cpu *pc,
				     unsigned long ptr, u32 group, u32 size)
{
	struct kobs_object o = {
		.group = group,
		.born = jiffies,
		.size = size,
	};
	enum kobs_counter outcome = KOBS_N_RECORDED;
	struct kobs_object old;
	enum kobs_live_fate fate;
	local64_t *n;

	fate = kobs_live_put(&sl->live, ptr, &o, &old);
	if (unlikely(fate != KOBS_LIVE_NEW)) {
		if (fate == KOBS_LIVE_FULL) {
			kobs_count(&pc->counters, KOBS_N_LIVE_FULL);
			return;
		}
		if (slab_told_twice(sl, &o, &old))
			outcome = KOBS_N_FILTERED;
		else
			slab_stale(sl, &old);
	}
	n = kobs_groups_counts(&sl->groups, group);
	local64_inc(&n[SLAB_N_ALLOCATED]);
	local64_add(size, &n[SLAB_N_BYTES]);
	kobs_count(&pc->counters, outcome);
}

static __always_inline void slab_alloc_one(struct slab *sl,
					   struct kobs_cpu *pc,
					   const struct slab_alloc *a)
{
	u32 group = KOBS_GROUP_NONE;

	if (slab_own(sl->s)) {
		slab_put_own(sl, pc, a->ptr);
		return;
	}
	if (unlikely(!a->ptr)) {
		slab_failed(sl, pc, a);
		return;
	}
	if (sl->plain)
		group = kobs_groups_peek(&sl->groups, a->site);
	else if (sl->quick)
		group = slab_quick_get(sl, a->site, slab_cache_key(a));
	if (group == KOBS_GROUP_NONE)
		group = slab_group(sl, pc, a);
	if (group != KOBS_GROUP_NONE)
		slab_put(sl, pc, a->ptr, group, a->size);
}

static noinline void slab_unknown(struct slab *sl, struct kobs_cpu *pc,
				  unsigned long site)
{
	if (slab_own(sl->s)) {
		slab_count_own(pc);
		return;
	}
	kobs_count(&pc->counters, KOBS_N_FILTERED);
	if (!sl->in_module || kobs_slab_in_module(sl, site))
		local64_inc(&this_cpu_ptr(sl->cpu)->unknown);
}

static noinline void slab_free_odd(struct slab *sl, struct kobs_cpu *pc,
				   const struct kobs_object *o)
{
	if (o->group == SLAB_GROUP_OWN)
		slab_count_own(pc);
	else
		kobs_count(&pc->counters, KOBS_N_FILTERED);
}

static __always_inline void slab_count_freed(struct slab *sl,
					     struct kobs_cpu *pc,
					     const struct kobs_object *o)
{
	local64_inc(&kobs_groups_counts(&sl->groups, o->group)[SLAB_N_FREED]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
}

static __always_inline void slab_free_one(struct slab *sl, struct kobs_cpu *pc,
					  unsigned long site, unsigned long ptr)
{
	struct kobs_object o;

	if (unlikely(!kobs_live_take(&sl->live, ptr, &o)))
		slab_unknown(sl, pc, site);
	else if (unlikely(o.given || o.group == SLAB_GROUP_OWN))
		slab_free_odd(sl, pc, &o);
	else
		slab_count_freed(sl, pc, &o);
}

static __always_inline void slab_alloc(struct slab *sl,
				       const struct slab_alloc *a)
{
	struct kobs_cpu *pc;
	u64 t0;

	if (a->ptr && slab_skip(sl, a->ptr))
		return;
	pc = kobs_hit_enter(sl->s);
	if (!pc)
		return;
	if (kobs_hit_begin(sl->s, pc, &t0)) {
		slab_alloc_one(sl, pc, a);
		kobs_hit_end(sl->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static __always_inline void slab_free(struct slab *sl, unsigned long site,
				      const void *ptr)
{
	struct kobs_cpu *pc;
	u64 t0;

	if (ZERO_OR_NULL_PTR(ptr) || slab_skip(sl, (unsigned long)ptr))
		return;
	pc = kobs_hit_enter(sl->s);
	if (!pc)
		return;
	if (kobs_hit_begin(sl->s, pc, &t0)) {
		slab_free_one(sl, pc, site, (unsigned long)ptr);
		kobs_hit_end(sl->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void slab_on_kmalloc(void *data, unsigned long site, const void *ptr,
			    size_t request, size_t size, gfp_t gfp, int node)
{
	const struct slab_alloc a = {
		site, (unsigned long)ptr, size, request, NULL, gfp
	};

	slab_alloc(data, &a);
}

static void slab_on_cache_alloc(void *data, unsigned long site,
				const void *ptr, struct kmem_cache *cache,
				gfp_t gfp, int node)
{
	const struct slab_alloc a = {
		site, (unsigned long)ptr, kmem_cache_size(cache), 0, cache, gfp
	};

	slab_alloc(data, &a);
}

static void slab_on_kfree(void *data, unsigned long site, const void *ptr)
{
	slab_free(data, site, ptr);
}

static void slab_on_cache_free(void *data, unsigned long site, const void *ptr,
			       const struct kmem_cache *cache)
{
	slab_free(data, site, ptr);
}

static void slab_on_free_bulk(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unsigned long n = kobs_ftrace_arg(fregs, 1);
	void **p = (void **)kobs_ftrace_arg(fregs, 2);

	while (n--)
		slab_free(ops->private, parent_ip, *p++);
}

static void slab_on_give(unsigned long ip, unsigned long parent_ip,
			 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unsigned long ptr = (unsigned long)kobs_kvfree_arg(fregs);
	struct slab *sl = ops->private;
	struct kobs_object o;
	struct kobs_cpu *pc;
	u64 t0;

	if (!ptr || !kobs_slab_followed(sl, ptr) || !READ_ONCE(sl->s->armed))
		return;
	pc = kobs_hit_enter(sl->s);
	if (!pc)
		return;
	if (kobs_live_give(&sl->live, ptr, &o) &&
	    kobs_hit_begin(sl->s, pc, &t0)) {
		if (o.group == SLAB_GROUP_OWN)
			slab_count_own(pc);
		else
			slab_count_freed(sl, pc, &o);
		kobs_hit_end(sl->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void slab_on_alloc_bulk(struct slab *sl, unsigned long site,
			       struct kmem_cache *cache, gfp_t gfp, void **p,
			       unsigned int n)
{
	struct slab_alloc a = {
		site, 0, kmem_cache_size(cache), 0, cache, gfp
	};

	if (!n)
		slab_alloc(sl, &a);
	while (n--) {
		a.ptr = (unsigned long)*p++;
		slab_alloc(sl, &a);
	}
}

const struct slab_handlers kobs_slab_follow = {
	.probe = { slab_on_kmalloc, slab_on_cache_alloc, slab_on_kfree,
		   slab_on_cache_free },
	.free_bulk = slab_on_free_bulk,
	.give = slab_on_give,
	.alloc_bulk = slab_on_alloc_bulk,
};
