/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack table: a stack of code addresses is interned once per session and
 * known by a number from then on. Pure: no tracing or netlink headers.
 *
 * Locking: none. A slot is claimed by cmpxchg and published by a release
 * store. A writer that meets a claimed slot cannot wait for it (it may have
 * interrupted the claimer) and takes the next free one, so that, rarely, two
 * numbers hold the same stack; readers compare by content.
 */
#ifndef KOBS_STACK_TABLE_H
#define KOBS_STACK_TABLE_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Frames of a stack at most; a buffer of this many lives on the stack. */
#define KOBS_STACK_DEPTH	96
/* Slots looked at before a stack is given up as lost. */
#define KOBS_STACK_PROBES	64
/* Words reserved for a stack on average. */
#define KOBS_STACK_WORDS	24

/**
 * struct kobs_stack - one interned stack
 * @state: 0 free, 1 claimed, else the hash
 * @start: first word in the table's words
 * @nr: frames
 * @pid: process whose user stack it is; 0 for a kernel stack
 */
struct kobs_stack {
	u64 state;
	u32 start;
	u16 nr;
	u32 pid;
};

/**
 * struct kobs_stack_table - the stacks of a session
 * @slots: open-addressing table, or NULL
 * @words: the frames
 * @mask: number of slots less one
 * @shift: bits to shift a hash right to get a slot's place
 * @max: stacks to keep at most
 * @nr_words: room in @words
 * @used: stacks kept
 * @words_used: words given out
 */
struct kobs_stack_table {
	struct kobs_stack *slots;
	u64 *words;
	u32 mask;
	u32 shift;
	u32 max;
	u32 nr_words;
	atomic_t used;
	atomic_t words_used;
};

int kobs_stack_table_init(struct kobs_stack_table *st, unsigned int max);
void kobs_stack_table_free(struct kobs_stack_table *st);
size_t kobs_stack_table_bytes(unsigned int max);
u32 kobs_stack_table_intern(struct kobs_stack_table *st, u32 pid,
			    const unsigned long *ips, unsigned int nr);
const struct kobs_stack *kobs_stack_table_get(const struct kobs_stack_table *st, u32 id);

#endif /* KOBS_STACK_TABLE_H */
