/* SPDX-License-Identifier: GPL-2.0 */
/* The report of 'wall': a row for each thread, process or name, with what its time went to. */
#ifndef OBSCTL_WALL_TABLE_H
#define OBSCTL_WALL_TABLE_H

#include "run/run.h"

/* Columns of the kernel's rows behind those that tell threads apart. */
#define WALL_DETAILS	6

/* Columns that tell threads apart without --by. */
#define WALL_USUAL	5

extern const char *const wall_usual[WALL_USUAL];
extern const char *const wall_details[WALL_DETAILS];
extern const struct report_kind wall_report;
extern const struct report_kind wall_rows_report;

int wall_print(struct run_spec *spec, struct report *r, const struct output *to);

/* unfold.c */
void wall_unfold(struct report *r);

#endif
