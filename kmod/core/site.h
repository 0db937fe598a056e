/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Call sites, for sources that follow allocations: ranges of code, and the first
 * caller outside of them (site.c).
 */
#ifndef KOBS_SITE_H
#define KOBS_SITE_H

#include <linux/types.h>
#include "core/session.h"

struct netlink_ext_ack;

/* Maximum number of ranges of a parameter. */
#define KOBS_SITE_RANGES	1024

/* Frames up to the caller of most helpers, and of all. */
#define KOBS_SITE_FEW		8
#define KOBS_SITE_MOST		24

/**
 * struct kobs_code_range - code of a function
 * @start: first address
 * @end: address after it
 */
struct kobs_code_range {
	u64 start;
	u64 end;
};

/**
 * struct kobs_code_ranges - code of functions
 * @v: ranges in ascending order, in memory of a session's parameters
 * @n: number of ranges
 */
struct kobs_code_ranges {
	const struct kobs_code_range *v;
	unsigned int n;
};

int kobs_code_ranges_init(struct kobs_code_ranges *r, const char *name,
			  const struct kobs_value *text,
			  struct netlink_ext_ack *extack);
bool kobs_code_ranges_have(const struct kobs_code_ranges *r, unsigned long ip);
unsigned long kobs_site(const struct kobs_session *s,
			const struct kobs_code_ranges *helpers,
			unsigned long site);

#endif /* KOBS_SITE_H */
