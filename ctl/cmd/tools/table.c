// SPDX-License-Identifier: GPL-2.0
/* The table of tools: nouns whose verbs are rows. */

#include "cmd/nouns.h"
#include "cmd/tools/tool.h"

/* Of all calls, these fail; other values of this size are addresses. */
#define FAILED	"ret < 0 && ret > -4096"

static const struct verb syscall_verbs[] = {
	{
		TOOL_COUNT,
		.name = "count",
		.doc = "system calls, by call and thread",
		.args = "[NAME...]",
		.columns = COLUMNS("syscall", "comm", "probe", "cpu", "pid", "tid", STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .forms = {
			{ .probes = "s:*", .by = "syscall,comm" },
		} },
	},
	{
		TOOL_TIME,
		.name = "time",
		.doc = "how long system calls take, with percentiles",
		.args = "[NAME...]",
		.columns = COLUMNS("syscall", "comm", "error", "probe", "cpu", "pid", "tid",
				   STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .percentiles = true, .forms = {
			{ .probes = "s:*", .by = "syscall,comm", .also = "(errno)ret=error" },
		} },
	},
	{
		TOOL_COUNT,
		.name = "errors",
		.doc = "system calls that fail, by error",
		.args = "[NAME...]",
		.columns = COLUMNS("syscall", "error", "comm", "probe", "cpu", "pid", "tid",
				   STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .forms = {
			{ .probes = "s:*", .by = "syscall,(errno)ret=error,comm", .where = FAILED },
		} },
	},
};

const struct noun noun_syscall = {
	.name = "syscall",
	.doc = "system calls",
	.more = "A NAME is that of a system call, or a pattern such as 'open*'; without any, all are observed.",
	.guess = "count",
	NOUN_VERBS(syscall_verbs),
	.own_size = sizeof(struct probe_opts),
};
