/* SPDX-License-Identifier: GPL-2.0 */
/* The command that a session is run for. */
#ifndef OBSCTL_CHILD_H
#define OBSCTL_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t	pid;		/* 0 when there is none, or it has ended */
	int	go;		/* written to when it may begin */
	int	failed;		/* read from when it could not begin */
};

int child_prepare(struct child *c, char **command, const sigset_t *mask, bool aside);
int child_begin(struct child *c, const char *name);
bool child_ended(struct child *c);
void child_release(struct child *c);

#endif
