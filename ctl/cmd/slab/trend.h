/* SPDX-License-Identifier: GPL-2.0 */
/* How fast a count grows, and how sure that is. */
#ifndef OBSCTL_TREND_H
#define OBSCTL_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readings of a count; all zero before the first. */
struct trend {
	uint64_t	first;		/* value of the first reading */
	uint64_t	last;
	uint64_t	from;		/* ns, time of the first reading */
	uint64_t	to;
	size_t		steps;		/* between readings */
	double		squares;	/* of the steps, each by its length in seconds */
	bool		begun;
};

void trend_add(struct trend *t, uint64_t ns, uint64_t value);
double trend_rate(const struct trend *t);
double trend_error(const struct trend *t);
double trend_confidence(const struct trend *t);
double student_confidence(double t, size_t freedom);

#endif
