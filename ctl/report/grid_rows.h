/* SPDX-License-Identifier: GPL-2.0 */
/* The rows of a report for a screen. */
#ifndef OBSCTL_GRID_ROWS_H
#define OBSCTL_GRID_ROWS_H

#include "report/report.h"

void grid_rows_print(struct report *r, struct out *o);
void grid_account(struct report *r, struct grid *g);

#endif
