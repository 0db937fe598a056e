// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: accounting of allocations and frees, slow path. The fast path for
 * the common cases is in fast.c.
 *
 * A hit is an allocation that succeeds or fails, or a free. Bulk operations
 * are one hit per object. Calls that free nothing are no hits: NULL, and memory
 * of vmalloc() that goes through kvfree_call_rcu(). For its site, an object is
 * freed by kvfree_call_rcu(): that hit counts, and the free that follows is
 * filtered. For an object that is not followed it is no hit, since a free
 * follows in any case.
 *
 * Each hit ends in one counter:
 *
 *	recorded	the group's allocated, freed or failed counts it
 *	filtered	allocations excluded by the filter, the parameters or
 *			the sampling; frees of objects that are not followed,
 *			or that were given up before; allocations reported a
 *			second time; those of kobs and its controller
 *	lost		the object could not be followed
 *
 * An allocation is traced after the object has left the allocator, and a free
 * before the object returns to it: in between its address has one owner. If an
 * address is allocated while it is live, its free was missed.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "core/hit.h"
#include "sources/slab/site_cache.h"
#include "sources/slab/slab.h"

/* Counterpart of kobs_hit_wanted(). */
static __always_inline bool slab_own(const struct kobs_session *s)
{
	return unlikely(kobs_hit_is_own(s, current->tgid) && in_task());
}

static __always_inline u32 slab_find(struct kobs_slab *sl, const u64 *v)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	kobs_hit_gather(sl->s, v, key);
	return kobs_group_table_find(&sl->groups, key);
}

/*
 * A tail call, not inlined: code that enables preemption makes a function use a
 * frame pointer, and a stack with too many such frames cannot be cached
 * (stack_cache.h).
 */
static noinline void slab_end(struct kobs_session *s, struct kobs_cpu *pc,
			      u64 t0)
{
	kobs_hit_end(s, pc, t0, 0);
	kobs_hit_leave(pc);
}

/*
 * A helper can allocate from several caches for one site: there, the size and
 * the flags do not determine the cache of a kmalloc(). 0: unknown.
 */
static u64 slab_site_cache_of(const struct kobs_slab_alloc *a)
{
	if (a->by_helper && !a->cache)
		return (unsigned long)kobs_cache_of((void *)a->ptr);
	return slab_site_cache_cache(a->cache, a->size, a->gfp);
}

static void slab_cache_site(struct kobs_slab *sl, const struct kobs_slab_alloc *a,
			    u32 group, u32 generation)
{
	local64_t *counts = kobs_group_table_counts(&sl->groups, group);
	u64 cache = slab_site_cache_of(a);

	/* One that failed has no object: the name may not be that of its cache. */
	if (counts && cache && a->ptr)
		slab_site_cache_put(sl, a->site, cache, &(struct kobs_slab_found){
			.counts = counts,
			.group = group,
			.size = a->size,
		}, generation);
}

/* Where the group depends on more: that the site is in no helper, and the name. */
static void slab_cache_name(struct kobs_slab *sl, const struct kobs_slab_alloc *a,
			    const struct kobs_slab_name *name, u32 generation)
{
	if (!sl->fast && a->ptr && !a->by_helper)
		slab_site_cache_put(sl, a->site, slab_site_cache_of(a),
				    &(struct kobs_slab_found){ .name = name },
				    generation);
}

static bool slab_site_cached(struct kobs_slab *sl, const struct kobs_slab_alloc *a,
			     u32 *group)
{
	struct kobs_slab_found found KOBS_UNINIT;
	u64 cache = slab_site_cache_of(a);

	if (!sl->fast || !a->ptr || !cache ||
	    !slab_site_cache_get(sl, a->site, cache, &found))
		return false;
	*group = found.group;
	return true;
}

/* Sites in helpers are not cached, but their callers are. */
static bool slab_known(struct kobs_slab *sl, struct kobs_slab_alloc *a, u32 *group)
{
	unsigned long site;

	if (sl->fast) {
		if (slab_site_cached(sl, a, group))
			return true;
	} else if (a->ptr &&
		   slab_site_cache_name(sl, a->site,
					slab_site_cache_cache(a->cache, a->size, a->gfp),
					&a->name)) {
		a->named = true;
		return false;
	}
	site = kobs_slab_site(sl, a->site);
	if (site == a->site)
		return false;
	a->by_helper = true;
	a->uncached = !site;
	if (!site)
		return false;
	a->site = site;
	return slab_site_cached(sl, a, group);
}

static bool slab_named(struct kobs_slab *sl, const struct kobs_slab_alloc *a, u64 *v,
		       u32 generation)
{
	const struct kobs_slab_name *kept = NULL;
	bool match = true;

	if (a->named)
		return !a->name || kobs_slab_name_known(a->name, &v[SLAB_W_CACHE]);
	if (sl->names)
		match = kobs_slab_name(sl->names, a->cache, a->ptr,
				       kobs_slab_kmalloc_key(a->size, a->gfp),
				       a->request, &v[SLAB_W_CACHE], &kept);
	if (kept || !sl->names)
		slab_cache_name(sl, a, kept, generation);
	return match;
}

static bool slab_wanted(struct kobs_slab *sl, const struct kobs_slab_alloc *a, u64 *v,
			u32 generation)
{
	if (sl->module.on && !kobs_module_code_has(&sl->module, a->site))
		return false;
	if (sl->bounded && (a->size < sl->min_size || a->size > sl->max_size))
		return false;
	if (sl->s->filter.task && !kobs_context_filter(sl->s))
		return false;
	return slab_named(sl, a, v, generation);
}

/*
 * The group of an allocation, in the general case. Without one, the hit is
 * counted as filtered or lost.
 */
static noinline u32 slab_group(struct kobs_slab *sl, struct kobs_cpu *pc,
			       const struct kobs_slab_alloc *a)
{
	/* Before the name: pairs with the release in on_destroy(). */
	u32 generation = smp_load_acquire(&sl->generation);
	struct kobs_session *s = sl->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u32 need = s->need;
	u32 group;

	if (!slab_wanted(sl, a, v, generation)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return KOBS_GROUP_NONE;
	}
	v[SLAB_W_SITE] = a->site;
	v[SLAB_W_SIZE] = a->size;
	if (sl->census.escalate) {
		v[KOBS_W_KSTACK] = 0;
		v[KOBS_W_USTACK] = 0;
		kobs_context(s, v, need & ~KOBS_W_STACKS, false);
		group = slab_find(sl, v);
		if (group == KOBS_GROUP_NONE || !READ_ONCE(sl->census.hot[group]))
			goto out;
		need &= KOBS_W_STACKS;
	}
	if (!kobs_context(s, v, need, true)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		return KOBS_GROUP_NONE;
	}
	group = slab_find(sl, v);
out:
	if (group == KOBS_GROUP_NONE)
		kobs_count(&pc->counters, KOBS_N_TABLE_FULL);
	else if (sl->fast && !a->uncached)
		slab_cache_site(sl, a, group, generation);
	return group;
}

static noinline void slab_stale(struct kobs_slab *sl, const struct kobs_object *old)
{
	local64_t *n = old->group == KOBS_GROUP_OWN ? NULL :
		       kobs_group_table_counts(&sl->groups, old->group);

	if (n)
		local64_inc(&n[KOBS_CENSUS_MISSED]);
}

/*
 * Memory that kmalloc() takes from the page allocator is reported twice by some
 * kernels: first with a site in the allocator, which loses the object to the
 * second. No free of such an object is missed.
 */
static bool slab_told_twice(struct kobs_slab *sl, const struct kobs_object *o,
			    const struct kobs_object *old)
{
	local64_t *n;

	if (o->size <= KMALLOC_MAX_CACHE_SIZE || old->size != o->size ||
	    old->group == KOBS_GROUP_OWN)
		return false;
	n = kobs_group_table_counts(&sl->groups, old->group);
	local64_dec(&n[KOBS_CENSUS_ALLOCATED]);
	local64_sub(old->size, &n[KOBS_CENSUS_BYTES]);
	return true;
}

/* So that its free is recognized, and replaces a stale entry. */
static noinline void slab_put_own(struct kobs_slab *sl, struct kobs_cpu *pc,
				  unsigned long ptr)
{
	struct kobs_object o = { .group = KOBS_GROUP_OWN };
	struct kobs_object old;

	kobs_hit_count_own(pc);
	if (ptr && kobs_object_insert(&sl->live, ptr, &o, &old) == KOBS_OBJECT_STALE)
		slab_stale(sl, &old);
}

static noinline void slab_failed(struct kobs_slab *sl, struct kobs_cpu *pc,
				 u32 group)
{
	local64_t *n;

	if (group == KOBS_GROUP_NONE)
		return;
	n = kobs_group_table_counts(&sl->groups, group);
	if (n)
		local64_inc(&n[KOBS_CENSUS_FAILED]);
	kobs_count(&pc->counters, n ? KOBS_N_RECORDED : KOBS_N_NO_TABLE);
}

static void slab_put(struct kobs_slab *sl, struct kobs_cpu *pc, unsigned long ptr,
		     u32 group, u32 size)
{
	struct kobs_object o = {
		.group = group,
		.born = jiffies,
		.size = size,
	};
	enum kobs_counter outcome = KOBS_N_RECORDED;
	struct kobs_object old KOBS_UNINIT;
	enum kobs_object_fate fate;
	local64_t *n = kobs_group_table_counts(&sl->groups, group);

	if (unlikely(!n)) {
		kobs_count(&pc->counters, KOBS_N_NO_TABLE);
		return;
	}
	fate = kobs_object_insert(&sl->live, ptr, &o, &old);
	if (unlikely(fate != KOBS_OBJECT_NEW)) {
		if (fate == KOBS_OBJECT_FULL) {
			kobs_count(&pc->counters, SLAB_LOST_OBJECTS_FULL);
			return;
		}
		if (slab_told_twice(sl, &o, &old))
			outcome = KOBS_N_FILTERED;
		else
			slab_stale(sl, &old);
	}
	local64_inc(&n[KOBS_CENSUS_ALLOCATED]);
	local64_add(size, &n[KOBS_CENSUS_BYTES]);
	kobs_count(&pc->counters, outcome);
}

static void slab_alloc_one(struct kobs_slab *sl, struct kobs_cpu *pc,
			   struct kobs_slab_alloc *a)
{
	u32 group;

	if (slab_own(sl->s)) {
		slab_put_own(sl, pc, a->ptr);
		return;
	}
	if (!slab_known(sl, a, &group))
		group = slab_group(sl, pc, a);
	if (unlikely(!a->ptr)) {
		slab_failed(sl, pc, group);
		return;
	}
	if (group != KOBS_GROUP_NONE)
		slab_put(sl, pc, a->ptr, group, a->size);
}

/* Enter the handler inside another one. Returns false for a recursion. */
static noinline bool slab_nest(struct kobs_session *s, struct kobs_cpu *pc,
			       enum kobs_slab_hit *hit)
{
	if (!kobs_hit_nest(s, pc)) {
		preempt_enable_notrace();
		return false;
	}
	*hit = kobs_hit_count(pc) ? SLAB_HIT_TIMED : SLAB_HIT_COUNTED;
	return true;
}

/**
 * kobs_slab_alloc_slow() - account for an allocation, and leave the handler
 * @sl: session
 * @a: the allocation; its site may be replaced
 * @hit: what was done for the hit so far
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_slab_alloc_slow(struct kobs_slab *sl, struct kobs_slab_alloc *a,
			  enum kobs_slab_hit hit)
{
	struct kobs_cpu *pc = this_cpu_ptr(sl->s->cpu);
	u64 t0;

	if (unlikely(hit == SLAB_HIT_NESTED) && !slab_nest(sl->s, pc, &hit))
		return;
	t0 = hit == SLAB_HIT_TIMED ? ktime_get_mono_fast_ns() : 0;
	slab_alloc_one(sl, pc, a);
	slab_end(sl->s, pc, t0);
}

/**
 * kobs_slab_put_slow() - insert an object, and leave the handler
 * @sl: session, whose handler was entered
 * @ptr: address
 * @group: group
 * @size: bytes of the object
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_slab_put_slow(struct kobs_slab *sl, unsigned long ptr, u32 group,
			u32 size)
{
	struct kobs_cpu *pc = this_cpu_ptr(sl->s->cpu);

	slab_put(sl, pc, ptr, group, size);
	kobs_hit_leave(pc);
}

static void slab_unknown(struct kobs_slab *sl, struct kobs_cpu *pc,
			 unsigned long site, unsigned long ptr)
{
	u64 key[SLAB_OLDER_WORDS];
	u32 group = KOBS_GROUP_NONE;
	local64_t *n = NULL;

	if (slab_own(sl->s)) {
		kobs_hit_count_own(pc);
		return;
	}
	kobs_count(&pc->counters, KOBS_N_FILTERED);
	/* Looked through only where somebody asks for it. */
	key[0] = site;
	if (sl->module.on || sl->older.slots)
		key[0] = kobs_slab_site(sl, site) ?: site;
	if (sl->module.on && !kobs_module_code_has(&sl->module, key[0]))
		return;
	if (sl->older.slots) {
		kobs_cache_where((void *)ptr, &key[1]);
		if (kobs_slab_name_matches(sl->names, &key[1])) {
			group = kobs_group_table_find(&sl->older, key);
			if (group == KOBS_GROUP_NONE)
				WRITE_ONCE(sl->older_full, true);
		}
	}
	if (group != KOBS_GROUP_NONE)
		n = kobs_group_table_counts(&sl->older, group);
	local64_inc(n ?: &this_cpu_ptr(sl->cpu)->unknown);
}

static void slab_count_freed(struct kobs_slab *sl, struct kobs_cpu *pc,
			     const struct kobs_object *o)
{
	local64_t *n = kobs_group_table_counts(&sl->groups, o->group);

	if (n)
		local64_inc(&n[KOBS_CENSUS_FREED]);
	kobs_count(&pc->counters, n ? KOBS_N_RECORDED : KOBS_N_NO_TABLE);
}

static void slab_free_one(struct kobs_slab *sl, struct kobs_cpu *pc,
			  unsigned long site, unsigned long ptr)
{
	struct kobs_object o;

	if (!kobs_object_remove(&sl->live, ptr, &o))
		slab_unknown(sl, pc, site, ptr);
	else if (o.group == KOBS_GROUP_OWN)
		kobs_hit_count_own(pc);
	else if (o.given)
		kobs_count(&pc->counters, KOBS_N_FILTERED);
	else
		slab_count_freed(sl, pc, &o);
}

/**
 * kobs_slab_free_slow() - account for a free, and leave the handler
 * @sl: session
 * @site: return address
 * @ptr: address
 * @hit: what was done for the hit so far
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_slab_free_slow(struct kobs_slab *sl, unsigned long site,
			 unsigned long ptr, enum kobs_slab_hit hit)
{
	struct kobs_cpu *pc = this_cpu_ptr(sl->s->cpu);
	u64 t0;

	if (unlikely(hit == SLAB_HIT_NESTED) && !slab_nest(sl->s, pc, &hit))
		return;
	t0 = hit == SLAB_HIT_TIMED ? ktime_get_mono_fast_ns() : 0;
	slab_free_one(sl, pc, site, ptr);
	slab_end(sl->s, pc, t0);
}

/**
 * kobs_slab_free_own() - account for a free of an object of kobs or of its
 *	controller, and leave the handler
 * @pc: session's part for this CPU
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_slab_free_own(struct kobs_cpu *pc)
{
	kobs_hit_count_own(pc);
	kobs_hit_leave(pc);
}

/**
 * kobs_slab_free_lost() - count the free of an object on a CPU without
 *	counters as lost, and leave the handler
 * @pc: session's part for this CPU
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_slab_free_lost(struct kobs_cpu *pc)
{
	kobs_count(&pc->counters, KOBS_N_NO_TABLE);
	kobs_hit_leave(pc);
}

/**
 * kobs_slab_give() - account for an object that is given up to RCU
 * @sl: session
 * @ptr: address
 *
 * Context: any, NMI included.
 */
void kobs_slab_give(struct kobs_slab *sl, unsigned long ptr)
{
	struct kobs_object o;
	struct kobs_cpu *pc;
	u64 t0;

	if (!ptr || !kobs_slab_followed(sl, ptr) || !READ_ONCE(sl->s->armed))
		return;
	pc = kobs_hit_enter(sl->s);
	if (!pc)
		return;
	if (kobs_object_give_up(&sl->live, ptr, &o) &&
	    kobs_hit_begin(sl->s, pc, &t0)) {
		if (o.group == KOBS_GROUP_OWN)
			kobs_hit_count_own(pc);
		else
			slab_count_freed(sl, pc, &o);
		kobs_hit_end(sl->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}
