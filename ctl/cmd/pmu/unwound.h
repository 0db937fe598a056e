/* SPDX-License-Identifier: GPL-2.0 */
/* obsctl pmu record --call-graph dwarf: samples whose user stacks are unwound here. */
#ifndef OBSCTL_PMU_UNWOUND_H
#define OBSCTL_PMU_UNWOUND_H

#include <stddef.h>

#include "run/stream.h"

struct unwound;

extern const struct trace_rows unwound_rows;

struct unwound *unwound_new(size_t most_rows, size_t most_stacks, size_t depth);
void unwound_free(struct unwound *w);

#endif
