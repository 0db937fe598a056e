// SPDX-License-Identifier: GPL-2.0
/*
 * A line about long work, on standard error if it is a terminal: shown once the work has taken a
 * second, overwritten as it goes on, and erased at its end and before any sentence. Short work
 * says nothing.
 */

#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/progress.h"

#define FIRST_NS	NSEC_PER_SEC
#define AGAIN_NS	(NSEC_PER_SEC / 5)

uint64_t (*progress_clock)(void) = now_ns;

static struct {
	const char	*what;
	unsigned int	depth;		/* parts of it are work as well */
	bool		forbidden;
	bool		active;
	bool		shown;
	uint64_t	next;
} work;

static void erase(void)
{
	if (work.shown)
		fputs("\r\033[K", stderr);
	work.shown = false;
}

/** progress_allow() - Whether there may be a line: a screen has none. */
void progress_allow(bool on)
{
	work.forbidden = !on;
}

/** progress_begin() - Work begins. @what: "Naming rows", for instance */
void progress_begin(const char *what)
{
	if (work.depth++ || work.forbidden || !isatty(STDERR_FILENO))
		return;
	work.what = what;
	work.active = true;
	work.next = progress_clock() + FIRST_NS;
}

/** progress_at() - So much of it is done. @all: how much it is, or 0 if that is not known */
void progress_at(uint64_t done, uint64_t all)
{
	char some[32], whole[32];
	uint64_t now;

	if (!work.active || work.depth > 1)
		return;
	now = progress_clock();
	if (now < work.next)
		return;
	work.next = now + AGAIN_NS;
	fprintf(stderr, "\r\033[K%s: %s%s%s", work.what, format_count(some, sizeof(some), done),
		all ? " of " : "", all ? format_count(whole, sizeof(whole), all) : "");
	fflush(stderr);
	work.shown = true;
	before_sentence = erase;
}

/** progress_end() - Work ends, and nothing of its line is left. */
void progress_end(void)
{
	if (--work.depth)
		return;
	erase();
	work.active = false;
}
