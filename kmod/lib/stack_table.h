/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack table: stacks of code addresses are interned, once per session, and
 * have a number. Pure: no tracing or netlink headers.
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
#include "lib/replace.h"

struct kobs_memory;

/* Maximum number of frames; buffers of this size are on the stack. */
#define KOBS_STACK_DEPTH	96
/* Probe limit; beyond it the hit counts as lost. */
#define KOBS_STACK_PROBES	64
/* Average number of words reserved per stack. */
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
 * @max: maximum number of stacks
 * @nr_words: maximum number of words
 * @used: number of stacks
 * @words_used: words in use
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

int kobs_stack_table_init(struct kobs_stack_table *st, struct kobs_memory *m,
			  unsigned int max);
void kobs_stack_table_free(struct kobs_stack_table *st);
u32 kobs_stack_table_intern(struct kobs_stack_table *st, u32 pid,
			    const unsigned long *ips, unsigned int nr);
const struct kobs_stack *kobs_stack_table_get(const struct kobs_stack_table *st, u32 id);
void kobs_stack_table_replace(struct kobs_stack_table *st,
			      const struct kobs_replace *r);

#endif /* KOBS_STACK_TABLE_H */
