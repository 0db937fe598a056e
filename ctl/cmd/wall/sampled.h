/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports that are made of stacks: with those of time on CPUs, by samples that a second session
 * takes meanwhile, and with the stacks of wakers on those of blocked time.
 */
#ifndef OBSCTL_WALL_SAMPLED_H
#define OBSCTL_WALL_SAMPLED_H

#include "run/aside.h"
#include "run/run.h"

/* Samples that a CPU takes in a second. */
#define SAMPLED_HZ	999

struct sampling {
	struct beside	beside;
	struct numbers	words;		/* the event */
	bool		samples;	/* there are some */
	bool		chains;		/* the last column is of chains of wakers */
	size_t		own;		/* last columns of wall that are not asked for */
};

void sampled_begin(struct sampling *s, struct run_spec *spec, const struct opts *o,
		   struct strings *by, bool samples, bool chains);
int sampled_print(struct run_spec *spec, struct report *r, const struct output *to);
void sampled_end(struct sampling *s);

#endif
