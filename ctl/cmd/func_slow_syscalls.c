// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl syscall slow: func slow of the functions that the kernel has for system calls, by
 * their names.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_run.h"
#include "cmd/probe/probe.h"
#include "lib/macros.h"
#include "symbols/syscalls.h"

#if defined(__aarch64__)
#define PREFIX		"__arm64_sys_"
#else
#define PREFIX		"__x64_sys_"
#endif

/* System calls that do not return. */
static const char *const ends[] = { "!" PREFIX "exit", "!" PREFIX "exit_group" };

/** func_slow_syscall() - Return: the name of the system call that a function is of. */
const char *func_slow_syscall(const char *func)
{
	size_t len = strlen(PREFIX);

	return strncmp(func, PREFIX, len) ? func : func + len;
}

/* Patterns of functions that those of system calls stand for. */
static void make_patterns(const struct opts *o, struct strings *patterns)
{
	struct buf text = {};
	size_t i;

	for (i = 0; i < o->nr_args; i++) {
		bool excluded = *o->args[i] == '!';

		text.len = 0;
		buf_printf(&text, "%s%s%s", excluded ? "!" : "", PREFIX, o->args[i] + excluded);
		strings_add(patterns, text.p);
	}
	if (!o->nr_args)
		strings_add(patterns, PREFIX "*");
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		strings_add(patterns, ends[i]);
	buf_free(&text);
}

static bool is_syscall(const char *pattern)
{
	long nr;

	for (nr = syscall_next(-1); nr >= 0; nr = syscall_next(nr))
		if (syscall_matches(pattern, syscall_name(nr)))
			return true;
	return false;
}

static int check_names(const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->nr_args; i++) {
		const char *name = o->args[i] + (*o->args[i] == '!');

		if (!is_syscall(name))
			return points_refuse_syscall(name);
	}
	return 0;
}

/* Rows are by the functions, which are shown by the names of the system calls. */
static void choose_columns(const struct opts *o, struct strings *by)
{
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, strcmp(o->by.v[i], "syscall") ? o->by.v[i] : "func");
}

/** func_slow_syscalls() - Return: the exit status. */
int func_slow_syscalls(const struct verb *verb, const struct opts *o)
{
	struct func_opts own = *(const struct func_opts *)o->own;
	struct strings patterns = {};
	struct strings by = {};
	struct opts mine = *o;
	int err = check_names(o);

	if (err)
		return err;
	make_patterns(o, &patterns);
	choose_columns(o, &by);
	own.syscalls = true;
	mine.own = &own;
	mine.args = patterns.v;
	mine.nr_args = patterns.n;
	mine.by = by;
	err = func_run(verb, &mine);
	strings_free(&by);
	strings_free(&patterns);
	return err;
}
