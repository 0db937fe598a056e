// SPDX-License-Identifier: GPL-2.0
/* obsctl func: calls of kernel functions, counted, timed or one by one. */

#include <stdlib.h>
#include <string.h>

#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/parse.h"
#include "run/run.h"
#include "symbols/patterns.h"

#define FUNCTIONS_MAX	1000

/* Options of func alone. */
struct func_opts {
	bool	time;
};

static const struct opt trace_options[] = {
	{ "time", 0, NULL, "trace returns, with the duration of each call", &opt_switch,
	  OPT_OWN_AT(struct func_opts, time) },
};

static const struct opt all_options[] = {
	{ "all", 0, NULL, "allow more than 1,000 functions", &opt_param_switch, .param = "all" },
};

static const struct opt timing_options[] = {
	{ "inflight", 0, "N", "calls that can be in progress at once (0: as many as fit the machine)",
	  &opt_param, .param = "inflight" },
};

static const struct opt_group group_trace = { OPT_OWN(trace_options) };
static const struct opt_group group_all = { OPT_OWN(all_options) };
static const struct opt_group group_timing = { OPT_OWN(timing_options) };

static int check_trace(const struct verb *verb, const struct opts *o)
{
	const struct func_opts *own = o->own;

	if (o->min.given && !own->time)
		return misuse("--min needs --time: without it, trace records no durations");
	return 0;
}

static int run_func(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "func", .mode = verb->name };
	const struct func_opts *own = o->own;
	struct numbers addresses = {};
	struct targets targets = {};
	struct setting *s;
	size_t i;
	int err;

	if (own->time)
		spec.mode = "trace_time";
	err = targets_parse(&targets, o->args, o->nr_args);
	if (!err)
		err = targets_resolve(&targets, kallsyms_path());
	if (!err && targets.n > FUNCTIONS_MAX && !opts_has_param(o, "all"))
		err = refuse("the patterns match %zu functions, more than %d: use narrower ones, or --all",
			     targets.n, FUNCTIONS_MAX);
	if (!err) {
		for (i = 0; i < targets.n; i++)
			numbers_add(&addresses, targets.v[i].address);
		model_set_number(&spec.request, "functions", 0);
		s = &spec.request.settings[0];
		s->addresses = &addresses;
		spec.targets = &targets;
		err = run_session(&spec, o);
	}
	model_free_request(&spec.request);
	numbers_free(&addresses);
	targets_free(&targets);
	return err;
}

static const struct verb verbs[] = {
	{
		.name = "count",
		.doc = "count calls of kernel functions",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&group_all, &group_filter, &group_by, &group_top, &group_json,
				 &group_folded, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_detach, &group_over_count,
				 &group_max_lost, &group_rows, &group_stacks),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, STACK_COLUMNS),
		.fn = run_func,
	},
	{
		.name = "time",
		.doc = "how long calls of kernel functions take",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&group_all, &group_timing, &group_filter, &group_min, &group_by,
				 &group_hist, &group_top, &group_json, &group_folded,
				 &group_output, &group_verbose, &group_run, &group_interval,
				 &group_detach, &group_over_time, &group_max_lost, &group_rows,
				 &group_stacks),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, STACK_COLUMNS),
		.fn = run_func,
	},
	{
		.name = "trace",
		.doc = "calls of kernel functions one by one",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&group_trace, &group_all, &group_timing, &group_filter,
				 &group_min, &group_by, &group_records, &group_json,
				 &group_output, &group_verbose, &group_run, &group_max_lost,
				 &group_stacks, &group_ring),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, STACK_COLUMNS),
		.check = check_trace,
		.fn = run_func,
	},
};

const struct noun noun_func = {
	.name = "func",
	.doc = "calls of kernel functions",
	.more = "Patterns: NAME or GLOB, MODULE:GLOB, !GLOB to exclude; 'vfs_*' '!vfs_get*' for instance.",
	.guess = "count",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct func_opts),
};
