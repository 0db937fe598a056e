/* SPDX-License-Identifier: GPL-2.0 */
/* The reports of 'obsctl cgroup', of groups as they are, or of a file. */
#ifndef OBSCTL_CGROUP_REPORT_H
#define OBSCTL_CGROUP_REPORT_H

#include "cmd/cgroup/files.h"
#include "report/outfile.h"

/* Groups in text without -n. */
#define CGROUP_ROWS	40
#define CGROUP_PARTS	16
#define CGROUP_EVENTS	5

struct trend;

/* How an amount grows. */
struct cgroup_growth {
	bool		any;		/* there are steps */
	bool		known;		/* enough of them */
	bool		moved;		/* it was not the same all the time */
	double		rate;		/* bytes per second */
	double		confidence;
	int64_t		change;
};

/* A row of the list. */
struct cgroup_line {
	const char	*path;
	uint64_t	id;
	uint64_t	current;
	uint64_t	limit;		/* NO_LIMIT */
	uint64_t	anon;
	uint64_t	file;
	uint64_t	slab;
	uint64_t	kills;
	double		pressure;	/* percent */
	double		throttled;	/* percent of its periods */
	struct cgroup_growth growth;
};

struct cgroup_lines {
	const char	*root;		/* of the hierarchy */
	uint64_t	duration;
	size_t		readings;
	bool		interim;
	bool		over;		/* observed for some time */
	struct cgroup_line *v;		/* those with the most memory first */
	size_t		n;
	size_t		all;		/* with those that are not here */
	size_t		most;		/* that are shown; 0 for all */
};

struct cgroup_share {
	const char	*name;
	const char	*doc;
	int64_t		bytes;
	struct cgroup_growth growth;
};

struct cgroup_killed {
	const char	*victim;	/* NULL: not known */
	uint64_t	victim_pid;
	const char	*comm;		/* who wanted the memory */
	uint64_t	pid;
	const char	*group;
	uint64_t	count;
};

/* One group. */
struct cgroup_report {
	const char	*path;
	uint64_t	id;
	uint64_t	duration;
	size_t		readings;
	bool		interim;
	bool		removed;
	bool		has_memory;	/* what follows is known */
	uint64_t	current;
	uint64_t	swap;
	uint64_t	peak;		/* 0 where the kernel does not tell */
	uint64_t	own[NR_CGROUP_LIMITS];
	uint64_t	limit;		/* that is reached first; NO_LIMIT */
	const char	*limit_path;
	uint64_t	room;
	struct cgroup_share parts[CGROUP_PARTS];
	size_t		nr_parts;
	uint64_t	events[CGROUP_EVENTS];
	uint64_t	ever[CGROUP_EVENTS];
	struct {
		bool	there;
		double	some;		/* percent */
		double	full;
	} pressure[NR_PRESSURES];
	double		cpus;		/* that it used */
	double		quota;		/* of CPUs; 0 without */
	uint64_t	periods;
	uint64_t	throttled;
	uint64_t	throttled_us;
	uint64_t	kills;
	const char	*cause;		/* whose limit; NULL for none */
	const char	*verdict;
	double		rate;
	double		sure;
	const char	*says;		/* the verdict in words */
	const char	*next;		/* NULL for nothing */
};

extern const char *const cgroup_events[CGROUP_EVENTS];

/* list_print.c */
void cgroup_lines_print(const struct cgroup_lines *l, struct out *o);

/* report_print.c */
void cgroup_report_begin(const struct cgroup_report *r, struct out *o);
void cgroup_report_end(const struct cgroup_report *r, struct out *o);

/* print.c */
void cgroup_print_growth(struct out *o, const struct cgroup_growth *g);
void cgroup_print_killed(struct out *o, const struct cgroup_killed *k);
void cgroup_print_unseen(struct out *o, const char *why, uint64_t seen);

/* saved.c */
struct report;

int cgroup_list_show(struct report *r, const struct output *to);
int cgroup_report_show(struct report *r, const struct output *to);

#endif
