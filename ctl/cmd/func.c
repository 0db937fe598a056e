// SPDX-License-Identifier: GPL-2.0
/* obsctl func: calls of kernel functions, counted, timed or one by one. */

#include <stdlib.h>
#include <string.h>

#include "cmd/formats.h"
#include "cmd/func_graph.h"
#include "cmd/func_run.h"
#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/parse.h"
#include "run/run.h"

#define FUNCTIONS_MAX	1000
/* Bytes of the kernel's parameter. */
#define WAIT_MAX	4095

static const struct opt trace_options[] = {
	{ "time", 0, NULL, "trace returns, with the duration of each call", &opt_switch,
	  OPT_OWN_AT(struct func_opts, time) },
};

static const struct opt function_options[] = {
	{ "all", 0, NULL, "allow more than 1,000 functions", &opt_param_switch, .param = "all" },
	{ "wait", 0, NULL, "hook functions of modules that are loaded later, too", &opt_switch,
	  OPT_OWN_AT(struct func_opts, wait) },
};

static const struct opt timing_options[] = {
	{ "inflight", 0, "N", "calls that can be in progress at once (0: as many as fit the machine)",
	  &opt_param, .param = "inflight" },
};

static const struct opt_group group_trace = { OPT_OWN(trace_options) };
static const struct opt_group group_functions = { OPT_OWN(function_options) };
static const struct opt_group group_timing = { OPT_OWN(timing_options) };

static int check_trace(const struct verb *verb, const struct opts *o)
{
	const struct func_opts *own = o->own;

	if (o->min.given && !own->time)
		return misuse("--min needs --time: without it, trace records no durations");
	return 0;
}

/* Find the functions that are there now. */
static int find_functions(struct func_run *f)
{
	size_t i;
	int err;

	modules_read(&f->modules, modules_path());
	err = targets_resolve(&f->targets, kallsyms_path());
	f->addresses.n = 0;
	for (i = 0; !err && i < f->targets.n; i++)
		numbers_add(&f->addresses, f->targets.v[i].address);
	return err;
}

/* The kernel has a list of addresses, or none. */
static void request_functions(struct request *req, const struct func_run *f)
{
	size_t i;

	for (i = 0; i < req->nr_settings; i++)
		if (req->settings[i].addresses == &f->addresses)
			return;
	if (f->addresses.n)
		model_set_addresses(req, "functions", &f->addresses);
}

/*
 * A session waits for modules as soon as it is made. One that was loaded before
 * that, but after the functions were looked for, would be missing.
 */
static int renew(struct run_spec *spec, struct view *v, bool *renewed)
{
	struct func_run *f = spec->arg;
	int err = 0;

	(void)v;
	*renewed = modules_came(&f->modules, modules_path());
	if (*renewed)
		err = find_functions(f);
	if (*renewed && !err)
		request_functions(&spec->request, f);
	return err;
}

/* The kernel's patterns negate a class by '!' only, and are words. */
static int add_pattern(const struct pattern *p, struct buf *all)
{
	const char *c;

	if (strchr(p->text, ' '))
		return misuse("the pattern '%s' has a space in it", p->text);
	buf_puts(all, all->len ? " " : "");
	for (c = p->text; *c; c++)
		buf_add(all, c > p->text && c[-1] == '[' && *c == '^' ? "!" : c, 1);
	return 0;
}

/* Have the kernel hook what modules bring that are loaded later. */
static int wait_for_modules(struct func_run *f, struct request *req)
{
	size_t i;
	size_t m;
	int err = 0;

	for (i = 0; !err && i < f->targets.nr_patterns; i++) {
		const struct pattern *p = &f->targets.patterns[i];

		err = add_pattern(p, &f->wait);
		for (m = 0; p->module && m < f->modules.n; m++)
			if (glob_match(p->module, f->modules.v[m].name))
				break;
		if (!err && p->module && !p->exclude && m == f->modules.n)
			note("No module %s is loaded: waiting for it; Ctrl-C ends it.", p->module);
	}
	if (!err && f->wait.len > WAIT_MAX)
		err = refuse("the patterns have %zu bytes, more than the %d that --wait takes",
			     f->wait.len, WAIT_MAX);
	if (!err)
		model_set_text(req, "wait", f->wait.p);
	return err;
}

/** func_run() - Observe functions. Return: the exit status. */
int func_run(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = {
		.source = "func", .mode = verb->name,
		.usual = COLUMNS("func", "caller", "pid", "comm"),
	};
	const struct func_opts *own = o->own;
	struct func_run f = { .targets.wait = own->wait };
	int err;

	if (own->time)
		spec.mode = "trace_time";
	err = targets_parse(&f.targets, o->args, o->nr_args);
	if (!err)
		err = find_functions(&f);
	if (!err && f.targets.n > FUNCTIONS_MAX && !opts_has_param(o, "all"))
		err = refuse("the patterns match %zu functions, more than %d: use narrower ones, or --all",
			     f.targets.n, FUNCTIONS_MAX);
	if (!err && own->wait)
		err = wait_for_modules(&f, &spec.request);
	if (!err) {
		request_functions(&spec.request, &f);
		spec.targets = &f.targets;
		spec.renew = own->wait ? renew : NULL;
		spec.arg = &f;
		if (verb->report == &func_slow_report)
			err = func_slow_ask(&f.slow, &spec, o) ?: func_slow_ask_tree(&f, &spec, o);
		if (!err)
			err = run_session(&spec, o);
	}
	model_free_request(&spec.request);
	func_slow_free(&f.slow);
	buf_free(&f.wait);
	modules_free(&f.modules);
	targets_free(&f.tree);
	strings_free(&f.tree_patterns);
	numbers_free(&f.tree_addresses);
	numbers_free(&f.addresses);
	targets_free(&f.targets);
	return err;
}

static const struct verb verbs[] = {
	{
		.name = "count",
		.doc = "count calls of kernel functions",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&group_functions, &group_filter, &group_by, &group_top,
				 &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames,
				 &group_output, &group_verbose, &group_run, &group_interval,
				 &group_detach, &group_over_count, &group_max_lost, &group_rows,
				 &group_stacks),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, STACK_COLUMNS),
		.fn = func_run,
	},
	{
		.name = "time",
		.doc = "how long calls of kernel functions take",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&group_functions, &group_timing, &group_filter, &group_min,
				 &group_by, &group_hist, &group_top, &group_json, &group_folded,
				 &group_flame, &group_html, &group_frames, &group_output,
				 &group_verbose,
				 &group_run, &group_interval, &group_detach, &group_over_time,
				 &group_max_lost, &group_rows, &group_stacks),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, STACK_COLUMNS),
		.fn = func_run,
	},
	{
		.name = "trace",
		.doc = "calls of kernel functions one by one",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&group_trace, &group_functions, &group_timing, &group_filter,
				 &group_min, &group_by, &group_records, &group_json,
				 &group_format_records, &group_frames, &group_output,
				 &group_verbose, &group_run, &group_max_lost, &group_stacks,
				 &group_ring),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, STACK_COLUMNS),
		.check = check_trace,
		.fn = func_run,
	},
	{
		.name = "graph",
		.doc = "calls of a function and of what it calls, as a tree",
		.args = "FUNC [PATTERN...]",
		.command = true,
		.groups = GROUPS(&func_group_graph, &group_filter, &group_top, &group_json,
				 &group_folded, &group_flame, &group_html, &group_output,
				 &group_verbose, &group_run, &group_interval, &group_detach,
				 &group_over_time, &group_max_lost, &group_rows),
		.report = &func_graph_report,
		.check = func_graph_check,
		.fn = func_graph,
	},
	{
		.name = "calls",
		.doc = "calls of a function one by one, each with all that it calls",
		.args = "FUNC [PATTERN...]",
		.command = true,
		.groups = GROUPS(&func_group_graph, &func_group_over, &group_filter,
				 &func_group_calls, &group_json, &group_format_records,
				 &group_output, &group_verbose, &group_run, &group_max_lost,
				 &group_ring),
		.check = func_graph_check,
		.fn = func_calls,
	},
	{
		.name = "slow",
		.doc = "what slow calls of kernel functions took their time for",
		.args = "PATTERN...",
		.command = true,
		.groups = GROUPS(&func_group_slow, &group_functions, &group_filter,
				 &group_by, &group_top, &group_json, &group_folded, &group_flame,
				 &group_html, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_max_lost, &group_stacks, &group_ring),
		.columns = COLUMNS("func", "caller", CONTEXT_COLUMNS, "kstack"),
		.report = &func_slow_report,
		.fn = func_run,
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
