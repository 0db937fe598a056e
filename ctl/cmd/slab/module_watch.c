// SPDX-License-Identifier: GPL-2.0
/* --module of the verbs 'leaks': what one module allocates, until it is unloaded. */

#include <string.h>

#include "cmd/slab/module_watch.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/nearest.h"
#include "symbols/ksym_all.h"
#include "symbols/modules.h"

/* Frees that are on their way when a module goes: RCU's, for one. */
#define GRACE_NS	NSEC_PER_SEC

/** module_watch_misuse() - Return: 0, or an exit status for what no module is called. */
int module_watch_misuse(const char *name)
{
	if (name && strlen(name) > 55)
		return misuse("option --module needs the name of a module of 55 bytes or less, not '%s'",
			      name);
	return 0;
}

/** module_watch_look() - Look at a session. Return: whether the module is gone for a while. */
bool module_watch_look(struct module_watch *w, const struct session *s)
{
	/* One that came and went in between has allocated something. */
	w->seen |= s->targets || s->recorded;
	if (s->targets && !w->loaded) {
		w->loaded = true;
		w->gone = 0;
	} else if (!s->targets && w->loaded) {
		w->loaded = false;
		w->gone = now_ns();
		note("Module %s was unloaded.", w->name);
	}
	return w->gone && now_ns() >= w->gone + GRACE_NS;
}

/** module_watch_is_gone() - Whether the module was there, and is not. */
bool module_watch_is_gone(const struct module_watch *w)
{
	/* It can have come and gone between two looks. */
	return w->seen && !w->loaded;
}

static bool watch_module(struct run_spec *spec, const struct session *s)
{
	return module_watch_look(spec->arg, s);
}

static bool module_is_gone(struct run_spec *spec)
{
	return module_watch_is_gone(spec->arg);
}

/** module_watch_find() - Find a module, or say that it is waited for. */
void module_watch_find(struct module_watch *w, const char *name)
{
	uint64_t start;
	uint64_t end;
	size_t i;

	/* Modules are known by names without '-', whatever their files are called. */
	for (i = 0; name[i] && i + 1 < sizeof(w->name); i++)
		w->name[i] = name[i] == '-' ? '_' : name[i];
	if (ksyms_find_module(w->name, &start, &end)) {
		numbers_add(&w->text, start);
		numbers_add(&w->text, end);
		w->loaded = true;
		w->seen = true;
	} else {
		note("Module %s is not loaded: waiting for it.", w->name);
	}
}

/** module_watch_limit() - Have a session follow the module that was found. */
void module_watch_limit(const struct module_watch *w, struct request *req)
{
	if (w->text.n)
		model_set_addresses(req, "module_text", &w->text);
	model_set_text(req, "module", w->name);
}

/** module_watch_follow() - Have a session follow a module, and end once it is unloaded. */
void module_watch_follow(struct module_watch *w, struct run_spec *spec, const char *name)
{
	module_watch_find(w, name);
	module_watch_limit(w, &spec->request);
	spec->watch = watch_module;
	spec->settling = module_is_gone;
	spec->arg = w;
}

/**
 * module_watch_check() - Check that the module was there.
 *
 * One that is not there is waited for: a misspelt one would look like one without leaks.
 * Return: 0 or an exit status.
 */
int module_watch_check(const struct module_watch *w, const struct opts *o)
{
	struct modules modules = {};
	struct nearest near = {};
	struct buf hint = {};
	size_t i;
	int err;

	if (w->seen || o->detach || !*w->name)
		return 0;
	modules_read(&modules, "/proc/modules");
	for (i = 0; i < modules.n; i++)
		nearest_offer(&near, w->name, modules.v[i].name);
	nearest_describe(&near, &hint);
	err = refuse("module %s was not loaded before or during the session%s", w->name,
		     hint.len ? hint.p : "");
	buf_free(&hint);
	modules_free(&modules);
	return err;
}

/** module_watch_free() - Free what module_watch_follow() made. */
void module_watch_free(struct module_watch *w)
{
	numbers_free(&w->text);
}
