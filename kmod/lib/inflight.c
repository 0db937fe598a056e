// SPDX-License-Identifier: GPL-2.0
/*
 * In-flight table: memory, iteration, and the slow paths, for entries that are
 * not in the slot of their key. The fast paths are in inflight.h, to be inlined
 * into the handlers. Pure.
 *
 * Locking: see inflight.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/inflight.h"
#include "lib/memory.h"

const struct kobs_reason kobs_inflight_reasons[KOBS_INFLIGHT_REASONS] = {
	{ "in_flight", "call or wait that had not ended" },
	{ "inflight_full",
	  "more waits at a time than there is room for: raise inflight" },
	{ "unpaired", "wait that ended here and had begun before the session" },
	{ "stale", "wait whose end was not seen before the next one began" },
};
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_reasons);

/*
 * Twice as many slots as entries, so that both buckets of a key are rarely
 * full; minimum two buckets.
 */
static unsigned int slots_of(unsigned int max)
{
	return roundup_pow_of_two(max(max, 1U * KOBS_INFLIGHT_BUCKET)) * 2;
}

/**
 * kobs_inflight_table_init() - allocate an empty in-flight table
 * @t: table
 * @m: account of its memory
 * @max: maximum number of entries
 * @words: data words per entry, maximum KOBS_INFLIGHT_WORDS
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_inflight_table_init(struct kobs_inflight_table *t, struct kobs_memory *m,
			     unsigned int max, unsigned int words)
{
	unsigned int n = slots_of(max);

	memset(t, 0, sizeof(*t));
	t->mask = n / KOBS_INFLIGHT_BUCKET - 1;
	t->shift = 64 - ilog2(n);
	t->stride = sizeof(struct kobs_inflight) + words * sizeof(u64);
	t->states = kobs_memory_get(m, (u64)n * sizeof(*t->states),
				    NUMA_NO_NODE);
	t->entries = kobs_memory_get(m, (u64)n * t->stride, NUMA_NO_NODE);
	if (t->states && t->entries)
		return 0;
	kobs_inflight_table_free(t);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_table_init);

/**
 * kobs_inflight_table_free() - free an in-flight table without users
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_inflight_table_free(struct kobs_inflight_table *t)
{
	vfree(t->states);
	vfree(t->entries);
	t->states = NULL;
	t->entries = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_table_free);

/**
 * kobs_inflight_next() - the next entry in progress
 * @t: table; others may begin and end entries meanwhile
 * @place: where to start, 0 at first; set to the place after the returned entry
 * @copy: room for an entry of this table; set to a copy
 *
 * An entry that lasts longer than the iteration is returned exactly once.
 *
 * Context: any.
 * Return: false after the last.
 */
bool kobs_inflight_next(const struct kobs_inflight_table *t, u32 *place,
			struct kobs_inflight *copy)
{
	u32 slots = (t->mask + 1) * KOBS_INFLIGHT_BUCKET;

	while (t->states && *place < slots) {
		struct kobs_inflight_ref ref = {
			.entry = kobs_inflight_at(t, *place),
			.state = &t->states[*place],
		};

		++*place;
		/* Pairs with the release in kobs_inflight_publish(). */
		ref.use = smp_load_acquire(&ref.state->use);
		if (!(ref.use & KOBS_INFLIGHT_PRESENT))
			continue;
		memcpy(copy, ref.entry, t->stride);
		if (kobs_inflight_same(&ref))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_next);

/* The i-th candidate slot: its own, its bucket, the second bucket. */
static u32 slot_of(const struct kobs_inflight_table *t, u64 hash, unsigned int i)
{
	u32 home = hash >> t->shift;

	if (i < KOBS_INFLIGHT_BUCKET)
		return home ^ i;
	return ((hash >> 20) & t->mask) * KOBS_INFLIGHT_BUCKET +
	       (i - KOBS_INFLIGHT_BUCKET);
}

/**
 * kobs_inflight_find_slow() - kobs_inflight_find(), slow path
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the entry, if found
 *
 * Context: any, NMI included.
 * Return: false when there is no entry of this key.
 */
bool kobs_inflight_find_slow(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			     struct kobs_inflight_ref *ref)
{
	u64 hash = kobs_inflight_hash(key0, key1);
	unsigned int i;

	for (i = 0; i < 2 * KOBS_INFLIGHT_BUCKET; i++) {
		u32 slot = slot_of(t, hash, i);

		ref->state = &t->states[slot];
		/* Pairs with the release in kobs_inflight_publish(). */
		ref->use = smp_load_acquire(&ref->state->use);
		ref->entry = kobs_inflight_at(t, slot);
		ref->home = i ? &t->states[slot_of(t, hash, 0)] : NULL;
		if ((ref->use & KOBS_INFLIGHT_PRESENT) &&
		    ref->entry->key[0] == key0 && ref->entry->key[1] == key1)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_find_slow);

static bool entry_take(const struct kobs_inflight_table *t, u32 slot,
		       struct kobs_inflight_ref *ref)
{
	u32 use;

	ref->state = &t->states[slot];
	use = READ_ONCE(ref->state->use);
	if ((use & KOBS_INFLIGHT_BUSY) ||
	    cmpxchg(&ref->state->use, use, use | KOBS_INFLIGHT_CLAIMED) != use)
		return false;
	ref->use = use | KOBS_INFLIGHT_PRESENT;
	ref->entry = kobs_inflight_at(t, slot);
	return true;
}

/**
 * kobs_inflight_begin_slow() - kobs_inflight_begin(), slow path
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the new or existing entry
 *
 * Context: any, NMI included; preemption off until the entry is published.
 * Return: see enum kobs_inflight_got.
 */
enum kobs_inflight_got kobs_inflight_begin_slow(const struct kobs_inflight_table *t, u64 key0,
						u64 key1, struct kobs_inflight_ref *ref)
{
	u64 hash = kobs_inflight_hash(key0, key1);
	unsigned int i = 0;

	if (kobs_inflight_find(t, key0, key1, ref))
		return KOBS_INFLIGHT_FOUND;
	while (!entry_take(t, slot_of(t, hash, i), ref)) {
		if (++i == 2 * KOBS_INFLIGHT_BUCKET)
			return KOBS_INFLIGHT_FULL;
	}
	ref->home = NULL;
	/* The second bucket can be the first one as well. */
	if (ref->state != &t->states[slot_of(t, hash, 0)]) {
		ref->home = &t->states[slot_of(t, hash, 0)];
		/* Before the entry is published, so that lookups find it. */
		atomic_inc(&ref->home->displaced);
	}
	ref->entry->key[0] = key0;
	ref->entry->key[1] = key1;
	return KOBS_INFLIGHT_BEGUN;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_begin_slow);
