/* SPDX-License-Identifier: GPL-2.0 */
/* When the next report of -i is due. */
#ifndef OBSCTL_PACE_H
#define OBSCTL_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
	uint64_t	asked;		/* ns */
	uint64_t	every;		/* ns, no less */
	uint64_t	next;		/* on CLOCK_MONOTONIC; 0: never */
	uint64_t	cpu;		/* of this process, when a report began */
	bool		begun;
};

void pace_start(struct pace *p, uint64_t every, uint64_t now);
void pace_change(struct pace *p, uint64_t every, uint64_t now);
void pace_begin(struct pace *p, uint64_t cpu);
void pace_end(struct pace *p, uint64_t cpu, uint64_t now);
uint64_t pace_cpu(void);

#endif
