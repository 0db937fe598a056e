// SPDX-License-Identifier: GPL-2.0
/* System calls and their numbers, from the headers that obsctl is built with. */

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/macros.h"
#include "symbols/syscalls.h"

/* Rows { "read", __NR_read }, made by the Makefile. */
static const struct {
	const char	*name;
	long		nr;
} calls[] = {
#include "syscall_names.h"
};

/** syscall_name() - Return: the name of a system call's number, or NULL. */
const char *syscall_name(long nr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return NULL;
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
	long next = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr > nr && (next < 0 || calls[i].nr < next))
			next = calls[i].nr;
	return next;
}
