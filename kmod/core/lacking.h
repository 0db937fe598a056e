/* SPDX-License-Identifier: GPL-2.0 */
/* What this machine's PMU lacks (lacking.c). */
#ifndef KOBS_LACKING_H
#define KOBS_LACKING_H

#include <linux/types.h>

void kobs_pmu_look(void);
const char *kobs_pmu_lacking(bool branches);

#endif /* KOBS_LACKING_H */
