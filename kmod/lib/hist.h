/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log-linear histogram: bucket of a value, and bounds of a bucket.
 *
 * Values below 16 have a bucket each. Above, every power of two is divided into
 * 16 equal parts: the width of a bucket is at most 1/16 of its lower bound.
 * This covers all of u64 with 976 buckets, in 61 octaves of 16. Pure: no state,
 * any context.
 */
#ifndef KOBS_HIST_H
#define KOBS_HIST_H

#include <linux/bitops.h>
#include <linux/types.h>

#define KOBS_HIST_BITS		4
#define KOBS_HIST_SUB		(1U << KOBS_HIST_BITS)
#define KOBS_HIST_OCTAVES	(64 - KOBS_HIST_BITS + 1)
#define KOBS_HIST_BUCKETS	(KOBS_HIST_SUB * KOBS_HIST_OCTAVES)

/**
 * kobs_hist_octave() - octave of a value
 * @v: value, in any unit
 * @sub: set to its part of the octave, below KOBS_HIST_SUB
 *
 * Context: any.
 * Return: a number below KOBS_HIST_OCTAVES; rises with @v.
 */
static __always_inline unsigned int kobs_hist_octave(u64 v, unsigned int *sub)
{
	unsigned int shift;

	if (v < KOBS_HIST_SUB) {
		*sub = v;
		return 0;
	}
	shift = __fls(v) - KOBS_HIST_BITS;
	*sub = (v >> shift) % KOBS_HIST_SUB;
	return shift + 1;
}

/**
 * kobs_hist_bucket() - bucket of a value
 * @v: value, in any unit
 *
 * Context: any.
 * Return: a number below KOBS_HIST_BUCKETS; rises with @v.
 */
static __always_inline unsigned int kobs_hist_bucket(u64 v)
{
	unsigned int sub;
	unsigned int octave = kobs_hist_octave(v, &sub);

	return octave * KOBS_HIST_SUB + sub;
}

/**
 * kobs_hist_lo() - smallest value of a bucket
 * @b: bucket, below KOBS_HIST_BUCKETS
 *
 * Context: any.
 * Return: the smallest value for which kobs_hist_bucket() gives @b.
 */
static inline u64 kobs_hist_lo(unsigned int b)
{
	unsigned int shift;

	if (b < KOBS_HIST_SUB)
		return b;
	shift = (b >> KOBS_HIST_BITS) - 1;
	return (u64)(b - (shift << KOBS_HIST_BITS)) << shift;
}

/**
 * kobs_hist_hi() - largest value of a bucket
 * @b: bucket, below KOBS_HIST_BUCKETS
 *
 * Context: any.
 * Return: the largest value for which kobs_hist_bucket() gives @b.
 */
static inline u64 kobs_hist_hi(unsigned int b)
{
	if (b + 1 >= KOBS_HIST_BUCKETS)
		return U64_MAX;
	return kobs_hist_lo(b + 1) - 1;
}

#endif /* KOBS_HIST_H */
