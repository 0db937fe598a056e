/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sums of values of 64 bits that may not fit into 64 bits. A row has its sum
 * less a multiple of 2^64; whether that can be more than 0 follows from its
 * highest value. Pure.
 *
 * Locking: none needed.
 */
#ifndef KOBS_SUM_H
#define KOBS_SUM_H

#include <linux/overflow.h>
#include <linux/types.h>

/**
 * kobs_sum_add() - add the sum of a row to that of others
 * @all: sum to add to
 * @sum: sum of the row's values, modulo 2^64
 * @count: number of values
 * @max: highest of them
 *
 * Context: any.
 * Return: false when the result, or the row's sum, may be above what 64 bits hold.
 */
static inline bool kobs_sum_add(u64 *all, u64 sum, u64 count, u64 max)
{
	bool over = check_add_overflow(*all, sum, all);
	u64 most;

	return !check_mul_overflow(count, max, &most) && !over;
}

#endif /* KOBS_SUM_H */
