// SPDX-License-Identifier: GPL-2.0
/* Messages to the user. */

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/utf8.h"

void (*before_sentence)(void);
struct buf *sentences_kept;

/* A sentence can quote words of the command line, and names from files and threads. */
static void say(const char *prefix, const char *fmt, va_list ap)
{
	struct buf text = {};
	struct buf shown = {};

	if (sentences_kept) {
		buf_vprintf(sentences_kept, fmt, ap);
		return;
	}
	buf_vprintf(&text, fmt, ap);
	utf8_sentence(&shown, text.len ? text.p : "");
	if (before_sentence)
		before_sentence();
	fflush(stdout);
	fputs(prefix, stderr);
	fputs(shown.len ? shown.p : "", stderr);
	fputc('\n', stderr);
	buf_free(&text);
	buf_free(&shown);
}

/** refuse() - Print a sentence. Return: the exit status of a refusal. */
int refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("obsctl: ", fmt, ap);
	va_end(ap);
	return STATUS_REFUSED;
}

/** misuse() - Print a sentence. Return: the exit status of wrong usage. */
int misuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("obsctl: ", fmt, ap);
	va_end(ap);
	return STATUS_USAGE;
}

/** warn() - Print a sentence about something that does not end the work. */
void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("obsctl: ", fmt, ap);
	va_end(ap);
}

/** note() - Say how the work goes on, where a person is there to read it. */
void note(const char *fmt, ...)
{
	va_list ap;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}
