// SPDX-License-Identifier: GPL-2.0
/*
 * Source page: the site of an allocation by the unwinder, and the steps to find
 * it without the next time. The first frame is the page allocator's; those above
 * that are helpers' are looked through. An allocator whose objects another report
 * has is a site of its own: its pages are counted there.
 *
 * Locking: none; any context, NMI included.
 */
#include "core/hit.h"
#include "sources/page/site.h"

/* The first frame from @i on that is a site, or @nr. */
static unsigned int outer(const struct kobs_page *pg, const unsigned long *ips,
			  unsigned int i, unsigned int nr, bool *other)
{
	for (; i < nr; i++) {
		*other = kobs_code_ranges_have(&pg->owners, ips[i]);
		if (*other || !kobs_code_ranges_have(&pg->helpers, ips[i]))
			break;
	}
	return i;
}

static void put(struct kobs_page *pg, unsigned long ip, u32 class, u32 value)
{
	u64 key = kobs_page_key(ip, class);
	u64 *set = kobs_page_set(pg, key);

	if (!kobs_page_is(READ_ONCE(set[0]), key))
		WRITE_ONCE(set[1], READ_ONCE(set[0]));
	WRITE_ONCE(set[0], key | (u64)value << PAGE_ENTRY_VALUE);
}

/*
 * The second step is that of most sites, by a vote (Boyer and Moore). Contexts
 * that vote at the same time may lose one.
 */
static void vote(struct kobs_page *pg, u64 step)
{
	u32 votes = READ_ONCE(pg->votes);

	if (READ_ONCE(pg->second) == step) {
		WRITE_ONCE(pg->votes, votes + 1);
	} else if (votes) {
		WRITE_ONCE(pg->votes, votes - 1);
	} else {
		WRITE_ONCE(pg->second, step);
		WRITE_ONCE(pg->votes, 1);
	}
}

/**
 * kobs_page_learn() - remember how to get to a site, and its value
 * @pg: session
 * @at: where the return address into the hooked function lies
 * @site: site, from kobs_page_site()
 * @class: from kobs_page_class()
 * @value: its value
 *
 * Context: any, NMI included; preemption off, in a handler.
 */
void kobs_page_learn(struct kobs_page *pg, unsigned long at, unsigned long site,
		     u32 class, u32 value)
{
	unsigned int i;

	for (i = 0; i < KOBS_SITE_MOST; i++) {
		unsigned long ip = kobs_stack_at(at);
		unsigned int words;

		if (ip == site) {
			put(pg, ip, class, value);
			return;
		}
		words = kobs_unwind_step(ip);
		if (!words)
			return;
		if (i == 0)
			WRITE_ONCE(pg->first, (u32)ip | (u64)words << 32);
		else if (i == 1)
			vote(pg, (u32)ip | (u64)words << 32);
		put(pg, ip, class, words | PAGE_VALUE_STEP);
		at += words * sizeof(long);
	}
}

/**
 * kobs_page_site() - the site of an allocation
 * @pg: session
 * @at: where the return address into the hooked function lies; 0 where the
 *	allocation is seen at the return of a function. Set to 0 if the result is
 *	not to be learned: it would be found for all sites
 * @site: there, where it returns to
 * @other: set: the pages belong to objects that another report has
 *
 * Context: any, NMI included; preemption off, in a handler.
 * Return: the site; where all are helpers', @site, or the first frame.
 */
noinline unsigned long kobs_page_site(struct kobs_page *pg, unsigned long *at,
				      unsigned long site, bool *other)
{
	unsigned long ips[KOBS_SITE_MOST] KOBS_UNINIT;
	struct kobs_unwind u = pg->s->unwind;
	struct kobs_at here = kobs_at_here();
	unsigned int depth;

	*other = false;
	for (depth = KOBS_SITE_FEW;; depth = KOBS_SITE_MOST) {
		unsigned int i = 1;
		unsigned int nr;

		u.depth = depth;
		nr = kobs_unwind(&u, 0, &here, ips);
		if (!*at)
			for (i = 0; i < nr && ips[i] != site;)
				i++;
		i = outer(pg, ips, i, nr, other);
		if (i < nr)
			return ips[i];
		if (depth == KOBS_SITE_MOST || nr < depth) {
			site = *at && nr ? ips[0] : site;
			*at = 0;
			return site;
		}
	}
}

/**
 * kobs_page_sites_forget() - forget what is known of sites
 * @pg: session
 *
 * Context: task; none of the code that goes or comes runs, so that nobody is
 * about to store what is known of it.
 */
void kobs_page_sites_forget(struct kobs_page *pg)
{
	unsigned int i;

	WRITE_ONCE(pg->first, 0);
	WRITE_ONCE(pg->second, 0);
	WRITE_ONCE(pg->votes, 0);
	for (i = 0; i < PAGE_SITES; i++)
		WRITE_ONCE(pg->sites[i], 0);
}
