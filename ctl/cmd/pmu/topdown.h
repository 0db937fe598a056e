/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Top-down analysis, level 1: what became of a CPU's issue slots. A method is a row: which CPUs
 * it is for, which events it needs, and the formulas.
 */
#ifndef OBSCTL_PMU_TOPDOWN_H
#define OBSCTL_PMU_TOPDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/pmu/event.h"

#define TOPDOWN_EVENTS	6

enum topdown_part {
	TD_FRONTEND, TD_BAD, TD_BACKEND, TD_RETIRING, TD_SMT, TD_BUSY, TD_OTHER,
	NR_TOPDOWN_PARTS,
};

struct topdown_name {
	const char	*key;		/* in JSON */
	const char	*text;
	const char	*doc;
};

extern const struct topdown_name topdown_names[NR_TOPDOWN_PARTS];

/* What became of slots: all parts are the whole. */
struct topdown {
	const char	*method;
	const char	*unit;		/* what is divided */
	double		slots[NR_TOPDOWN_PARTS];
	unsigned int	tenths[NR_TOPDOWN_PARTS];	/* of a percent: 1000 in all */
	uint32_t	has;		/* parts that the method tells, a bit each */
	bool		shared;		/* estimates, by events that shared counters */
};

struct topdown_event {
	const char	*terms;		/* PMU/TERMS/ */
	const char	*role;
	bool		optional;
};

struct topdown_method {
	const char	*name;
	const char	*doc;
	const char	*unit;
	const char	*arch;		/* of PMUs: "x86" or "arm64" */
	const char	*const *needs;	/* events that the PMU must name, up to NULL */
	const char	*lacks;		/* one that it must not */
	unsigned int	zen;		/* generation of AMD's, 0: any vendor's */
	bool		of_parts;	/* the whole is their sum, and not the first event */
	unsigned int	width;		/* slots of a cycle; 0: by caps/slots, if at all */
	const struct topdown_event *event;	/* TOPDOWN_EVENTS of them */
	int		(*work_out)(const double *n, double width, double *slots);
};

/* A method, on the PMU of a machine. */
struct topdown_plan {
	const struct topdown_method *method;
	char		pmu[64];
	double		width;
	size_t		n;		/* of its events, in the order of the session's */
	unsigned int	event[TOPDOWN_EVENTS];	/* which of the method's each is */
};

/* A count, for topdown_work_out(). */
struct topdown_count {
	double		n;
	bool		shared;
	bool		there;
};

extern const struct topdown_method topdown_methods[];
extern const size_t nr_topdown_methods;
extern const char *topdown_cpuinfo;	/* tests have another */

/* topdown_find.c */
int topdown_find(struct topdown_plan *p, const struct numbers *cpus, struct pmu_events *events);

/* topdown.c */
bool topdown_work_out(const struct topdown_plan *p, const struct topdown_count *count,
		      struct topdown *t, const char **why);
void topdown_share(struct topdown *t);

#endif
