// SPDX-License-Identifier: GPL-2.0
/* What a person is told when a session has started. */

#include <stdio.h>

#include "lib/diag.h"
#include "run/started.h"

/** say_started() - @quiet: one that is not detached needs no word */
void say_started(const struct opts *o, const struct session *s, const struct view *v, bool quiet)
{
	const char *what = view_target(v);

	if (o->detach) {
		printf("session '%s' is running, with %u %s%s\n"
		       "  obsctl session read %s    shows its report\n"
		       "  obsctl session stop %s    ends it and shows its last report\n",
		       o->detach, s->targets, what, s->targets == 1 ? "" : "s", o->detach,
		       o->detach);
		return;
	}
	if (!quiet)
		note("Observing %u %s%s%s", s->targets, what, s->targets == 1 ? "" : "s",
		     o->duration.given ? "." : "; Ctrl-C ends it.");
}
