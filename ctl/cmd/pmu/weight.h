/* SPDX-License-Identifier: GPL-2.0 */
/* What a row of pmu record weighs. */
#ifndef OBSCTL_PMU_WEIGHT_H
#define OBSCTL_PMU_WEIGHT_H

struct report_kind;

extern const struct report_kind pmu_record_report;

#endif
