// SPDX-License-Identifier: GPL-2.0
/*
 * System calls and their numbers, from the headers that obsctl is built with. Those of
 * further interfaces are "i386:read" and "x32:read"; their numbers have a bit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "kobs_program.h"
#include "lib/macros.h"
#include "symbols/patterns.h"
#include "symbols/syscalls.h"

/* Rows { "read", __NR_read }, made by the Makefile; by number once they are needed. */
static struct syscall {
	const char	*name;
	long		nr;
} calls[] = {
#include "syscall_names.h"
};

static int compare(const void *a, const void *b)
{
	const struct syscall *x = a;
	const struct syscall *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* The place of a number among them, or of the next one. */
static size_t place_of(long nr)
{
	static bool sorted;
	size_t low = 0;
	size_t high = ARRAY_SIZE(calls);

	if (!sorted)
		qsort(calls, ARRAY_SIZE(calls), sizeof(*calls), compare);
	sorted = true;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (calls[middle].nr < nr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** syscall_name() - Return: the name of a system call's number, or NULL. */
const char *syscall_name(long nr)
{
	size_t i = place_of(nr);

	return i < ARRAY_SIZE(calls) && calls[i].nr == nr ? calls[i].name : NULL;
}

/** syscall_print() - Add what stands for a system call: its name, or else its number. */
void syscall_print(long nr, struct buf *out)
{
	const char *name = syscall_name(nr);

	if (name)
		buf_puts(out, name);
	else if (nr > 0 && nr & KOBS_PROBE_COMPAT)
		buf_printf(out, "32-bit:%ld", nr & ~(long)KOBS_PROBE_COMPAT);
	else
		buf_printf(out, "%ld", nr);
}

/** syscall_matches() - Whether a pattern is for a call: one without an interface is for the own. */
bool syscall_matches(const char *pattern, const char *name)
{
	return !strchr(pattern, ':') == !strchr(name, ':') && glob_match(pattern, name);
}

/** syscall_number() - Return: the number of a system call, or -1. */
long syscall_number(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].nr;
	return -1;
}

/** syscall_next() - Return: the next number after one, of those that have names; -1 at the end. */
long syscall_next(long nr)
{
	size_t i = place_of(nr + 1);

	return i < ARRAY_SIZE(calls) ? calls[i].nr : -1;
}
