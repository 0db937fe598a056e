/* SPDX-License-Identifier: GPL-2.0 */
/* The time that threads run, divided among samples of where they do. */
#ifndef OBSCTL_WALL_DIVIDE_H
#define OBSCTL_WALL_DIVIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/report.h"

/* Columns of the samples. */
enum { SAMPLED_TID, SAMPLED_USTACK, SAMPLED_KSTACK, SAMPLED_COLUMNS };

/* Stacks of the samples beside those of wall, whose numbers have 32 bits. */
#define DIVIDED_STACK	(1ull << 32)

/* What became of the samples, and of the time. */
struct divided {
	uint64_t	samples;	/* of time on CPU that is accounted for */
	uint64_t	others;		/* of other threads, or when they did not run */
	uint64_t	without;	/* ns on CPU without a sample */
};

void divide_rows(struct report *r, const struct table *samples, size_t own, struct table *to,
		 struct divided *done);
void divide_end(struct view *v, const struct mode *mode);

#endif
