/* SPDX-License-Identifier: GPL-2.0 */
/* What the memory of a control group does: climbs, spikes, or is page cache. */
#ifndef OBSCTL_CGROUP_VERDICT_H
#define OBSCTL_CGROUP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A look at a group. */
struct cgroup_reading {
	uint64_t	time;		/* ns */
	uint64_t	current;	/* bytes */
	uint64_t	cache;		/* of these, what the kernel takes back when it needs it */
};

enum cgroup_verdict {
	CGROUP_SHORT,		/* too few readings */
	CGROUP_STEADY,
	CGROUP_CLIMB,		/* what is held grows, step by step */
	CGROUP_SPIKE,		/* it grew at once, or has gone down again */
	CGROUP_CACHE,		/* what grows, or fills the limit, is page cache */
	CGROUP_UNSURE,		/* it grew, and how is not clear */
};

struct cgroup_judgement {
	enum cgroup_verdict verdict;
	size_t		peak;		/* the reading where most was held */
	int64_t		rise;		/* bytes held, from the first reading to that one */
	uint64_t	step;		/* the largest step on the way */
	int64_t		cache_rise;	/* bytes of cache, from the first reading to the last */
	double		rate;		/* bytes held per second up to the peak */
	double		sure;		/* confidence that this is not 0 */
	double		left_s;		/* seconds until the limit is reached; 0: not known */
};

void cgroup_judge(const struct cgroup_reading *v, size_t n, uint64_t limit,
		  uint64_t room, bool killed, struct cgroup_judgement *out);
const char *cgroup_verdict_name(enum cgroup_verdict verdict);

#endif
