/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, mode slow: the blocked intervals of a call, by their kinds. Each kind
 * has a part, as long as there is room; then one with an interval longer than all of
 * the least part takes its place, and the others are the rest. Pure: no tracing or
 * netlink headers.
 *
 * Locking: the caller is the only one that changes them.
 */
#ifndef KOBS_FUNC_SLOW_PARTS_H
#define KOBS_FUNC_SLOW_PARTS_H

#include <linux/types.h>
#include <uapi/kobs_slow.h>

/**
 * struct kobs_slow_wait - blocked intervals of one kind
 * @word: see enum kobs_slow_part
 */
struct kobs_slow_wait {
	u64 word[KOBS_SLOW_PART];
};

/**
 * struct kobs_slow_parts - the blocked intervals of a call
 * @waits: number of them
 * @rest: time of those in no part, ns
 * @rest_waits: number of those
 * @n: number of @part
 * @part: their kinds
 */
struct kobs_slow_parts {
	u64 waits;
	u64 rest;
	u64 rest_waits;
	u32 n;
	struct kobs_slow_wait part[KOBS_SLOW_PARTS];
};

/* No interval yet. Parts are written before they are read. */
static __always_inline void kobs_slow_parts_empty(struct kobs_slow_parts *p)
{
	p->waits = 0;
	p->rest = 0;
	p->rest_waits = 0;
	p->n = 0;
}

void kobs_slow_parts_add(struct kobs_slow_parts *p, const u64 *word);
void kobs_slow_parts_fold(struct kobs_slow_parts *to,
			  const struct kobs_slow_parts *from);
u64 kobs_slow_parts_stack(const struct kobs_slow_parts *p);

#endif /* KOBS_FUNC_SLOW_PARTS_H */
