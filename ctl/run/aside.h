/* SPDX-License-Identifier: GPL-2.0 */
/* A session that runs beside others, for a report that is made of several. */
#ifndef OBSCTL_ASIDE_H
#define OBSCTL_ASIDE_H

#include "proto/nl.h"
#include "run/attach.h"
#include "run/run.h"

struct aside {
	struct nl	nl;
	struct view	view;
	struct session	session;
	struct table	table;
	struct attach	attach;
	bool		open;		/* the socket is */
	bool		running;
	bool		read;		/* the table is there */
};

/* One that run_session() has beside its own: from before its start until after its end. */
struct beside {
	struct run_spec	spec;
	struct opts	o;
	struct aside	aside;
};

int aside_new(struct aside *a, struct run_spec *spec, const struct opts *o,
	      struct signals *signals, struct child *child);
int aside_start(struct aside *a);
int aside_stop(struct aside *a);
int aside_read(struct aside *a);
void aside_close(struct aside *a);

#endif
