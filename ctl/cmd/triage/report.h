/* SPDX-License-Identifier: GPL-2.0 */
/* The report of triage. */
#ifndef OBSCTL_TRIAGE_REPORT_H
#define OBSCTL_TRIAGE_REPORT_H

#include "cmd/triage/facts.h"
#include "cmd/triage/watch.h"
#include "report/outfile.h"

#define BUSY_SHOWN	5

/* What a report is made of. */
struct finding {
	const struct machine *begin;
	const struct machine *end;
	const struct facts *facts;
	const struct limits *limits;
	const struct triage_rows *rows;
	const struct strings *missing;
	struct watch	*watch;		/* the module's sessions; NULL without it */
	bool		all;		/* rows of all resources of a kind */
	const char	*line;		/* the command; or NULL */
};

int finding_print(const struct finding *f, const struct output *to, bool json);

#endif
