// SPDX-License-Identifier: GPL-2.0
/*
 * Source page: the handlers of the tracepoints, fast path: an allocation whose
 * site is found by steps and whose group is known, and a free of a block as it
 * was allocated. Everything else, including hits that are timed or inside another
 * handler, goes to slow.c by a tail call, so that nothing has to be saved over
 * it. A second set of handlers serves keys of other columns.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <trace/events/kmem.h>

#include "core/hit.h"
#include "sources/page/site.h"

/* Own tasks and their interrupts are told apart in the slow path. */
static __always_inline bool page_own(const struct kobs_session *s)
{
	return unlikely(kobs_hit_is_own(s, current->tgid));
}

static __always_inline void page_put(struct kobs_page *pg, struct kobs_cpu *pc,
				     u64 pfn, u32 class, u32 group)
{
	unsigned int order = kobs_page_order(class);
	const struct kobs_object o = {
		.group = group,
		.born = jiffies,
		.size = 1U << order,
	};
	local64_t *n = kobs_group_table_counts(&pg->groups, group);

	if (unlikely(!n || READ_ONCE(pg->stale) ||
		     !kobs_block_insert_first(&pg->blocks, pfn, &o, order))) {
		kobs_page_put_slow(pg, pfn, class, group);
		return;
	}
	local64_add(1U << order, &n[KOBS_CENSUS_ALLOCATED]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

/* Returns false when nothing was done. */
static __always_inline bool page_found(const struct kobs_page *pg,
				       const struct page *page,
				       unsigned long at, u32 class, u32 *group)
{
	return !page_own(pg->s) && likely(page) &&
	       kobs_page_find_group(pg, at, class, group);
}

static __always_inline void page_alloc(struct kobs_page *pg, struct page *page,
				       u32 class, unsigned long at, bool fast)
{
	struct kobs_cpu *pc;
	u32 group;

	if (unlikely(!READ_ONCE(pg->s->armed)))
		return;
	if (unlikely(!kobs_hit_enter_alone(pg->s, &pc)))
		kobs_page_alloc_slow(pg, page, class, at, PAGE_HIT_NESTED);
	else if (unlikely(kobs_hit_count(pc)))
		kobs_page_alloc_slow(pg, page, class, at, PAGE_HIT_TIMED);
	else if (!fast || !page_found(pg, page, at, class, &group))
		kobs_page_alloc_slow(pg, page, class, at, PAGE_HIT_COUNTED);
	else
		page_put(pg, pc, page_to_pfn(page), class, group);
}

static void fast_alloc(void *data, struct page *page, unsigned int order,
		       gfp_t gfp, int migratetype)
{
	page_alloc(data, page, kobs_page_class(order, gfp),
		   kobs_cfa() - sizeof(long), true);
}

static void follow_alloc(void *data, struct page *page, unsigned int order,
			 gfp_t gfp, int migratetype)
{
	page_alloc(data, page, kobs_page_class(order, gfp),
		   kobs_cfa() - sizeof(long), false);
}

static void on_free(void *data, struct page *page, unsigned int order)
{
	struct kobs_object o KOBS_UNINIT;
	struct kobs_page *pg = data;
	struct kobs_cpu *pc;
	local64_t *n;
	u64 pfn;

	if (unlikely(!READ_ONCE(pg->s->armed)))
		return;
	pfn = page_to_pfn(page);
	if (unlikely(!kobs_hit_enter_alone(pg->s, &pc))) {
		kobs_page_free_slow(pg, pfn, order, PAGE_HIT_NESTED);
		return;
	}
	if (unlikely(kobs_hit_count(pc))) {
		kobs_page_free_slow(pg, pfn, order, PAGE_HIT_TIMED);
		return;
	}
	if (unlikely(!kobs_block_remove_fast(&pg->blocks, pfn, order, &o))) {
		kobs_page_free_slow(pg, pfn, order, PAGE_HIT_COUNTED);
		return;
	}
	if (unlikely(!kobs_census_is_group(o.group))) {
		if (o.group == KOBS_GROUP_OWN)
			kobs_count(&pc->counters, KOBS_N_OWN);
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		kobs_hit_leave(pc);
		return;
	}
	n = kobs_group_table_counts(&pg->groups, o.group);
	if (likely(n))
		local64_add(o.size, &n[KOBS_CENSUS_FREED]);
	kobs_count(&pc->counters, likely(n) ? KOBS_N_RECORDED : KOBS_N_NO_TABLE);
	kobs_hit_leave(pc);
}

KOBS_PROBE_TYPE(fast_alloc, mm_page_alloc);
KOBS_PROBE_TYPE(follow_alloc, mm_page_alloc);
KOBS_PROBE_TYPE(on_free, mm_page_free);

void *const kobs_page_fast[2] = { fast_alloc, on_free };
void *const kobs_page_follow[2] = { follow_alloc, on_free };
