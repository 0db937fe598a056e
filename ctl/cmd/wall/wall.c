// SPDX-License-Identifier: GPL-2.0
/* obsctl wall: where the time of threads goes. */

#include <string.h>

#include "cmd/nouns.h"
#include "cmd/wall/chain.h"
#include "cmd/wall/sampled.h"
#include "cmd/wall/table.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "run/run.h"

/* Options of wall alone. */
struct wall_opts {
	bool	waker;
	bool	no_samples;
};

/* Columns that tell threads apart; others tell what they do. */
static const char *const whose[] = { "tid", "pid", "comm", "policy", "prio", "cgroup" };

static const struct opt filter_options[] = {
	{ "pid", 'p', "PID[,PID]", "only these processes, and what they create", &opt_list,
	  OPT_AT(pids), .max = 4194304 },
	{ "tid", 't', "TID[,TID]", "only these threads, and what they create", &opt_list,
	  OPT_AT(tids), .max = 4194304 },
	{ "comm", 'c', "COMM[,COMM]",
	  "only threads of these names, and what they create; * ? and [] match", &opt_comms,
	  OPT_AT(comms) },
	{ "cgroup", 0, "PATH[,PATH]",
	  "only threads in these control groups and below, and what they create", &opt_cgroups,
	  OPT_AT(cgroups) },
	{ "alone", 0, NULL, "do not follow what they create", &opt_param_switch, .param = "alone" },
	{ "split", 0, NULL, "tell apart the time in which they run in system calls",
	  &opt_param_switch, .param = "split" },
	{ "no-irq", 0, NULL, "do not tell apart what interrupts take", &opt_param_switch,
	  .param = "no_irq" },
};

static const struct opt waker_options[] = {
	{ "waker", 0, NULL, "tell apart who ended blocked time", &opt_switch,
	  OPT_OWN_AT(struct wall_opts, waker) },
};

static const struct opt samples_options[] = {
	{ "no-samples", 0, NULL, "do not sample where threads run for stacks of that time, too",
	  &opt_switch, OPT_OWN_AT(struct wall_opts, no_samples) },
};

static const struct opt limit_options[] = {
	{ "fail-over", 0, "TIME", "exit with status 3 if a thread waited longer for a CPU",
	  &opt_limit_time, OPT_AT(fail_over) },
	{ "threads", 0, "N", "room for N threads, also those that have ended (default 4096)",
	  &opt_param, .param = "threads" },
};

/* As for every verb that filters. */
static int check_who(const struct opts *o)
{
	return group_filter.check(o);
}

static int check_samples(const struct opts *o)
{
	const struct wall_opts *own = o->own;

	if (own->no_samples && !opts_wants_stacks(o))
		return misuse("--no-samples is for stacks: it needs --flame, --folded or a --format of them");
	return 0;
}

static const struct opt_group group_who = {
	.section = "Which threads are followed", OPT_GROUP(filter_options), .check = check_who,
};

static const struct opt_group group_waker = { OPT_OWN(waker_options) };

static const struct opt_group group_samples = {
	OPT_OWN(samples_options), .check = check_samples,
};

static const struct opt_group group_limit = {
	.section = "Sizes and limits", OPT_GROUP(limit_options),
};

/* Whether the columns only tell threads apart. */
static bool is_of_threads(const struct opts *o)
{
	size_t i;
	size_t k;

	for (i = 0; i < o->by.n; i++) {
		for (k = 0; k < ARRAY_SIZE(whose); k++)
			if (!strcmp(o->by.v[i], whose[k]))
				break;
		if (k == ARRAY_SIZE(whose))
			return false;
	}
	return !opts_wants_stacks(o) && !o->stacks;
}

static void add_all(struct strings *by, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		strings_add(by, names[i]);
}

/* Columns of a report with a row per thread, or of another. Return: whether it is the first. */
static bool choose_columns(const struct opts *o, bool waker, struct strings *by)
{
	static const char *const of_stacks[] = { "comm", "class", "instead", "kstack" };
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (is_of_threads(o)) {
		if (!by->n)
			add_all(by, wall_usual, WALL_USUAL);
		if (waker)
			strings_add(by, WALL_CHAIN);
		add_all(by, wall_details, WALL_DETAILS);
		return true;
	}
	if (!by->n)
		add_all(by, of_stacks, ARRAY_SIZE(of_stacks));
	return false;
}

/* A command is followed, unless others are asked for. */
static int follow_command(struct run_spec *spec, struct view *v, pid_t command)
{
	struct filter *f = &spec->request.filter;

	if (command && !f->pids.n && !f->tids.n && !f->comms.n && !f->cgroups.n)
		numbers_add(&f->pids, (uint64_t)command);
	return 0;
}

static int run_wall(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = {
		.source = "wall", .mode = "time", .title = "wall", .kind = &wall_rows_report,
		.prepare = follow_command,
	};
	const struct wall_opts *own = o->own;
	bool stacks = opts_wants_stacks(o) && !o->detach;
	bool samples = stacks && !own->no_samples;
	struct sampling sampling = {};
	struct opts mine = *o;
	struct strings by = {};
	bool chains;
	int err;

	if (choose_columns(o, own->waker, &by))
		spec.report = wall_print;
	chains = own->waker && stacks && strings_have(&by, "kstack");
	if (own->waker && !spec.report && !chains && !strings_have(&by, "waker"))
		strings_add(&by, "waker");
	if (samples || chains)
		sampled_begin(&sampling, &spec, o, &by, samples, chains);
	mine.by = by;
	err = run_session(&spec, &mine);
	sampled_end(&sampling);
	model_free_request(&spec.request);
	strings_free(&by);
	return err;
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "account for all time of threads: they run, wait for a CPU, or are blocked",
		.args_hint = "choose threads by --pid, --tid or --comm, or give a command after --",
		.command = true,
		.groups = GROUPS(&group_who, &group_waker, &group_by, &group_top, &group_json,
				 &group_folded, &group_flame, &group_samples, &group_html,
				 &group_frames, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_detach, &group_limit, &group_max_lost,
				 &group_rows, &group_stacks),
		.columns = COLUMNS("tid", "pid", "comm", "policy", "prio", "cgroup", "class",
				   "instead", "waker", "blocked_by", "owner", "owner_pid",
				   "kstack", "ustack"),
		.report = &wall_report,
		.fn = run_wall,
	},
};

const struct noun noun_wall = {
	.name = "wall",
	.doc = "where the time of threads goes",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct wall_opts),
};
