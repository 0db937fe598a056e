/* SPDX-License-Identifier: GPL-2.0 */
/* The text that perf script prints: an event each, with its stack below it. */
#ifndef OBSCTL_PERF_H
#define OBSCTL_PERF_H

#include <stdbool.h>
#include <stdint.h>

#include "export/stack_set.h"
#include "lib/buf.h"

struct perf_event {
	const char	*comm;
	uint64_t	pid;
	uint64_t	tid;
	uint32_t	cpu;
	bool		has_cpu;
	uint64_t	time;		/* ns */
	uint64_t	period;		/* what it stands for */
	const char	*name;
};

void perf_add_event(struct buf *out, const struct perf_event *ev);
void perf_add_frame(struct buf *out, uint64_t address, const struct frame *f);

#endif
