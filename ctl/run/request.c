// SPDX-License-Identifier: GPL-2.0
/* Options that mean the same for every source, as a request to the kernel. */

#include <string.h>

#include "lib/buf.h"
#include "lib/cgroup.h"
#include "lib/diag.h"
#include "proto/nl.h"
#include "run/request.h"
#include "run/run.h"

/* Sessions that are made before giving up. */
#define TRIES	3

static void copy_numbers(struct numbers *to, const struct numbers *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		numbers_add(to, from->v[i]);
}

static void add_columns(struct strings *by, const char *const *names)
{
	for (; names && *names; names++)
		if (!strings_have(by, *names))
			strings_add(by, *names);
}

/* The path of func graph has the functions down to one. */
static bool has_stacks(const struct strings *by)
{
	return strings_have(by, "kstack") || strings_have(by, "ustack") ||
	       strings_have(by, "path");
}

/**
 * request_fill() - Add the options that every source has.
 * @usual: columns without --by, up to NULL, where the format needs more; or NULL
 */
void request_fill(struct request *req, const char *source, const char *mode,
		  const char *const *usual, const struct opts *o)
{
	size_t i;

	req->source = source;
	req->mode = mode;
	for (i = 0; i < o->by.n; i++)
		strings_add(&req->by, o->by.v[i]);
	if (o->columns && !req->by.n)
		add_columns(&req->by, usual);
	add_columns(&req->by, o->columns);
	if (opts_wants_stacks(o) && !has_stacks(&req->by))
		strings_add(&req->by, "kstack");
	copy_numbers(&req->filter.pids, &o->pids);
	copy_numbers(&req->filter.tids, &o->tids);
	copy_numbers(&req->filter.cpus, &o->cpus);
	for (i = 0; i < o->comms.n; i++)
		strings_add(&req->filter.comms, o->comms.v[i]);
	copy_numbers(&req->filter.cgroups, &o->cgroups.ids);
	/* Those that end before the report keep their names. */
	if (strings_have(&req->by, "cgroup"))
		cgroups_look();
	req->filter.min = o->min.value;
	for (i = 0; i < o->nr_params; i++)
		model_set_number(req, o->params[i].name, o->params[i].value);
}

/** request_make() - Make the session. Return: 0 or an exit status. */
int request_make(struct nl *nl, struct run_spec *spec, struct view *v, struct session *s)
{
	int err = model_session_new(nl, &spec->request, s);
	int tries;

	for (tries = 1; !err && spec->renew; tries++) {
		bool renewed = false;

		err = spec->renew(spec, v, &renewed);
		if (err || !renewed)
			break;
		model_session_drop(nl, s);
		model_free_session(s);
		err = tries < TRIES ? model_session_new(nl, &spec->request, s) :
		      refuse("modules were loaded each time that the session was made, %d times: their functions cannot be told apart from those before them; wait for the end of that",
			     TRIES);
	}
	return err;
}
