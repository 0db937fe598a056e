/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Span table: pairs the beginning of something with its end. A span has a key
 * of two words (a task, and a lock or a kind, so that nested waits of a task
 * pair correctly), a start, and words that its source keeps until the end.
 * Pure: no tracing or netlink headers.
 *
 * Locking: none; any context, on any CPU, NMI included. A slot is claimed by a
 * cmpxchg, filled, and published by a release store. From then on the span
 * does not change until it is ended by a cmpxchg, which only one of several
 * callers can win. Each use of a slot has a generation: whoever copied a span
 * that it does not own finds out whether it was the same all along.
 *
 * Spans of one key must be begun one after the other: their source sees to it
 * (a task waits for a lock only once, and wakes up before it goes to sleep
 * again). Ending and reading need no such order.
 */
#ifndef KOBS_SPAN_H
#define KOBS_SPAN_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include "table.h"

/* Slots of a bucket, whose states fill a cache line. */
#define KOBS_SPAN_BUCKET	8
/* Words of a span that are the source's, at most. */
#define KOBS_SPAN_WORDS		12

#define KOBS_SPAN_CLAIMED	1U
#define KOBS_SPAN_GENERATION	2U

/**
 * union kobs_span_state - state of a slot
 * @word: all of it
 * @use: KOBS_SPAN_CLAIMED while the slot is being filled; above that bit the
 *       generation, which rises when a span ends
 * @tag: a part of the key's hash, never 0, while there is a span; else 0
 */
union kobs_span_state {
	u64 word;
	struct {
#ifdef __BIG_ENDIAN
		u32 tag;
		u32 use;
#else
		u32 use;
		u32 tag;
#endif
	};
};

/**
 * struct kobs_span - a span
 * @key: its key
 * @start: when it began
 * @data: the source's words
 */
struct kobs_span {
	u64 key[2];
	u64 start;
	u64 data[];
};

/**
 * struct kobs_spans - spans in progress
 * @states: states of the slots, or NULL
 * @spans: the slots
 * @shift: bits to shift a hash right to get a bucket's number
 * @mask: number of buckets less one
 * @stride: bytes of a slot
 * @spilled: spans that are not in the first of their two buckets
 */
struct kobs_spans {
	union kobs_span_state *states;
	void *spans;
	u32 shift;
	u32 mask;
	u32 stride;
	atomic_t spilled;
};

/**
 * struct kobs_span_ref - a span that was found or begun
 * @span: the span
 * @state: of its slot
 * @word: what the state was
 * @spilled: it is in the second of its buckets
 */
struct kobs_span_ref {
	struct kobs_span *span;
	union kobs_span_state *state;
	u64 word;
	bool spilled;
};

size_t kobs_spans_bytes(unsigned int max, unsigned int words);
int kobs_spans_init(struct kobs_spans *t, unsigned int max,
		    unsigned int words);
void kobs_spans_free(struct kobs_spans *t);
bool kobs_span_next(const struct kobs_spans *t, u32 *place,
		    struct kobs_span *copy);

static __always_inline u64 kobs_span_hash(u64 key0, u64 key1)
{
	return ((key0 * KOBS_HASH_FACTOR) ^ key1) * KOBS_HASH_FACTOR;
}

static __always_inline u32 kobs_span_tag(u64 hash)
{
	return (hash >> 32) | 1;
}

/* The first slot of a key's first or second bucket. */
static __always_inline u32 kobs_span_home(const struct kobs_spans *t, u64 hash,
					  bool second)
{
	return (second ? (hash >> 20) & t->mask : hash >> t->shift) *
	       KOBS_SPAN_BUCKET;
}

static __always_inline struct kobs_span *
kobs_span_at(const struct kobs_spans *t, u32 slot)
{
	return t->spans + (size_t)slot * t->stride;
}

static __always_inline bool kobs_span_look(struct kobs_spans *t, u64 key0,
					   u64 key1, u64 hash, bool second,
					   struct kobs_span_ref *ref)
{
	u32 home = kobs_span_home(t, hash, second);
	u32 tag = kobs_span_tag(hash);
	unsigned int i;

#pragma GCC unroll 8
	for (i = 0; i < KOBS_SPAN_BUCKET; i++) {
		union kobs_span_state *state = &t->states[home + i];

		if (likely(READ_ONCE(state->tag) != tag))
			continue;
		/* Pairs with the release in kobs_span_publish(). */
		ref->word = smp_load_acquire(&state->word);
		ref->span = kobs_span_at(t, home + i);
		if (ref->word >> 32 == tag && ref->span->key[0] == key0 &&
		    ref->span->key[1] == key1) {
			ref->state = state;
			ref->spilled = second;
			return true;
		}
	}
	return false;
}

/**
 * kobs_span_find() - the span of a key
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the span if there is one
 *
 * A caller that is not the only one who may end the span has to check, after
 * it has read it, with kobs_span_same() or kobs_span_end() that it was not
 * ended meanwhile.
 *
 * Context: any, NMI included.
 * Return: false when no span of this key is in progress.
 */
static __always_inline bool kobs_span_find(struct kobs_spans *t, u64 key0,
					   u64 key1, struct kobs_span_ref *ref)
{
	u64 hash = kobs_span_hash(key0, key1);

	if (kobs_span_look(t, key0, key1, hash, false, ref))
		return true;
	return unlikely(atomic_read(&t->spilled)) &&
	       kobs_span_look(t, key0, key1, hash, true, ref);
}

static __always_inline bool kobs_span_take(struct kobs_spans *t, u64 hash,
					   bool second,
					   struct kobs_span_ref *ref)
{
	u32 home = kobs_span_home(t, hash, second);
	unsigned int i;

	for (i = 0; i < KOBS_SPAN_BUCKET; i++) {
		union kobs_span_state *state = &t->states[home + i];
		u64 word = READ_ONCE(state->word);

		/* Any tag, or claimed: not free. */
		if (word >> 32 || (word & KOBS_SPAN_CLAIMED))
			continue;
		if (cmpxchg(&state->word, word, word | KOBS_SPAN_CLAIMED) !=
		    word)
			continue;
		ref->span = kobs_span_at(t, home + i);
		ref->state = state;
		ref->word = word | (u64)kobs_span_tag(hash) << 32;
		ref->spilled = second;
		return true;
	}
	return false;
}

/**
 * kobs_span_begin() - begin a span
 * @t: table
 * @key0: first word
 * @key1: second word
 * @ref: set to the new span, whose start and words the caller fills in before
 *       it calls kobs_span_publish()
 *
 * The caller has made sure that there is no span of this key.
 *
 * Context: any, NMI included; preemption off until the span is published.
 * Return: false when there is no room.
 */
static __always_inline bool kobs_span_begin(struct kobs_spans *t, u64 key0,
					    u64 key1,
					    struct kobs_span_ref *ref)
{
	u64 hash = kobs_span_hash(key0, key1);

	if (unlikely(!kobs_span_take(t, hash, false, ref))) {
		if (!kobs_span_take(t, hash, true, ref))
			return false;
		/* Seen by whoever looks for the span: it is not public yet. */
		atomic_inc(&t->spilled);
	}
	ref->span->key[0] = key0;
	ref->span->key[1] = key1;
	return true;
}

/**
 * kobs_span_publish() - a span that was begun is complete
 * @ref: span
 *
 * Context: any, NMI included.
 */
static __always_inline void kobs_span_publish(struct kobs_span_ref *ref)
{
	/* Pairs with the acquires of those who look for a span. */
	smp_store_release(&ref->state->word, ref->word);
}

/**
 * kobs_span_same() - is this still the span that was found?
 * @ref: span
 *
 * Context: any, NMI included.
 * Return: true when all that was read of the span since belonged to it.
 */
static __always_inline bool kobs_span_same(const struct kobs_span_ref *ref)
{
	smp_rmb(); /* What was read before the state is. */
	return READ_ONCE(ref->state->word) == ref->word;
}

/**
 * kobs_span_end() - end a span
 * @t: table
 * @ref: span, of which the caller has read what it needs
 *
 * Context: any, NMI included.
 * Return: false when the span was ended by somebody else.
 */
static __always_inline bool kobs_span_end(struct kobs_spans *t,
					  struct kobs_span_ref *ref)
{
	u32 free = (u32)ref->word + KOBS_SPAN_GENERATION;

	if (cmpxchg(&ref->state->word, ref->word, free) != ref->word)
		return false;
	if (unlikely(ref->spilled))
		atomic_dec(&t->spilled);
	return true;
}

#endif /* KOBS_SPAN_H */
