/* SPDX-License-Identifier: GPL-2.0 */
/* PMU events: from a name to what perf takes. */
#ifndef OBSCTL_PMU_EVENT_H
#define OBSCTL_PMU_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"

/* Words that an event is to the kernel: see the source pmu's parameter "events". */
#define PMU_WORDS	8

enum pmu_word {
	PMU_TYPE, PMU_CONFIG, PMU_CONFIG1, PMU_CONFIG2, PMU_BITS, PMU_PERIOD, PMU_BRANCHES,
};

enum pmu_bit {
	PMU_NO_USER	= 1 << 0,
	PMU_NO_KERNEL	= 1 << 1,
	PMU_NO_HV	= 1 << 2,
	PMU_NO_IDLE	= 1 << 3,
	PMU_PRECISE	= 1 << 4,	/* times the level, 0 to 3 */
	PMU_PRECISION	= 3 << 4,	/* the level */
	PMU_FREQUENCY	= 1 << 6,
};

struct pmu_event {
	char		*name;		/* as it was given */
	uint64_t	word[PMU_WORDS];
	/* Where its PMU counts, if not everywhere; of a PMU outside of the cores, no tasks. */
	struct numbers	cpus;
	bool		outside;
};

struct pmu_events {
	struct pmu_event *v;
	size_t		n;
	size_t		cap;
};

/* An event that can be asked for by name. */
struct pmu_name {
	const char	*name;
	const char	*kind;
	const char	*doc;
};

struct pmu_names {
	struct pmu_name	*v;
	size_t		n;
	size_t		cap;
	struct pool	pool;
};

/* Where PMUs describe themselves; tests have another. */
extern const char *pmu_sysfs;
extern const char *pmu_online;
extern const char *pmu_tracepoints;	/* and where the kernel's tracepoints are */

int pmu_events_cpus(const struct pmu_events *e, const struct numbers *asked, bool tasks,
		    struct numbers *cpus);
int pmu_events_add(struct pmu_events *e, const char *list);
void pmu_events_free(struct pmu_events *e);
int pmu_branch_filter(const struct strings *names, uint64_t *bits);
extern const char *const pmu_branch_filters[];	/* their names, up to NULL */

/* pmu_names.c: all there is, by kind */
void pmu_names_get(struct pmu_names *n);
void pmu_names_tracepoints(struct pmu_names *n);
void pmu_names_free(struct pmu_names *n);
size_t pmu_names_near(const struct pmu_names *n, const char *name, const char **near, size_t max);
bool pmu_generic(const char *name, uint64_t *word);

/* event_probe.c: what this machine counts */
bool pmu_has_hardware(void);
bool pmu_counts(const char *name);
bool pmu_event_counts(const struct pmu_event *e);
double pmu_event_unit(const struct pmu_event *e, char *unit, size_t size);

/* pmu_sysfs.c: PMU/TERM=VALUE,.../ */
int pmu_sysfs_event(const char *text, const char *slash, uint64_t *word);
void pmu_sysfs_cpus(struct pmu_event *e);

/* pmu_lib.c: names of libpfm4 */
bool pmu_lib_available(void);
bool pmu_lib_event(const char *name, uint64_t *word);
void pmu_lib_names(struct pmu_names *n);
void pmu_names_add(struct pmu_names *n, const char *name, const char *kind, const char *doc);

#endif
