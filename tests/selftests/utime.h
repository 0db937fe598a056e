/* SPDX-License-Identifier: GPL-2.0 */
/* Time of the benchmarks of programs: what bench N of ucalls and uheap prints. */
#ifndef UTIME_H
#define UTIME_H

#include <stdio.h>
#include <time.h>

#define ROUNDS	12

/* Print the ns of one of n turns, in the fastest of the rounds. */
static inline void print_fastest(void (*round)(long n), long n)
{
	double best = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct timespec a, b;
		double took;

		clock_gettime(CLOCK_MONOTONIC, &a);
		round(n);
		clock_gettime(CLOCK_MONOTONIC, &b);
		took = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
		if (!i || took < best)
			best = took;
	}
	printf("%.1f ns\n", best / (double)n);
	fflush(stdout);
}

#endif
