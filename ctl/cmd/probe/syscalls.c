// SPDX-License-Identifier: GPL-2.0
/*
 * The names and types of system calls' arguments, from the format of their events in
 * tracefs.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/lines.h"
#include "lib/macros.h"

#define FORMAT	"/sys/kernel/tracing/events/syscalls/sys_enter_%s/format"

/* The format says that each argument has 8 bytes: what is in them is by the C type. */
static struct expr_type type_of(const char *c_type)
{
	static const struct {
		const char	*name;
		unsigned int	bytes;
		bool		is_signed;
	} types[] = {
		{ "int", 4, true }, { "pid_t", 4, true }, { "clockid_t", 4, true },
		{ "key_serial_t", 4, true }, { "mqd_t", 4, true }, { "timer_t", 4, true },
		{ "unsigned int", 4, false }, { "unsigned", 4, false }, { "umode_t", 2, false },
		{ "uid_t", 4, false }, { "gid_t", 4, false }, { "qid_t", 4, false },
		{ "u32", 4, false }, { "__u32", 4, false }, { "rwf_t", 4, true },
		{ "key_t", 4, true },
		{ "long", 8, true }, { "loff_t", 8, true }, { "off_t", 8, true },
	};
	struct expr_type type = expr_number(8, false);
	size_t i;

	if (strchr(c_type, '*')) {
		type.kind = EXPR_POINTER;
		type.user = true;
		type.levels = 1;
		type.to_chars = strstr(c_type, "char") && !strstr(c_type, "* *") &&
				!strstr(c_type, "**") && !strstr(c_type, "*const *");
		type.to_bytes = type.to_chars ? 1 : 0;
		type.to_signed = type.to_chars;
		return type;
	}
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(c_type, types[i].name))
			return expr_number(types[i].bytes, types[i].is_signed);
	return type;
}

/**
 * syscall_params() - The arguments of a system call.
 * @names: gets their names
 * @types: gets their types, of @max at most
 *
 * Return: how many there are; 0 where that is not known, too.
 */
size_t syscall_params(const char *name, struct strings *names, struct expr_type *types, size_t max)
{
	/* Calls whose event has the name of the function that does them. */
	static const char *const others[][2] = {
		{ "stat", "newstat" }, { "lstat", "newlstat" }, { "fstat", "newfstat" },
		{ "uname", "newuname" }, { "umount2", "umount" }, { "sendfile", "sendfile64" },
	};
	struct lines l;
	char path[160];
	size_t len;
	size_t n = 0;
	size_t i;
	char *line;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(name, others[i][0]))
			name = others[i][1];
	snprintf(path, sizeof(path), FORMAT, name);
	if (lines_open(&l, path))
		return 0;
	while ((line = lines_next(&l, &len)) && n < max) {
		char *field = strstr(line, "field:");
		char *end = field ? strchr(field, ';') : NULL;
		char *word;

		if (!end)
			continue;
		*end = 0;
		field += strlen("field:");
		/* A text that newer kernels add: no argument. */
		if (!strncmp(field, "__data_loc", 10))
			continue;
		if (!strncmp(field, "const ", 6) && !strchr(field, '*'))
			field += 6;
		word = strrchr(field, ' ');
		if (!word || !strncmp(word + 1, "common_", 7) || !strcmp(word + 1, "__syscall_nr"))
			continue;
		*word = 0;
		types[n++] = type_of(field);
		strings_add(names, word + 1);
	}
	lines_close(&l);
	return n;
}
