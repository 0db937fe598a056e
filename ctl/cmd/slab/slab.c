// SPDX-License-Identifier: GPL-2.0
/* obsctl slab: which caches grow, which call sites leak, single events, and comparisons. */

#include <string.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/slab/caches.h"
#include "cmd/slab/helpers.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/module_watch.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/parse.h"
#include "run/run.h"

/* Live objects that make a site worth its stacks. */
#define ESCALATE_FROM	16

static const struct opt size_options[] = {
	{ "min-size", 'z', "BYTES", "only objects of at least this size", &opt_param_bytes,
	  .param = "min_size" },
	{ "max-size", 'Z', "BYTES", "only objects of at most this size", &opt_param_bytes,
	  .param = "max_size" },
};

static const struct opt cache_options[] = {
	{ "cache", 0, "PATTERN", "only caches of this name; * ? and [] match", &opt_text,
	  OPT_OWN_AT(struct slab_opts, cache), .allowed = "the name of a cache or a glob" },
};

static const struct opt leaks_options[] = {
	{ "module", 0, "NAME", "only what this module allocates; ends when it is unloaded, and exits with status 3 if something is left",
	  &opt_text, OPT_OWN_AT(struct slab_opts, module), .allowed = "the name of a module" },
	{ "older", 0, "TIME", "only objects older than this", &opt_param_ms, .param = "older" },
	{ "sample", 0, "N", "follow one in N objects, and estimate", &opt_param,
	  .param = "sample" },
	{ "escalate", 0, NULL, "with --by site,kstack: take stacks only of sites that grow",
	  &opt_param_switch, .param = "escalate", .value = ESCALATE_FROM },
	{ "dump", 0, "N", DUMP_DOC, &opt_number, OPT_OWN_AT(struct slab_opts, dump.most),
	  .max = DUMP_MOST, .allowed = DUMP_ALLOWED },
	{ "dump-bytes", 0, "N", DUMP_BYTES_DOC, &opt_number,
	  OPT_OWN_AT(struct slab_opts, dump.bytes), .max = DUMP_BYTES_MOST,
	  .allowed = DUMP_BYTES_ALLOWED },
};

static const struct opt growth_options[] = {
	{ "fail-over", 0, "RATE", "exit with status 3 if something surely grows by more bytes per second",
	  &opt_limit_bytes, OPT_AT(fail_over),
	  .allowed = "bytes per second such as 4096 or 10KiB" },
	{ "objects", 0, "N", "room for N live objects", &opt_param, .param = "objects" },
};

static const struct opt diff_options[] = {
	{ "fail-over", 0, "BYTES", "exit with status 3 if a row grew by more", &opt_limit_bytes,
	  OPT_AT(fail_over) },
};

static const struct opt_group group_size = { OPT_OWN(size_options) };
static const struct opt_group group_cache = { OPT_OWN(cache_options) };
static const struct opt_group group_leaks = { OPT_OWN(leaks_options) };
/* Their limit is that of all verbs, so their offsets are in struct opts. */
static const struct opt_group group_growth = { OPT_GROUP(growth_options) };
static const struct opt_group group_diff = { OPT_GROUP(diff_options) };

static int check_cache(const struct verb *verb, const struct opts *o)
{
	const struct slab_opts *own = o->own;

	if (own->cache && strlen(own->cache) > 31)
		return misuse("option --cache needs a pattern of 31 bytes or less, not '%s'",
			      own->cache);
	return 0;
}

static int check_leaks(const struct verb *verb, const struct opts *o)
{
	bool stacks = strings_have(&o->by, "kstack") || strings_have(&o->by, "ustack") ||
		      opts_wants_stacks(o);
	const struct slab_opts *own = o->own;

	if (opts_has_param(o, "escalate") && (!strings_have(&o->by, "site") || !stacks))
		return misuse("--escalate needs --by site,kstack: it takes the stacks of growing sites only");
	return module_watch_misuse(own->module) ?: dump_misuse(&own->dump, o) ?:
	       check_cache(verb, o);
}

/* Rows have their cache, which the verdict looks at, and sites unless there are stacks. */
static void choose_columns(struct strings *by, const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (!o->by.n && !opts_wants_stacks(o))
		strings_add(by, "site");
	if (!strings_have(by, "cache"))
		strings_add(by, "cache");
}

/* Sites are callers of the kernel's helpers. Where addresses are hidden, they are in them. */
static void look_through(struct run_spec *spec, struct numbers *text)
{
	slab_find_helpers(text);
	if (text->n)
		model_set_addresses(&spec->request, "helper_text", text);
}

static int observe_leaks(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "slab", .mode = verb->name, .kind = verb->report };
	const struct slab_opts *own = o->own;
	struct module_watch watch = {};
	struct numbers helpers = {};
	struct opts chosen = *o;
	struct dump dump = {};
	int err;

	memset(&chosen.by, 0, sizeof(chosen.by));
	choose_columns(&chosen.by, o);
	dump_follow(&dump, &spec, &own->dump, o);
	if (!o->hist)
		model_set_number(&spec.request, "hist", 1);
	if (own->cache)
		model_set_text(&spec.request, "cache", own->cache);
	if (own->module)
		module_watch_follow(&watch, &spec, own->module);
	look_through(&spec, &helpers);
	err = run_session(&spec, &chosen);
	if (!err)
		err = module_watch_check(&watch, o);
	strings_free(&chosen.by);
	model_free_request(&spec.request);
	module_watch_free(&watch);
	numbers_free(&helpers);
	dump_free(&dump);
	return err;
}

static int run_leaks(const struct verb *verb, const struct opts *o)
{
	struct slab_choice choice;
	int err = slab_choose(&choice, o);

	if (!err)
		err = observe_leaks(verb, &choice.opts);
	slab_choice_free(&choice);
	return err;
}

static int run_trace(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = {
		.source = "slab", .mode = verb->name,
		.usual = COLUMNS("event", "site", "ptr", "size", "cache", "pid", "comm"),
	};
	struct numbers helpers = {};
	struct slab_choice choice;
	int err = slab_choose(&choice, o);

	if (!err)
		look_through(&spec, &helpers);
	if (!err && choice.own.cache)
		model_set_text(&spec.request, "cache", choice.own.cache);
	if (!err)
		err = run_session(&spec, &choice.opts);
	model_free_request(&spec.request);
	numbers_free(&helpers);
	slab_choice_free(&choice);
	return err;
}

#define NO_ARGS "options choose what to observe"

static const struct verb verbs[] = {
	{
		.name = "growth",
		.doc = "which slab caches grow, and how fast",
		.args_hint = "--cache PATTERN chooses caches",
		.command = true,
		.groups = GROUPS(&group_cache, &group_growth, &group_top, &group_json,
				 &group_format_rows, &group_html, &group_output, &group_run,
				 &group_interval, &group_max_lost, &group_rows),
		.fn = slab_growth,
	},
	{
		.name = "leaks",
		.doc = "which call sites keep slab objects, and which of them leak",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_size, &group_cache, &group_leaks, &group_growth,
				 &group_filter, &group_by, &group_hist, &group_top, &group_json,
				 &group_folded, &group_flame, &group_html, &group_frames,
				 &group_output,
				 &group_verbose, &group_run, &group_interval, &group_detach,
				 &group_max_lost, &group_rows, &group_stacks),
		.columns = COLUMNS("site", "cache", "size", CONTEXT_COLUMNS, STACK_COLUMNS),
		.report = &slab_leaks_report,
		.check = check_leaks,
		.fn = run_leaks,
	},
	{
		.name = "trace",
		.doc = "slab allocations and frees one by one",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_size, &group_cache, &group_filter, &group_by,
				 &group_records, &group_json, &group_format_records, &group_frames,
				 &group_output, &group_verbose, &group_run, &group_max_lost,
				 &group_stacks, &group_ring),
		.columns = COLUMNS("event", "site", "cache", "size", "ptr", CONTEXT_COLUMNS,
				   STACK_COLUMNS),
		.check = check_cache,
		.fn = run_trace,
	},
	{
		.name = "diff",
		.doc = "what changed between two reports of slab leaks or slab growth",
		.args = "BEFORE.json AFTER.json",
		.groups = GROUPS(&group_diff, &group_top, &group_json, &group_format_rows,
				 &group_output),
		.fn = slab_diff,
	},
};

const struct noun noun_slab = {
	.name = "slab",
	.doc = "memory of the slab allocator",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct slab_opts),
};
