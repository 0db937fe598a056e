/* SPDX-License-Identifier: GPL-2.0 */
/* Signals that end an observation, as a file to wait on. */
#ifndef OBSCTL_SIGNALS_H
#define OBSCTL_SIGNALS_H

#include <stdbool.h>

#include "run/workload.h"

struct signals {
	int		fd;
	bool		asked;		/* one of them came: the user waits for the end */
	sigset_t	old_mask;
};

void signals_block(struct signals *s, bool live);
void signals_unblock(struct signals *s);
bool signals_read(struct signals *s, struct child *child);
void signals_close(struct signals *s);

#endif
