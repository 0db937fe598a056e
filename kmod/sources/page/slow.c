// SPDX-License-Identifier: GPL-2.0
/*
 * Source page: accounting of allocations and frees, slow path. The fast path for
 * the common cases is in fast.c.
 *
 * A hit is an allocation of a block that succeeds or fails, or a free of a block
 * or of a part of one. Many pages that are allocated by one call are a hit each;
 * one of them that the allocator reports by itself, too, is filtered the second
 * time. A migration is no hit: the record follows the page.
 *
 * Each hit ends in one counter:
 *
 *	recorded	the group's allocated, freed or failed counts its pages
 *	filtered	allocations excluded by the filter, by --module or by the
 *			sample, or of owners whose objects another report has, and their frees;
 *			frees of pages that are not followed; those of kobs and
 *			its controller
 *	lost		the block could not be followed
 *
 * An allocation is traced before its pages are given to the caller, and a free
 * before they return to the allocator: in between a block has one owner. If a
 * block is allocated while it is live, its free was missed.
 *
 * Locking: see lib/block_table.h; any context, NMI included.
 */
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "core/hit.h"
#include "sources/page/site.h"

static const char mobilities[][2 * sizeof(u64)] __aligned(sizeof(u64)) = {
	"unmovable", "movable", "reclaimable", "movable",
};

/* Counterpart of kobs_hit_wanted(). */
static bool page_own(const struct kobs_session *s)
{
	return unlikely(kobs_hit_is_own(s, current->tgid) && in_task());
}

/*
 * Whether a block is followed: drawn by a Weyl sequence, of which every part has its
 * share, whatever pattern the allocations have. Not by its address, which a site can
 * get again and again, and of which a part of the block has another one.
 */
static bool page_drawn(struct kobs_page *pg)
{
	return likely(!pg->draw_below) ||
	       this_cpu_inc_return(pg->cpu->turn) * GOLDEN_RATIO_32 <
	       pg->draw_below;
}

static u32 page_find(struct kobs_page *pg, const u64 *v)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	kobs_hit_gather(pg->s, v, key);
	return kobs_group_table_find(&pg->groups, key);
}

/* A tail call, not inlined: see slab_end(). */
static noinline void page_end(struct kobs_session *s, struct kobs_cpu *pc,
			      u64 t0)
{
	kobs_hit_end(s, pc, t0, 0);
	kobs_hit_leave(pc);
}

/*
 * The group of a key with stacks. With escalate, one without them until that is
 * hot.
 */
static u32 page_group_of(struct kobs_page *pg, u64 *v, enum kobs_counter *fate)
{
	u32 need = pg->s->need;
	u32 group;

	*fate = KOBS_N_TABLE_FULL;
	if (pg->census.escalate) {
		v[KOBS_W_KSTACK] = 0;
		v[KOBS_W_USTACK] = 0;
		kobs_context(pg->s, v, need & ~KOBS_W_STACKS, false);
		group = page_find(pg, v);
		if (group == KOBS_GROUP_NONE || !READ_ONCE(pg->census.hot[group]))
			return group;
		need &= KOBS_W_STACKS;
	}
	if (!kobs_context(pg->s, v, need, true)) {
		*fate = KOBS_N_STACK_FULL;
		return KOBS_GROUP_NONE;
	}
	return page_find(pg, v);
}

/*
 * The group of an allocation, or KOBS_GROUP_OTHER. KOBS_GROUP_NONE: *fate is what
 * becomes of the hit.
 */
static u32 page_group(struct kobs_page *pg, unsigned long at, unsigned long site,
		      u32 class, enum kobs_counter *fate)
{
	u32 value = PAGE_VALUE_SITE;
	bool known = at && kobs_page_find(pg, at, class, &site, &value);
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	bool other = known && value == PAGE_VALUE_OTHER;
	u32 group;

	if (!known) {
		site = kobs_page_site(pg, &at, site, &other);
		value = other ? PAGE_VALUE_OTHER : PAGE_VALUE_SITE;
	}
	*fate = KOBS_N_FILTERED;
	/* Other sites have many groups, or a known one, which is learned below. */
	if (!known && at && (other || !pg->fast))
		kobs_page_learn(pg, at, site, class, value);
	/* Where not all is followed, no free is taken for unknown. */
	if (other)
		return pg->limited ? KOBS_GROUP_NONE : KOBS_GROUP_OTHER;
	if (known && value < PAGE_VALUE_OTHER)
		return value;
	if (pg->module.on && !kobs_module_code_has(&pg->module, site))
		return KOBS_GROUP_NONE;
	if (pg->s->filter.task && !kobs_context_filter(pg->s))
		return KOBS_GROUP_NONE;
	v[PAGE_W_SITE] = site;
	v[PAGE_W_ORDER] = kobs_page_order(class);
	memcpy(&v[PAGE_W_MOBILITY], mobilities[class >> 4 & 3],
	       sizeof(mobilities[0]));
	group = page_group_of(pg, v, fate);
	if (pg->fast && at && group != KOBS_GROUP_NONE)
		kobs_page_learn(pg, at, site, class, group);
	return group;
}

static local64_t *page_counts(struct kobs_page *pg, u32 group)
{
	return kobs_census_is_group(group) ?
	       kobs_group_table_counts(&pg->groups, group) : NULL;
}

/* Records that found no room, or were replaced: the free is missed. */
static void page_missed(void *arg, u32 group, u32 pages)
{
	local64_t *n = page_counts(arg, group);

	if (n)
		local64_add(pages, &n[KOBS_CENSUS_MISSED]);
}

static enum kobs_counter page_put(struct kobs_page *pg, u64 pfn,
				  unsigned int order, u32 group)
{
	struct kobs_object o = {
		.group = group,
		.born = jiffies,
		.size = 1U << order,
	};
	local64_t *n = page_counts(pg, group);
	struct kobs_object old KOBS_UNINIT;
	enum kobs_object_fate fate;

	if (unlikely(kobs_census_is_group(group) && !n))
		return KOBS_N_NO_TABLE;
	fate = kobs_block_insert(&pg->blocks, pfn, &o, order, &old);
	/* Without a record, a free of what does not count is unknown. */
	if (unlikely(fate == KOBS_OBJECT_FULL))
		return n ? PAGE_LOST_OBJECTS_FULL : KOBS_N_FILTERED;
	if (unlikely(fate == KOBS_OBJECT_STALE))
		page_missed(pg, old.group, old.size);
	if (!n)
		return KOBS_N_FILTERED;
	local64_add(o.size, &n[KOBS_CENSUS_ALLOCATED]);
	return KOBS_N_RECORDED;
}

static enum kobs_counter page_failed(struct kobs_page *pg, u32 group)
{
	local64_t *n = page_counts(pg, group);

	if (group == KOBS_GROUP_OTHER)
		return KOBS_N_FILTERED;
	if (n)
		local64_inc(&n[KOBS_CENSUS_FAILED]);
	return n ? KOBS_N_RECORDED : KOBS_N_NO_TABLE;
}

/* So that their frees are recognized. */
static enum kobs_counter page_put_other(struct kobs_page *pg, u64 pfn,
					unsigned int order)
{
	local64_add(1L << order, &this_cpu_ptr(pg->cpu)->other);
	return page_put(pg, pfn, order, KOBS_GROUP_OTHER);
}

static void page_alloc_one(struct kobs_page *pg, struct kobs_cpu *pc,
			   const struct page *page, u32 class, unsigned long at)
{
	unsigned int order = kobs_page_order(class);
	enum kobs_counter fate;
	u32 group;

	if (page_own(pg->s)) {
		kobs_count(&pc->counters, KOBS_N_OWN);
		fate = page ? page_put(pg, page_to_pfn(page), order,
				       KOBS_GROUP_OWN) : KOBS_N_FILTERED;
		kobs_count(&pc->counters, fate);
		return;
	}
	if (page && !page_drawn(pg)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return;
	}
	group = page_group(pg, at, 0, class, &fate);
	if (group == KOBS_GROUP_NONE)
		;
	else if (!page)
		fate = page_failed(pg, group);
	else if (group == KOBS_GROUP_OTHER)
		fate = page_put_other(pg, page_to_pfn(page), order);
	else
		fate = page_put(pg, page_to_pfn(page), order, group);
	kobs_count(&pc->counters, fate);
}

/* Enter the handler inside another one. Returns false for a recursion. */
static noinline bool page_nest(struct kobs_page *pg, struct kobs_cpu *pc,
			       enum kobs_page_hit *hit)
{
	if (!kobs_hit_nest(pg->s, pc)) {
		WRITE_ONCE(pg->stale, true);
		preempt_enable_notrace();
		return false;
	}
	*hit = kobs_hit_count(pc) ? PAGE_HIT_TIMED : PAGE_HIT_COUNTED;
	return true;
}

/**
 * kobs_page_alloc_slow() - account for an allocation, and leave the handler
 * @pg: session
 * @page: first page, or NULL
 * @class: from kobs_page_class()
 * @at: where the return address into the allocator lies
 * @hit: what was done for the hit so far
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_page_alloc_slow(struct kobs_page *pg, struct page *page, u32 class,
			  unsigned long at, enum kobs_page_hit hit)
{
	struct kobs_cpu *pc = this_cpu_ptr(pg->s->cpu);
	u64 t0;

	if (unlikely(hit == PAGE_HIT_NESTED) && !page_nest(pg, pc, &hit))
		return;
	t0 = hit == PAGE_HIT_TIMED ? ktime_get_mono_fast_ns() : 0;
	page_alloc_one(pg, pc, page, class, at);
	page_end(pg->s, pc, t0);
}

/**
 * kobs_page_put_slow() - insert a block, and leave the handler
 * @pg: session, whose handler was entered
 * @pfn: first page
 * @class: from kobs_page_class()
 * @group: group
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_page_put_slow(struct kobs_page *pg, u64 pfn, u32 class, u32 group)
{
	struct kobs_cpu *pc = this_cpu_ptr(pg->s->cpu);

	kobs_count(&pc->counters,
		   page_put(pg, pfn, kobs_page_order(class), group));
	kobs_hit_leave(pc);
}

/* Count a free of a part. Returns what becomes of the hit, as far as it goes. */
static enum kobs_counter page_freed(struct kobs_page *pg, struct kobs_cpu *pc,
				    const struct kobs_object *o)
{
	local64_t *n = page_counts(pg, o->group);

	if (n)
		local64_add(o->size, &n[KOBS_CENSUS_FREED]);
	else if (kobs_census_is_group(o->group))
		return KOBS_N_NO_TABLE;
	else if (o->group == KOBS_GROUP_OWN)
		kobs_count(&pc->counters, KOBS_N_OWN);
	return n ? KOBS_N_RECORDED : KOBS_N_FILTERED;
}

static enum kobs_counter page_unknown(struct kobs_page *pg, struct kobs_cpu *pc,
				      unsigned int order)
{
	if (page_own(pg->s))
		kobs_count(&pc->counters, KOBS_N_OWN);
	else if (!pg->limited)
		local64_add(1L << order, &this_cpu_ptr(pg->cpu)->unknown);
	return KOBS_N_FILTERED;
}

/* The block may be a part of a larger one, or consist of smaller ones. */
static enum kobs_counter page_free_one(struct kobs_page *pg, struct kobs_cpu *pc,
				       u64 pfn, unsigned int order)
{
	struct kobs_block_missed missed = { .fn = page_missed, .arg = pg };
	struct kobs_block_walk w = { .pfn = pfn, .order = order };
	enum kobs_counter fate = KOBS_N_FILTERED;
	struct kobs_object o;
	unsigned long flags;

	if (kobs_block_absent(&pg->blocks, pfn, order))
		return page_unknown(pg, pc, order);
	if (!kobs_block_lock(&pg->blocks, !in_nmi(), &flags)) {
		WRITE_ONCE(pg->stale, true);
		return PAGE_LOST_SPLIT_BUSY;
	}
	if (!kobs_block_take(&pg->blocks, pfn, order, &o, &missed)) {
		kobs_block_unlock(&pg->blocks, flags);
		return page_unknown(pg, pc, order);
	}
	fate = page_freed(pg, pc, &o);
	w.at = o.size;
	while (w.at < BIT(order)) {
		w.left = KOBS_BLOCK_STEPS;
		while (kobs_block_next(&pg->blocks, &w, &o, &missed)) {
			enum kobs_counter more = page_freed(pg, pc, &o);

			fate = fate == KOBS_N_FILTERED ? more : fate;
		}
		if (w.at >= BIT(order))
			break;
		/* A huge block: let others go on, and interrupts. */
		kobs_block_unlock(&pg->blocks, flags);
		if (!kobs_block_lock(&pg->blocks, !in_nmi(), &flags)) {
			WRITE_ONCE(pg->stale, true);
			return PAGE_LOST_SPLIT_BUSY;
		}
	}
	kobs_block_unlock(&pg->blocks, flags);
	return missed.full ? PAGE_LOST_OBJECTS_FULL : fate;
}

/**
 * kobs_page_free_slow() - account for a free, and leave the handler
 * @pg: session
 * @pfn: first page
 * @order: order of what is freed
 * @hit: what was done for the hit so far
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_page_free_slow(struct kobs_page *pg, u64 pfn, unsigned int order,
			 enum kobs_page_hit hit)
{
	struct kobs_cpu *pc = this_cpu_ptr(pg->s->cpu);
	u64 t0;

	if (unlikely(hit == PAGE_HIT_NESTED) && !page_nest(pg, pc, &hit))
		return;
	t0 = hit == PAGE_HIT_TIMED ? ktime_get_mono_fast_ns() : 0;
	kobs_count(&pc->counters, page_free_one(pg, pc, pfn, order));
	page_end(pg->s, pc, t0);
}

/* Insert a page of many, unless it is known: the allocator reported it as well. */
static enum kobs_counter page_bulk_put(struct kobs_page *pg, struct kobs_cpu *pc,
				       struct kobs_page_bulk *b, u64 pfn)
{
	struct kobs_object o;

	if (kobs_object_peek(&pg->blocks.t, kobs_block_key(pfn), &o))
		return KOBS_N_FILTERED;
	if (page_own(pg->s)) {
		kobs_count(&pc->counters, KOBS_N_OWN);
		return page_put(pg, pfn, 0, KOBS_GROUP_OWN);
	}
	if (!page_drawn(pg))
		return KOBS_N_FILTERED;
	if (!b->grouped) {
		b->group = page_group(pg, 0, b->site, kobs_page_class(0, b->gfp),
				      &b->fate);
		b->grouped = true;
	}
	if (b->group == KOBS_GROUP_NONE)
		return b->fate;
	if (b->group == KOBS_GROUP_OTHER)
		return page_put_other(pg, pfn, 0);
	return page_put(pg, pfn, 0, b->group);
}

/**
 * kobs_page_bulk_one() - account for a page that was allocated with others
 * @pg: session
 * @b: the allocation
 * @page: page
 *
 * Context: any, NMI included.
 */
void kobs_page_bulk_one(struct kobs_page *pg, struct kobs_page_bulk *b,
			const struct page *page)
{
	struct kobs_cpu *pc = kobs_hit_enter(pg->s);
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(pg->s, pc, &t0)) {
		kobs_count(&pc->counters,
			   page_bulk_put(pg, pc, b, page_to_pfn(page)));
		kobs_hit_end(pg->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/**
 * kobs_page_migrate() - the contents of a block move to another one
 * @pg: session
 * @to: where to
 * @from: where from
 *
 * Context: any.
 */
void kobs_page_migrate(struct kobs_page *pg, struct folio *to,
		       struct folio *from)
{
	struct kobs_block_missed missed = { .fn = page_missed, .arg = pg };
	struct kobs_cpu *pc;
	unsigned long flags;
	u64 t0;

	if (!READ_ONCE(pg->s->armed))
		return;
	pc = kobs_hit_enter(pg->s);
	if (!pc) {
		WRITE_ONCE(pg->stale, true);
		return;
	}
	t0 = kobs_hit_call_begin(pg->s, pc);
	if (kobs_block_lock(&pg->blocks, !in_nmi(), &flags)) {
		kobs_block_move(&pg->blocks, folio_pfn(from), folio_pfn(to),
				folio_order(from), KOBS_GROUP_OTHER, &missed);
		kobs_block_unlock(&pg->blocks, flags);
		kobs_hit_call_end(pg->s, pc, t0);
	} else if (kobs_hit_begin(pg->s, pc, &t0)) {
		WRITE_ONCE(pg->stale, true);
		kobs_count(&pc->counters, PAGE_LOST_SPLIT_BUSY);
	}
	kobs_hit_leave(pc);
}
