/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of events, and how they are printed. */
#ifndef OBSCTL_PMU_STAT_H
#define OBSCTL_PMU_STAT_H

#include "lib/map.h"
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
	unsigned int	group;		/* rows of one differ in the event only */
	const char	*role;		/* in a top-down analysis; or NULL */
	size_t		next;		/* row of the group, STAT_END behind the last */
	uint64_t	samples;	/* that @count is the sum of; see struct stat_state */
	bool		again;		/* an event of the group that was asked for twice */
};

#define STAT_END	SIZE_MAX

struct stat_state {
	struct stat_row	*v;
	size_t		n;
	size_t		cap;
	uint64_t	duration;
	size_t		*first;		/* row of each group */
	unsigned int	groups;
	struct strings	mods;		/* kinds of modifiers that events have */
	bool		of_tasks;	/* and not of CPUs, which can be idle */
	bool		sampled;	/* counts are sums of periods, by who was interrupted */
};

/* Groups that are shown of those that were sampled. */
#define STAT_TOP	20

struct topdown;
struct stat_verdicts;

void stat_print_count(struct out *o, const struct stat_state *st, size_t row);
void stat_print_absent(struct out *o, const struct stat_state *st, const char *event);
void stat_print_sampled(struct out *o, const struct stat_state *st);
void stat_print_more(struct out *o, const struct stat_state *st, size_t top, uint64_t before);
void stat_print_ratios(struct out *o, const struct stat_state *st);
void stat_print_topdown(struct out *o, const struct topdown *t);
void stat_print_part(struct out *o, const char *key, const char *text, const char *doc,
		     unsigned int tenths, double slots);
void stat_print_method(struct out *o, const char *method, const char *unit, bool estimated);
void stat_print_verdict(struct out *o, bool first, const char *sentence, const char *next);
void stat_print_missing(struct out *o, bool first, const char *missing);
void stat_print_verdicts(struct out *o, const struct stat_verdicts *v);

#endif
