// SPDX-License-Identifier: GPL-2.0
/*
 * Gives the terminal back when obsctl dies by a signal that it does not wait for. In a handler
 * only what is safe there is called: no function of ncurses.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/macros.h"
#include "top/restore.h"

static const int deadly[] = { SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE };

static struct sigaction before[ARRAY_SIZE(deadly)];
static struct termios mode;
static char strings[128];
static size_t length;
static int terminal = -1;

static void die(int signo)
{
	ssize_t n;

	tcsetattr(terminal, TCSANOW, &mode);
	n = write(terminal, strings, length);
	(void)n;
	signal(signo, SIG_DFL);
	raise(signo);
}

/**
 * restore_arm() - Before a screen is begun on the terminal @fd.
 * @main_screen: what shows again what was there before; or NULL
 * @cursor: what shows the cursor; or NULL
 */
void restore_arm(int fd, const char *main_screen, const char *cursor)
{
	const struct sigaction act = { .sa_handler = die, .sa_flags = SA_NODEFER | SA_RESETHAND };
	size_t i;

	if (tcgetattr(fd, &mode))
		return;
	terminal = fd;
	snprintf(strings, sizeof(strings), "%s%s", main_screen ? main_screen : "",
		 cursor ? cursor : "");
	length = strlen(strings);
	for (i = 0; i < ARRAY_SIZE(deadly); i++)
		sigaction(deadly[i], &act, &before[i]);
}

/** restore_disarm() - After its end. */
void restore_disarm(void)
{
	size_t i;

	for (i = 0; terminal >= 0 && i < ARRAY_SIZE(deadly); i++)
		sigaction(deadly[i], &before[i], NULL);
	terminal = -1;
}
