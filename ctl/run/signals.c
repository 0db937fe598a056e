// SPDX-License-Identifier: GPL-2.0
/* SIGINT, SIGTERM, SIGALRM and SIGHUP end an observation, as its command's end does. */

#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/macros.h"
#include "run/signals.h"
#include "top/live.h"

/**
 * signals_block() - From now on signals are read, not delivered.
 * @live: reports are shown on a screen
 */
void signals_block(struct signals *s, bool live)
{
	struct sigaction hup;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGALRM);
	/* nohup's obsctl goes on. */
	if (!sigaction(SIGHUP, NULL, &hup) && hup.sa_handler != SIG_IGN)
		sigaddset(&mask, SIGHUP);
	/* Leave the terminal as it was; reports on it go on afterwards. */
	if (live) {
		sigaddset(&mask, SIGTSTP);
		sigaddset(&mask, SIGWINCH);
	}
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void ignore(int signo)
{
	(void)signo;
}

/**
 * signals_unblock() - From here on SIGINT ends obsctl, and the kernel its session.
 *
 * Unless none came so far: who asks for the end of what has just ended by itself
 * still gets the report. The signal after that ends obsctl.
 */
void signals_unblock(struct signals *s)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGALRM };
	const struct sigaction once = {
		.sa_handler = ignore, .sa_flags = SA_RESETHAND | SA_RESTART,
	};
	size_t i;

	for (i = 0; !s->asked && i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &once, NULL);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

/** signals_read() - Return: whether the observation is to end. */
bool signals_read(struct signals *s, struct child *child)
{
	struct signalfd_siginfo info;
	bool ended = false;

	while (read(s->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			ended |= child_ended(child);
			continue;
		}
		if (info.ssi_signo == SIGWINCH) {
			live_resize();
			continue;
		}
		live_hide();
		if (info.ssi_signo == SIGTSTP) {
			raise(SIGSTOP);
			live_again();
			continue;
		}
		ended = true;
		s->asked = true;
		/* A shell's background job, for one, began with SIGINT ignored. */
		signal(SIGINT, SIG_DFL);
		signals_unblock(s);
	}
	return ended;
}

void signals_close(struct signals *s)
{
	close(s->fd);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}
