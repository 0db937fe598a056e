/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of the noun pmu, a file each. */
#ifndef OBSCTL_PMU_H
#define OBSCTL_PMU_H

#include "cli/noun.h"

struct output;
struct pmu_events;
struct report;

/* Of record, which top is by itself. */
extern const struct opt_group *const pmu_record_groups[];
extern const char *const pmu_record_columns[];

int pmu_edges_show(struct report *r, const struct output *to);
int pmu_stat_show(struct report *r, const struct output *to);
int pmu_mem_events(struct pmu_events *events);
int pmu_list(const struct verb *verb, const struct opts *o);
int pmu_stat(const struct verb *verb, const struct opts *o);
int pmu_record(const struct verb *verb, const struct opts *o);
int pmu_mem(const struct verb *verb, const struct opts *o);
int pmu_branch(const struct verb *verb, const struct opts *o);
int pmu_check_stat(const struct verb *verb, const struct opts *o);
int pmu_check_record(const struct verb *verb, const struct opts *o);
int pmu_check_mem(const struct verb *verb, const struct opts *o);
int pmu_check_branch(const struct verb *verb, const struct opts *o);

#endif
