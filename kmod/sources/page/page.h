/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source page: what its files share.
 *
 *	source.c	description of the source, life cycle of a session
 *	hook.c		turns the handlers on and off
 *	fast.c		handlers, fast path
 *	slow.c		handlers, slow path and accounting
 *	site.h		sites of allocations, by rules
 *	site.c		the same, by the unwinder
 */
#ifndef KOBS_PAGE_H
#define KOBS_PAGE_H

#include <linux/bits.h>
#include <linux/ftrace.h>
#include <linux/mm_types.h>

#include "core/census.h"
#include "core/module_code.h"
#include "core/session.h"
#include "core/site.h"
#include "hooks/return.h"
#include "hooks/tracepoint.h"
#include "lib/block_table.h"
#include "lib/group_table.h"

/* Words of an event. */
enum kobs_page_word {
	PAGE_W_SITE = KOBS_W_SOURCE,
	PAGE_W_ORDER,
	PAGE_W_MOBILITY,
	PAGE_WORDS = PAGE_W_MOBILITY + 2
};

static_assert((int)PAGE_WORDS <= (int)KOBS_WORDS);

/* Its reasons of loss. */
#define PAGE_LOST_MISSED	(KOBS_N_SOURCE + 0)
#define PAGE_LOST_OBJECTS_FULL	(KOBS_N_SOURCE + 1)
#define PAGE_LOST_SPLIT_BUSY	(KOBS_N_SOURCE + 2)

/* Parameters after those of enum kobs_census_param. */
enum kobs_page_param {
	PAGE_P_OWNER_TEXT = KOBS_CENSUS_PARAMS,
	PAGE_P_SAMPLE,
	PAGE_P
};

/* Sets and entries of kobs_page.sites. */
#define PAGE_SETS_BITS		10
#define PAGE_SITES		(2 * BIT(PAGE_SETS_BITS))

/**
 * struct kobs_page_cpu - per-CPU part of a session
 * @unknown: pages freed whose allocation was not seen
 * @other: pages allocated by an owner whose objects another report has
 * @turn: number of blocks that it was drawn for whether they are followed
 */
struct kobs_page_cpu {
	local64_t unknown;
	local64_t other;
	u32 turn;
};

/**
 * struct kobs_page - a session of this source
 *
 * Read by handlers:
 * @s: session
 * @fast: the site, the order and the mobility determine the group of a block
 * @limited: not all allocations are followed
 * @draw_below: for one in so many blocks the number drawn is lower; 0: all of them
 *	are followed
 * @stale: some free was lost: there can be records of blocks that are not live
 * @first: step from the page allocator: low half return address, high half words
 * @second: the likeliest step after it
 * @votes: how much likelier it is than others
 * @sites: steps from return addresses to those of callers, and sites, see site.h
 * @blocks: live blocks
 * @groups: group table
 * @cpu: per-CPU part
 * @module: code of the module whose allocations alone are followed
 * @helpers: code that allocates for its caller
 * @owners: code of allocators whose objects another report has
 * @census: rows; its escalate is 0 for stacks at every site, else a hot group
 *	has stacks
 *
 * Under the session's lock:
 * @cpus: memory of the CPUs that have been online
 * @probes: tracepoints
 * @migrate: hook of migrations
 * @migrates: @migrate is on
 * @bulk: hook of allocations of many pages at a time
 * @unsure: pages that were allocated with others, and are not known
 * @stuck: a hook can be called after the end
 */
struct kobs_page {
	struct kobs_session *s;
	bool fast;
	bool limited;
	u32 draw_below;
	bool stale;
	u64 first;
	u64 second;
	u32 votes;
	u64 *sites;
	struct kobs_block_table blocks;
	struct kobs_group_table groups;
	struct kobs_page_cpu __percpu *cpu;
	struct kobs_module_code module;
	struct kobs_code_ranges helpers;
	struct kobs_code_ranges owners;
	struct kobs_census census;

	struct kobs_cpus cpus;
	struct kobs_probe probes[2];
	struct ftrace_ops migrate;
	bool migrates;
#ifdef CONFIG_KRETPROBES
	struct kobs_return bulk;
#endif
	atomic64_t unsure;
	bool stuck;
};

/**
 * enum kobs_page_hit - a hit that takes the slow path
 * @PAGE_HIT_COUNTED: its handler was entered, and it was counted
 * @PAGE_HIT_TIMED: the same, and its cost is to be measured
 * @PAGE_HIT_NESTED: another handler is active; preemption is off
 */
enum kobs_page_hit { PAGE_HIT_COUNTED, PAGE_HIT_TIMED, PAGE_HIT_NESTED };

/**
 * struct kobs_page_bulk - pages that were allocated many at a time
 * @site: where the call returns to
 * @gfp: flags
 * @group: group of the pages, or a special one
 * @fate: without a group, what becomes of their hits
 * @grouped: @group is set
 */
struct kobs_page_bulk {
	unsigned long site;
	gfp_t gfp;
	u32 group;
	enum kobs_counter fate;
	bool grouped;
};

/* What the group of an allocation depends on, beside its site; not 0. */
static __always_inline u32 kobs_page_class(unsigned int order, gfp_t gfp)
{
	const gfp_t mobility = __GFP_MOVABLE | __GFP_RECLAIMABLE;

	/* Neighbours. */
	BUILD_BUG_ON((__force u32)mobility % 3);
	return ((__force u32)(gfp & mobility) / ((__force u32)mobility / 3)) << 4 |
	       order | BIT(7);
}

static __always_inline unsigned int kobs_page_order(u32 class)
{
	return class & KOBS_BLOCK_ORDER;
}

/* fast.c */
extern void *const kobs_page_fast[2];
extern void *const kobs_page_follow[2];

/* slow.c */
void kobs_page_alloc_slow(struct kobs_page *pg, struct page *page, u32 class,
			  unsigned long at, enum kobs_page_hit hit);
void kobs_page_put_slow(struct kobs_page *pg, u64 pfn, u32 class, u32 group);
void kobs_page_free_slow(struct kobs_page *pg, u64 pfn, unsigned int order,
			 enum kobs_page_hit hit);
void kobs_page_bulk_one(struct kobs_page *pg, struct kobs_page_bulk *b,
			const struct page *page);
void kobs_page_migrate(struct kobs_page *pg, struct folio *to,
		       struct folio *from);

/* site.c */
unsigned long kobs_page_site(struct kobs_page *pg, unsigned long *at,
			     unsigned long site, bool *other);
void kobs_page_learn(struct kobs_page *pg, unsigned long at, unsigned long site,
		     u32 class, u32 value);
void kobs_page_sites_forget(struct kobs_page *pg);

/* hook.c */
const char *kobs_page_how(bool *ok);
int kobs_page_hook(struct kobs_page *pg, struct netlink_ext_ack *extack);
void kobs_page_unhook(struct kobs_page *pg);
u64 kobs_page_missed(const struct kobs_session *s);

#endif /* KOBS_PAGE_H */
