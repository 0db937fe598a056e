// SPDX-License-Identifier: GPL-2.0
/* obsctl sched: how long tasks are off the CPU, and how long they wait to run. */

#include <string.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/sched/blocked.h"
#include "cmd/tools/tool.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "run/run.h"

/* Columns that --waker adds. */
static const char *const waker_columns[] = { "waker", "waker_stack" };

/* Options of sched alone. */
struct sched_opts {
	struct probe_opts probe;	/* of the verbs that are tools: first */
	bool	waker;
};

static const struct opt offcpu_options[] = {
	{ "waker", 0, NULL, "tell apart who woke the task up: adds columns waker and waker_stack",
	  &opt_switch, OPT_OWN_AT(struct sched_opts, waker) },
};

static const struct opt runq_options[] = {
	{ "preempted", 0, NULL, "count tasks that are preempted as waiting, too",
	  &opt_param_switch, .param = "preempted" },
};

static const struct opt_group group_offcpu = { OPT_OWN(offcpu_options) };
static const struct opt_group group_runq = { OPT_OWN(runq_options) };

/* --waker tells more apart than --by, or than the columns without it, does. */
static void add_waker(struct strings *by, const struct strings *asked)
{
	size_t i;

	for (i = 0; i < asked->n; i++)
		strings_add(by, asked->v[i]);
	if (!asked->n)
		strings_add(by, "comm");
	for (i = 0; i < ARRAY_SIZE(waker_columns); i++)
		if (!strings_have(by, waker_columns[i]))
			strings_add(by, waker_columns[i]);
}

/* Whether the table is the usual one. */
static bool is_usual(const struct verb *verb, const struct opts *o)
{
	const struct sched_opts *own = o->own;

	return !strcmp(verb->name, "offcpu") && !o->by.n && !own->waker &&
	       !opts_wants_stacks(o);
}

static int run_sched(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "sched", .mode = verb->name, .kind = verb->report };
	const struct sched_opts *own = o->own;
	struct opts mine = *o;
	struct blocked blocked = {};
	struct strings by = {};
	size_t i;
	int err;

	if (own->waker) {
		add_waker(&by, &o->by);
		mine.by = by;
	}
	if (is_usual(verb, o)) {
		for (i = 0; i < BLOCKED_COLUMNS; i++)
			strings_add(&by, blocked_columns[i]);
		mine.by = by;
		spec.report = blocked_print;
		spec.arg = &blocked;
	}
	err = run_session(&spec, &mine);
	model_free_request(&spec.request);
	strings_free(&by);
	numbers_free(&blocked.sched);
	return err;
}

#define NO_ARGS "choose tasks by --pid, --tid or --comm"

static const struct verb verbs[] = {
	{
		.name = "offcpu",
		.doc = "how long tasks are off the CPU, and why",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_offcpu, &group_filter, &group_min, &group_by, &group_hist,
				 &group_top, &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_detach, &group_over_time, &group_max_lost,
				 &group_waits, &group_rows, &group_stacks),
		.columns = COLUMNS("state", "waker", "waker_pid", "waker_stack", CONTEXT_COLUMNS,
				   STACK_COLUMNS),
		.report = &blocked_report,
		.fn = run_sched,
	},
	{
		.name = "runq",
		.doc = "how long tasks wait to run",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_runq, &group_filter, &group_min, &group_by, &group_hist,
				 &group_top, &group_json, &group_format_rows, &group_html,
				 &group_output,
				 &group_verbose, &group_run, &group_interval, &group_detach,
				 &group_over_time, &group_max_lost, &group_waits, &group_rows,
				 &group_stacks),
		.columns = COLUMNS("state", CONTEXT_COLUMNS),
		.fn = run_sched,
	},
	{
		TOOL_COUNT,
		.name = "switch",
		.doc = "switches from one task to another",
		.columns = COLUMNS("prev", "next", "preempt", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:sched:sched_switch",
				.by = "prev->comm=prev,next->comm=next",
				.also = "preempt",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "migrate",
		.doc = "tasks that are moved to another CPU",
		.columns = COLUMNS("task", "from_cpu", "to_cpu", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:sched:sched_migrate_task",
				.by = "p->comm=task,p->thread_info.cpu=from_cpu,dest_cpu=to_cpu",
				/* The kernel tells, too, where it leaves a task where it is. */
				.where = "p->thread_info.cpu != dest_cpu",
			},
		} },
	},
};

const struct noun noun_sched = {
	.name = "sched",
	.doc = "tasks that do not run",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct sched_opts),
};
