// SPDX-License-Identifier: GPL-2.0
/*
 * The processes and threads that are observed: an observation of some ends with
 * the last of them, as it does with its command.
 */

#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/process.h"
#include "run/tasks.h"

/**
 * tasks_check() - Refuse numbers of processes that mean others to the kernel.
 * @user_code: of processes is to be named, by the files that they have mapped
 *
 * Return: 0 or an exit status.
 */
int tasks_check(const struct opts *asked, bool user_code)
{
	if (process_numbers_are_own())
		return 0;
	if (asked->pids.n || asked->tids.n)
		return refuse("obsctl runs in a PID namespace of its own, where process %llu is another one than to the kernel: run it in the initial one",
			      (unsigned long long)(asked->pids.n ? asked->pids.v[0] :
						   asked->tids.v[0]));
	if (user_code)
		return refuse("obsctl runs in a PID namespace of its own, and would name user code by the files of other processes: run it in the initial one");
	return 0;
}

/**
 * tasks_open() - Take the tasks whose end ends the observation.
 *
 * One that is not there has ended. A command's end comes first, and a session that is left
 * running has none. Return: whether there are any.
 */
bool tasks_open(struct tasks *t, const struct opts *asked)
{
	const struct numbers *pids = &asked->pids;
	const struct numbers *tids = &asked->tids;
	size_t i;

	if (asked->command || asked->detach || (!pids->n && !tids->n))
		return false;
	t->fd = zalloc((pids->n + tids->n) * sizeof(*t->fd));
	t->id = zalloc((pids->n + tids->n) * sizeof(*t->id));
	for (i = 0; i < pids->n; i++)
		t->fd[t->n++] = (int)syscall(SYS_pidfd_open, (pid_t)pids->v[i], 0);
	for (i = 0; i < tids->n; i++) {
		t->id[t->n] = tids->v[i];
		t->fd[t->n++] = -1;
	}
	return true;
}

/** tasks_ended() - Whether all tasks have ended; false when there are none to wait for. */
bool tasks_ended(struct tasks *t)
{
	bool alive = false;
	size_t i;

	for (i = 0; i < t->n; i++) {
		struct pollfd fd = { .fd = t->fd[i], .events = POLLIN };

		if (t->id[i]) {
			alive |= process_of(t->id[i]) != 0;
			continue;
		}
		if (t->fd[i] >= 0 && poll(&fd, 1, 0) > 0) {
			close(t->fd[i]);
			t->fd[i] = -1;
		}
		alive |= t->fd[i] >= 0;
	}
	return t->n && !alive;
}

void tasks_close(struct tasks *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->fd[i] >= 0)
			close(t->fd[i]);
	free(t->fd);
	free(t->id);
}
