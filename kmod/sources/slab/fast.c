// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab, mode leaks: the handlers of the hooks, fast path: an allocation
 * whose site and cache are in this CPU's site cache and whose address has a free
 * slot in the object table, and a free of a live object. Everything else,
 * including hits that are timed or inside another handler, goes to slow.c by a
 * tail call, so that nothing has to be saved over it.
 *
 * This holds where the site and the cache determine the group. A second set of
 * handlers serves other keys.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <trace/events/kmem.h>

#include "compat/ftrace_args.h"
#include "core/hit.h"
#include "sources/slab/site_cache.h"
#include "sources/slab/slab.h"

/* Returns false when the event is no hit. */
static __always_inline bool probe_hits(const struct kobs_slab *sl,
				       unsigned long ptr)
{
	if (unlikely(!READ_ONCE(sl->s->armed)))
		return false;
	if (!kobs_slab_followed(sl, ptr)) {
		/* The cheapest case first. */
		this_cpu_inc(sl->cpu->skipped.a.a.counter);
		return false;
	}
	return true;
}

/* Own tasks and their interrupts are told apart in the slow path. */
static __always_inline bool probe_own(const struct kobs_session *s)
{
	return unlikely(kobs_hit_is_own(s, current->tgid));
}

/* Returns false when nothing was done. */
static __always_inline bool probe_found(const struct kobs_slab *sl,
					unsigned long site, unsigned long ptr,
					u64 cache, struct kobs_slab_found *found)
{
	return !probe_own(sl->s) && likely(ptr) &&
	       slab_site_cache_get(sl, site, cache, found);
}

static __always_inline void probe_put(struct kobs_slab *sl, struct kobs_cpu *pc,
				      unsigned long ptr,
				      const struct kobs_slab_found *found, u32 size)
{
	const struct kobs_object o = {
		.group = found->group,
		.born = jiffies,
		.size = size,
	};

	if (unlikely(!kobs_object_insert_fast(&sl->live, ptr, &o))) {
		kobs_slab_put_slow(sl, ptr, found->group, size);
		return;
	}
	local64_inc(&found->counts[KOBS_CENSUS_ALLOCATED]);
	local64_add(size, &found->counts[KOBS_CENSUS_BYTES]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

static noinline void kmalloc_slow(struct kobs_slab *sl, unsigned long site,
				  unsigned long ptr, size_t request,
				  size_t size, gfp_t gfp,
				  enum kobs_slab_hit hit)
{
	struct kobs_slab_alloc a = { site, ptr, size, request, NULL, gfp };

	kobs_slab_alloc_slow(sl, &a, hit);
}

static __always_inline void probe_kmalloc(struct kobs_slab *sl, unsigned long site,
					  unsigned long ptr, size_t request,
					  size_t size, gfp_t gfp,
					  bool fast)
{
	struct kobs_slab_found found KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 cache;

	if (!probe_hits(sl, ptr))
		return;
	cache = slab_site_cache_cache(NULL, size, gfp);
	if (unlikely(!kobs_hit_enter_alone(sl->s, &pc)))
		kmalloc_slow(sl, site, ptr, request, size, gfp,
			     SLAB_HIT_NESTED);
	else if (unlikely(kobs_hit_count(pc)))
		kmalloc_slow(sl, site, ptr, request, size, gfp, SLAB_HIT_TIMED);
	else if (!fast || !probe_found(sl, site, ptr, cache, &found))
		kmalloc_slow(sl, site, ptr, request, size, gfp,
			     SLAB_HIT_COUNTED);
	else
		probe_put(sl, pc, ptr, &found, size);
}

static noinline void cache_slow(struct kobs_slab *sl, unsigned long site,
				unsigned long ptr, struct kmem_cache *cache,
				gfp_t gfp, enum kobs_slab_hit hit)
{
	struct kobs_slab_alloc a = {
		site, ptr, kmem_cache_size(cache), 0, cache, gfp
	};

	kobs_slab_alloc_slow(sl, &a, hit);
}

static __always_inline void probe_cache(struct kobs_slab *sl, unsigned long site,
					unsigned long ptr,
					struct kmem_cache *cache, gfp_t gfp,
					bool fast)
{
	struct kobs_slab_found found KOBS_UNINIT;
	struct kobs_cpu *pc;

	if (!probe_hits(sl, ptr))
		return;
	if (unlikely(!kobs_hit_enter_alone(sl->s, &pc)))
		cache_slow(sl, site, ptr, cache, gfp, SLAB_HIT_NESTED);
	else if (unlikely(kobs_hit_count(pc)))
		cache_slow(sl, site, ptr, cache, gfp, SLAB_HIT_TIMED);
	else if (!fast ||
		 !probe_found(sl, site, ptr, (unsigned long)cache, &found))
		cache_slow(sl, site, ptr, cache, gfp, SLAB_HIT_COUNTED);
	else
		probe_put(sl, pc, ptr, &found, found.size);
}

static __always_inline void probe_free(struct kobs_slab *sl, unsigned long site,
				       unsigned long ptr)
{
	struct kobs_object o KOBS_UNINIT;
	struct kobs_cpu *pc;
	local64_t *n;

	if (unlikely(ZERO_OR_NULL_PTR((void *)ptr)) || !probe_hits(sl, ptr))
		return;
	if (unlikely(!kobs_hit_enter_alone(sl->s, &pc))) {
		kobs_slab_free_slow(sl, site, ptr, SLAB_HIT_NESTED);
		return;
	}
	if (unlikely(kobs_hit_count(pc))) {
		kobs_slab_free_slow(sl, site, ptr, SLAB_HIT_TIMED);
		return;
	}
	if (unlikely(!kobs_object_remove_fast(&sl->live, ptr, &o))) {
		kobs_slab_free_slow(sl, site, ptr, SLAB_HIT_COUNTED);
		return;
	}
	if (unlikely(o.group == KOBS_GROUP_OWN)) {
		kobs_slab_free_own(pc);
		return;
	}
	n = kobs_group_table_counts(&sl->groups, o.group);
	if (unlikely(!n)) {
		kobs_slab_free_lost(pc);
		return;
	}
	local64_inc(&n[KOBS_CENSUS_FREED]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

/* The hooks. */

static void fast_kmalloc(void *data, unsigned long site, const void *ptr,
			 size_t request, size_t size, gfp_t gfp, int node)
{
	probe_kmalloc(data, site, (unsigned long)ptr, request, size, gfp,
		      true);
}

static void long_kmalloc(void *data, unsigned long site, const void *ptr,
			 size_t request, size_t size, gfp_t gfp, int node)
{
	probe_kmalloc(data, site, (unsigned long)ptr, request, size, gfp,
		      false);
}

static void fast_cache(void *data, unsigned long site, const void *ptr,
		       struct kmem_cache *cache, gfp_t gfp, int node)
{
	probe_cache(data, site, (unsigned long)ptr, cache, gfp, true);
}

static void long_cache(void *data, unsigned long site, const void *ptr,
		       struct kmem_cache *cache, gfp_t gfp, int node)
{
	probe_cache(data, site, (unsigned long)ptr, cache, gfp, false);
}

static void on_kfree(void *data, unsigned long site, const void *ptr)
{
	probe_free(data, site, (unsigned long)ptr);
}

static void on_cache_free(void *data, unsigned long site, const void *ptr,
			  const struct kmem_cache *cache)
{
	probe_free(data, site, (unsigned long)ptr);
}

static void on_free_bulk(unsigned long ip, unsigned long parent_ip,
			 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unsigned long n = kobs_ftrace_arg(fregs, 1);
	void **p = (void **)kobs_ftrace_arg(fregs, 2);

	while (n--)
		on_kfree(ops->private, parent_ip, *p++);
}

static void on_free_nolock(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	on_kfree(ops->private, parent_ip, (void *)kobs_ftrace_arg(fregs, 0));
}

static void on_give(unsigned long ip, unsigned long parent_ip,
		    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	kobs_slab_give(ops->private, (unsigned long)kobs_kvfree_arg(fregs));
}

static void fast_alloc_bulk(struct kobs_slab *sl, unsigned long site,
			    struct kmem_cache *cache, gfp_t gfp, void **p,
			     unsigned int n)
{
	if (!n)
		fast_cache(sl, site, NULL, cache, gfp, 0);
	while (n--)
		fast_cache(sl, site, *p++, cache, gfp, 0);
}

static void long_alloc_bulk(struct kobs_slab *sl, unsigned long site,
			    struct kmem_cache *cache, gfp_t gfp, void **p,
			    unsigned int n)
{
	if (!n)
		long_cache(sl, site, NULL, cache, gfp, 0);
	while (n--)
		long_cache(sl, site, *p++, cache, gfp, 0);
}

KOBS_PROBE_TYPE(fast_kmalloc, kmalloc);
KOBS_PROBE_TYPE(long_kmalloc, kmalloc);
KOBS_PROBE_TYPE(fast_cache, kmem_cache_alloc);
KOBS_PROBE_TYPE(long_cache, kmem_cache_alloc);
KOBS_PROBE_TYPE(on_kfree, kfree);
KOBS_PROBE_TYPE(on_cache_free, kmem_cache_free);

const struct kobs_slab_handlers kobs_slab_fast = {
	.probe = { fast_kmalloc, fast_cache, on_kfree, on_cache_free },
	.free_bulk = on_free_bulk,
	.free_nolock = on_free_nolock,
	.give = on_give,
	.alloc_bulk = fast_alloc_bulk,
	.alloc_nolock = fast_kmalloc,
};

const struct kobs_slab_handlers kobs_slab_follow = {
	.probe = { long_kmalloc, long_cache, on_kfree, on_cache_free },
	.free_bulk = on_free_bulk,
	.free_nolock = on_free_nolock,
	.give = on_give,
	.alloc_bulk = long_alloc_bulk,
	.alloc_nolock = long_kmalloc,
};
