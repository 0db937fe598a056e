// SPDX-License-Identifier: GPL-2.0
/* obsctl sched: how long tasks are off the CPU, and how long they wait to run. */

#include <string.h>

#include "cmd/cmds.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "run/run.h"

/* Columns that --waker adds. */
static const char *const waker_columns[] = { "waker", "waker_stack" };

static int check(const struct verb *verb, const struct opts *o)
{
	uint64_t v;

	if (o->nr_args)
		return misuse("'%s %s' takes no '%s': choose tasks by --pid, --tid or --comm",
			      verb->noun, verb->name, o->args[0]);
	if (o->fail_over && parse_time(o->fail_over, &v))
		return misuse("option --fail-over of 'sched %s' needs a time with its unit such as 10ms, not '%s'",
			      verb->name, o->fail_over);
	return 0;
}

static bool has(const struct strings *s, const char *item)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], item))
			return true;
	return false;
}

/* --waker tells more apart than --by, or than the columns without it, does. */
static void add_waker(struct strings *by, const struct strings *asked)
{
	size_t i;

	for (i = 0; i < asked->n; i++)
		strings_add(by, asked->v[i]);
	if (!asked->n)
		strings_add(by, "comm");
	for (i = 0; i < ARRAY_SIZE(waker_columns); i++)
		if (!has(by, waker_columns[i]))
			strings_add(by, waker_columns[i]);
}

/** cmd_sched() - sched offcpu, sched runq. Return: the exit status. */
int cmd_sched(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "sched", .mode = verb->name };
	struct opts mine = *o;
	struct strings by = {};
	int err;

	if (o->waker) {
		add_waker(&by, &o->by);
		mine.by = by;
	}
	err = check(verb, o);
	if (!err)
		err = run_session(&spec, &mine);
	model_free_request(&spec.request);
	strings_free(&by);
	return err;
}
