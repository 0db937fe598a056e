// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the line about long work: run by 'make check'; prints TAP. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/progress.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static uint64_t now;

static uint64_t clock_of_test(void)
{
	return now;
}

/* Work of three steps, a time after each other; or two of another work within the second one. */
static void work(uint64_t step, bool inner)
{
	uint64_t i;

	progress_begin("Naming rows");
	for (i = 1; i <= 3; i++) {
		now += step;
		if (inner) {
			progress_begin("Reading");
			progress_at(7, 0);
			progress_end();
		}
		progress_at(i * 1000, 3000);
	}
	progress_end();
}

static int old;

/* Standard error is @fd until end(). */
static void begin(int fd)
{
	fflush(stderr);
	old = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
}

static void end(void)
{
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
}

/* What the terminal's other side has been sent since: it may come later, and so an end is sent. */
static const char *said(int terminal, int line)
{
	static char text[1024];
	size_t len = 0;

	if (write(line, "|", 1) != 1)
		return "(cannot write)";
	while (len < sizeof(text) - 1 && read(terminal, text + len, 1) == 1 && text[len] != '|')
		len++;
	text[len] = 0;
	return text;
}

static bool opens(int *terminal, int *line)
{
	*terminal = posix_openpt(O_RDWR | O_NOCTTY);
	if (*terminal < 0 || grantpt(*terminal) || unlockpt(*terminal))
		return false;
	*line = open(ptsname(*terminal), O_RDWR | O_NOCTTY);
	return *line >= 0;
}

#define ERASE	"\r\033[K"

static void test_terminal(int terminal, int line)
{
	begin(line);
	work(NSEC_PER_SEC / 4, false);
	end();
	ok(!*said(terminal, line), "work of less than a second says nothing");
	begin(line);
	work(NSEC_PER_SEC, false);
	end();
	ok(!strcmp(said(terminal, line), ERASE "Naming rows: 1,000 of 3,000" ERASE
		   "Naming rows: 2,000 of 3,000" ERASE "Naming rows: 3,000 of 3,000" ERASE),
	   "longer work has a line, which is overwritten and erased");
	begin(line);
	work(NSEC_PER_SEC * 2 / 5, false);
	end();
	ok(!strcmp(said(terminal, line), ERASE "Naming rows: 3,000 of 3,000" ERASE),
	   "it is there once a second is over");
	begin(line);
	work(NSEC_PER_SEC * 2 / 5, true);
	end();
	ok(!strcmp(said(terminal, line), ERASE "Naming rows: 3,000 of 3,000" ERASE),
	   "work within is part of it");
}

static void test_sentence(int terminal, int line)
{
	begin(line);
	progress_begin("Reading rows");
	now += 2 * NSEC_PER_SEC;
	progress_at(12345, 0);
	warn("no");
	progress_end();
	end();
	ok(!strcmp(said(terminal, line), ERASE "Reading rows: 12,345" ERASE "obsctl: no\r\n"),
	   "a sentence takes its place");
	progress_allow(false);
	begin(line);
	work(NSEC_PER_SEC, false);
	end();
	progress_allow(true);
	ok(!*said(terminal, line), "there is none beside a screen");
}

static void test_file(void)
{
	FILE *file = tmpfile();

	begin(fileno(file));
	work(10 * NSEC_PER_SEC, false);
	end();
	ok(!lseek(fileno(file), 0, SEEK_END), "nor in a file");
	fclose(file);
}

int main(void)
{
	int terminal = -1;
	int line = -1;

	progress_clock = clock_of_test;
	ok(opens(&terminal, &line), "a terminal");
	test_terminal(terminal, line);
	test_sentence(terminal, line);
	test_file();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
