/* SPDX-License-Identifier: GPL-2.0 */
/* The command that a session is run for. */
#ifndef OBSCTL_CHILD_H
#define OBSCTL_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct child {
	pid_t	pid;		/* 0 when there is none, or it has ended */
	int	go;		/* written to when it may begin */
	int	failed;		/* read from when it could not begin */
	bool	aside;		/* its standard output goes to standard error */
	bool	screen;		/* the terminal is a screen's, and what it prints is kept */
	FILE	*output;	/* what it printed; or NULL */
};

int child_prepare(struct child *c, char **command, const sigset_t *mask);
int child_begin(struct child *c, const char *name);
bool child_ended(struct child *c);
void child_output(struct child *c);
void child_release(struct child *c);

#endif
