/* SPDX-License-Identifier: GPL-2.0 */
/* Readings of the system, one after the other, while a command runs or for some time. */
#ifndef OBSCTL_READINGS_H
#define OBSCTL_READINGS_H

#include "lib/opts.h"
#include "report/outfile.h"
#include "run/pace.h"
#include "run/signals.h"
#include "run/workload.h"

struct report;

struct readings {
	const struct opts *o;
	uint64_t	period;		/* ns between readings */
	void		*arg;
	int		(*take)(void *arg);
	int		(*report)(void *arg, bool interim);
	int		(*stop)(void *arg);	/* before the last reading; may be NULL */
	bool		ended;			/* nothing more is to be read */
	bool		live;			/* interim reports are shown on a screen */
	struct pace	pace;			/* of these */
	struct signals	signals;
	struct child	child;
};

uint64_t readings_period(const struct opts *o);
int readings_begin(struct readings *r);
int readings_run(struct readings *r);
void readings_show(struct readings *r, struct report *account, struct output *to,
		   uint64_t duration);
void readings_end(struct readings *r);
void readings_release(struct readings *r);

#endif
