/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source page: the site of an allocation, without an unwind. Where the return
 * address of a frame's caller lies follows from the frame's own (unwind/frame.h);
 * these steps lead from the hook through the page allocator and through helpers
 * to the site. Its group is cached by it, and by what else determines it.
 *
 * Locking: none. An entry of either table is one word, which any context on any
 * CPU may read and write at any time.
 */
#ifndef KOBS_PAGE_SITE_H
#define KOBS_PAGE_SITE_H

#include "lib/hash.h"
#include "sources/page/page.h"
#include "unwind/frame.h"

/*
 * A step: bits 0-31 return address (code lies in the uppermost 2 GiB), 32-47
 * words to that of the caller; 0 for a site. Bit 48: the site is that of an owner
 * whose objects another report has.
 */
#define PAGE_STEP_OTHER		BIT_ULL(48)

/* A known group: bits 0-31 site, 32-39 class, 40-63 group. */
#define PAGE_KNOWN_GROUP	40

static __always_inline u64 *kobs_page_step(const struct kobs_page *pg,
					   unsigned long ip)
{
	return &pg->steps[(ip * KOBS_HASH_FACTOR) >> (64 - PAGE_SITES_BITS)];
}

static __always_inline u64 *kobs_page_known(const struct kobs_page *pg, u64 key)
{
	return &pg->known[(key * KOBS_HASH_FACTOR) >> (64 - PAGE_SITES_BITS)];
}

static __always_inline u64 kobs_page_known_key(unsigned long site, u32 class)
{
	return (u32)site | (u64)class << 32;
}

/**
 * kobs_page_walk() - find a site by steps
 * @pg: session
 * @at: where the return address into the hooked function lies
 * @site: set to the site
 *
 * Context: any, NMI included.
 * Return: the last step, or 0 when one is not known.
 */
static __always_inline u64 kobs_page_walk(const struct kobs_page *pg,
					  unsigned long at, unsigned long *site)
{
	unsigned int left = KOBS_SITE_MOST;

	do {
		unsigned long ip = kobs_stack_at(at);
		u64 step = READ_ONCE(*kobs_page_step(pg, ip));
		unsigned int words = (u16)(step >> 32);

		if ((unsigned long)(s64)(s32)step != ip)
			return 0;
		if (!words) {
			*site = ip;
			return step;
		}
		at += words * sizeof(long);
	} while (--left);
	return 0;
}

/**
 * kobs_page_group() - look up the group of a site
 * @pg: session
 * @site: site
 * @class: from kobs_page_class()
 * @group: set to the group
 *
 * Context: any, NMI included.
 * Return: false when it is not known.
 */
static __always_inline bool kobs_page_group(const struct kobs_page *pg,
					    unsigned long site, u32 class,
					    u32 *group)
{
	u64 key = kobs_page_known_key(site, class);
	u64 known = READ_ONCE(*kobs_page_known(pg, key));

	*group = known >> PAGE_KNOWN_GROUP;
	return !((known ^ key) << (64 - PAGE_KNOWN_GROUP));
}

#endif /* KOBS_PAGE_SITE_H */
