// SPDX-License-Identifier: GPL-2.0
/*
 * Group table: lookup, claiming, adding up CPUs. Pure.
 *
 * Locking: see group_table.h.
 */
#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "lib/group_table.h"
#include "lib/memory.h"

static unsigned int slots_of(unsigned int groups)
{
	return roundup_pow_of_two(max(groups, 2U));
}

/**
 * kobs_group_table_init() - allocate an empty group table
 * @g: group table; no CPU has counters yet
 * @m: account of its memory
 * @groups: maximum number of groups; rounded up to a power of two, at least 2
 * @words: words of a key, at least 1
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_group_table_init(struct kobs_group_table *g, struct kobs_memory *m,
			  unsigned int groups, unsigned int words)
{
	unsigned int n = slots_of(groups);

	memset(g, 0, sizeof(*g));
	g->mask = n - 1;
	g->shift = 64 - ilog2(n);
	g->stride = 1 + words;
	g->words = words;
	g->slots = kobs_memory_get(m, (u64)n * g->stride * sizeof(u64),
				   NUMA_NO_NODE);
	g->counts = alloc_percpu_gfp(struct kobs_group_counts *,
				     GFP_KERNEL_ACCOUNT);
	if (g->slots && g->counts)
		return 0;
	kobs_group_table_free(g);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_init);

/**
 * kobs_group_table_bytes() - memory for the counters of a CPU
 * @g: group table
 *
 * Context: any.
 * Return: bytes that kobs_group_table_prepare() would allocate.
 */
u64 kobs_group_table_bytes(const struct kobs_group_table *g)
{
	return (g->mask + 1ULL) * sizeof(struct kobs_group_counts);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_bytes);

/**
 * kobs_group_table_prepare() - give a CPU its counters, unless it has them
 * @g: group table
 * @m: account of its memory
 * @cpu: CPU, which does not run or counts nothing yet
 *
 * Context: task, may sleep; readers may run meanwhile.
 * Return: 0, or -ENOMEM.
 */
int kobs_group_table_prepare(struct kobs_group_table *g, struct kobs_memory *m,
			     unsigned int cpu)
{
	struct kobs_group_counts **counts = per_cpu_ptr(g->counts, cpu);
	void *p;

	if (*counts)
		return 0;
	p = kobs_memory_get(m, kobs_group_table_bytes(g), cpu_to_node(cpu));
	if (!p)
		return -ENOMEM;
	/* Pairs with the read in kobs_group_table_sum(). */
	smp_store_release(counts, p);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_prepare);

/**
 * kobs_group_table_free() - free a group table without users
 * @g: group table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_group_table_free(struct kobs_group_table *g)
{
	unsigned int cpu;

	if (g->counts) {
		for_each_possible_cpu(cpu)
			vfree(*per_cpu_ptr(g->counts, cpu));
	}
	free_percpu(g->counts);
	vfree(g->slots);
	g->counts = NULL;
	g->slots = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_free);

/**
 * kobs_group_table_find() - look up the group of a key, or create it
 * @g: group table
 * @key: its words
 *
 * Context: any, NMI included.
 * Return: the group, or KOBS_GROUP_NONE when the table is full.
 */
u32 kobs_group_table_find(struct kobs_group_table *g, const u64 *key)
{
	u64 hash = kobs_hash(key, g->words);
	u32 place = hash >> g->shift;
	unsigned int i;

	for (i = 0; i < KOBS_GROUP_PROBES && i <= g->mask; i++, place++) {
		u64 *slot = &g->slots[(place & g->mask) * (size_t)g->stride];
		/* Pairs with the release below. */
		u64 state = smp_load_acquire(&slot[0]);

		if (state == hash && kobs_words_equal(slot + 1, key, g->words))
			return place & g->mask;
		if (state != KOBS_ROW_FREE ||
		    !try_cmpxchg(&slot[0], &state, KOBS_ROW_CLAIMED))
			continue;
		memcpy(slot + 1, key, g->words * sizeof(u64));
		atomic_inc(&g->used);
		/* Pairs with the acquires above and of the readers. */
		smp_store_release(&slot[0], hash);
		return place & g->mask;
	}
	return KOBS_GROUP_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_find);

/**
 * kobs_group_table_sum() - sum of a group's counter over all CPUs
 * @g: group table
 * @group: group
 * @i: index of the counter
 *
 * Context: any; it may change meanwhile.
 * Return: the sum.
 */
u64 kobs_group_table_sum(const struct kobs_group_table *g, u32 group, unsigned int i)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu) {
		struct kobs_group_counts *counts;

		/* Pairs with the release in kobs_group_table_prepare(). */
		counts = smp_load_acquire(per_cpu_ptr(g->counts, cpu));
		if (counts)
			sum += local64_read(&counts[group].n[i]);
	}
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_sum);

/**
 * kobs_group_table_replace() - replace words of keys
 * @g: group table
 * @r: what to replace
 *
 * A group keeps its number, but its old key has another from now on.
 *
 * Context: task, may sleep; see replace.h.
 */
void kobs_group_table_replace(struct kobs_group_table *g,
			      const struct kobs_replace *r)
{
	u32 group;

	for (group = 0; g->slots && group <= g->mask; group++) {
		u64 *slot = &g->slots[group * (size_t)g->stride];

		/* Pairs with the release in kobs_group_table_find(). */
		if (smp_load_acquire(&slot[0]) >= KOBS_ROW_HASH)
			kobs_replace_key(r, slot + 1);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_replace);

/**
 * kobs_group_table_left() - a counter of a group, less others, over all CPUs
 * @g: group table
 * @group: group
 * @i: index of the counter
 * @less: counters to subtract, a bit for each
 *
 * One pass over the CPUs, which touches the group's cache lines once. While the
 * counters change, the result can be off by what happens during the pass.
 *
 * Context: any; they may change meanwhile.
 * Return: the difference, or 0 where it would be negative.
 */
u64 kobs_group_table_left(const struct kobs_group_table *g, u32 group,
			  unsigned int i, unsigned long less)
{
	unsigned int cpu, k;
	s64 left = 0;

	for_each_possible_cpu(cpu) {
		const struct kobs_group_counts *counts;
		const local64_t *n;

		/* As in kobs_group_table_sum(). */
		counts = smp_load_acquire(per_cpu_ptr(g->counts, cpu));
		if (!counts)
			continue;
		n = counts[group].n;
		for_each_set_bit(k, &less, KOBS_GROUP_COUNTS)
			left -= local64_read(&n[k]);
		left += local64_read(&n[i]);
	}
	return max_t(s64, left, 0);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_group_table_left);
