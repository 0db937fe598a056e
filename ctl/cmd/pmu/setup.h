/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of the noun pmu share. */
#ifndef OBSCTL_PMU_SETUP_H
#define OBSCTL_PMU_SETUP_H

#include "cmd/pmu/event.h"
#include "lib/opts.h"
#include "run/run.h"

/* Where user stacks come from. */
struct pmu_call_graph {
	const char	*how;		/* NULL: as without it, by frame pointers */
	uint64_t	bytes;		/* of memory, to unwind them; 0 for the module's default */
};

/* Options of pmu alone. */
struct pmu_opts {
	struct strings	events;
	struct opt_number period;
	struct opt_number frequency;	/* Hz */
	struct strings	branches;	/* which are recorded */
	struct strings	sections;	/* of a branch report */
	struct pmu_call_graph call_graph;
	bool		all_cpus;
	bool		no_inherit;
	bool		check;
	bool		graph;
	bool		topdown;
};

/* A verb that is being run. */
struct pmu_run {
	const struct opts *o;
	const struct pmu_opts *opts;
	struct opts	own;		/* what the session's life is to see of them */
	struct pmu_events events;
	bool		defaults;	/* nobody asked for these events */
	struct strings	absent;		/* events that this machine does not count */
	const char	*lacking;	/* what the PMU lacks, or NULL */
	struct numbers	words;
	struct numbers	tasks;
	struct numbers	cpus;
	struct numbers	functions;
	struct run_spec	spec;
	void		*verb;		/* the verb's own */
};

int pmu_begin(struct pmu_run *p, const struct opts *o, const char *mode);
int pmu_prepare(struct run_spec *spec, struct view *v, pid_t command);
void pmu_end(struct pmu_run *p);
void pmu_by(struct pmu_run *p, const char *const *names, size_t n);
bool pmu_is_by(const struct pmu_run *p, const char *name);
int pmu_check_samples(const struct pmu_opts *own);
void pmu_sample(struct pmu_run *p, uint64_t branches);
void pmu_function_at(struct view *v, uint32_t pid, uint64_t address, struct buf *out);

const char *pmu_title(const struct pmu_run *p, const struct session *s, struct buf *out);

#endif
