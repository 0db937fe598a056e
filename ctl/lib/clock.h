/* SPDX-License-Identifier: GPL-2.0 */
/* The clock of the kernel's own times. */
#ifndef OBSCTL_CLOCK_H
#define OBSCTL_CLOCK_H

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

#endif
