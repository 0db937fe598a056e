/* SPDX-License-Identifier: GPL-2.0 */
/* What a row of pmu record weighs. */
#ifndef OBSCTL_PMU_WEIGHT_H
#define OBSCTL_PMU_WEIGHT_H

#include <stdbool.h>

struct report;
struct report_kind;

extern const struct report_kind pmu_record_report;

bool weight_mixed(const struct report *r);

#endif
