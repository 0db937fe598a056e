/* SPDX-License-Identifier: GPL-2.0 */
/* The report of a session. */
#ifndef OBSCTL_REPORT_H
#define OBSCTL_REPORT_H

#include "model.h"
#include "opts.h"
#include "output.h"
#include "view.h"

struct report {
	struct view	*view;
	const struct session *session;
	const struct opts *opts;
	struct table	*table;		/* NULL for a stream */
	bool		interim;	/* the session goes on */
	size_t		rows_shown;	/* set by report_print() */
};

void report_resolve(struct report *r);
int report_print(struct report *r, const struct output *to);
void report_header(struct report *r, struct out *o);
void report_footer(struct report *r, struct out *o);
int report_verdict(struct report *r);

#endif
