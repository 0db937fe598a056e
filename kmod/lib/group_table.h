/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Group table: maps a key to a number, which is the same on all CPUs, with
 * counters per CPU. For sources that count an object up on one CPU and down on
 * another. Pure: no tracing or netlink headers.
 *
 * Locking: none. A slot is claimed by cmpxchg and published by a release
 * store. A writer that meets a claimed slot cannot wait for it (it may have
 * interrupted the claimer) and takes the next free one, so that one key can
 * own several groups; readers add up groups of equal key. Counters are changed
 * by local atomic operations of their CPU.
 *
 * The counters of a CPU are allocated before it runs; a CPU without memory has
 * none.
 */
#ifndef KOBS_GROUP_TABLE_H
#define KOBS_GROUP_TABLE_H

#include <asm/local64.h>
#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include "lib/table.h"

/* Probe limit; beyond it the hit counts as lost. */
#define KOBS_GROUP_PROBES	64
/* Counters of a group: a cache line. */
#define KOBS_GROUP_COUNTS	8
/* No group. */
#define KOBS_GROUP_NONE		U32_MAX

/**
 * struct kobs_group_counts - the counters of a group on one CPU
 * @n: meaning defined by the user
 */
struct kobs_group_counts {
	local64_t n[KOBS_GROUP_COUNTS];
};

/**
 * struct kobs_group_table - a group table
 * @slots: states, KOBS_ROW_FREE, KOBS_ROW_CLAIMED or the hash of the key, and
 *	keys
 * @counts: counters per CPU, one set per slot; NULL for a CPU without memory
 * @mask: number of slots less one
 * @shift: bits to shift a hash right to get its place
 * @stride: words of a slot
 * @words: words of a key
 * @used: slots used
 */
struct kobs_group_table {
	u64 *slots;
	struct kobs_group_counts * __percpu *counts;
	u32 mask;
	u32 shift;
	u32 stride;
	u32 words;
	atomic_t used;
};

int kobs_group_table_init(struct kobs_group_table *g, struct kobs_memory *m,
			  unsigned int groups, unsigned int words);
u64 kobs_group_table_bytes(const struct kobs_group_table *g);
int kobs_group_table_prepare(struct kobs_group_table *g, struct kobs_memory *m,
			     unsigned int cpu);
void kobs_group_table_free(struct kobs_group_table *g);
u32 kobs_group_table_find(struct kobs_group_table *g, const u64 *key);
u64 kobs_group_table_sum(const struct kobs_group_table *g, u32 group, unsigned int i);
void kobs_group_table_replace(struct kobs_group_table *g,
			      const struct kobs_replace *r);
u64 kobs_group_table_left(const struct kobs_group_table *g, u32 group,
			  unsigned int i, unsigned long less);

/**
 * kobs_group_table_counts() - the counters of a group on this CPU
 * @g: group table
 * @group: group
 *
 * Context: any, NMI included; preemption off.
 * Return: the counters, or NULL when this CPU has no memory.
 */
static __always_inline local64_t *
kobs_group_table_counts(const struct kobs_group_table *g, u32 group)
{
	struct kobs_group_counts *counts = this_cpu_read(*g->counts);
	local64_t *n;

	if (unlikely(!counts))
		return NULL;
	n = counts[group].n;
	/* Spares callers a second test. */
	if (!n)
		__builtin_unreachable();
	return n;
}

/**
 * kobs_group_table_key() - the key of a group
 * @g: group table
 * @group: group, below the number of slots
 *
 * Spares users who have an idea of the group a look-up.
 *
 * Context: any, NMI included.
 * Return: its words, or NULL when there is no such group.
 */
static __always_inline const u64 *
kobs_group_table_key(const struct kobs_group_table *g, u32 group)
{
	const u64 *slot = &g->slots[group * (size_t)g->stride];

	/* Pairs with the release in kobs_group_table_find(). */
	if (unlikely(smp_load_acquire(&slot[0]) < KOBS_ROW_HASH))
		return NULL;
	/* Spares callers a second test. */
	if (!++slot)
		__builtin_unreachable();
	return slot;
}

#endif /* KOBS_GROUP_TABLE_H */
