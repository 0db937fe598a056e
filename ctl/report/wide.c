// SPDX-License-Identifier: GPL-2.0
/*
 * Sums that 64 bits do not hold. The module adds values up with 64 bits: what it has is
 * the sum, less a multiple of 2^64. Which one it is follows from the histogram: bounds of
 * its buckets are bounds of the sum, at most 1/16 apart.
 */

#include <string.h>

#include "report/wide.h"

#define u128 unsigned __int128

#define BASE	((u128)1 << 64)

/*
 * While a session runs, a row's sum can lack values that its buckets have, or have some
 * that these lack.
 */
#define SLACK	((u128)1 << 62)

/* Between which numbers the sum of a row is. */
static void find_bounds(const struct row *row, u128 *lo, u128 *hi)
{
	size_t i;

	*lo = 0;
	*hi = 0;
	for (i = 0; i < row->nr_buckets; i++) {
		const struct bucket *b = &row->buckets[i];
		uint64_t least = b->lo < row->min ? row->min : b->lo;
		uint64_t most = b->hi > row->max ? row->max : b->hi;

		*lo += (u128)b->count * (least < b->hi ? least : b->hi);
		*hi += (u128)b->count * (most > b->lo ? most : b->lo);
	}
}

/**
 * wide_sum() - What is beyond the 64 bits of a row's sum.
 * @high: set to the upper half of the sum, of 128 bits
 */
enum wide wide_sum(const struct row *row, uint64_t *high)
{
	u128 lo, hi, sum;

	*high = 0;
	if ((u128)row->count * row->max < BASE)
		return WIDE_NOT;
	find_bounds(row, &lo, &hi);
	if (!row->nr_buckets || hi - lo + 2 * SLACK >= BASE)
		return WIDE_UNKNOWN;
	lo = lo < SLACK ? 0 : lo - SLACK;
	sum = (lo & ~(BASE - 1)) + row->sum;
	if (sum < lo)
		sum += BASE;
	if (sum > hi + SLACK)
		return WIDE_UNKNOWN;
	*high = (uint64_t)(sum >> 64);
	return *high ? WIDE_KNOWN : WIDE_NOT;
}

/** wide_weight() - Return: a row's sum, or the largest number if it is larger. */
uint64_t wide_weight(const struct row *row)
{
	uint64_t high;

	return wide_sum(row, &high) == WIDE_NOT ? row->sum : UINT64_MAX;
}

double wide_double(uint64_t high, uint64_t low)
{
	return (double)((u128)high << 64 | low);
}

/** wide_format() - A number of 128 bits. */
char *wide_format(char *buf, size_t size, uint64_t high, uint64_t low, bool commas)
{
	u128 v = (u128)high << 64 | low;
	char *p = buf + size;
	int digits = 0;

	*--p = 0;
	do {
		if (commas && digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + (int)(v % 10));
		v /= 10;
		digits++;
	} while (v && p > buf + 2);
	return memmove(buf, p, (size_t)(buf + size - p));
}
