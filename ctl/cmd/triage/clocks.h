/* SPDX-License-Identifier: GPL-2.0 */
/* How fast CPUs run: cycles at their own and at a fixed frequency, counted by perf. */
#ifndef OBSCTL_TRIAGE_CLOCKS_H
#define OBSCTL_TRIAGE_CLOCKS_H

#include "cmd/triage/machine.h"

#define CLOCK_EVENTS	3	/* of each CPU: aperf, mperf, tsc */

/* A group of events of a CPU, which is read at once. */
struct clock {
	uint32_t	cpu;
	int		fd[CLOCK_EVENTS];
};

struct clocks {
	struct clock	*v;
	size_t		n;
};

void clocks_open(struct clocks *c, const struct machine *m, struct strings *missing, bool all);
void clocks_read(const struct clocks *c, struct machine *m);
void clocks_close(struct clocks *c);

#endif
