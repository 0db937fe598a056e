// SPDX-License-Identifier: GPL-2.0
/*
 * The wait for a session to be made and started. The kernel takes seconds to
 * hook tens of thousands of functions: how long it has taken is shown on a
 * terminal, and a signal ends the wait. A session that is being made is then
 * given up by the kernel, as its socket is closed. One that is being started is
 * deleted as soon as that is done: with a name it has left its socket by then.
 * The wait for that is short, and ends with the next signal, like obsctl; the
 * kernel deletes the session all the same.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "run/attach.h"
#include "run/request.h"

#define SHOW_MS		1000
/* How long a signal waits for an answer that is on its way. */
#define ANSWER_MS	200

static bool shown;

static void erase(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

static void show(const struct attach *a)
{
	char count[32];

	if (!a->functions || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s %s function%s: %llu s; Ctrl-C ends it.", a->doing,
		format_count(count, sizeof(count), a->targets), a->targets == 1 ? "" : "s",
		(unsigned long long)((now_ns() - a->begun) / NSEC_PER_SEC));
	fflush(stderr);
	shown = true;
	before_sentence = erase;
}

/*
 * Until there is a message. Returns false when a signal ends the wait.
 *
 * A session that the kernel has started, or is about to have, counts: the answer comes before a
 * signal of the same time, which then ends the observation and not the wait.
 */
static bool wait_message(void *arg)
{
	struct attach *a = arg;
	struct pollfd fds[] = {
		{ .fd = a->signals->fd, .events = POLLIN },
		{ .fd = nl_socket_get_fd(a->nl->sock), .events = POLLIN },
	};

	for (;;) {
		int ready = poll(fds, ARRAY_SIZE(fds), SHOW_MS);

		if (ready < 0 && errno != EINTR)
			return true;
		if (ready > 0 && a->starting &&
		    (fds[1].revents || poll(&fds[1], 1, ANSWER_MS) > 0))
			return true;
		if (ready > 0 && fds[0].revents)
			a->given_up |= signals_read(a->signals, a->child);
		if (a->given_up)
			return false;
		if (ready > 0 && fds[1].revents)
			return true;
		if (!ready)
			show(a);
	}
}

static void begin(struct attach *a, const char *doing, size_t targets)
{
	a->doing = doing;
	a->targets = targets;
	a->begun = now_ns();
	a->nl->wait = wait_message;
	a->nl->wait_arg = a;
}

/* The next request is waited for until it is answered. */
static void end(struct attach *a)
{
	a->nl->wait = NULL;
	erase();
}

/** attach_new() - Have a session made. Return: 0 or an exit status. */
int attach_new(struct attach *a, struct run_spec *spec, struct view *v, struct session *out)
{
	int err;

	a->functions = spec->targets;
	begin(a, "Checking", spec->targets ? spec->targets->n : 0);
	err = request_make(a->nl, spec, v, out);
	end(a);
	return err;
}

/**
 * attach_start() - Have it started; @detach: a name, or NULL. Return: 0 or an exit status.
 *
 * A signal that came with the answer was for the wait, too: nothing was said yet.
 */
int attach_start(struct attach *a, const struct session *s, const char *detach,
		 struct session *out)
{
	int err;

	a->starting = true;
	begin(a, "Hooking", s->targets);
	err = model_session_start(a->nl, s->id, detach, out);
	end(a);
	if (!err && detach && signals_read(a->signals, a->child))
		err = refuse("starting the session: interrupted, nothing was observed");
	return err;
}
