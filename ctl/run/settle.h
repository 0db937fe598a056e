/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a session whose objects are about to be freed. */
#ifndef OBSCTL_SETTLE_H
#define OBSCTL_SETTLE_H

#include "run/run.h"
#include "run/signals.h"

int settle(struct run_spec *spec, struct signals *signals, struct child *child, struct nl *data,
	   const struct view *view, uint32_t id, int (*look)(void *arg), void *arg);

#endif
