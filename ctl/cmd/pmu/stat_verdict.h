/* SPDX-License-Identifier: GPL-2.0 */
/* What counts say of the code that was counted, and what they do not. Pure. */
#ifndef OBSCTL_PMU_STAT_VERDICT_H
#define OBSCTL_PMU_STAT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cmd/pmu/stat.h"
#include "cmd/pmu/topdown.h"

enum verdict_limit_id {
	LIMIT_IPC, LIMIT_MISS_RATE, LIMIT_MISSES, LIMIT_BRANCH_RATE, LIMIT_BRANCHES,
	LIMIT_FRONTEND, LIMIT_BAD, LIMIT_BACKEND, LIMIT_RETIRING,
	LIMIT_COUNTED_FOR, LIMIT_CYCLES, LIMIT_EVENTS, LIMIT_SAMPLES,
	NR_VERDICT_LIMITS,
};

/* A threshold. */
struct verdict_limit {
	const char	*name;
	const char	*unit;
	const char	*doc;
	double		value;
};

extern const struct verdict_limit verdict_limits[NR_VERDICT_LIMITS];

struct stat_verdict {
	const char	*rule;
	char		*sentence;
	const char	*next;		/* command */
};

#define VERDICTS	8

struct stat_verdicts {
	struct stat_verdict	v[VERDICTS];
	size_t		n;
	struct strings	missing;	/* what cannot be told, and for want of what */
};

struct cache_events;

/* The counts of one kind of code, as the rules take them. */
struct stat_judged {
	double		ipc;
	double		miss_rate;	/* of the last cache, parts of 1 */
	double		misses;		/* per 1,000 instructions */
	const struct cache_events *caches;	/* that these are of */
	double		branch_rate;
	double		branches;	/* mispredicted ones per 1,000 instructions, or -1 */
	bool		has_ipc;
	bool		has_misses;
	bool		has_branches;
	uint32_t	shared;		/* OF_CYCLES ...: those are estimates */
};

/* Events of which a sentence is, a bit each. */
#define OF_CYCLES	1u
#define OF_INSTRUCTIONS	2u
#define OF_CACHES	4u
#define OF_BRANCHES	8u

void stat_verdict_find(struct stat_verdicts *v, const struct stat_state *st,
		       const struct strings *absent);
void stat_verdict_judge(struct stat_verdicts *v, const struct stat_judged *c, const char *mods);
void stat_verdict_topdown(struct stat_verdicts *v, const struct topdown *t);
void stat_verdict_help(FILE *to);
void stat_verdict_free(struct stat_verdicts *v);

/* stat_verdict_counts.c */
bool stat_verdict_count(struct stat_judged *c, const struct stat_state *st, const char *mods,
			const struct strings *absent, struct strings *missing);
bool stat_verdict_slots(const struct stat_state *st, const struct topdown_plan *plan,
			const char *const *names, struct strings *missing);

#endif
