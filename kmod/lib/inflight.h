/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In-flight table: pairs the begin of an operation with its end. An entry has
 * a key of two words (a task, and a lock or a kind, so that nested waits of a
 * task pair correctly), a start, and data words of its source. Pure: no tracing
 * or netlink headers.
 *
 * The hash of a key gives its slot. If that slot is taken, an entry goes to
 * another one of the slot's bucket, or of a second bucket, and the slot counts
 * it as displaced: one load tells that a key has no entry.
 *
 * Locking: none; any context, on any CPU, NMI included. A slot is claimed by a
 * cmpxchg, filled, and published by a release store. From then on the entry
 * does not change until it is ended, by a cmpxchg where several callers may
 * end it, of which one wins, or by a store where only one may. Each use of a
 * slot has a generation, by which a reader that does not own the entry detects
 * that it changed.
 *
 * With kobs_inflight_begin(), the source must serialize begins of the same key (a
 * task waits for a lock only once, and wakes up before it goes to sleep again).
 * Ends and reads need no order.
 *
 * With kobs_inflight_claim() and kobs_inflight_publish_last(), begins need no order
 * either: of several entries of a key, all but the one that began last are ended.
 * A key can then have more words, which are the first of an entry's data. Such an
 * entry can be changed, too (kobs_inflight_change()): it has two copies of the words
 * that change, and the generation, which rises at each change, tells which one holds.
 * One caller writes the other copy at a time. Who ends the entry meanwhile has it as
 * it was, and the slot is free when the caller is done.
 */
#ifndef KOBS_INFLIGHT_H
#define KOBS_INFLIGHT_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include "lib/counters.h"
#include "lib/hash.h"

struct kobs_memory;

/* Slots of a bucket, whose states fill a cache line. */
#define KOBS_INFLIGHT_BUCKET	8
/* Maximum number of data words per entry. */
#define KOBS_INFLIGHT_WORDS		64

/* How often a lookup or an end that others outrun is tried again. */
#define KOBS_INFLIGHT_TRIES		64

/* Bits of a slot's use: being filled or changed; holds an entry; generation. */
#define KOBS_INFLIGHT_CLAIMED	1U
#define KOBS_INFLIGHT_PRESENT	2U
#define KOBS_INFLIGHT_GENERATION	4U
#define KOBS_INFLIGHT_BUSY		(KOBS_INFLIGHT_CLAIMED | KOBS_INFLIGHT_PRESENT)

/**
 * struct kobs_inflight_state - state of a slot
 * @use: KOBS_INFLIGHT_CLAIMED, KOBS_INFLIGHT_PRESENT, both of an entry that is
 *       being changed, or neither when it is free; above them the generation, which
 *       rises when an entry ends or has changed
 * @displaced: number of entries of this slot that are in other slots
 */
struct kobs_inflight_state {
	u32 use;
	atomic_t displaced;
};

/**
 * struct kobs_inflight - an operation in progress
 * @key: its key
 * @start: when it began
 * @data: words of the source
 */
struct kobs_inflight {
	u64 key[2];
	u64 start;
	u64 data[];
};

/**
 * struct kobs_inflight_table - operations in progress
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
 * struct kobs_inflight_ref - reference to an entry
 * @entry: the entry
 * @state: of its slot
 * @home: state of the slot it is displaced from, or NULL
 * @use: use of the slot when the entry was found, or after it is published
 */
struct kobs_inflight_ref {
	struct kobs_inflight *entry;
	struct kobs_inflight_state *state;
	struct kobs_inflight_state *home;
	u32 use;
};

/**
 * enum kobs_inflight_got - result of kobs_inflight_begin()
 * @KOBS_INFLIGHT_BEGUN: there is a new entry
 * @KOBS_INFLIGHT_FOUND: there was an entry of this key
 * @KOBS_INFLIGHT_FULL: there was none, and no slot is free
 */
enum kobs_inflight_got {
	KOBS_INFLIGHT_BEGUN,
	KOBS_INFLIGHT_FOUND,
	KOBS_INFLIGHT_FULL
};

/**
 * struct kobs_inflight_key - a key of an entry that is not begun in order
 * @word: what is looked up: the key, or two words made of it
 * @more: all of the key, where it is longer; the first words of the entry's data
 * @n: number of @more
 */
struct kobs_inflight_key {
	u64 word[2];
	const u64 *more;
	unsigned int n;
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

int kobs_inflight_table_init(struct kobs_inflight_table *t, struct kobs_memory *m,
			     unsigned int max, unsigned int words);
void kobs_inflight_table_free(struct kobs_inflight_table *t);
bool kobs_inflight_next(const struct kobs_inflight_table *t, u32 *place,
			struct kobs_inflight *copy);
struct kobs_inflight *kobs_inflight_peek_slow(const struct kobs_inflight_table *t,
					      u64 key0, u64 key1);
bool kobs_inflight_find_slow(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			     struct kobs_inflight_ref *ref);
enum kobs_inflight_got kobs_inflight_begin_slow(const struct kobs_inflight_table *t, u64 key0,
						u64 key1, struct kobs_inflight_ref *ref);
bool kobs_inflight_claim_slow(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			      struct kobs_inflight_ref *ref);
unsigned int kobs_inflight_settle(const struct kobs_inflight_table *t,
				  const struct kobs_inflight_ref *own,
				  const struct kobs_inflight_key *key, u64 start);

static __always_inline u64 kobs_inflight_hash(u64 key0, u64 key1)
{
	return ((key0 * KOBS_HASH_FACTOR) ^ key1) * KOBS_HASH_FACTOR;
}

static __always_inline struct kobs_inflight *
kobs_inflight_at(const struct kobs_inflight_table *t, size_t slot)
{
	return t->entries + slot * t->stride;
}

/**
 * kobs_inflight_find_home() - look up the entry of a key in the slot of its own
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the slot, and its entry if there is one
 *
 * For handlers that must be cheap: there is no call in it.
 *
 * Context: any, NMI included.
 * Return: false when it is not there: call kobs_inflight_find().
 */
static __always_inline bool
kobs_inflight_find_home(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			struct kobs_inflight_ref *ref)
{
	size_t home = kobs_inflight_hash(key0, key1) >> t->shift;

	ref->state = &t->states[home];
	/* Pairs with the release in kobs_inflight_publish(). */
	ref->use = smp_load_acquire(&ref->state->use);
	ref->entry = kobs_inflight_at(t, home);
	ref->home = NULL;
	return likely((ref->use & KOBS_INFLIGHT_PRESENT) &&
		      ref->entry->key[0] == key0 && ref->entry->key[1] == key1);
}

/**
 * kobs_inflight_find() - look up the entry of a key
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the entry, if found
 *
 * Where others may end the entry, the caller has to check after reading it, by
 * kobs_inflight_same() or kobs_inflight_end(), that it was not ended meanwhile.
 *
 * Context: any, NMI included.
 * Return: false when there is no entry of this key.
 */
static __always_inline bool kobs_inflight_find(const struct kobs_inflight_table *t, u64 key0,
					       u64 key1, struct kobs_inflight_ref *ref)
{
	if (kobs_inflight_find_home(t, key0, key1, ref))
		return true;
	return unlikely(atomic_read(&ref->state->displaced)) &&
	       kobs_inflight_find_slow(t, key0, key1, ref);
}

/**
 * kobs_inflight_peek() - look up an entry that nobody but the caller ends
 * @t: table
 * @key0: first word
 * @key1: second word
 *
 * Without a reference, which would be kept in memory for the slow path. The caller
 * is the one who begins entries of this key, too.
 *
 * Context: any, NMI included.
 * Return: the entry, or NULL when there is none of this key.
 */
static __always_inline struct kobs_inflight *
kobs_inflight_peek(const struct kobs_inflight_table *t, u64 key0, u64 key1)
{
	u32 home = kobs_inflight_hash(key0, key1) >> t->shift;
	const struct kobs_inflight_state *state = &t->states[home];
	struct kobs_inflight *entry = kobs_inflight_at(t, home);

	/*
	 * Pairs with the release in kobs_inflight_publish(): where the slot is that of
	 * another key now, the one that was here before must not be read.
	 */
	if ((smp_load_acquire(&state->use) & KOBS_INFLIGHT_PRESENT) &&
	    entry->key[0] == key0 && entry->key[1] == key1)
		return entry;
	return unlikely(atomic_read(&state->displaced)) ?
	       kobs_inflight_peek_slow(t, key0, key1) : NULL;
}

/**
 * kobs_inflight_begin_home() - create an entry in its key's own slot, without a call
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the new entry, as by kobs_inflight_begin()
 *
 * Context: any, NMI included; preemption off until the entry is published.
 * Return: false when nothing was done: call kobs_inflight_begin().
 */
static __always_inline bool
kobs_inflight_begin_home(const struct kobs_inflight_table *t, u64 key0, u64 key1,
			 struct kobs_inflight_ref *ref)
{
	size_t home = kobs_inflight_hash(key0, key1) >> t->shift;
	u32 use;

	ref->state = &t->states[home];
	use = READ_ONCE(ref->state->use);
	/* An entry of this key is here, or counted as displaced. */
	if (unlikely((use & KOBS_INFLIGHT_BUSY) ||
		     atomic_read(&ref->state->displaced) ||
		     cmpxchg(&ref->state->use, use,
			     use | KOBS_INFLIGHT_CLAIMED) != use))
		return false;
	ref->use = use | KOBS_INFLIGHT_PRESENT;
	ref->home = NULL;
	ref->entry = kobs_inflight_at(t, home);
	ref->entry->key[0] = key0;
	ref->entry->key[1] = key1;
	return true;
}

/**
 * kobs_inflight_begin() - create an entry, unless its key has one
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the new entry, whose start and data the caller fills in before
 *       kobs_inflight_publish(); or to the existing one
 *
 * Context: any, NMI included; preemption off until the entry is published.
 * Return: see enum kobs_inflight_got.
 */
static __always_inline enum kobs_inflight_got
kobs_inflight_begin(const struct kobs_inflight_table *t, u64 key0, u64 key1,
		    struct kobs_inflight_ref *ref)
{
	return likely(kobs_inflight_begin_home(t, key0, key1, ref)) ?
	       KOBS_INFLIGHT_BEGUN : kobs_inflight_begin_slow(t, key0, key1, ref);
}

/**
 * kobs_inflight_claim() - create an entry, whether or not its key has one
 * @t: table
 * @key: its key
 * @ref: set to the new entry, whose start and data, with the key's further words,
 *       the caller fills in before kobs_inflight_publish_last()
 *
 * Context: any, NMI included; preemption off until the entry is published.
 * Return: false when no slot is free.
 */
static __always_inline bool kobs_inflight_claim(const struct kobs_inflight_table *t,
						const struct kobs_inflight_key *key,
						struct kobs_inflight_ref *ref)
{
	size_t home = kobs_inflight_hash(key->word[0], key->word[1]) >> t->shift;
	u32 use;

	ref->state = &t->states[home];
	use = READ_ONCE(ref->state->use);
	if (unlikely((use & KOBS_INFLIGHT_BUSY) ||
		     cmpxchg(&ref->state->use, use,
			     use | KOBS_INFLIGHT_CLAIMED) != use))
		return kobs_inflight_claim_slow(t, key->word[0], key->word[1], ref);
	ref->use = use | KOBS_INFLIGHT_PRESENT;
	ref->home = NULL;
	ref->entry = kobs_inflight_at(t, home);
	ref->entry->key[0] = key->word[0];
	ref->entry->key[1] = key->word[1];
	return true;
}

/**
 * kobs_inflight_publish() - make a new entry visible
 * @ref: entry
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_inflight_publish(const struct kobs_inflight_ref *ref)
{
	/* Pairs with the acquires of lookups. */
	smp_store_release(&ref->state->use, ref->use);
}

/**
 * kobs_inflight_same() - check that an entry has not changed
 * @ref: entry
 *
 * Context: any, NMI included.
 * Return: true when everything read since the lookup is of this entry.
 */
static __always_inline bool kobs_inflight_same(const struct kobs_inflight_ref *ref)
{
	smp_rmb(); /* The entry is read before its use. */
	return READ_ONCE(ref->state->use) == ref->use;
}

/* The use of a slot after the end of its entry. */
static __always_inline u32 kobs_inflight_over(const struct kobs_inflight_ref *ref)
{
	return (ref->use | KOBS_INFLIGHT_BUSY) + 1;
}

static __always_inline bool kobs_inflight_end_as(const struct kobs_inflight_ref *ref,
						 u32 over)
{
	if (cmpxchg(&ref->state->use, ref->use, over) != ref->use)
		return false;
	if (unlikely(ref->home))
		atomic_dec(&ref->home->displaced);
	return true;
}

/**
 * kobs_inflight_end() - end an entry that nobody changes
 * @ref: entry; it must not be read afterwards
 *
 * Context: any, NMI included.
 * Return: false when another caller has ended it.
 */
static __always_inline bool kobs_inflight_end(const struct kobs_inflight_ref *ref)
{
	return kobs_inflight_end_as(ref, kobs_inflight_over(ref));
}

/**
 * kobs_inflight_end_changing() - end an entry that others may change
 * @ref: entry; it must not be read afterwards
 *
 * Context: any, NMI included.
 * Return: false when another caller has ended or changed it, or begins to.
 */
static __always_inline bool kobs_inflight_end_changing(const struct kobs_inflight_ref *ref)
{
	/* The slot stays that of who changes it. */
	return kobs_inflight_end_as(ref, kobs_inflight_over(ref) |
					 (ref->use & KOBS_INFLIGHT_CLAIMED));
}

/**
 * kobs_inflight_second() - which copy of the words that change holds
 * @ref: entry
 *
 * Context: any, NMI included.
 * Return: false for the first, true for the second one.
 */
static __always_inline bool kobs_inflight_second(const struct kobs_inflight_ref *ref)
{
	return ref->use & KOBS_INFLIGHT_GENERATION;
}

/**
 * kobs_inflight_change() - begin to change an entry
 * @ref: entry that was found; the caller may write the copy that does not hold, until
 *       kobs_inflight_changed()
 *
 * Context: any, NMI included; preemption off until the entry has changed.
 * Return: false when others changed or ended it, or are about to change it.
 */
static __always_inline bool kobs_inflight_change(struct kobs_inflight_ref *ref)
{
	u32 use = ref->use;

	if ((use & KOBS_INFLIGHT_CLAIMED) ||
	    cmpxchg(&ref->state->use, use, use | KOBS_INFLIGHT_CLAIMED) != use)
		return false;
	ref->use = use | KOBS_INFLIGHT_CLAIMED;
	return true;
}

/**
 * kobs_inflight_changed() - have the other copy hold, unless the entry has ended
 * @ref: entry of kobs_inflight_change()
 *
 * Context: any, NMI included.
 * Return: false when it has ended: what was written is of no use.
 */
static __always_inline bool kobs_inflight_changed(const struct kobs_inflight_ref *ref)
{
	u32 use = ref->use;

	if (likely(cmpxchg(&ref->state->use, use,
			   (use & ~KOBS_INFLIGHT_CLAIMED) +
			   KOBS_INFLIGHT_GENERATION) == use))
		return true;
	/* Nobody else changes what is neither an entry nor free. */
	smp_store_release(&ref->state->use, READ_ONCE(ref->state->use) &
					    ~KOBS_INFLIGHT_CLAIMED);
	return false;
}

/**
 * kobs_inflight_end_own() - end an entry that only the caller may end
 * @ref: entry; it must not be read afterwards
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_inflight_end_own(const struct kobs_inflight_ref *ref)
{
	/* All reads of the entry come before the slot is reused. */
	smp_store_release(&ref->state->use, kobs_inflight_over(ref));
	if (unlikely(ref->home))
		atomic_dec(&ref->home->displaced);
}

/**
 * kobs_inflight_publish_last() - make a new entry visible as the last of its key
 * @t: table
 * @ref: entry of kobs_inflight_claim()
 * @key: its key
 * @start: its start
 *
 * Others of this key are ended, or this one, if a later one was published.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of entries that were ended.
 */
static __always_inline unsigned int
kobs_inflight_publish_last(const struct kobs_inflight_table *t,
			   const struct kobs_inflight_ref *ref,
			   const struct kobs_inflight_key *key, u64 start)
{
	const struct kobs_inflight_state *home = ref->home ?: ref->state;

	kobs_inflight_publish(ref);
	/*
	 * Of two entries of a key one is displaced at least. It is counted before it
	 * is published, and the other looks for it after it is published itself.
	 */
	smp_mb();
	if (likely(!atomic_read(&home->displaced)))
		return 0;
	return kobs_inflight_settle(t, ref, key, start);
}

#endif /* KOBS_INFLIGHT_H */
