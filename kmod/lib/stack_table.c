// SPDX-License-Identifier: GPL-2.0
/*
 * Stack table: memory, interning, lookup. Pure.
 *
 * Locking: see stack_table.h.
 */
#include <kunit/visibility.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/hash.h"
#include "lib/memory.h"
#include "lib/stack_table.h"
#include "lib/table.h"

static_assert(sizeof(unsigned long) == sizeof(u64),
	      "a frame is one word");

/* Twice as many slots as stacks keeps probing short. */
static unsigned int slots_of(unsigned int max)
{
	return roundup_pow_of_two(max) * 2;
}

/**
 * kobs_stack_table_init() - allocate an empty stack table
 * @st: table
 * @m: account of its memory
 * @max: maximum number of stacks, at least 1
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_stack_table_init(struct kobs_stack_table *st, struct kobs_memory *m,
			  unsigned int max)
{
	memset(st, 0, sizeof(*st));
	st->max = max;
	st->nr_words = max * KOBS_STACK_WORDS;
	st->mask = slots_of(max) - 1;
	st->shift = 64 - ilog2(slots_of(max));
	st->slots = kobs_memory_get(m, (st->mask + 1UL) * sizeof(*st->slots),
				    NUMA_NO_NODE);
	st->words = kobs_memory_get(m, (u64)st->nr_words * sizeof(u64),
				    NUMA_NO_NODE);
	if (!st->slots || !st->words) {
		kobs_stack_table_free(st);
		return -ENOMEM;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_table_init);

/**
 * kobs_stack_table_free() - free a stack table without users
 * @st: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_stack_table_free(struct kobs_stack_table *st)
{
	vfree(st->slots);
	vfree(st->words);
	st->slots = NULL;
	st->words = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_table_free);

/* Words are never freed: no two stacks share one. */
static bool stack_reserve(struct kobs_stack_table *st, unsigned int nr, u32 *start)
{
	int used = atomic_read(&st->words_used);

	do {
		if (used + nr > st->nr_words)
			return false;
	} while (!atomic_try_cmpxchg(&st->words_used, &used, used + nr));
	*start = used;
	return true;
}

/* Fill a claimed slot. */
static bool stack_fill(struct kobs_stack_table *st, struct kobs_stack *slot,
		       u32 pid, const u64 *ips, unsigned int nr)
{
	u32 start;

	if (atomic_inc_return(&st->used) > st->max ||
	    !stack_reserve(st, nr, &start)) {
		atomic_dec(&st->used);
		return false;
	}
	memcpy(&st->words[start], ips, nr * sizeof(u64));
	slot->start = start;
	slot->nr = nr;
	slot->pid = pid;
	return true;
}

/**
 * kobs_stack_table_intern() - look up the number of a stack, or add it
 * @st: table
 * @pid: process whose user stack it is; 0 for a kernel stack
 * @ips: code addresses, leaf first
 * @nr: number of addresses, 1 to KOBS_STACK_DEPTH
 *
 * Context: any, NMI included.
 * Return: a number from 1, or 0 when the table is full.
 */
u32 kobs_stack_table_intern(struct kobs_stack_table *st, u32 pid,
			    const unsigned long *ips, unsigned int nr)
{
	const u64 *words = (const u64 *)ips;
	u64 hash = ((kobs_hash(words, nr) ^ pid) * KOBS_HASH_FACTOR) |
		   KOBS_ROW_HASH;
	u32 place = hash >> st->shift;
	unsigned int i;

	for (i = 0; i < KOBS_STACK_PROBES && i <= st->mask; i++, place++) {
		struct kobs_stack *slot = &st->slots[place & st->mask];
		/* Pairs with the release below. */
		u64 state = smp_load_acquire(&slot->state);

		if (state == hash && slot->nr == nr && slot->pid == pid &&
		    kobs_words_equal(&st->words[slot->start], words, nr))
			return (place & st->mask) + 1;
		if (state != KOBS_ROW_FREE)
			continue;
		if (atomic_read(&st->used) >= st->max)
			return 0;
		if (cmpxchg(&slot->state, KOBS_ROW_FREE, KOBS_ROW_CLAIMED) !=
		    KOBS_ROW_FREE)
			continue;
		if (!stack_fill(st, slot, pid, words, nr)) {
			/*
			 * A smaller stack may still fit. A stack that was put
			 * after this slot meanwhile can be added again, which
			 * is harmless.
			 */
			smp_store_release(&slot->state, KOBS_ROW_FREE);
			return 0;
		}
		/* Pairs with the acquire above and in kobs_stack_table_get(). */
		smp_store_release(&slot->state, hash);
		return (place & st->mask) + 1;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_table_intern);

/**
 * kobs_stack_table_get() - look up a stack by its number
 * @st: table
 * @id: number, from 1 to the number of slots
 *
 * Context: any.
 * Return: the stack, or NULL.
 */
const struct kobs_stack *kobs_stack_table_get(const struct kobs_stack_table *st, u32 id)
{
	if (!st->slots || !id || id - 1 > st->mask)
		return NULL;
	/* Pairs with the release in kobs_stack_table_intern(). */
	if (smp_load_acquire(&st->slots[id - 1].state) < KOBS_ROW_HASH)
		return NULL;
	return &st->slots[id - 1];
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_table_get);

/**
 * kobs_stack_table_replace() - replace words of kernel stacks
 * @st: table
 * @r: what to replace
 *
 * A stack keeps its number, but an equal one that is interned later does not
 * get it.
 *
 * Context: task, may sleep; see replace.h.
 */
void kobs_stack_table_replace(struct kobs_stack_table *st,
			      const struct kobs_replace *r)
{
	u32 id;

	if (!st->slots || !atomic_read(&st->used))
		return;
	for (id = 1; id <= st->mask + 1; id++) {
		const struct kobs_stack *stack = kobs_stack_table_get(st, id);
		unsigned int i;

		for (i = 0; stack && !stack->pid && i < stack->nr; i++)
			kobs_replace_word(r, &st->words[stack->start + i]);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_table_replace);
