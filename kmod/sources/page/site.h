/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source page: the site of an allocation, without an unwind. Where the return
 * address of a frame's caller lies follows from the frame's own (unwind/frame.h):
 * such steps lead from the hook through the page allocator and through helpers to
 * the site. Steps and sites are in one table, by return address and by what else
 * determines the group of a block.
 *
 * Locking: none. An entry of the table is one word, which any context on any CPU
 * may read and write at any time.
 */
#ifndef KOBS_PAGE_SITE_H
#define KOBS_PAGE_SITE_H

#include "lib/hash.h"
#include "sources/page/page.h"
#include "unwind/frame.h"

/*
 * An entry: bits 0-31 return address (code lies in the uppermost 2 GiB), 32-39
 * class, 40-63 value. Two entries per set, the newer one first.
 */
#define PAGE_ENTRY_VALUE	40
/* Value of a step: words to the return address of the caller. */
#define PAGE_VALUE_STEP		BIT(23)
/* Values of a site, beside its group: it has many, or its pages are others'. */
#define PAGE_VALUE_SITE		(BIT(23) - 1)
#define PAGE_VALUE_OTHER	(BIT(23) - 2)

static __always_inline u64 kobs_page_key(unsigned long ip, u32 class)
{
	return (u32)ip | (u64)class << 32;
}

static __always_inline u64 *kobs_page_set(const struct kobs_page *pg, u64 key)
{
	return &pg->sites[(key * KOBS_HASH_FACTOR) >> (64 - PAGE_SETS_BITS) << 1];
}

/* Whether an entry has this key. */
static __always_inline bool kobs_page_is(u64 entry, u64 key)
{
	return !((entry ^ key) << (64 - PAGE_ENTRY_VALUE));
}

/* Go on by a step if it is that of the return address. */
static __always_inline bool kobs_page_guess(const u64 *step, unsigned long *at,
					    unsigned long *ip)
{
	u64 known = READ_ONCE(*step);

	if (unlikely((unsigned long)(s64)(s32)known != *ip))
		return false;
	*at += (known >> 32) * sizeof(long);
	*ip = kobs_stack_at(*at);
	return true;
}

/* Look a return address up. Returns false when it is not known. */
static __always_inline bool kobs_page_look(const struct kobs_page *pg,
					   unsigned long ip, u32 class,
					   u32 *value)
{
	u64 key = kobs_page_key(ip, class);
	const u64 *set = kobs_page_set(pg, key);
	u64 entry = READ_ONCE(set[0]);

	if (unlikely(!kobs_page_is(entry, key))) {
		entry = READ_ONCE(set[1]);
		if (!kobs_page_is(entry, key))
			return false;
	}
	*value = entry >> PAGE_ENTRY_VALUE;
	return true;
}

/**
 * kobs_page_find_group() - find the group of an allocation by the likeliest steps
 * @pg: session
 * @at: where the return address into the hooked function lies
 * @class: from kobs_page_class()
 * @group: set to the group
 *
 * Context: any, NMI included.
 * Return: false when it is not known, or takes other steps.
 */
static __always_inline bool kobs_page_find_group(const struct kobs_page *pg,
						 unsigned long at, u32 class,
						 u32 *group)
{
	unsigned long ip = kobs_stack_at(at);

	if (likely(kobs_page_guess(&pg->first, &at, &ip)))
		kobs_page_guess(&pg->second, &at, &ip);
	return kobs_page_look(pg, ip, class, group) &&
	       *group < PAGE_VALUE_OTHER;
}

/**
 * kobs_page_find() - find a site by steps
 * @pg: session
 * @at: where the return address into the hooked function lies
 * @class: from kobs_page_class()
 * @site: set to the site
 * @value: set to its value
 *
 * Context: any, NMI included.
 * Return: false when a step or the site is not known.
 */
static inline bool kobs_page_find(const struct kobs_page *pg, unsigned long at,
				  u32 class, unsigned long *site, u32 *value)
{
	unsigned int left = KOBS_SITE_MOST;

	while (left--) {
		*site = kobs_stack_at(at);
		if (!kobs_page_look(pg, *site, class, value))
			return false;
		if (!(*value & PAGE_VALUE_STEP))
			return true;
		at += (*value & ~PAGE_VALUE_STEP) * sizeof(long);
	}
	return false;
}

#endif /* KOBS_PAGE_SITE_H */
