// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: whose allocation it is. The kernel has helpers that allocate for
 * their caller: kasprintf(), mempool_alloc(), __alloc_skb(). A site in one of
 * them says nothing: looked through to the first frame outside of all helpers.
 * Where their code lies is a parameter. Only a stack of an allocation whose site
 * is in that code is unwound, and only a few frames of most.
 *
 * Locking: none; any context, NMI included. The ranges do not change while a
 * session lives.
 */
#include "lib/uninit.h"
#include "core/refuse.h"
#include "sources/slab/slab.h"

/* Frames up to the caller of most helpers, and of all. */
#define FRAMES_FEW	8
#define FRAMES_MOST	24

/**
 * kobs_slab_helpers_init() - take the code of helpers from the parameter
 * @sl: session
 * @extack: says why not
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or -EINVAL for ranges that are not in order.
 */
int kobs_slab_helpers_init(struct kobs_slab *sl, struct netlink_ext_ack *extack)
{
	const struct kobs_value *text = &sl->s->source_params[SLAB_P_HELPER_TEXT];
	unsigned int i;

	/* A range has code; the next one may begin where it ends. */
	for (i = 1; i < text->number; i++) {
		if (text->addresses[i - 1] >= text->addresses[i] + !(i % 2))
			break;
	}
	if (text->number % 2 || i < text->number)
		return kobs_refuse(extack, -EINVAL,
				   "helper_text must be pairs of addresses in ascending order");
	sl->helpers = (const struct kobs_slab_helper *)text->addresses;
	sl->n_helpers = text->number / 2;
	return 0;
}

static bool is_helper(const struct kobs_slab *sl, unsigned long ip)
{
	unsigned int from = 0;
	unsigned int to = sl->n_helpers;

	while (from < to) {
		unsigned int middle = (from + to) / 2;

		if (ip < sl->helpers[middle].start)
			to = middle;
		else if (ip >= sl->helpers[middle].end)
			from = middle + 1;
		else
			return true;
	}
	return false;
}

/* The first frame above that of @site that is no helper's; 0: there is none. */
static unsigned long outer(const struct kobs_slab *sl, unsigned long site,
			   const unsigned long *ips, unsigned int nr)
{
	unsigned int i = 0;

	while (i < nr && ips[i] != site)
		i++;
	while (i < nr && is_helper(sl, ips[i]))
		i++;
	return i < nr ? ips[i] : 0;
}

static noinline unsigned long look_through(const struct kobs_slab *sl,
					   unsigned long site)
{
	unsigned long ips[FRAMES_MOST] KOBS_UNINIT;
	struct kobs_unwind u = sl->s->unwind;
	struct kobs_at here = kobs_at_here();
	unsigned long found;

	u.depth = FRAMES_FEW;
	found = outer(sl, site, ips, kobs_unwind(&u, 0, &here, ips));
	if (found)
		return found;
	u.depth = FRAMES_MOST;
	return outer(sl, site, ips, kobs_unwind(&u, 0, &here, ips));
}

/**
 * kobs_slab_site() - the site that an allocation or a free counts against
 * @sl: session
 * @site: return address of the call of the allocator
 *
 * Context: any, NMI included; preemption off, in a handler.
 * Return: @site, or when that is in a helper, where this was called; 0 when that
 * cannot be found.
 */
unsigned long kobs_slab_site(const struct kobs_slab *sl, unsigned long site)
{
	return unlikely(is_helper(sl, site)) ? look_through(sl, site) : site;
}
