/* SPDX-License-Identifier: GPL-2.0 */
/* Whether what a call site keeps looks like a leak. */
#ifndef OBSCTL_VERDICT_H
#define OBSCTL_VERDICT_H

#include "lib/clock.h"
#include "proto/model.h"

#define VERDICT_PARTS		6	/* of the window */
#define VERDICT_SHORTEST	NSEC_PER_SEC

enum verdict {
	VERDICT_NONE,		/* the window is too short for one */
	VERDICT_STABLE,
	VERDICT_CHURN,
	VERDICT_CACHE,
	VERDICT_TURNOVER,
	VERDICT_STEPS,
	VERDICT_LEAK,
};

/* Objects, none of them scaled. */
struct evidence {
	uint64_t	window;				/* ns */
	uint64_t	older;				/* ns: younger objects are not in kept[] */
	uint64_t	allocated;
	uint64_t	freed;
	uint64_t	live[VERDICT_PARTS + 1];	/* after each part; [0] is the start */
	double		kept[VERDICT_PARTS];		/* live now, by part of birth */
	bool		reclaimable;
	bool		cache_known;			/* the next three, of all of the cache */
	uint64_t	cache_gained;			/* allocated in the window and live */
	uint64_t	cache_freed;			/* frees of objects older than the window */
	uint64_t	cache_freed_by[VERDICT_PARTS + 1]; /* of these, by the end of parts */
	double		confidence;			/* set by verdict_judge() */
};

void verdict_add_ages(struct evidence *e, const struct bucket *buckets, size_t n);
enum verdict verdict_judge(struct evidence *e);
uint64_t verdict_longer(const struct evidence *e);
const char *verdict_name(enum verdict v);
enum verdict verdict_find(const char *name);

#endif
