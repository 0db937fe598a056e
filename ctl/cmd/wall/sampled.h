/* SPDX-License-Identifier: GPL-2.0 */
/* Where threads run, by samples that a second session takes meanwhile. */
#ifndef OBSCTL_WALL_SAMPLED_H
#define OBSCTL_WALL_SAMPLED_H

#include "run/aside.h"
#include "run/run.h"

/* Samples that a CPU takes in a second. */
#define SAMPLED_HZ	999

struct sampling {
	struct beside	beside;
	struct numbers	words;		/* the event */
	bool		own_tid;	/* the last column of wall is there for the samples only */
};

void sampled_begin(struct sampling *s, struct run_spec *spec, const struct opts *o,
		   struct strings *by);
int sampled_print(struct run_spec *spec, struct report *r, const struct output *to);
void sampled_end(struct sampling *s);

#endif
