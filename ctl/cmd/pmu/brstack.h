/* SPDX-License-Identifier: GPL-2.0 */
/* obsctl pmu branch --format brstack: a sample's branches on a line. */
#ifndef OBSCTL_PMU_BRSTACK_H
#define OBSCTL_PMU_BRSTACK_H

#include "run/stream.h"

struct brstack;

size_t pmu_brstack_record(struct trace *t, uint32_t cpu, const uint64_t *rec);
struct brstack *pmu_brstack_new(void);
void pmu_brstack_free(struct brstack *b);
void pmu_brstack_entry(struct buf *out, uint64_t from, uint64_t to, uint64_t info);

#endif
