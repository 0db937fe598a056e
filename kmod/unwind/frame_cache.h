/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frame cache: rules by return address. A frame's rule is taken from the
 * unwind tables once; after that, unwinding costs one lookup here and one load
 * from the stack per frame. Pure: no tracing or netlink headers.
 *
 * Locking: none. A rule is read and written as one word, so that any context
 * on any CPU may do both at any time; a full set loses one of its rules, which
 * is learned again when it is needed.
 */
#ifndef KOBS_FRAME_CACHE_H
#define KOBS_FRAME_CACHE_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "lib/hash.h"
#include "lib/table.h"
#include "unwind/frame.h"

/* Rules per set: 32 bytes, half a cache line. */
#define KOBS_FRAME_CACHE_WAYS		4

/**
 * struct kobs_frame_cache - rules
 * @rules: sets of KOBS_FRAME_CACHE_WAYS, or NULL
 * @nr: maximum number of rules
 * @shift: bits to shift a hash right to get a set's number
 */
struct kobs_frame_cache {
	u64 *rules;
	u32 nr;
	u32 shift;
};

int kobs_frame_cache_init(struct kobs_frame_cache *fc, unsigned int nr);
void kobs_frame_cache_free(struct kobs_frame_cache *fc);
void kobs_frame_cache_put(struct kobs_frame_cache *fc, unsigned long ip, u64 rule);
void kobs_frame_cache_forget(struct kobs_frame_cache *fc, unsigned long from,
			     unsigned long to);
int kobs_frame_cache_unwind(const struct kobs_frame_cache *fc,
			    struct kobs_cursor *c, unsigned long *ips,
			    unsigned int max);

static __always_inline u64 *kobs_frame_cache_set(u64 *rules, u32 shift,
						 unsigned long ip)
{
	return rules + ((ip * KOBS_HASH_FACTOR) >> shift) * KOBS_FRAME_CACHE_WAYS;
}

/**
 * kobs_frame_cache_get() - look up a rule
 * @rules: the cache's rules
 * @shift: its shift
 * @ip: return address
 *
 * Takes the cache's members so that a loop can keep them in registers.
 *
 * Context: any, NMI included.
 * Return: the rule, or 0 when there is none.
 */
static __always_inline u64 kobs_frame_cache_get(const u64 *rules, u32 shift,
						unsigned long ip)
{
	const u64 *set = kobs_frame_cache_set((u64 *)rules, shift, ip);
	unsigned int i;

	/* A free way is 0, which is returned for address 0 as well. */
#pragma GCC unroll 4
	for (i = 0; i < KOBS_FRAME_CACHE_WAYS; i++) {
		u64 rule = READ_ONCE(set[i]);

		if ((unsigned long)(s64)(s32)rule == ip)
			return rule;
	}
	return 0;
}

#endif /* KOBS_FRAME_CACHE_H */
