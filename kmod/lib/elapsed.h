/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Durations between two readings of the clock. The readings may be of two CPUs,
 * whose clocks differ slightly, or of one that an update overtook, as that of
 * ktime_get_mono_fast_ns(): the second may be before the first. Pure.
 */
#ifndef KOBS_ELAPSED_H
#define KOBS_ELAPSED_H

#include <linux/types.h>

/**
 * kobs_elapsed() - duration between two readings of the clock
 * @start: first reading, ns
 * @end: second reading, ns
 *
 * Context: any, NMI included.
 * Return: the duration, ns; 0 when @end is before @start.
 */
static inline u64 kobs_elapsed(u64 start, u64 end)
{
	return end > start ? end - start : 0;
}

#endif /* KOBS_ELAPSED_H */
