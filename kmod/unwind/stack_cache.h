/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack cache: whole stacks that a CPU saw in a session, with their numbers in
 * the stack table. A stack is the same as a cached one if each of its return
 * addresses lies where it lay: one load and one comparison per frame, without
 * a lookup. Pure: no tracing or netlink headers.
 *
 * Return addresses are placed relative to the cursor that the unwind started
 * at. After a frame that is addressed by the frame pointer (the kernel's
 * system call entry, which moves the stack by a random offset; the scheduler)
 * they are placed relative to that frame pointer: a stack consists of parts,
 * each with its own base.
 *
 * Why a stack that is found is the right one: where a return address lies
 * follows from the one before it (frame.h), except for frames addressed by the
 * frame pointer, which is read from the stack; and for registers, whose CS is
 * among the words. All words are compared in full, as are the function that
 * was entered and the epoch of the frame cache; the hash only says where to
 * look.
 *
 * Why nothing outside the stack is read: each place is within the part's size,
 * which is compared with the room from its base to the end of the stack before
 * the first word is read. A base is the cursor, which lies on the stack, or a
 * frame pointer, which has to lie between the cursor and the end; where that
 * frame pointer is saved is below the last word of the part before, which has
 * just been compared.
 *
 * Locking: per CPU, used with preemption off. Contexts that interrupt each
 * other nest; only the outermost one writes, so that no stack changes under a
 * context that reads it: those that could interrupt a reader only read. A
 * reader can interrupt the writer, but finds no half-written stack: the key is
 * cleared before, and set after, the stack is written. So no sequence count is
 * needed.
 */
#ifndef KOBS_STACK_CACHE_H
#define KOBS_STACK_CACHE_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "unwind/frame_cache.h"

struct kobs_memory;

/* Maximum number of words of a cached stack, which makes it 512 bytes. */
#define KOBS_STACK_CACHE_WORDS		56
/* Words are compared in blocks of this many. */
#define KOBS_STACK_CACHE_STEP		4
/* Stacks per CPU, and per set. */
#define KOBS_STACK_CACHE_STACKS		512
#define KOBS_STACK_CACHE_WAYS		4
/* The frame pointer is still the cursor's. */
#define KOBS_STACK_CACHE_BP		U16_MAX
/* Addresses in a key. */
#define KOBS_STACK_CACHE_KEY		3
/* Hints: the stack last found per first address. */
#define KOBS_STACK_CACHE_HINT_BITS	8
/* Maximum number of parts of a stack. */
#define KOBS_STACK_CACHE_PARTS		4

/**
 * struct kobs_cached_word - a word of a stack
 * @value: its value; sign-extended
 * @place: where it lies, in words from the base of its part
 */
struct kobs_cached_word {
	s32 value;
	u32 place;
};

/**
 * struct kobs_cached_part - words of a stack that lie relative to one base
 * @end: index after its last word; a multiple of KOBS_STACK_CACHE_STEP
 * @bp: where its base is saved, in words from the base of the part before, or
 *	KOBS_STACK_CACHE_BP; the base of the first part is the cursor
 * @size: bytes from the base to the end of its last word
 */
struct kobs_cached_part {
	u16 end;
	u16 bp;
	u16 size;
};

/**
 * struct kobs_cached_stack - a stack
 * @key: hash of its first addresses, 0 for an empty entry
 * @entry: first address, which is not on the stack: of the function that was
 *	   entered, or of the code that was interrupted; or 0
 * @state: kobs_stack_cache_state() when it was unwound
 * @id: its number in the stack table
 * @parts: its parts
 * @last: number of the last part
 * @exact: its last word is the uppermost of the stack
 * @nr: number of words
 * @words: the words; padding repeats one
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
 * @nest: number of contexts that use it, nested in each other
 * @next: way to replace next in a full set
 * @left: cached stacks until the next one is compared with the unwinder
 * @hints: index of the stack last found, by its first address; may be stale
 */
struct kobs_stack_cache {
	struct kobs_cached_stack *stacks;
	u32 shift;
	u32 nest;
	u32 next;
	s32 left;
	u16 hints[1 << KOBS_STACK_CACHE_HINT_BITS];
};

static_assert(!(KOBS_STACK_CACHE_STACKS >> 16)); /* hints are 16 bits */

/**
 * kobs_stack_cache_state() - what a stack depends on besides its words
 * @epoch: epoch of the frame cache
 * @cut: as in struct kobs_cursor
 *
 * Context: any.
 * Return: a number to compare.
 */
static __always_inline u32 kobs_stack_cache_state(u32 epoch, bool cut)
{
	return epoch << 1 | cut;
}

int kobs_stack_cache_init(struct kobs_stack_cache *sc, struct kobs_memory *m, int node,
			  unsigned int nr);
void kobs_stack_cache_free(struct kobs_stack_cache *sc);
struct kobs_cached_stack *kobs_stack_cache_new(struct kobs_stack_cache *sc, u64 key);
bool kobs_stack_cache_record(struct kobs_cached_stack *e,
			     const struct kobs_frame_cache *fc,
			     const struct kobs_cursor *c,
			     const unsigned long *ips, unsigned int nr,
			     unsigned int max);
void kobs_stack_cache_keep(struct kobs_cached_stack *e, u64 key,
			   unsigned long entry, u32 state, u32 id);

static __always_inline struct kobs_cached_stack *
kobs_stack_cache_set(const struct kobs_stack_cache *sc, u64 key)
{
	return sc->stacks + (key >> sc->shift) * KOBS_STACK_CACHE_WAYS;
}

/**
 * kobs_stack_cache_key() - hash of a stack's first addresses
 * @fc: frame cache
 * @c: where the stack starts and ends
 * @entry: function that was entered, or 0
 *
 * Covers the addresses that plain rules lead to. Collisions are harmless: the
 * whole stack is compared.
 *
 * Context: any, NMI included.
 * Return: a hash; not 0.
 */
static __always_inline u64 kobs_stack_cache_key(const struct kobs_frame_cache *fc,
						const struct kobs_cursor *c,
						unsigned long entry)
{
	const u64 *rules = fc->rules;
	const u32 shift = fc->shift;
	unsigned int left = KOBS_STACK_CACHE_KEY;
	unsigned long sp = c->sp;
	unsigned long at = c->ip;
	u64 hash = entry;

	for (;; at = 0) {
		unsigned long ip = at ?: kobs_stack_at(sp - sizeof(long));
		u64 rule;

		hash = (hash ^ ip) * KOBS_HASH_FACTOR;
		if (!--left)
			break;
		rule = kobs_frame_cache_get(rules, shift, ip);
		if (unlikely(rule >> 56 != KOBS_RULE_PLAIN)) {
			if (rule >> 56 != (KOBS_RULE_PLAIN | KOBS_RULE_HOOK >> 56))
				break;
			/* A hook's frames are in every stack: do not count them. */
			left++;
		}
		sp += kobs_rule_words(rule) * sizeof(long);
		if (unlikely(sp > c->top))
			break;
	}
	return hash | KOBS_ROW_HASH;
}

/* Compare words of a part; all places are within the stack. */
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

/* Compare a stack with a cached one. */
static __always_inline bool kobs_stack_cache_same(const struct kobs_cached_stack *e,
						  const struct kobs_cursor *c)
{
	const unsigned long *base = (const unsigned long *)c->sp - 1;
	const struct kobs_cached_part *last = &e->parts[e->last];
	const struct kobs_cached_part *part = e->parts;
	const struct kobs_cached_word *word = e->words;

	for (;;) {
		const struct kobs_cached_word *end = e->words + part->end;
		unsigned long room = c->top - (unsigned long)base;
		unsigned long bp;

		if (part->size > room || !kobs_stack_cache_equal(word, end, base))
			return false;
		if (part == last)
			return !e->exact || part->size == room;
		part++;
		bp = part->bp == KOBS_STACK_CACHE_BP ? c->bp :
		     kobs_stack_word(base, part->bp);
		if (bp < c->sp || bp >= c->top || bp % sizeof(long))
			return false;
		base = (const unsigned long *)bp;
		word = end;
	}
}

/* The hint for stacks that start like this one. */
static __always_inline u16 *kobs_stack_cache_hint(struct kobs_stack_cache *sc,
						  const struct kobs_cursor *c,
						  unsigned long entry)
{
	unsigned long ip = c->ip ?: kobs_stack_at(c->sp - sizeof(long));

	return &sc->hints[((entry ^ ip) * KOBS_HASH_FACTOR) >>
			  (64 - KOBS_STACK_CACHE_HINT_BITS)];
}

/**
 * kobs_stack_cache_again() - is a stack the one that was found last
 * @sc: stacks of this CPU
 * @hint: from kobs_stack_cache_hint()
 * @entry: function that was entered, or 0
 * @state: kobs_stack_cache_state() now
 * @c: where the stack starts and ends
 *
 * As kobs_stack_cache_find(), without a lookup in the frame cache.
 *
 * Context: any, NMI included; preemption off, @sc->nest raised.
 * Return: the cached stack, or NULL.
 */
static __always_inline struct kobs_cached_stack *
kobs_stack_cache_again(const struct kobs_stack_cache *sc, const u16 *hint,
		       unsigned long entry, u32 state,
		       const struct kobs_cursor *c)
{
	struct kobs_cached_stack *e = sc->stacks + READ_ONCE(*hint);

	if (READ_ONCE(e->key) && e->entry == entry && e->state == state &&
	    kobs_stack_cache_same(e, c))
		return e;
	return NULL;
}

/**
 * kobs_stack_cache_find() - look up a stack
 * @sc: stacks of this CPU
 * @key: hash of its first addresses; not 0
 * @entry: function that was entered, or 0
 * @state: kobs_stack_cache_state() now
 * @c: where the stack starts and ends
 *
 * Context: any, NMI included; preemption off, @sc->nest raised.
 * Return: the cached stack, or NULL.
 */
static __always_inline struct kobs_cached_stack *
kobs_stack_cache_find(const struct kobs_stack_cache *sc, u64 key,
		      unsigned long entry, u32 state,
		      const struct kobs_cursor *c)
{
	struct kobs_cached_stack *e = kobs_stack_cache_set(sc, key);
	unsigned int i;

	for (i = 0; i < KOBS_STACK_CACHE_WAYS; i++, e++) {
		if (READ_ONCE(e->key) == key && e->entry == entry &&
		    e->state == state && kobs_stack_cache_same(e, c))
			return e;
	}
	return NULL;
}

#endif /* KOBS_STACK_CACHE_H */
