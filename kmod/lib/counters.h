/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a session: its hits, and their outcomes.
 *
 * Locking: none. They are per CPU and changed by local atomic operations; a
 * reader adds them up.
 */
#ifndef KOBS_COUNTERS_H
#define KOBS_COUNTERS_H

#include <asm/local64.h>
#include <linux/percpu-defs.h>
#include <linux/types.h>

/* Maximum number of a source's own reasons of loss. */
#define KOBS_SOURCE_REASONS	10

enum kobs_counter {
	KOBS_N_HITS,
	KOBS_N_RECORDED,
	KOBS_N_FILTERED,
	KOBS_N_OWN,
	KOBS_N_TIMED,
	KOBS_N_COST,
	/* Calls of handlers that were no hits, and the cost of some of them. */
	KOBS_N_CALLS,
	KOBS_N_CALLS_TIMED,
	KOBS_N_CALLS_COST,
	/* From here on: reasons of loss. Those of the engine, */
	KOBS_N_LOST,
	KOBS_N_RECURSION = KOBS_N_LOST,
	KOBS_N_TABLE_FULL,
	KOBS_N_STACK_FULL,
	KOBS_N_RING_FULL,
	KOBS_N_NO_TABLE,
	/* and those of the source: KOBS_N_SOURCE + i, as its table names them. */
	KOBS_N_SOURCE,
	KOBS_N = KOBS_N_SOURCE + KOBS_SOURCE_REASONS
};

/**
 * struct kobs_counters - the counters of one CPU
 * @n: indexed by enum kobs_counter; a number of calls or waits in flight can be
 *     negative on one CPU, the sum cannot
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
 * struct kobs_reason - a reason of loss
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

/*
 * Likewise with preemption on: of a per-CPU variable, the counter of the CPU that
 * the increment happens on.
 */
#define kobs_count_here(counters, which)				\
	this_cpu_inc((counters).n[which].a.a.counter)

#endif /* KOBS_COUNTERS_H */
