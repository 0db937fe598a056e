// SPDX-License-Identifier: GPL-2.0
/* Redraws a report within the rows and columns that a terminal has. */

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "report/screen.h"
#include "report/width.h"

static bool shown;

/** reports_live() - Whether interim reports replace each other on the terminal. */
bool reports_live(const struct opts *o)
{
	return o->interval.given && !o->output && !o->json && isatty(STDOUT_FILENO);
}

/** screen_rows() - Return: how many rows of a table fit beside its head and foot. */
size_t screen_rows(void)
{
	struct winsize w = {};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	return w.ws_row > 16 ? w.ws_row - 12u : 4;
}

/** screen_columns() - Return: how many columns a table may have. */
size_t screen_columns(void)
{
	size_t columns = width_terminal(stdout);

	return columns ? columns : 80;
}

/** screen_show() - Replace what is shown by @text, cut to fit. */
void screen_show(const char *text)
{
	struct winsize w = {};
	struct buf b = {};
	size_t columns;
	size_t rows;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	rows = w.ws_row ? w.ws_row : 24;
	columns = screen_columns();
	/* The other screen, so that the scroll-back keeps what was there. */
	buf_puts(&b, shown ? "\033[H" : "\033[?1049h\033[?25l\033[H");
	shown = true;
	before_sentence = screen_end;
	while (*text && rows) {
		size_t len = strcspn(text, "\n");

		buf_add(&b, text, width_clip(text, len, columns));
		buf_puts(&b, "\033[K");
		text += len + (text[len] == '\n');
		if (--rows)
			buf_puts(&b, "\r\n");
	}
	buf_puts(&b, "\033[J");
	fwrite(b.p, 1, b.len, stdout);
	fflush(stdout);
	buf_free(&b);
}

/** screen_end() - Show again what was there before. */
void screen_end(void)
{
	if (!shown)
		return;
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	shown = false;
}
