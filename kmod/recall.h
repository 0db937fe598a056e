/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recall of whole stacks: those that a CPU saw in a session, with the numbers
 * they were given. A stack that was seen before is the same if each of its
 * return addresses still lies where it lay: that is one load and one
 * comparison a frame, without looking anything up. Pure: no tracing or netlink
 * headers.
 *
 * Return addresses are placed relative to where the walk began. Behind a frame
 * that is addressed by the frame pointer (the kernel's system call entry is
 * one: it moves the stack by a random offset), they are placed relative to
 * the frame pointer that the walk finds.
 *
 * Locking: each CPU has its own, used with preemption off. Contexts that
 * interrupt each other nest; only the outermost one writes, so that no stack
 * changes under a context that reads it. A key is cleared before, and set
 * after, the rest is written.
 */
#ifndef KOBS_RECALL_H
#define KOBS_RECALL_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "memo.h"

/* Words of a stack that is kept; 512 bytes for each. */
#define KOBS_RECALL_WORDS	59
/* Stacks of a CPU, and of a set. */
#define KOBS_RECALL_STACKS	512
#define KOBS_RECALL_WAYS	4
/* The frame pointer is what it was at the start. */
#define KOBS_RECALL_BP		U16_MAX

/**
 * struct kobs_recalled - a stack
 * @key: hash of its first addresses, 0 when there is none
 * @entry: function that was entered, which is not on the stack; or 0
 * @id: its number
 * @epoch: what was known of code when it was walked
 * @nr: words
 * @split: the words from this one on lie relative to the frame pointer
 * @bp: where that is saved, in words from the start, or KOBS_RECALL_BP
 * @span: words from the start, and from the frame pointer, to the last word
 *        inclusive
 * @exact: the last word is the uppermost of the stack
 * @cut: as in struct kobs_walk
 * @words: contents in bits 0-31, sign-extended, and place, in words from the
 *         start or from the frame pointer, from bit 32
 */
struct kobs_recalled {
	u64 key;
	u64 entry;
	u32 id;
	u32 epoch;
	u16 nr;
	u16 split;
	u16 bp;
	u16 span[2];
	bool exact;
	bool cut;
	u64 words[KOBS_RECALL_WORDS];
};

static_assert(sizeof(struct kobs_recalled) == 512);

/**
 * struct kobs_recall - the stacks of a CPU
 * @stacks: sets of KOBS_RECALL_WAYS, or NULL
 * @shift: bits to shift a key right to get a set's number
 * @nest: contexts that use it, one above the other
 * @next: way that goes next where a set is full
 */
struct kobs_recall {
	struct kobs_recalled *stacks;
	u32 shift;
	u32 nest;
	u32 next;
};

int kobs_recall_init(struct kobs_recall *r, int node, unsigned int nr);
void kobs_recall_free(struct kobs_recall *r);
struct kobs_recalled *kobs_recall_new(struct kobs_recall *r, u64 key);
void kobs_recall_keep(struct kobs_recalled *e, u64 key, unsigned long entry,
		      u32 epoch, u32 id);

static __always_inline struct kobs_recalled *
kobs_recall_set(const struct kobs_recall *r, u64 key)
{
	return r->stacks + (key >> r->shift) * KOBS_RECALL_WAYS;
}

/* Do these words lie where they lay? All places are within the stack. */
static __always_inline bool kobs_recall_equal(const u64 *word, const u64 *end,
					      const unsigned long *base)
{
	for (; word < end; word++) {
		u64 w = *word;

		if (READ_ONCE_NOCHECK(base[w >> 32]) !=
		    (unsigned long)(s64)(s32)w)
			return false;
	}
	return true;
}

/* The part behind a frame that is addressed by the frame pointer. */
static __always_inline bool kobs_recall_rest(const struct kobs_recalled *e,
					     const struct kobs_walk *w,
					     const unsigned long *base)
{
	unsigned long bp = e->bp == KOBS_RECALL_BP ? w->bp :
			   READ_ONCE_NOCHECK(base[e->bp]);
	unsigned long room = (w->top - bp) / sizeof(long);

	if (bp < w->sp || bp >= w->top || bp % sizeof(long) ||
	    e->span[1] > room || (e->exact && e->span[1] != room))
		return false;
	return kobs_recall_equal(e->words + e->split, e->words + e->nr,
				 (const unsigned long *)bp);
}

/**
 * kobs_recall_find() - is this a stack that was seen before
 * @r: stacks of this CPU
 * @key: hash of its first addresses; not 0
 * @entry: function that was entered, or 0
 * @epoch: what is known of code
 * @w: where it begins and ends
 *
 * Context: any, NMI included; preemption off, @r->nest raised.
 * Return: the stack, or NULL.
 */
static __always_inline struct kobs_recalled *
kobs_recall_find(const struct kobs_recall *r, u64 key, unsigned long entry,
		 u32 epoch, const struct kobs_walk *w)
{
	const unsigned long *base = (const unsigned long *)w->sp - 1;
	unsigned long room = (w->top - w->sp) / sizeof(long) + 1;
	struct kobs_recalled *e = kobs_recall_set(r, key);
	unsigned int i;

	for (i = 0; i < KOBS_RECALL_WAYS; i++, e++) {
		if (READ_ONCE(e->key) != key || e->entry != entry ||
		    e->epoch != epoch || e->cut != w->cut ||
		    e->span[0] > room)
			continue;
		if (!kobs_recall_equal(e->words, e->words + e->split, base))
			continue;
		if (e->split < e->nr ? kobs_recall_rest(e, w, base) :
		    !e->exact || e->span[0] == room)
			return e;
	}
	return NULL;
}

#endif /* KOBS_RECALL_H */
