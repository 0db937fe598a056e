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

/*
 * The state of the slot that an entry in another one is displaced from, or NULL.
 * (The second bucket can be the first one as well.)
 */
static struct kobs_inflight_state *
away_from(const struct kobs_inflight_table *t, u64 hash,
	  const struct kobs_inflight_state *state)
{
	struct kobs_inflight_state *home = &t->states[slot_of(t, hash, 0)];

	return state == home ? NULL : home;
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
		ref->home = away_from(t, hash, ref->state);
		if ((ref->use & KOBS_INFLIGHT_PRESENT) &&
		    ref->entry->key[0] == key0 && ref->entry->key[1] == key1)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_find_slow);

/**
 * kobs_inflight_peek_slow() - kobs_inflight_peek(), slow path
 * @t: table
 * @key0: first word
 * @key1: second word
 *
 * Context: any, NMI included.
 * Return: the entry, or NULL when there is none of this key.
 */
struct kobs_inflight *kobs_inflight_peek_slow(const struct kobs_inflight_table *t,
					      u64 key0, u64 key1)
{
	struct kobs_inflight_ref ref;

	return kobs_inflight_find_slow(t, key0, key1, &ref) ? ref.entry : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_peek_slow);

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
 * kobs_inflight_claim_slow() - kobs_inflight_claim(), slow path
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the new entry
 *
 * Context: any, NMI included; preemption off until the entry is published.
 * Return: false when no slot is free.
 */
bool kobs_inflight_claim_slow(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			      struct kobs_inflight_ref *ref)
{
	u64 hash = kobs_inflight_hash(key0, key1);
	unsigned int i = 0;

	while (!entry_take(t, slot_of(t, hash, i), ref)) {
		if (++i == 2 * KOBS_INFLIGHT_BUCKET)
			return false;
	}
	ref->home = away_from(t, hash, ref->state);
	/* Before the entry is published, so that lookups find it. */
	if (ref->home)
		atomic_inc(&ref->home->displaced);
	ref->entry->key[0] = key0;
	ref->entry->key[1] = key1;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_claim_slow);

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
	if (kobs_inflight_find(t, key0, key1, ref))
		return KOBS_INFLIGHT_FOUND;
	return kobs_inflight_claim_slow(t, key0, key1, ref) ?
	       KOBS_INFLIGHT_BEGUN : KOBS_INFLIGHT_FULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_begin_slow);

/* Of two entries of a key, the one that began first; of equals, any, but the same. */
static bool is_older(const struct kobs_inflight_ref *a, u64 a_start,
		     const struct kobs_inflight_ref *b, u64 b_start)
{
	return a_start < b_start ||
	       (a_start == b_start && a->state < b->state);
}

/* An entry of the key in a slot: all of the key is compared. */
static bool entry_has(const struct kobs_inflight_ref *ref,
		      const struct kobs_inflight_key *key)
{
	const struct kobs_inflight *entry = ref->entry;

	return (ref->use & KOBS_INFLIGHT_PRESENT) &&
	       entry->key[0] == key->word[0] &&
	       entry->key[1] == key->word[1] &&
	       !memcmp(entry->data, key->more, key->n * sizeof(u64));
}

/*
 * End the entry of the key in a slot, unless it began later than @own. Returns 1; 0 if
 * there is none, or none any more; -1 if it began later.
 */
static int settle_slot(const struct kobs_inflight_table *t, u32 slot,
		       const struct kobs_inflight_ref *own,
		       const struct kobs_inflight_key *key, u64 start)
{
	u64 hash = kobs_inflight_hash(key->word[0], key->word[1]);
	struct kobs_inflight_ref other = {
		.entry = kobs_inflight_at(t, slot),
		.state = &t->states[slot],
		.home = away_from(t, hash, &t->states[slot]),
	};
	unsigned int tries;

	for (tries = 0; tries < KOBS_INFLIGHT_TRIES; tries++) {
		u64 other_start;

		/* Pairs with the release in kobs_inflight_publish(). */
		other.use = smp_load_acquire(&other.state->use);
		if (!entry_has(&other, key))
			return 0;
		other_start = other.entry->start;
		if (!kobs_inflight_same(&other))
			continue;
		if (!is_older(&other, other_start, own, start))
			return -1;
		if (kobs_inflight_end_changing(&other))
			return 1;
	}
	return 0;
}

/* End an entry of one's own, which others may have changed, or ended. */
static bool settle_own(struct kobs_inflight_ref own,
		       const struct kobs_inflight_key *key, u64 start)
{
	unsigned int tries;

	for (tries = 0; tries < KOBS_INFLIGHT_TRIES; tries++) {
		/* Pairs with the release in kobs_inflight_publish(). */
		own.use = smp_load_acquire(&own.state->use);
		if (!entry_has(&own, key) || own.entry->start != start)
			return false;
		if (kobs_inflight_end_changing(&own))
			return true;
	}
	return false;
}

/**
 * kobs_inflight_settle() - kobs_inflight_publish_last(), slow path
 * @t: table
 * @own: entry that was published
 * @key: its key
 * @start: its start
 *
 * Two that do this at once see each other, or one of them the other: each ends the
 * older one of both, whose end only one of them wins.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of entries that were ended.
 */
unsigned int kobs_inflight_settle(const struct kobs_inflight_table *t,
				  const struct kobs_inflight_ref *own,
				  const struct kobs_inflight_key *key, u64 start)
{
	u64 hash = kobs_inflight_hash(key->word[0], key->word[1]);
	unsigned int ended = 0;
	unsigned int i;

	for (i = 0; i < 2 * KOBS_INFLIGHT_BUCKET; i++) {
		u32 slot = slot_of(t, hash, i);
		int got;

		if (&t->states[slot] == own->state)
			continue;
		got = settle_slot(t, slot, own, key, start);
		if (got < 0)
			return ended + settle_own(*own, key, start);
		ended += got;
	}
	return ended;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_inflight_settle);
