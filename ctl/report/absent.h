/* SPDX-License-Identifier: GPL-2.0 */
/* Processes, threads and names of a filter that nothing has. */
#ifndef OBSCTL_ABSENT_H
#define OBSCTL_ABSENT_H

#include "report/report.h"

/* Those that were not there when the session began. */
struct absent {
	struct numbers	pids;
	struct numbers	tids;
	struct strings	comms;
};

void absent_find(struct absent *a, const struct filter *f);
void absent_free(struct absent *a);
void absent_describe(const struct report *r, struct buf *out);
void absent_print(const struct report *r, struct out *o);

#endif
