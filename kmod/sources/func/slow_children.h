/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, mode slow: what a call called, by function. Each function has an entry,
 * as long as there is room; then a call that took longer than all of the least one's
 * takes that one's place, and the others are the rest. There is room for more functions
 * than a record has: calls are short until they are many. Pure: no tracing or netlink
 * headers.
 *
 * Locking: the caller is the only one that changes them.
 */
#ifndef KOBS_FUNC_SLOW_CHILDREN_H
#define KOBS_FUNC_SLOW_CHILDREN_H

#include <linux/types.h>
#include <uapi/kobs_slow.h>

/* Maximum number of functions that are followed in a call. */
#define SLOW_CHILDREN_KEPT	(2 * KOBS_SLOW_CHILDREN)

/**
 * struct kobs_slow_callee - calls of one function
 * @word: see enum kobs_slow_child
 */
struct kobs_slow_callee {
	u64 word[KOBS_SLOW_CHILD];
};

/**
 * struct kobs_slow_children - what a call called
 * @rest: time of calls in no entry, without that of others in them, ns
 * @rest_calls: their number
 * @n: number of @child
 * @child: functions
 */
struct kobs_slow_children {
	u64 rest;
	u64 rest_calls;
	u32 n;
	struct kobs_slow_callee child[SLOW_CHILDREN_KEPT];
};

/* None yet. Entries are written before they are read. */
static __always_inline void kobs_slow_children_empty(struct kobs_slow_children *c)
{
	c->rest = 0;
	c->rest_calls = 0;
	c->n = 0;
}

void kobs_slow_children_add(struct kobs_slow_children *c, const u64 *word);
void kobs_slow_children_trim(struct kobs_slow_children *c);

#endif /* KOBS_FUNC_SLOW_CHILDREN_H */
