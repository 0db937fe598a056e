// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of a session: the engine's reasons of loss, and adding up. Pure.
 *
 * Locking: see counters.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "lib/counters.h"

static const struct kobs_reason reasons[] = {
	[KOBS_N_RECURSION - KOBS_N_LOST] = {
		"recursion",
		"hit inside a tracing handler, which cannot be entered again",
	},
	[KOBS_N_TABLE_FULL - KOBS_N_LOST] = {
		"table_full",
		"no room left for a new key, or a new range of its histogram: raise rows, or key by less",
	},
	[KOBS_N_STACK_FULL - KOBS_N_LOST] = {
		"stack_full",
		"no room left for a new stack: raise stacks",
	},
	[KOBS_N_RING_FULL - KOBS_N_LOST] = {
		"ring_full",
		"records came faster than they were read: raise ring_kb",
	},
	[KOBS_N_NO_TABLE - KOBS_N_LOST] = {
		"no_table",
		"hit on a CPU that came online when there was no memory for its tables",
	},
};

static_assert(ARRAY_SIZE(reasons) == KOBS_N_SOURCE - KOBS_N_LOST);

/**
 * kobs_counters_reason() - the description of a reason of loss of the engine
 * @c: counter, KOBS_N_LOST to KOBS_N_SOURCE - 1
 *
 * Context: any.
 * Return: its name and documentation.
 */
const struct kobs_reason *kobs_counters_reason(enum kobs_counter c)
{
	return &reasons[c - KOBS_N_LOST];
}
EXPORT_SYMBOL_IF_KUNIT(kobs_counters_reason);

/**
 * kobs_counters_add() - add one CPU's counters to the sums
 * @sum: sums
 * @c: counters of any CPU
 *
 * Context: any; the counters may change meanwhile.
 */
void kobs_counters_add(struct kobs_counts *sum, const struct kobs_counters *c)
{
	unsigned int i;

	for (i = 0; i < KOBS_N; i++)
		sum->n[i] += local64_read(&c->n[i]);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_counters_add);
