/* SPDX-License-Identifier: GPL-2.0 */
/* The processes and threads that are observed, and their end. */
#ifndef OBSCTL_TASKS_H
#define OBSCTL_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/opts.h"

struct tasks {
	int		*fd;		/* a pidfd for each process, -1 once that has ended */
	uint64_t	*id;		/* of threads, which have no pidfd before Linux 6.9; or 0 */
	size_t		n;
};

int tasks_check(const struct opts *asked, bool user_code);
bool tasks_open(struct tasks *t, const struct opts *asked);
bool tasks_ended(struct tasks *t);
void tasks_close(struct tasks *t);

#endif
