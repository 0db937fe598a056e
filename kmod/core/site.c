// SPDX-License-Identifier: GPL-2.0
/*
 * Call sites: whose allocation it is. The kernel has helpers that allocate for
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
#include "core/site.h"

/**
 * kobs_code_ranges_init() - take ranges of code from a parameter
 * @r: ranges
 * @name: name of the parameter
 * @text: its value: pairs of addresses
 * @extack: says why not
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or -EINVAL for ranges that are not in order.
 */
int kobs_code_ranges_init(struct kobs_code_ranges *r, const char *name,
			  const struct kobs_value *text,
			  struct netlink_ext_ack *extack)
{
	unsigned int i;

	/* A range has code; the next one may begin where it ends. */
	for (i = 1; i < text->number; i++) {
		if (text->addresses[i - 1] >= text->addresses[i] + !(i % 2))
			break;
	}
	if (text->number % 2 || i < text->number)
		return kobs_refuse(extack, -EINVAL,
				   "%s must be pairs of addresses in ascending order",
				   name);
	r->v = (const struct kobs_code_range *)text->addresses;
	r->n = text->number / 2;
	return 0;
}

/**
 * kobs_code_ranges_have() - whether an address is in one of the ranges
 * @r: ranges
 * @ip: address
 *
 * Context: any, NMI included.
 * Return: true when it is.
 */
bool kobs_code_ranges_have(const struct kobs_code_ranges *r, unsigned long ip)
{
	unsigned int from = 0;
	unsigned int to = r->n;

	while (from < to) {
		unsigned int middle = (from + to) / 2;

		if (ip < r->v[middle].start)
			to = middle;
		else if (ip >= r->v[middle].end)
			from = middle + 1;
		else
			return true;
	}
	return false;
}

/* The first frame above that of @site that is no helper's; 0: there is none. */
static unsigned long outer(const struct kobs_code_ranges *helpers,
			   unsigned long site, const unsigned long *ips,
			   unsigned int nr)
{
	unsigned int i = 0;

	while (site && i < nr && ips[i] != site)
		i++;
	while (i < nr && kobs_code_ranges_have(helpers, ips[i]))
		i++;
	return i < nr ? ips[i] : 0;
}

static noinline unsigned long look_through(const struct kobs_session *s,
					   const struct kobs_code_ranges *helpers,
					   unsigned long site)
{
	unsigned long ips[KOBS_SITE_MOST] KOBS_UNINIT;
	struct kobs_unwind u = s->unwind;
	struct kobs_at here = kobs_at_here();
	unsigned long found;

	u.depth = KOBS_SITE_FEW;
	found = outer(helpers, site, ips, kobs_unwind(&u, 0, &here, ips));
	if (found)
		return found;
	u.depth = KOBS_SITE_MOST;
	return outer(helpers, site, ips, kobs_unwind(&u, 0, &here, ips));
}

/**
 * kobs_site() - the site that an allocation or a free counts against
 * @s: session
 * @helpers: code that is looked through
 * @site: return address of the call of the allocator; 0: the function that the
 *	hook is in
 *
 * Context: any, NMI included; preemption off, in a handler.
 * Return: @site, or when that is in a helper, where this was called; 0 when that
 * cannot be found.
 */
unsigned long kobs_site(const struct kobs_session *s,
			const struct kobs_code_ranges *helpers,
			unsigned long site)
{
	return unlikely(!site || kobs_code_ranges_have(helpers, site)) ?
	       look_through(s, helpers, site) : site;
}
