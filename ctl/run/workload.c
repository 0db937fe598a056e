// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command that waits until the session is started, so that its first
 * instruction is observed.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/diag.h"
#include "run/workload.h"

/* Keys are for the screen, and nothing else is printed on it. */
static void leave_terminal(const struct child *c)
{
	int null = open("/dev/null", O_RDONLY);

	dup2(null, STDIN_FILENO);
	if (!c->output)
		return;
	dup2(fileno(c->output), STDOUT_FILENO);
	if (isatty(STDERR_FILENO))
		dup2(fileno(c->output), STDERR_FILENO);
}

static void run_child(const struct child *c, int go, int failed, char **command,
		      const sigset_t *mask)
{
	char byte;
	int err;

	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* The end of the pipe without a byte: the session did not start. */
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (c->screen)
		leave_terminal(c);
	else if (c->aside)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(command[0], command);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/**
 * child_prepare() - Fork a process that waits for child_begin().
 * @mask: the signals it blocks
 *
 * Return: 0 or an exit status.
 */
int child_prepare(struct child *c, char **command, const sigset_t *mask)
{
	int go[2];
	int failed[2];

	c->pid = 0;
	if (!command)
		return 0;
	if (pipe2(go, O_CLOEXEC))
		return refuse("cannot make a pipe: %m");
	if (pipe2(failed, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return refuse("cannot make a pipe: %m");
	}
	if (c->screen)
		c->output = tmpfile();
	fflush(NULL);
	c->pid = fork();
	if (!c->pid) {
		close(go[1]);
		run_child(c, go[0], failed[1], command, mask);
	}
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	if (c->pid > 0)
		return 0;
	c->pid = 0;
	close(c->go);
	close(c->failed);
	return refuse("cannot fork: %m");
}

/** child_begin() - Let the command begin. Return: 0 or an exit status. */
int child_begin(struct child *c, const char *name)
{
	void (*old)(int sig);
	int err = 0;
	ssize_t len;

	if (!c->pid)
		return 0;
	/* It may be gone: a signal that ends obsctl reaches it as well. */
	old = signal(SIGPIPE, SIG_IGN);
	len = write(c->go, "", 1);
	signal(SIGPIPE, old);
	if (len != 1 && errno != EPIPE)
		return refuse("cannot start %s: %m", name);
	do {
		len = read(c->failed, &err, sizeof(err));
	} while (len < 0 && errno == EINTR);
	close(c->go);
	close(c->failed);
	c->go = -1;
	if (len != sizeof(err))
		return 0;
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
	return refuse("cannot run %s: %s", name, strerror(err));
}

/** child_ended() - Whether the command ended; says so if it failed. */
bool child_ended(struct child *c)
{
	int status;

	if (!c->pid || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	c->pid = 0;
	if (WIFSIGNALED(status))
		warn("the command was killed by signal %d (%s)", WTERMSIG(status),
		     strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		warn("the command ended with status %d", WEXITSTATUS(status));
	return true;
}

/** child_output() - Print what the command printed while there was a screen. */
void child_output(struct child *c)
{
	FILE *to = c->aside ? stderr : stdout;
	char part[4096];
	off_t at = 0;
	ssize_t len;

	if (!c->output)
		return;
	/* Where a command goes on, it writes at the file's position. */
	while ((len = pread(fileno(c->output), part, sizeof(part), at)) > 0) {
		fwrite(part, 1, (size_t)len, to);
		at += len;
	}
	fflush(to);
	fclose(c->output);
	c->output = NULL;
}

/** child_release() - Leave a command that has not begun, or has not ended. */
void child_release(struct child *c)
{
	child_output(c);
	if (!c->pid)
		return;
	if (c->go >= 0) {
		close(c->go);
		close(c->failed);
		waitpid(c->pid, NULL, 0);
	} else if (!child_ended(c)) {
		warn("the command is still running as process %d", (int)c->pid);
	}
	c->pid = 0;
}
