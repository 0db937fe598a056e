// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl top: the reports of any verb on a screen, with keys. The words behind it are those of
 * that verb (see main.c); without them it is pmu record, by thread name and function.
 */

#include <stdio.h>

#include "cli/suggest.h"
#include "cmd/nouns.h"
#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "lib/diag.h"
#include "top/top.h"

static int check_top(const struct verb *verb, const struct opts *o)
{
	if (o->nr_args && noun_find(o->args[0]))
		return misuse("options follow the noun and the verb: obsctl top %s %s ...",
			      o->args[0], o->nr_args > 1 ? o->args[1] : "VERB");
	if (o->nr_args)
		return suggest_noun((int)o->nr_args, o->args);
	return pmu_check_record(verb, o);
}

static int run_top(const struct verb *verb, const struct opts *o)
{
	const struct verb *record = verb_find(&noun_pmu, "record");
	const struct pmu_opts *own = o->own;
	struct opts mine = *o;
	struct strings usual = {};
	int err;

	strings_add(&usual, "comm");
	strings_add(&usual, "func");
	if (!o->by.n && !own->graph && !opts_wants_stacks(o))
		mine.by = usual;
	err = record->fn(record, &mine);
	strings_free(&usual);
	return err;
}

/* What keys do. */
static void print_keys(const struct verb *verb, FILE *to)
{
	struct strings lines = {};
	size_t i;

	fputs("\nAlone, it is pmu record --by comm,func, with the options above; else it has the\n"
	      "options of NOUN VERB. It is also what -i is on a terminal.\n\nKeys:\n", to);
	top_help(&lines, 76);
	for (i = 0; i < lines.n; i++)
		fprintf(to, "  %s\n", lines.v[i]);
	strings_free(&lines);
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "reports of any noun and verb on a screen, with keys",
		.args = "[NOUN VERB [ARGUMENT...]]",
		.command = true,
		.groups = pmu_record_groups,
		.columns = pmu_record_columns,
		.more = print_keys,
		.check = check_top,
		.fn = run_top,
	},
};

const struct noun noun_top = {
	.name = "top",
	.doc = "reports on a screen",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct pmu_opts),
	.screen = true,
};
