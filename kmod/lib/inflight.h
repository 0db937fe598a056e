/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In-flight table: pairs the beginning of something with its end. An entry has a key
 * of two words (a task, and a lock or a kind, so that nested waits of a task
 * pair correctly), a start, and words that its source keeps until the end.
 * Pure: no tracing or netlink headers.
 *
 * The hash of a key names its slot. An entry that finds the slot taken goes to
 * another one of the slot's bucket, or of a second bucket, and the slot counts
 * it: so one look tells that a key has no entry.
 *
 * Locking: none; any context, on any CPU, NMI included. A slot is claimed by a
 * cmpxchg, filled, and published by a release store. From then on the entry
 * does not change until it is ended by a cmpxchg, which only one of several
 * callers can win, or by a store where there is only one who may. Each use of
 * a slot has a generation: whoever copied an entry that it does not own finds
 * out whether it was the same all along.
 *
 * Entries of one key must be begun one after the other: their source sees to it
 * (a task waits for a lock only once, and wakes up before it goes to sleep
 * again). Ending and reading need no such order.
 */
#ifndef KOBS_INFLIGHT_H
#define KOBS_INFLIGHT_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include "lib/counters.h"
#include "lib/hash.h"

/* Slots of a bucket, whose states fill a cache line. */
#define KOBS_INFLIGHT_BUCKET	8
/* Words of an entry that are the source's, at most. */
#define KOBS_INFLIGHT_WORDS		12

/* In the use of a slot: it is being filled; there is an entry; generation. */
#define KOBS_INFLIGHT_CLAIMED	1U
#define KOBS_INFLIGHT_PRESENT	2U
#define KOBS_INFLIGHT_GENERATION	4U
#define KOBS_INFLIGHT_BUSY		(KOBS_INFLIGHT_CLAIMED | KOBS_INFLIGHT_PRESENT)

/**
 * struct kobs_inflight_state - state of a slot
 * @use: KOBS_INFLIGHT_CLAIMED, KOBS_INFLIGHT_PRESENT, or neither when it is free; above
 *       them the generation, which rises when an entry ends
 * @displaced: entries that belong here and found the slot taken: they are elsewhere
 */
struct kobs_inflight_state {
	u32 use;
	atomic_t displaced;
};

/**
 * struct kobs_inflight - an entry
 * @key: its key
 * @start: when it began
 * @data: the source's words
 */
struct kobs_inflight {
	u64 key[2];
	u64 start;
	u64 data[];
};

/**
 * struct kobs_inflight_table - entries in progress
 * @states: states of the slots, or NULL
 * @entries: the slots
 * @shift: bits to shift a hash right to get a slot's number
 * @mask: number of buckets less one
 * @stride: bytes of a slot
 */
struct kobs_inflight_table {
	struct kobs_inflight_state *states;
	void *entries;
	u32 shift;
	u32 mask;
	u32 stride;
};

/**
 * struct kobs_inflight_ref - an entry that was found or begun
 * @entry: the entry
 * @state: of its slot
 * @home: of the slot where it belongs, if it is not there; else NULL
 * @use: what the slot's use was when it was found, or will be
 */
struct kobs_inflight_ref {
	struct kobs_inflight *entry;
	struct kobs_inflight_state *state;
	struct kobs_inflight_state *home;
	u32 use;
};

/**
 * enum kobs_inflight_got - what kobs_inflight_begin() did
 * @KOBS_INFLIGHT_BEGUN: it began an entry
 * @KOBS_INFLIGHT_FOUND: there was one of this key
 * @KOBS_INFLIGHT_FULL: there was none, and there is no room
 */
enum kobs_inflight_got {
	KOBS_INFLIGHT_BEGUN,
	KOBS_INFLIGHT_FOUND,
	KOBS_INFLIGHT_FULL
};

/*
 * Reasons of loss of a source that pairs a begin with an end, as its first ones:
 * not ended (a number that falls again), no room, and ends and begins that miss
 * their counterpart.
 */
#define KOBS_N_IN_FLIGHT	(KOBS_N_SOURCE + 0)
#define KOBS_N_INFLIGHT_FULL	(KOBS_N_SOURCE + 1)
#define KOBS_N_UNPAIRED		(KOBS_N_SOURCE + 2)
#define KOBS_N_STALE		(KOBS_N_SOURCE + 3)
#define KOBS_INFLIGHT_REASONS	4

extern const struct kobs_reason kobs_inflight_reasons[KOBS_INFLIGHT_REASONS];

size_t kobs_inflight_table_bytes(unsigned int max, unsigned int words);
int kobs_inflight_table_init(struct kobs_inflight_table *t, unsigned int max,
			     unsigned int words);
void kobs_inflight_table_free(struct kobs_inflight_table *t);
bool kobs_inflight_next(const struct kobs_inflight_table *t, u32 *place,
			struct kobs_inflight *copy);
bool kobs_inflight_find_slow(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			     struct kobs_inflight_ref *ref);
enum kobs_inflight_got kobs_inflight_begin_slow(const struct kobs_inflight_table *t, u64 key0,
						u64 key1, struct kobs_inflight_ref *ref);

static __always_inline u64 kobs_inflight_hash(u64 key0, u64 key1)
{
	return ((key0 * KOBS_HASH_FACTOR) ^ key1) * KOBS_HASH_FACTOR;
}

static __always_inline struct kobs_inflight *
kobs_inflight_at(const struct kobs_inflight_table *t, u32 slot)
{
	return t->entries + (size_t)slot * t->stride;
}

/**
 * kobs_inflight_find() - the entry of a key
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the entry if there is one
 *
 * A caller that is not the only one who may end the entry has to check, after
 * it has read it, with kobs_inflight_same() or kobs_inflight_end() that it was not
 * ended meanwhile.
 *
 * Context: any, NMI included.
 * Return: false when no entry of this key is in progress.
 */
static __always_inline bool kobs_inflight_find(const struct kobs_inflight_table *t, u64 key0,
					       u64 key1, struct kobs_inflight_ref *ref)
{
	u32 home = kobs_inflight_hash(key0, key1) >> t->shift;

	ref->state = &t->states[home];
	/* Pairs with the release in kobs_inflight_publish(). */
	ref->use = smp_load_acquire(&ref->state->use);
	ref->entry = kobs_inflight_at(t, home);
	ref->home = NULL;
	if (likely((ref->use & KOBS_INFLIGHT_PRESENT) &&
		   ref->entry->key[0] == key0 && ref->entry->key[1] == key1))
		return true;
	return unlikely(atomic_read(&ref->state->displaced)) &&
	       kobs_inflight_find_slow(t, key0, key1, ref);
}

/**
 * kobs_inflight_begin() - begin an entry, if there is none of its key
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the entry that was begun, whose start and words the caller fills
 *       in before it calls kobs_inflight_publish(); or to the one that was found
 *
 * Context: any, NMI included; preemption off until the entry is published.
 * Return: what was done.
 */
static __always_inline enum kobs_inflight_got
kobs_inflight_begin(const struct kobs_inflight_table *t, u64 key0, u64 key1,
		    struct kobs_inflight_ref *ref)
{
	u32 home = kobs_inflight_hash(key0, key1) >> t->shift;
	u32 use;

	ref->state = &t->states[home];
	use = READ_ONCE(ref->state->use);
	/* An entry of this key would be here, or be counted as displaced. */
	if (unlikely((use & KOBS_INFLIGHT_BUSY) ||
		     atomic_read(&ref->state->displaced) ||
		     cmpxchg(&ref->state->use, use,
			     use | KOBS_INFLIGHT_CLAIMED) != use))
		return kobs_inflight_begin_slow(t, key0, key1, ref);
	ref->use = use | KOBS_INFLIGHT_PRESENT;
	ref->home = NULL;
	ref->entry = kobs_inflight_at(t, home);
	ref->entry->key[0] = key0;
	ref->entry->key[1] = key1;
	return KOBS_INFLIGHT_BEGUN;
}

/**
 * kobs_inflight_publish() - an entry that was begun is complete
 * @ref: entry
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_inflight_publish(const struct kobs_inflight_ref *ref)
{
	/* Pairs with the acquires of those who look for an entry. */
	smp_store_release(&ref->state->use, ref->use);
}

/**
 * kobs_inflight_same() - is this still the entry that was found?
 * @ref: entry
 *
 * Context: any, NMI included.
 * Return: true when all that was read of the entry since belonged to it.
 */
static __always_inline bool kobs_inflight_same(const struct kobs_inflight_ref *ref)
{
	smp_rmb(); /* What was read before the use is. */
	return READ_ONCE(ref->state->use) == ref->use;
}

/* What the use of a slot is when the entry in it has ended. */
static __always_inline u32 kobs_inflight_over(const struct kobs_inflight_ref *ref)
{
	return (ref->use | KOBS_INFLIGHT_BUSY) + 1;
}

/**
 * kobs_inflight_end() - end an entry
 * @ref: entry, of which the caller has read what it needs
 *
 * Context: any, NMI included.
 * Return: false when the entry was ended by somebody else.
 */
static __always_inline bool kobs_inflight_end(const struct kobs_inflight_ref *ref)
{
	u32 over = kobs_inflight_over(ref);

	if (cmpxchg(&ref->state->use, ref->use, over) != ref->use)
		return false;
	if (unlikely(ref->home))
		atomic_dec(&ref->home->displaced);
	return true;
}

/**
 * kobs_inflight_end_own() - end an entry that nobody else ends
 * @ref: entry, of which the caller has read what it needs
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_inflight_end_own(const struct kobs_inflight_ref *ref)
{
	/* Who takes the slot comes after all that was read of the entry. */
	smp_store_release(&ref->state->use, kobs_inflight_over(ref));
	if (unlikely(ref->home))
		atomic_dec(&ref->home->displaced);
}

#endif /* KOBS_INFLIGHT_H */
