/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack cache: those that a CPU saw in a session, with the numbers
 * they were given. A stack that was seen before is the same if each of its
 * return addresses still lies where it lay: that is one load and one
 * comparison a frame, without looking anything up. Pure: no tracing or netlink
 * headers.
 *
 * Return addresses are placed relative to where the walk began. Behind a frame
 * that is addressed by the frame pointer (the kernel's system call entry is
 * one: it moves the stack by a random offset; the scheduler is another), they
 * are placed relative to the frame pointer that the walk finds: a stack
 * consists of parts, each with a base of its own.
 *
 * Why a stack that is found is the right one: where a return address lies
 * follows from the one before it (frame_cache.h), but for frames that the frame
 * pointer leads out of, and it is read from the stack where that lies; and for
 * registers, whose CS is among the words. All words are compared in full, as
 * are the function that was entered and the state of what is known of code;
 * the hash only says where to look.
 *
 * Why nothing outside the stack is read: each place is less than the span that
 * goes with it, and the span is compared with the room from its base to the end
 * of the stack before the first word is. A base is where the walk began, which
 * lies on the stack, or a frame pointer, which has to lie between that and the
 * end; where the frame pointer is saved is below the last word of the part that
 * was compared just before.
 *
 * Locking: each CPU has its own, used with preemption off. Contexts that
 * interrupt each other nest; only the outermost one writes, so that no stack
 * changes under a context that reads it: those that could interrupt a reader
 * only read. A reader can interrupt the writer, but finds no half-written
 * stack: the key is cleared before, and set after, the rest is written. That
 * takes no sequence count.
 */
#ifndef KOBS_STACK_CACHE_H
#define KOBS_STACK_CACHE_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "unwind/frame_cache.h"

/* Words of a stack that is kept; 512 bytes for each stack. */
#define KOBS_STACK_CACHE_WORDS	56
/* They are compared by so many at a time. */
#define KOBS_STACK_CACHE_STEP	4
/* Stacks of a CPU, and of a set. */
#define KOBS_STACK_CACHE_STACKS	512
#define KOBS_STACK_CACHE_WAYS	4
/* The frame pointer is what it was at the start. */
#define KOBS_STACK_CACHE_BP		U16_MAX
/* Addresses that a stack is looked up by. */
#define KOBS_STACK_CACHE_KEY		3
/* What a CPU saw last, by the first address. */
#define KOBS_STACK_CACHE_HINT_BITS	8
/* Parts of a stack, each but the first behind a frame pointer. */
#define KOBS_STACK_CACHE_PARTS	4

/**
 * struct kobs_cached_word - a word of a stack
 * @value: what it holds; sign-extended
 * @place: where it lies, in words from the start or from the frame pointer
 */
struct kobs_cached_word {
	s32 value;
	u32 place;
};

/**
 * struct kobs_cached_part - words of a stack that lie relative to one base
 * @end: of its words; a multiple of KOBS_STACK_CACHE_STEP
 * @bp: where its base is saved, in words from the base of the part before, or
 *	KOBS_STACK_CACHE_BP; the first part begins where the walk did
 * @span: bytes from the base to its last word inclusive
 */
struct kobs_cached_part {
	u16 end;
	u16 bp;
	u16 span;
};

/**
 * struct kobs_cached_stack - a stack
 * @key: hash of its first addresses, 0 when there is none
 * @entry: address the stack begins with, which is not on it: of the function
 *	   that was entered, or of the code that was interrupted; or 0
 * @state: kobs_stack_cache_state() when it was walked
 * @id: its number
 * @parts: its parts
 * @last: number of the last one
 * @exact: the last word is the uppermost of the stack
 * @nr: words
 * @words: the words; some can be there more than once
 */
struct kobs_cached_stack {
	u64 key;
	u64 entry;
	u32 state;
	u32 id;
	struct kobs_cached_part parts[KOBS_STACK_CACHE_PARTS];
	u8 last;
	bool exact;
	u16 nr;
	struct kobs_cached_word words[KOBS_STACK_CACHE_WORDS];
} __aligned(64);

static_assert(sizeof(struct kobs_cached_stack) == 512);
static_assert(KOBS_STACK_CACHE_WORDS % KOBS_STACK_CACHE_STEP == 0);

/**
 * struct kobs_stack_cache - the stacks of a CPU
 * @stacks: sets of KOBS_STACK_CACHE_WAYS, or NULL
 * @shift: bits to shift a key right to get a set's number
 * @nest: contexts that use it, one above the other
 * @next: way that goes next where a set is full
 * @left: stacks of the frame cache up to the next that is compared
 * @hints: number of the stack that was found last, by its first address; where
 *	   that is another one now, it is only looked up in vain
 */
struct kobs_stack_cache {
	struct kobs_cached_stack *stacks;
	u32 shift;
	u32 nest;
	u32 next;
	s32 left;
	u16 hints[1 << KOBS_STACK_CACHE_HINT_BITS];
};

static_assert(!(KOBS_STACK_CACHE_STACKS >> 16)); /* numbers are hints */

/**
 * kobs_stack_cache_state() - what a stack depends on besides its words
 * @epoch: what is known of code
 * @cut: as in struct kobs_walk
 *
 * Context: any.
 * Return: a number to compare.
 */
static __always_inline u32 kobs_stack_cache_state(u32 epoch, bool cut)
{
	return epoch << 1 | cut;
}

int kobs_stack_cache_init(struct kobs_stack_cache *r, int node, unsigned int nr);
void kobs_stack_cache_free(struct kobs_stack_cache *r);
struct kobs_cached_stack *kobs_stack_cache_new(struct kobs_stack_cache *r, u64 key);
void kobs_stack_cache_keep(struct kobs_cached_stack *e, u64 key, unsigned long entry,
			   u32 state, u32 id);

static __always_inline struct kobs_cached_stack *
kobs_stack_cache_set(const struct kobs_stack_cache *r, u64 key)
{
	return r->stacks + (key >> r->shift) * KOBS_STACK_CACHE_WAYS;
}

/**
 * kobs_stack_cache_key() - what to look a stack up by
 * @m: frame cache
 * @w: where the stack begins and ends
 * @entry: function that was entered, or 0
 *
 * A hash of the first addresses, as far as the frame cache simply leads to them. It
 * need not be exact: all of the stack is compared.
 *
 * Context: any, NMI included.
 * Return: a hash; not 0.
 */
static __always_inline u64 kobs_stack_cache_key(const struct kobs_frame_cache *m,
						const struct kobs_walk *w,
					   unsigned long entry)
{
	const u64 *facts = m->facts;
	const u32 shift = m->shift;
	unsigned int left = KOBS_STACK_CACHE_KEY;
	unsigned long sp = w->sp;
	unsigned long at = w->ip;
	u64 hash = entry;

	for (;; at = 0) {
		unsigned long ip = at ?:
			kobs_stack_word((const unsigned long *)sp, -1);
		u64 fact;

		hash = (hash ^ ip) * KOBS_HASH_FACTOR;
		if (!--left)
			break;
		fact = kobs_frame_cache_get(facts, shift, ip);
		if (unlikely(fact >> 56 != KOBS_FACT_PLAIN)) {
			if (fact >> 56 != (KOBS_FACT_PLAIN | KOBS_FACT_HOOK >> 56))
				break;
			/* Hooks' are there each time. */
			left++;
		}
		sp += kobs_fact_words(fact) * sizeof(long);
		if (unlikely(sp > w->top))
			break;
	}
	return hash | KOBS_ROW_HASH;
}

/* Do these words lie where they lay? All places are within the stack. */
static __always_inline bool
kobs_stack_cache_equal(const struct kobs_cached_word *word,
		       const struct kobs_cached_word *end,
		  const unsigned long *base)
{
	unsigned int i;

	for (; word != end; word += KOBS_STACK_CACHE_STEP) {
#pragma GCC unroll 4
		for (i = 0; i < KOBS_STACK_CACHE_STEP; i++) {
			if (kobs_stack_word(base, word[i].place) !=
			    (unsigned long)(long)word[i].value)
				return false;
		}
	}
	return true;
}

/* Is this stack the one that was kept? */
static __always_inline bool kobs_stack_cache_same(const struct kobs_cached_stack *e,
						  const struct kobs_walk *w)
{
	const unsigned long *base = (const unsigned long *)w->sp - 1;
	const struct kobs_cached_part *last = &e->parts[e->last];
	const struct kobs_cached_part *part = e->parts;
	const struct kobs_cached_word *word = e->words;

	for (;;) {
		const struct kobs_cached_word *end = e->words + part->end;
		unsigned long room = w->top - (unsigned long)base;
		unsigned long bp;

		if (part->span > room || !kobs_stack_cache_equal(word, end, base))
			return false;
		if (part == last)
			return !e->exact || part->span == room;
		part++;
		bp = part->bp == KOBS_STACK_CACHE_BP ? w->bp :
		     kobs_stack_word(base, part->bp);
		if (bp < w->sp || bp >= w->top || bp % sizeof(long))
			return false;
		base = (const unsigned long *)bp;
		word = end;
	}
}

/* Where the number of a stack that begins so is kept. */
static __always_inline u16 *kobs_stack_cache_hint(struct kobs_stack_cache *r,
						  const struct kobs_walk *w,
					     unsigned long entry)
{
	unsigned long ip = w->ip ?:
		kobs_stack_word((const unsigned long *)w->sp, -1);

	return &r->hints[((entry ^ ip) * KOBS_HASH_FACTOR) >>
			 (64 - KOBS_STACK_CACHE_HINT_BITS)];
}

/**
 * kobs_stack_cache_again() - is this the stack that was found last
 * @r: stacks of this CPU
 * @hint: of kobs_stack_cache_hint()
 * @entry: function that was entered, or 0
 * @state: kobs_stack_cache_state() now
 * @w: where it begins and ends
 *
 * What kobs_stack_cache_find() does, without looking anything up in the frame cache.
 *
 * Context: any, NMI included; preemption off, @r->nest raised.
 * Return: the stack, or NULL.
 */
static __always_inline struct kobs_cached_stack *
kobs_stack_cache_again(const struct kobs_stack_cache *r, const u16 *hint,
		       unsigned long entry, u32 state, const struct kobs_walk *w)
{
	struct kobs_cached_stack *e = r->stacks + READ_ONCE(*hint);

	if (READ_ONCE(e->key) && e->entry == entry && e->state == state &&
	    kobs_stack_cache_same(e, w))
		return e;
	return NULL;
}

/**
 * kobs_stack_cache_find() - is this a stack that was seen before
 * @r: stacks of this CPU
 * @key: hash of its first addresses; not 0
 * @entry: function that was entered, or 0
 * @state: kobs_stack_cache_state() now
 * @w: where it begins and ends
 *
 * Context: any, NMI included; preemption off, @r->nest raised.
 * Return: the stack, or NULL.
 */
static __always_inline struct kobs_cached_stack *
kobs_stack_cache_find(const struct kobs_stack_cache *r, u64 key, unsigned long entry,
		      u32 state, const struct kobs_walk *w)
{
	struct kobs_cached_stack *e = kobs_stack_cache_set(r, key);
	unsigned int i;

	for (i = 0; i < KOBS_STACK_CACHE_WAYS; i++, e++) {
		if (READ_ONCE(e->key) == key && e->entry == entry &&
		    e->state == state && kobs_stack_cache_same(e, w))
			return e;
	}
	return NULL;
}

#endif /* KOBS_STACK_CACHE_H */
