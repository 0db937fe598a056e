/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Branch stacks: the branches that the CPU took before a sample, newest first,
 * in perf's format for all hardware (Intel LBR and Arch LBR, AMD LBRv2, BRBE).
 * They are folded into rows, one per branch and straight run after it, or
 * converted to a call chain. Pure: no tracing or netlink headers.
 *
 * Two consecutive entries give a branch (from, to) and the run from its target
 * to the next branch, which is the entry before it in the array. A row's key is
 * from, to and the end of that run, so that one lookup counts both: rows summed
 * over the ends are branches, summed over the branches they are basic blocks.
 *
 * Locking: none; see table.h. Addresses of a stack are not trusted: they are
 * counted, and never dereferenced.
 */
#ifndef KOBS_LBR_H
#define KOBS_LBR_H

#include <linux/minmax.h>
#include <linux/types.h>
#include <uapi/linux/perf_event.h>
#include "lib/table.h"

/* Maximum number of entries used; no hardware has more. */
#define KOBS_LBR_DEPTH		64

/* Maximum length of a straight run, in bytes. */
#define KOBS_LBR_RUN		(64 * 1024)

/* Fields of a row, in the order of the mode's. */
enum kobs_lbr_field { KOBS_LBR_MISPREDICTED, KOBS_LBR_FIELDS };

/**
 * struct kobs_lbr_key - indices of a branch's words in a key
 * @from: index of the branch's address, or -1 when not in the key
 * @to: index of its target, or -1
 * @end: index of the last address of the run after it, or -1; the word is 0
 *       when unknown
 */
struct kobs_lbr_key {
	s8 from;
	s8 to;
	s8 end;
};

/**
 * struct kobs_lbr_sum - totals of a CPU
 * @samples: branch stacks
 * @empty: stacks without an entry
 * @entries: entries of all stacks
 * @lost_entries: entries without a row
 * @truncated: stacks that claimed more than KOBS_LBR_DEPTH entries, the rest
 *             of which is ignored
 * @predictions: stacks whose newest entry has prediction data
 * @deepest: maximum number of entries used of a stack
 */
struct kobs_lbr_sum {
	local64_t samples;
	local64_t empty;
	local64_t entries;
	local64_t lost_entries;
	local64_t truncated;
	local64_t predictions;
	local64_t deepest;
};

/**
 * kobs_lbr_clip() - number of entries used of a branch stack
 * @nr: claimed number
 *
 * Context: any, NMI included.
 * Return: @nr, or KOBS_LBR_DEPTH when that is less.
 */
static inline unsigned int kobs_lbr_clip(u64 nr)
{
	return min_t(u64, nr, KOBS_LBR_DEPTH);
}

/**
 * kobs_lbr_run() - end of the straight run after a branch
 * @to: target of the branch
 * @next: address of the next branch
 *
 * Context: any, NMI included.
 * Return: @next, or 0 when it does not follow @to closely: the branch between
 * them was not recorded.
 */
static __always_inline u64 kobs_lbr_run(u64 to, u64 next)
{
	return next - to < KOBS_LBR_RUN ? next : 0;
}

unsigned int kobs_lbr_fold(struct kobs_table *t,
			   const struct kobs_lbr_key *where, u64 *key,
			   const struct perf_branch_entry *br, u64 nr,
			   struct kobs_lbr_sum *sum);
unsigned int kobs_lbr_callchain(unsigned long ip,
				const struct perf_branch_entry *br, u64 nr,
				unsigned long *ips, unsigned int max);

#endif /* KOBS_LBR_H */
