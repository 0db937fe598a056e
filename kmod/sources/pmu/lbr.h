/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Branch stacks: which branches the CPU took before a sample, newest first, as
 * perf hands them over whatever the hardware (Intel LBR and Arch LBR, AMD
 * LBRv2, BRBE). Folded into rows, one for each branch and the straight run
 * behind it, or made a call chain. Pure: no tracing or netlink headers.
 *
 * Two entries that follow each other tell a branch (from, to) and the run from
 * its target to the next branch, which is the entry before it in the array. A
 * row's key is from, to and the end of that run, so that one look-up counts
 * both: adding up rows over the ends gives branches, over the branches gives
 * basic blocks.
 *
 * Locking: none; see table.h. What a stack says is not trusted: it is only
 * counted, and never followed.
 */
#ifndef KOBS_LBR_H
#define KOBS_LBR_H

#include <linux/minmax.h>
#include <linux/types.h>
#include <uapi/linux/perf_event.h>
#include "lib/table.h"

/* Entries that are looked at; hardware has at most as many. */
#define KOBS_LBR_DEPTH		64

/* Bytes of a straight run at most: what is longer is none. */
#define KOBS_LBR_RUN		(64 * 1024)

/* Fields of a row, in the order of the mode's. */
enum kobs_lbr_field { KOBS_LBR_MISPREDICTED, KOBS_LBR_FIELDS };

/**
 * struct kobs_lbr_key - where a key has the words of a branch
 * @from: place of the branch's address, or -1 when it is no part of the key
 * @to: place of its target, or -1
 * @end: place of the last address of the run behind it, or -1; the word is 0
 *       when that is not known
 */
struct kobs_lbr_key {
	s8 from;
	s8 to;
	s8 end;
};

/**
 * struct kobs_lbr_sum - what was seen, for one CPU
 * @samples: branch stacks
 * @empty: those without an entry
 * @entries: entries of all
 * @lost_entries: those of them that found no row
 * @truncated: stacks that claimed more than KOBS_LBR_DEPTH entries; what is
 *             beyond is not looked at
 * @predictions: stacks whose newest entry told whether it was predicted
 * @deepest: most entries that a stack had, of those that are looked at
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
 * kobs_lbr_clip() - entries of a branch stack to look at
 * @nr: how many it claims to have
 *
 * Context: any, NMI included.
 * Return: @nr, or KOBS_LBR_DEPTH when that is less.
 */
static inline unsigned int kobs_lbr_clip(u64 nr)
{
	return min_t(u64, nr, KOBS_LBR_DEPTH);
}

/**
 * kobs_lbr_run() - end of the straight run behind a branch
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
