/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that are followed, fast path of handlers: an allocation whose site is known
 * to determine the group, and a free of a live object. Everything else, including hits
 * that are timed, filtered or inside another handler, goes to follow.c by a tail call,
 * so that nothing has to be saved over it.
 *
 * For sources whose frees are not late (see struct kobs_follow).
 *
 * Locking: none; any context, NMI included. What is known of a site is one word, which
 * any context on any CPU may read and write at any time.
 */
#ifndef KOBS_FOLLOW_FAST_H
#define KOBS_FOLLOW_FAST_H

#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "core/follow.h"
#include "core/hit.h"
#include "lib/hash.h"

/* What is known: bits 0-31 return address (code lies in the uppermost 2 GiB), then 1 + group. */
static __always_inline u64 *kobs_follow_known(struct kobs_follow *f,
					      unsigned long site)
{
	return &f->sites[site * KOBS_HASH_FACTOR >> (64 - KOBS_FOLLOW_SITES_BITS)];
}

/**
 * kobs_follow_alloc_fast() - kobs_follow_alloc() of an allocation that did not fail
 * @f: objects of a session
 * @key: its key, a multiple of KOBS_OBJECT_STATES, not 0
 * @size: bytes
 * @site: where the call returns to
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_follow_alloc_fast(struct kobs_follow *f, u64 key,
						   size_t size,
						   unsigned long site)
{
	u64 known = READ_ONCE(*kobs_follow_known(f, site));
	u32 group = (known >> 32) - 1;
	struct kobs_object o;
	struct kobs_cpu *pc;
	local64_t *n;

	if (unlikely((u32)known != (u32)site)) {
		kobs_follow_alloc(f, key, size, site);
		return;
	}
	pc = kobs_hit_enter_usual(f->s);
	if (unlikely(!pc)) {
		kobs_follow_alloc(f, key, size, site);
		return;
	}
	n = kobs_group_table_counts(&f->groups, group);
	o = (struct kobs_object){
		.group = group,
		.born = jiffies,
		.size = min_t(size_t, size, U32_MAX),
	};
	if (unlikely(!n || READ_ONCE(f->missed) ||
		     !kobs_object_insert_first(&f->live, key, &o))) {
		kobs_follow_put_slow(f, key, size, group);
		return;
	}
	local64_inc(&n[KOBS_CENSUS_ALLOCATED]);
	local64_add(o.size, &n[KOBS_CENSUS_BYTES]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

/**
 * kobs_follow_free_fast() - kobs_follow_free()
 * @f: objects of a session
 * @key: key of the object
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_follow_free_fast(struct kobs_follow *f, u64 key)
{
	struct kobs_cpu *pc = kobs_hit_enter_usual(f->s);
	struct kobs_object o KOBS_UNINIT;
	local64_t *n;

	if (unlikely(!pc)) {
		kobs_follow_free(f, key);
		return;
	}
	if (unlikely(!kobs_object_remove_fast(&f->live, key, &o))) {
		kobs_follow_free_slow(f, key);
		return;
	}
	n = kobs_census_is_group(o.group) ?
	    kobs_group_table_counts(&f->groups, o.group) : NULL;
	if (unlikely(!n)) {
		kobs_follow_end_slow(f, o.group);
		return;
	}
	local64_inc(&n[KOBS_CENSUS_FREED]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

#endif /* KOBS_FOLLOW_FAST_H */
