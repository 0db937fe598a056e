/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a session: what reached it and what became of it.
 *
 * Locking: none. Each CPU has its own and changes them by local atomic
 * operations; a reader adds them up.
 */
#ifndef KOBS_COUNTERS_H
#define KOBS_COUNTERS_H

#include <asm/local64.h>
#include <linux/types.h>

enum kobs_counter {
	KOBS_N_HITS,
	KOBS_N_RECORDED,
	KOBS_N_FILTERED,
	KOBS_N_OWN,
	KOBS_N_TIMED,
	KOBS_N_COST,
	/* From here on: reasons why hits are lost. */
	KOBS_N_LOST,
	KOBS_N_RECURSION = KOBS_N_LOST,
	KOBS_N_TABLE_FULL,
	KOBS_N_STACK_FULL,
	KOBS_N_RING_FULL,
	KOBS_N_MISSED,
	KOBS_N_IN_FLIGHT,
	KOBS_N_INFLIGHT_FULL,
	KOBS_N_UNPAIRED,
	KOBS_N_STALE,
	KOBS_N_OBJECTS_FULL,
	KOBS_N_OVERFLOWS,
	KOBS_N
};

/**
 * struct kobs_counters - the counters of one CPU
 * @n: indexed by enum kobs_counter; one CPU's KOBS_N_IN_FLIGHT can be
 *     negative, the sum cannot
 */
struct kobs_counters {
	local64_t n[KOBS_N];
};

/**
 * struct kobs_counts - counters added up
 * @n: indexed by enum kobs_counter
 */
struct kobs_counts {
	s64 n[KOBS_N];
};

/**
 * struct kobs_reason - a reason why hits are lost
 * @name: short name
 * @doc: what happened and what to change
 */
struct kobs_reason {
	const char *name;
	const char *doc;
};

const struct kobs_reason *kobs_counters_reason(enum kobs_counter c);
void kobs_counters_add(struct kobs_counts *sum, const struct kobs_counters *c);

static __always_inline void kobs_count(struct kobs_counters *c,
				       enum kobs_counter which)
{
	local64_inc(&c->n[which]);
}

#endif /* KOBS_COUNTERS_H */
