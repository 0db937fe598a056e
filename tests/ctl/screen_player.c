// SPDX-License-Identifier: GPL-2.0
/*
 * Shows recorded reports on the screen of obsctl top, for tests/ctl/screen.py: the next one at
 * SIGUSR1, unless the user has paused it; a sentence at SIGUSR2. It ends as obsctl does.
 *
 * screen_player [-s]: -s: the rows have stacks
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/macros.h"
#include "run/signals.h"
#include "sample_reports.h"
#include "top/live.h"
#include "top/top.h"

static unsigned int number;

static void next(bool stacks)
{
	if (!live_paused())
		live_show(sample_report(++number, stacks, true), 0);
}

static void play(struct signals *signals, struct child *child, int steps, bool stacks)
{
	struct pollfd fds[] = {
		{ .fd = signals->fd, .events = POLLIN },
		{ .fd = live_fd(), .events = POLLIN },
		{ .fd = steps, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	next(stacks);
	for (;;) {
		poll(fds, ARRAY_SIZE(fds), -1);
		if (signals_read(signals, child) || live_keys() & TOP_QUIT)
			return;
		if (read(steps, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo == SIGUSR2)
			warn("a sentence");
		next(stacks);
	}
}

int main(int argc, char **argv)
{
	bool stacks = argc > 1 && !strcmp(argv[1], "-s");
	struct opts o = { .live = true };
	struct signals signals = {};
	struct child child = {};
	uint64_t every;
	sigset_t mask;
	int steps;
	bool on;

	if (live_check(&o, &on))
		return STATUS_REFUSED;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	steps = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	signals_block(&signals, true);
	if (!live_open(LIVE_EVERY_NS))
		return STATUS_REFUSED;
	play(&signals, &child, steps, stacks);
	every = live_every();
	live_close();
	printf("every %llu ms\n", (unsigned long long)(every / 1000000));
	printf("the report, number %u\n", number);
	signals_close(&signals);
	close(steps);
	return 0;
}
