// SPDX-License-Identifier: GPL-2.0
/* obsctl slab: which caches grow, which call sites leak, single events, and comparisons. */

#include <string.h>

#include "cmd/cmds.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/parse.h"
#include "run/run.h"

/* Frees that are on their way when a module goes: RCU's, for one. */
#define GRACE_NS	NSEC_PER_SEC

struct module_watch {
	char		name[64];
	struct numbers	text;		/* pairs of addresses */
	bool		loaded;
	uint64_t	gone;		/* since when; 0 when it is not */
};

static bool has_text(const struct strings *s, const char *text)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], text))
			return true;
	return false;
}

static bool has_param(const struct opts *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->nr_params; i++)
		if (!strcmp(o->params[i].name, name))
			return true;
	return false;
}

static int check(const struct verb *verb, const struct opts *o)
{
	bool stacks = has_text(&o->by, "kstack") || has_text(&o->by, "ustack") || o->folded;
	uint64_t limit;

	if (o->nr_args)
		return misuse("'slab %s' takes no '%s': options choose what to observe", verb->name,
			      o->args[0]);
	if (o->fail_over && parse_bytes(o->fail_over, &limit))
		return misuse("option --fail-over of 'slab leaks' needs bytes per second such as 4096 or 10KiB, not '%s'",
			      o->fail_over);
	if (has_param(o, "escalate") && (!has_text(&o->by, "site") || !stacks))
		return misuse("--escalate begins with sites and takes stacks later: it needs --by site,kstack");
	if (o->cache && strlen(o->cache) > 31)
		return misuse("option --cache needs a pattern of at most 31 bytes, not '%s'",
			      o->cache);
	if (o->module && strlen(o->module) > 55)
		return misuse("option --module needs the name of a module, of at most 55 bytes, not '%s'",
			      o->module);
	return 0;
}

/* Its names, for reports that come when it is gone. */
static void learn_module(struct run_spec *spec, struct module_watch *w)
{
	struct ksym_kept *kept = ksyms_keep_module(w->name);

	if (!kept)
		return;
	kept->next = spec->names;
	spec->names = kept;
}

static bool watch_module(struct run_spec *spec, const struct session *s)
{
	struct module_watch *w = spec->arg;

	if (s->targets && !w->loaded) {
		w->loaded = true;
		w->gone = 0;
		learn_module(spec, w);
	} else if (!s->targets && w->loaded) {
		w->loaded = false;
		w->gone = now_ns();
		note("Module %s was unloaded.", w->name);
	}
	return w->gone && now_ns() >= w->gone + GRACE_NS;
}

static void follow_module(struct run_spec *spec, struct module_watch *w, const char *name)
{
	size_t i;

	/* Modules are known by names without '-', whatever their files are called. */
	for (i = 0; name[i] && i + 1 < sizeof(w->name); i++)
		w->name[i] = name[i] == '-' ? '_' : name[i];
	learn_module(spec, w);
	if (spec->names) {
		numbers_add(&w->text, spec->names->start);
		numbers_add(&w->text, spec->names->end);
		model_set_addresses(&spec->request, "module_text", &w->text);
		w->loaded = true;
	} else {
		note("Module %s is not loaded: waiting for it.", w->name);
	}
	model_set_text(&spec->request, "module", w->name);
	spec->watch = watch_module;
	spec->arg = w;
}

/* Rows have their cache, which the verdict looks at, and sites unless there are stacks. */
static void choose_columns(struct strings *by, const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (!o->by.n && !o->folded)
		strings_add(by, "site");
	if (!has_text(by, "cache"))
		strings_add(by, "cache");
}

static int run_kobs(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "slab", .mode = verb->name };
	struct module_watch watch = {};
	struct opts chosen = *o;
	int err = check(verb, o);

	if (err)
		return err;
	if (verb->kind & FOR_LEAKS) {
		spec.kind = &slab_leaks_report;
		memset(&chosen.by, 0, sizeof(chosen.by));
		choose_columns(&chosen.by, o);
		if (!o->hist)
			model_set_number(&spec.request, "hist", 1);
	}
	if (o->cache)
		model_set_text(&spec.request, "cache", o->cache);
	if (o->module)
		follow_module(&spec, &watch, o->module);
	err = run_session(&spec, &chosen);
	if (verb->kind & FOR_LEAKS)
		strings_free(&chosen.by);
	model_free_request(&spec.request);
	ksyms_free_kept(spec.names);
	numbers_free(&watch.text);
	return err;
}

/** cmd_slab() - slab growth, leaks, trace and diff. Return: the exit status. */
int cmd_slab(const struct verb *verb, const struct opts *o)
{
	if (verb->kind & FOR_GROWTH)
		return slab_growth(o);
	if (verb->kind & FOR_DIFF)
		return slab_diff(o);
	return run_kobs(verb, o);
}
