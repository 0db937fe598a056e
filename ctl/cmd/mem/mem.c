// SPDX-License-Identifier: GPL-2.0
/* obsctl mem: memory of all kinds: who keeps it, and where all of it went. */

#include <string.h>

#include "cmd/mem/mem.h"
#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/module_watch.h"
#include "kobs_refs.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "run/run.h"

/* Live pages that make a site worth its stacks. */
#define ESCALATE_FROM	16

#define PID_MAX		4194304

static const char *const kind_names[] = { "slab", "page", "vmalloc", "percpu", NULL };

static const struct opt leaks_options[] = {
	{ "kind", 0, "KIND", "what to follow: slab, page, vmalloc or percpu (default: all of them, in one table)",
	  &opt_text, OPT_OWN_AT(struct mem_opts, kind),
	  .allowed = "slab, page, vmalloc or percpu", .values = kind_names },
	{ "module", 0, "NAME", "only what this module allocates; ends when it is unloaded, and exits with status 3 if something is left",
	  &opt_text, OPT_OWN_AT(struct mem_opts, module), .allowed = "the name of a module" },
	{ "older", 0, "TIME", "only what is older than this", &opt_param_ms, .param = "older" },
	{ "sample", 0, "N", "with --kind slab or page: follow one in N objects or blocks, and estimate",
	  &opt_param, .param = "sample" },
	{ "escalate", 0, NULL, "with --by site,kstack: take stacks only of sites that grow",
	  &opt_param_switch, .param = "escalate", .value = ESCALATE_FROM },
	{ "dump", 0, "N", DUMP_DOC, &opt_number, OPT_OWN_AT(struct mem_opts, dump.most),
	  .max = DUMP_MOST, .allowed = DUMP_ALLOWED },
	{ "dump-bytes", 0, "N", DUMP_BYTES_DOC, &opt_number,
	  OPT_OWN_AT(struct mem_opts, dump.bytes), .max = DUMP_BYTES_MOST,
	  .allowed = DUMP_BYTES_ALLOWED },
};

static const struct opt limit_options[] = {
	{ "fail-over", 0, "RATE", "exit with status 3 if something surely grows by more bytes per second",
	  &opt_limit_bytes, OPT_AT(fail_over),
	  .allowed = "bytes per second such as 4096 or 10KiB" },
	{ "objects", 0, "N", "room for N live objects, blocks or areas of each kind", &opt_param,
	  .param = "objects" },
};

static const struct opt growth_options[] = {
	{ "fail-over", 0, "RATE", "exit with status 3 if a part surely grows by more bytes per second",
	  &opt_limit_bytes, OPT_AT(fail_over),
	  .allowed = "bytes per second such as 4096 or 10KiB" },
};

static const struct opt user_own_options[] = {
	{ "lib", 0, "FILE[,FILE]", "libraries of the allocator besides those that are found: paths, or names such as libmyalloc",
	  &opt_texts, OPT_OWN_AT(struct mem_opts, libs),
	  .allowed = "libraries with commas between them" },
	{ "sites", 0, NULL, "tell apart by the caller of the allocator, not by whole stacks",
	  &opt_param_switch, .param = "stack_depth", .value = 2 },
	{ "mmap", 0, NULL, "also memory that the program maps itself, by mmap()", &opt_switch,
	  OPT_OWN_AT(struct mem_opts, maps) },
	{ "older", 0, "TIME", "only what is older than this", &opt_param_ms, .param = "older" },
	{ "inflight", 0, "N", "room for N threads that are in the allocator at once",
	  &opt_param, .param = "inflight" },
	{ "passive", 0, NULL, "only what the process has resident, by what is mapped; needs no module",
	  &opt_switch, OPT_OWN_AT(struct mem_opts, passive) },
};

static const struct opt user_options[] = {
	{ "pid", 'p', "PID[,PID]", "these processes, without those that they fork", &opt_list,
	  OPT_AT(pids), .max = PID_MAX },
};

#define FUNCTIONS "functions with commas between them, each with its object's address behind =, if that is not arg0: fget=ret"

static const struct opt refs_own_options[] = {
	{ "get", 0, "FUNC[=EXPR],...", "functions that take a reference; EXPR is the address of the object, arg0 without it",
	  &opt_texts, OPT_OWN_AT(struct mem_opts, refs.functions[KOBS_REFS_GET]),
	  .allowed = FUNCTIONS },
	{ "put", 0, "FUNC[=EXPR],...", "functions that give one back", &opt_texts,
	  OPT_OWN_AT(struct mem_opts, refs.functions[KOBS_REFS_PUT]), .allowed = FUNCTIONS },
	{ "new", 0, "FUNC[=EXPR],...", "functions that make an object, with one reference",
	  &opt_texts, OPT_OWN_AT(struct mem_opts, refs.functions[KOBS_REFS_NEW]),
	  .allowed = FUNCTIONS },
	{ "end", 0, "FUNC[=EXPR],...", "functions after which the object is over, whatever is held",
	  &opt_texts, OPT_OWN_AT(struct mem_opts, refs.functions[KOBS_REFS_END]),
	  .allowed = FUNCTIONS },
	{ "cache", 0, "NAME", "only objects of the slab cache of this name", &opt_text,
	  OPT_OWN_AT(struct mem_opts, refs.cache), .allowed = "the name of a slab cache" },
	{ "site", 0, "SITE[,SITE]", "only objects that this code allocates: FUNCTION or FUNCTION+0x2a",
	  &opt_texts, OPT_OWN_AT(struct mem_opts, refs.sites),
	  .allowed = "functions, or places in them such as foo+0x2a, with commas between them" },
	{ "sites", 0, NULL, "tell apart by the caller of the function, not by whole stacks",
	  &opt_param_switch, .param = "stack_depth", .value = 2 },
	{ "older", 0, "TIME", "only references that are held for longer than this",
	  &opt_param_ms, .param = "older" },
	{ "inflight", 0, "N", "room for N calls at once of functions whose result is the object",
	  &opt_param, .param = "inflight" },
};

static const struct opt refs_options[] = {
	{ "fail-over", 0, "N", "exit with status 3 if a row that leaks holds more than N references",
	  &opt_limit_number, OPT_AT(fail_over) },
	{ "objects", 0, "N", "room for N objects with references held", &opt_param,
	  .param = "objects" },
};

static const struct opt_group group_refs_own = { OPT_OWN(refs_own_options) };
static const struct opt_group group_refs = { OPT_GROUP(refs_options) };
static const struct opt_group group_user_own = { OPT_OWN(user_own_options) };
static const struct opt_group group_user = { OPT_GROUP(user_options) };
static const struct opt_group group_leaks = { OPT_OWN(leaks_options) };
/* Their limit is that of all verbs, so their offsets are in struct opts. */
static const struct opt_group group_limit = { OPT_GROUP(limit_options) };
static const struct opt_group group_growth = { OPT_GROUP(growth_options) };

/* What needs the rows of one session, or columns that one kind has. */
static int check_all(const struct opts *o)
{
	const struct {
		bool		given;
		const char	*what;
		const char	*kinds;
	} alone[] = {
		{ o->detach, "--detach", "KIND" },
		{ o->flame, "--flame", "KIND" },
		{ o->html, "--html", "KIND" },
		{ o->folded, "--folded", "KIND" },
		{ o->stacks || o->csv, "--format", "KIND" },
		{ o->hist, "--hist", "KIND" },
		{ strings_have(&o->by, "ustack"), "--by ustack", "KIND" },
		{ strings_have(&o->by, "order"), "--by order", "page" },
		{ strings_have(&o->by, "mobility"), "--by mobility", "page" },
		{ strings_have(&o->by, "cache"), "--by cache", "slab" },
		{ strings_have(&o->by, "size"), "--by size", "slab" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(alone); i++)
		if (alone[i].given)
			return misuse("%s needs --kind %s: without it, the report is of all kinds of memory",
				      alone[i].what, alone[i].kinds);
	return 0;
}

static int check_leaks(const struct verb *verb, const struct opts *o)
{
	bool stacks = strings_have(&o->by, "kstack") || strings_have(&o->by, "ustack") ||
		      opts_wants_stacks(o);
	const struct mem_opts *own = o->own;

	if (opts_has_param(o, "escalate") && (!strings_have(&o->by, "site") || !stacks))
		return misuse("--escalate needs --by site,kstack: it takes the stacks of growing sites only");
	if (opts_has_param(o, "sample") &&
	    (!own->kind || (strcmp(own->kind, "slab") && strcmp(own->kind, "page"))))
		return misuse("--sample needs --kind slab or page: of others there are few");
	return module_watch_misuse(own->module) ?: dump_misuse(&own->dump, o) ?:
	       own->kind ? 0 : check_all(o);
}

/* Rows have the column that the verdict looks at, and sites unless there are stacks. */
static void choose_columns(struct strings *by, const struct opts *o, const char *group)
{
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (!o->by.n && !opts_wants_stacks(o))
		strings_add(by, "site");
	if (group && !strings_have(by, group))
		strings_add(by, group);
}

/* One kind, as a session like those of all verbs. */
static int run_kind(const struct mem_kind *kind, const struct opts *o)
{
	struct run_spec spec = { .source = kind->name, .mode = "leaks", .kind = kind->report };
	const struct mem_opts *own = o->own;
	struct module_watch watch = {};
	struct mem_code code = {};
	struct opts chosen = *o;
	struct dump dump = {};
	int err;

	memset(&chosen.by, 0, sizeof(chosen.by));
	choose_columns(&chosen.by, o, kind->group);
	dump_follow(&dump, &spec, &own->dump, o);
	if (!o->hist)
		model_set_number(&spec.request, "hist", 1);
	if (own->module)
		module_watch_follow(&watch, &spec, own->module);
	mem_give_code(&spec.request, kind, &code, false, false);
	err = run_session(&spec, &chosen);
	if (!err)
		err = module_watch_check(&watch, o);
	strings_free(&chosen.by);
	model_free_request(&spec.request);
	module_watch_free(&watch);
	mem_free_code(&code);
	dump_free(&dump);
	return err;
}

static int run_leaks(const struct verb *verb, const struct opts *o)
{
	const struct mem_opts *own = o->own;

	return own->kind ? run_kind(mem_kind_find(own->kind), o) : mem_leaks_all(o);
}

static const struct verb verbs[] = {
	{
		.name = "growth",
		.doc = "where the machine's memory went, and what of it grows",
		.args_hint = "options choose what to observe",
		.command = true,
		.groups = GROUPS(&group_growth, &group_json, &group_format_rows,
				 &group_output, &group_run, &group_interval),
		.fn = mem_growth,
	},
	{
		.name = "leaks",
		.doc = "which call sites keep memory of any kind, and which of them leak",
		.args_hint = "options choose what to observe",
		.command = true,
		.groups = GROUPS(&group_leaks, &group_limit, &group_filter, &group_by,
				 &group_hist, &group_top, &group_json, &group_folded,
				 &group_flame, &group_html, &group_frames, &group_output,
				 &group_verbose, &group_run, &group_interval, &group_detach,
				 &group_max_lost, &group_rows, &group_stacks),
		.columns = COLUMNS("site", "order", "mobility", "cache", "size", CONTEXT_COLUMNS,
				   STACK_COLUMNS),
		.report = &mem_page_report,
		.check = check_leaks,
		.fn = run_leaks,
	},
	{
		.name = "user",
		.doc = "which code of a process keeps memory of malloc(), and which of it leaks",
		.args_hint = "options choose what to observe",
		.command = true,
		.groups = GROUPS(&group_user, &group_user_own, &group_limit, &group_by, &group_hist,
				 &group_top, &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_detach, &group_max_lost, &group_rows,
				 &group_stacks),
		.columns = COLUMNS("ustack", CONTEXT_COLUMNS),
		.report = &mem_user_report,
		.check = mem_check_user,
		.fn = mem_user,
	},
	{
		.name = "refs",
		.doc = "which stacks took references to objects that nobody gave back",
		.args = "[KIND]",
		.command = true,
		.groups = GROUPS(&group_refs_own, &group_refs, &group_filter, &group_by,
				 &group_hist, &group_top, &group_json, &group_folded, &group_flame,
				 &group_html, &group_frames, &group_output, &group_verbose,
				 &group_run, &group_interval, &group_detach, &group_max_lost,
				 &group_rows, &group_stacks),
		.columns = COLUMNS("func", CONTEXT_COLUMNS, STACK_COLUMNS),
		.report = &mem_refs_report,
		.more = refs_presets_help,
		.check = mem_check_refs,
		.fn = mem_refs,
	},
};

const struct noun noun_mem = {
	.name = "mem",
	.doc = "memory of all kinds: who keeps it, and where it went",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct mem_opts),
};
