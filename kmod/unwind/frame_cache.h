/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frame cache: what is known of a return address's frame, and walking a
 * stack by it. Where the caller's return address lies, seen from the callee's,
 * follows from the return address alone: it is in the code's unwind tables,
 * and does not change while the code is there. So a frame is looked up in the
 * tables once, and from then on a stack is walked by one look at the frame cache and
 * one at the stack for each frame. Pure: no tracing or netlink headers.
 *
 * A fact is one word:
 *
 *	bits 0-31	return address; kernel code lies in the uppermost 2 GiB
 *	bits 32-47	words from the frame's base to the caller's stack
 *			pointer; what the base is, says the kind
 *	bits 48-55	words from there down to where the caller's frame
 *			pointer was saved, 0 when the frame did not save it
 *	bits 56-58	kind
 *	bit 62		frame of a hook, left out at the start of a stack
 *	bit 63		set
 *
 * Locking: none. A fact is read and written as a whole, so that any context
 * on any CPU may do both at any time; a set that is full loses one of its
 * facts, which is learned again when it is needed.
 */
#ifndef KOBS_FRAME_CACHE_H
#define KOBS_FRAME_CACHE_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include "lib/table.h"

/* Facts of a set: 32 bytes, half a cache line. */
#define KOBS_FRAME_CACHE_WAYS		4

#define KOBS_FACT_SET		BIT_ULL(63)
#define KOBS_FACT_HOOK		BIT_ULL(62)

enum kobs_fact_kind {
	/* Base is the stack pointer after the return to this address. */
	KOBS_FACT_SP,
	/* Base is the frame pointer. */
	KOBS_FACT_BP,
	/* Words to the saved CS of registers that an entry put there. */
	KOBS_FACT_REGS,
	/* The outermost frame. */
	KOBS_FACT_END,
	/* Anything else: the frame cache does not lead out of it. */
	KOBS_FACT_ODD,
};

/* The uppermost byte of a fact of KOBS_FACT_SP, but for a hook's. */
#define KOBS_FACT_PLAIN		(KOBS_FACT_SET >> 56 | KOBS_FACT_SP)

/**
 * struct kobs_frame_cache - facts
 * @facts: sets of KOBS_FRAME_CACHE_WAYS, or NULL
 * @nr: number of facts there is room for
 * @shift: bits to shift a hash right to get a set's number
 */
struct kobs_frame_cache {
	u64 *facts;
	u32 nr;
	u32 shift;
};

/**
 * struct kobs_walk - where a walk begins, and where it has to end
 * @sp: stack pointer after the return to the first address, which is the word
 *      below
 * @bp: frame pointer then
 * @top: end of the stack that @sp lies in; nothing is read from there on
 * @cut: end at registers of the kernel, or at @top: what is behind them is
 *       what was interrupted
 * @inner: frames of hooks are not left out at the start
 * @ip: 0, or the stack is that of code that was interrupted: a return address,
 *      one behind the instruction, that is not on the stack; @sp and @bp are
 *      those that code had
 * @regs: its registers, for the unwinder
 * @stuck: set by a walk: it came to a frame that the frame cache does not lead out
 *         of, and @sp and @bp are those behind the return to that
 */
struct kobs_walk {
	unsigned long sp;
	unsigned long bp;
	unsigned long top;
	bool cut;
	bool inner;
	bool stuck;
	unsigned long ip;
	void *regs;
};

/*
 * A word of the stack. Left-overs that KASAN guards may lie between the words
 * of interest, or where they do not lie any more.
 */
static __always_inline unsigned long kobs_stack_word(const unsigned long *base,
						     unsigned long place)
{
#ifdef CONFIG_KASAN
	return READ_ONCE_NOCHECK(base[place]);
#else
	return base[place];
#endif
}

struct kobs_cached_stack;

int kobs_frame_cache_init(struct kobs_frame_cache *m, unsigned int nr);
void kobs_frame_cache_free(struct kobs_frame_cache *m);
void kobs_frame_cache_put(struct kobs_frame_cache *m, unsigned long ip, u64 fact);
void kobs_frame_cache_forget(struct kobs_frame_cache *m, unsigned long from,
			     unsigned long to);
int kobs_frame_cache_walk(const struct kobs_frame_cache *m, struct kobs_walk *w,
			  unsigned long *ips, unsigned int max);
int kobs_frame_cache_record(const struct kobs_frame_cache *m, struct kobs_walk *w,
			    unsigned long *ips, unsigned int max,
		     struct kobs_cached_stack *to);

/**
 * kobs_fact() - put a fact together
 * @kind: kind
 * @words: see the head of this file
 * @saved: likewise
 *
 * Context: any.
 * Return: the fact, for kobs_frame_cache_put().
 */
static inline u64 kobs_fact(enum kobs_fact_kind kind, u16 words, u8 saved)
{
	return KOBS_FACT_SET | (u64)kind << 56 | (u64)saved << 48 |
	       (u64)words << 32;
}

static __always_inline unsigned int kobs_fact_words(u64 fact)
{
	return (u16)(fact >> 32);
}

static __always_inline unsigned int kobs_fact_saved(u64 fact)
{
	return (u8)(fact >> 48);
}

static __always_inline enum kobs_fact_kind kobs_fact_kind(u64 fact)
{
	return (fact >> 56) & 7;
}

static __always_inline u64 *kobs_frame_cache_set(u64 *facts, u32 shift,
						 unsigned long ip)
{
	return facts + ((ip * KOBS_HASH_FACTOR) >> shift) * KOBS_FRAME_CACHE_WAYS;
}

/**
 * kobs_frame_cache_get() - look a fact up
 * @facts: the frame cache's facts
 * @shift: its shift
 * @ip: return address
 *
 * Takes the frame cache's members so that a loop can keep them in registers.
 *
 * Context: any, NMI included.
 * Return: the fact, or 0 when there is none.
 */
static __always_inline u64 kobs_frame_cache_get(const u64 *facts, u32 shift,
						unsigned long ip)
{
	const u64 *set = kobs_frame_cache_set((u64 *)facts, shift, ip);
	unsigned int i;

	/* A free place is no fact of address 0 either: it is 0. */
#pragma GCC unroll 4
	for (i = 0; i < KOBS_FRAME_CACHE_WAYS; i++) {
		u64 fact = READ_ONCE(set[i]);

		if ((unsigned long)(s64)(s32)fact == ip)
			return fact;
	}
	return 0;
}

#endif /* KOBS_FRAME_CACHE_H */
