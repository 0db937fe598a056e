/* SPDX-License-Identifier: GPL-2.0 */
/* The clock of the kernel's own times. */
#ifndef OBSCTL_CLOCK_H
#define OBSCTL_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000ull

/** now_ns() - Return: CLOCK_MONOTONIC, as the kernel's own times. */
static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/** timeout_ms() - Return: for poll(), up to the first of @times that is not 0; -1 without one. */
static inline int timeout_ms(const uint64_t *times, size_t n)
{
	uint64_t first = UINT64_MAX;
	uint64_t now = now_ns();
	size_t i;

	for (i = 0; i < n; i++)
		if (times[i] && times[i] < first)
			first = times[i];
	if (first == UINT64_MAX)
		return -1;
	if (first <= now)
		return 0;
	first = (first - now) / 1000000 + 1;
	return first > 3600000 ? 3600000 : (int)first;
}

#endif
