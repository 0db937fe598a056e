// SPDX-License-Identifier: GPL-2.0
/* obsctl lock: waits for the kernel's locks, and those that do not end. */

#include <stdlib.h>
#include <string.h>

#include "cmd/cmds.h"
#include "cmd/lock/code_ranges.h"
#include "cmd/lock/stalls.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "run/run.h"

static int check(const struct verb *verb, const struct opts *o)
{
	uint64_t v;

	if (o->nr_args)
		return misuse("'lock %s' takes no pattern such as '%s'", verb->name, o->args[0]);
	if (o->fail_over && parse_time(o->fail_over, &v))
		return misuse("option --fail-over of 'lock %s' needs a time with its unit such as 10ms, not '%s'",
			      verb->name, o->fail_over);
	return 0;
}

/* The owner, too, beside what is asked for or what is usual. */
static void add_owner_columns(struct request *req, const struct opts *o)
{
	static const char *const usual[] = { "lock", "cache", "kind", "caller" };
	static const char *const owner[] = { "owner", "owner_pid", "owner_stack" };
	size_t i;
	size_t k;

	for (i = 0; !o->by.n && i < ARRAY_SIZE(usual); i++)
		strings_add(&req->by, usual[i]);
	for (i = 0; i < ARRAY_SIZE(owner); i++) {
		for (k = 0; k < o->by.n; k++)
			if (!strcmp(o->by.v[k], owner[i]))
				break;
		if (k == o->by.n)
			strings_add(&req->by, owner[i]);
	}
}

/** cmd_lock_contention() - Waits for locks. Return: the exit status. */
int cmd_lock_contention(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "lock", .mode = verb->name };
	const char *kallsyms = getenv("OBSCTL_KALLSYMS");
	struct numbers text = {};
	int err = check(verb, o);

	if (!err) {
		lock_text_find(kallsyms ? kallsyms : "/proc/kallsyms", &text);
		if (text.n) {
			model_set_number(&spec.request, "lock_text", 0);
			spec.request.settings[0].addresses = &text;
		}
		if (o->owner_stack)
			add_owner_columns(&spec.request, o);
		err = run_session(&spec, o);
	}
	model_free_request(&spec.request);
	numbers_free(&text);
	return err;
}

/** cmd_lock_stalls() - Waits that last. Return: the exit status. */
int cmd_lock_stalls(const struct verb *verb, const struct opts *o)
{
	struct stalls stalls = {};
	struct run_spec spec = {
		.source = "lock", .mode = verb->name,
		.record = stalls_record, .arg = &stalls,
	};
	int err = check(verb, o);

	if (!err)
		err = run_session(&spec, o);
	if (!err && o->fail && stalls.seen) {
		warn("%llu stalls were reported, and --fail was given",
		     (unsigned long long)stalls.seen);
		err = STATUS_CROSSED;
	}
	model_free_request(&spec.request);
	return err;
}
