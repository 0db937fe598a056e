/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of events, and how they are printed. */
#ifndef OBSCTL_PMU_STAT_H
#define OBSCTL_PMU_STAT_H

#include "report/report.h"

#define STAT_KEYS	8

/* A row, or what it was in the report before. */
struct stat_row {
	uint64_t	key[STAT_KEYS];
	uint64_t	count;
	uint64_t	enabled;
	uint64_t	running;
	const char	*event;
	char		unit[32];
	double		scale;		/* what a count is multiplied by, in its unit */
};

struct stat_state {
	struct stat_row	*v;
	size_t		n;
	size_t		cap;
	uint64_t	duration;
};

void stat_print_count(struct out *o, const struct stat_row *s, uint64_t duration);
void stat_print_absent(struct out *o, const char *event);
void stat_print_ratios(struct out *o, const struct stat_state *st);

#endif
