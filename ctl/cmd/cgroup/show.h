/* SPDX-License-Identifier: GPL-2.0 */
/* One control group over some time. */
#ifndef OBSCTL_CGROUP_SHOW_H
#define OBSCTL_CGROUP_SHOW_H

#include "cmd/cgroup/cgroup.h"

#define SHOW_PARTS	CGROUP_PARTS
#define SHOW_LEVELS	64

/* A group from the root down to the one that is shown: kills that its limit caused. */
struct show_level {
	char		*path;
	uint64_t	first;
	uint64_t	last;
};

struct show {
	const struct opts *o;
	struct opts	timed;		/* with how long it takes */
	char		*path;
	uint64_t	id;
	struct output	output;
	struct readings	readings;
	struct cgroup_files first;
	struct cgroup_files now;
	struct cgroup_reading *v;
	size_t		n;
	size_t		cap;
	size_t		nr_readings;
	uint64_t	from;
	uint64_t	last;
	struct trend	trends[SHOW_PARTS];	/* of cgroup_parts, and of the rest */
	int64_t		at_first[SHOW_PARTS];	/* parts and the rest, in the first reading */
	int64_t		at_peak[SHOW_PARTS];	/* where most was held */
	uint64_t	peak;
	uint64_t	limit;		/* that is reached first; NO_LIMIT */
	uint64_t	room;		/* bytes left below it */
	char		*limit_path;
	struct show_level levels[SHOW_LEVELS];
	size_t		nr_levels;
	bool		removed;
	struct cgroup_kills kills;
	struct cgroup_judgement found;
};

uint64_t show_kills(const struct show *s);
const char *show_cause(const struct show *s);
int show_print(struct show *s, const struct output *to, bool interim);

#endif
