/* SPDX-License-Identifier: GPL-2.0 */
/* The wait for a session to be made and started. */
#ifndef OBSCTL_ATTACH_H
#define OBSCTL_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/model.h"
#include "proto/nl.h"
#include "run/run.h"
#include "run/signals.h"

struct attach {
	struct nl	*nl;
	struct signals	*signals;
	struct child	*child;
	const char	*doing;		/* "Checking", for instance */
	bool		functions;	/* its targets are functions, of which there can be many */
	size_t		targets;
	uint64_t	begun;		/* CLOCK_MONOTONIC */
	bool		starting;	/* what is waited for is the start */
	bool		given_up;	/* by a signal */
};

int attach_new(struct attach *a, struct run_spec *spec, struct view *v, struct session *out);
int attach_start(struct attach *a, const struct session *s, const char *detach,
		 struct session *out);

#endif
