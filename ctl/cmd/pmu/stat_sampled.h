/* SPDX-License-Identifier: GPL-2.0 */
/* Counts by process, of CPUs: sums of the periods of samples. */
#ifndef OBSCTL_PMU_STAT_SAMPLED_H
#define OBSCTL_PMU_STAT_SAMPLED_H

#include "cmd/pmu/setup.h"
#include "cmd/pmu/stat.h"

bool stat_has_filters(const struct pmu_run *p);
bool stat_is_sampled(const struct pmu_run *p, bool of_tasks);
void stat_sample(struct pmu_run *p);
void stat_sort_sampled(struct stat_state *st, size_t event);

#endif
