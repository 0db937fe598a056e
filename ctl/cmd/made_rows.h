/* SPDX-License-Identifier: GPL-2.0 */
/* A report of rows that were made of a stream's records. */
#ifndef OBSCTL_MADE_ROWS_H
#define OBSCTL_MADE_ROWS_H

#include "report/report.h"

struct made_rows {
	const struct table *rows;
	const struct map *stacks;	/* that they name */
	const struct strings *by;	/* columns that they are by, for programs */
	const struct mode *mode;	/* of theirs: the kernel's has records */
	void		*judged;	/* what the report's kind is given */
	/* Set the columns of rows, in place of those of records, and their number. */
	void		(*set_columns)(const void *judged, struct view *v);
};

int made_rows_print(const struct made_rows *m, struct report *r, const struct output *to);

#endif
