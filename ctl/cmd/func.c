// SPDX-License-Identifier: GPL-2.0
/* obsctl func: calls of kernel functions, counted, timed or one by one. */

#include <stdlib.h>
#include <string.h>

#include "cmd/cmds.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/parse.h"
#include "run/run.h"
#include "symbols/patterns.h"

#define FUNCTIONS_MAX	1000

static int check_limits(const struct verb *verb, const struct opts *o)
{
	uint64_t v;

	if (!o->fail_over)
		return 0;
	if (verb->kind & FOR_TIME && parse_time(o->fail_over, &v))
		return misuse("option --fail-over of 'func time' needs a time with its unit such as 10ms, not '%s'",
			      o->fail_over);
	if (verb->kind & FOR_COUNT && parse_number(o->fail_over, 0, UINT64_MAX, &v))
		return misuse("option --fail-over of 'func count' needs a number, not '%s'",
			      o->fail_over);
	return 0;
}

static bool wants_all(const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->nr_params; i++)
		if (!strcmp(o->params[i].name, "all"))
			return true;
	return false;
}

/** cmd_func() - func count, func time, func trace. Return: the exit status. */
int cmd_func(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "func", .mode = verb->name };
	struct numbers addresses = {};
	struct targets targets = {};
	const char *kallsyms = getenv("OBSCTL_KALLSYMS");
	struct setting *s;
	size_t i;
	int err;

	if (o->time)
		spec.mode = "trace_time";
	err = check_limits(verb, o);
	if (!err)
		err = targets_parse(&targets, o->args, o->nr_args);
	if (!err)
		err = targets_resolve(&targets, kallsyms ? kallsyms : "/proc/kallsyms");
	if (!err && targets.n > FUNCTIONS_MAX && !wants_all(o))
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
