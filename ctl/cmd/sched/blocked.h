/* SPDX-License-Identifier: GPL-2.0 */
/* sched offcpu as a table of the functions that tasks are blocked in. */
#ifndef OBSCTL_BLOCKED_H
#define OBSCTL_BLOCKED_H

#include "lib/buf.h"
#include "run/run.h"

#define BLOCKED_COLUMNS	3

/* The kernel's columns that the table is made of. */
extern const char *const blocked_columns[BLOCKED_COLUMNS];

/* For run_spec.arg; zero before the first report. */
struct blocked {
	struct numbers	sched;		/* the scheduler's code: starts and ends by turns */
	bool		found;
};

extern const struct report_kind blocked_report;

int blocked_print(struct run_spec *spec, struct report *r, const struct output *to);

#endif
