// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl mem refs: references to objects that were taken and not given back, by the
 * stack that took them.
 */

#include <string.h>

#include "cmd/mem/mem.h"
#include "cmd/mem/refs.h"
#include "cmd/nouns.h"
#include "cmd/slab/helpers.h"
#include "kobs_refs.h"
#include "lib/diag.h"
#include "run/run.h"

/* Bytes of the name of a slab cache that the module compares. */
#define CACHE_NAME_MOST	31

static int find_functions(struct refs_functions *f, const struct opts *o)
{
	const struct refs_opts *own = &((const struct mem_opts *)o->own)->refs;
	unsigned int role;
	int err = 0;

	if (o->nr_args)
		err = refs_add_preset(f, refs_preset_find(o->args[0]));
	for (role = 0; role < REFS_ROLES && !err; role++)
		err = refs_add(f, role, &own->functions[role]);
	return err;
}

/* The code of a session that follows what some sites allocate. */
struct site_code {
	struct numbers	sites;
	struct numbers	helpers;
	struct buf	names;
};

/* What some functions call for the reference that they take is a part of them. */
static int give_outer(struct request *req, struct refs_functions *f, struct numbers *code)
{
	int err = f->outer.n ? refs_code_end(&f->outer) : 0;

	if (err || !f->outer.n)
		return err;
	refs_code_put(&f->outer, code);
	model_set_addresses(req, "outer_text", code);
	return 0;
}

static int give_sites(struct request *req, const struct strings *words, struct site_code *code)
{
	int err = words->n ? refs_find_sites(words, &code->sites) : 0;

	if (err || !words->n)
		return err;
	refs_name_sites(words, &code->names);
	slab_find_helpers(&code->helpers);
	model_set_text(req, "site", code->names.p);
	model_set_addresses(req, "site_text", &code->sites);
	model_set_addresses(req, "helper_text", &code->helpers);
	return 0;
}

/* Rows have stacks: those of two frames, with --sites, are callers. */
static void choose_columns(struct strings *by, const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (!by->n || opts_wants_stacks(o) || opts_has_param(o, "stack_depth"))
		if (!strings_have(by, "kstack"))
			strings_add(by, "kstack");
}

/** mem_refs() - mem refs. Return: the exit status. */
int mem_refs(const struct verb *verb, const struct opts *o)
{
	const struct refs_opts *own = &((const struct mem_opts *)o->own)->refs;
	struct run_spec spec = {
		.source = "refs", .mode = "leaks", .kind = verb->report, .title = "mem refs",
	};
	struct refs_functions f = {};
	struct site_code code = {};
	struct numbers outer = {};
	struct opts chosen = *o;
	int err = find_functions(&f, o);

	err = err ?: give_outer(&spec.request, &f, &outer);
	err = err ?: give_sites(&spec.request, &own->sites, &code);
	memset(&chosen.by, 0, sizeof(chosen.by));
	chosen.nr_args = 0;
	if (!err) {
		choose_columns(&chosen.by, o);
		if (!o->hist)
			model_set_number(&spec.request, "hist", 1);
		model_set_addresses(&spec.request, "points", &f.points);
		model_set_addresses(&spec.request, "code", &f.code);
		if (strings_have(&chosen.by, "kstack"))
			model_set_number(&spec.request, "puts", 1);
		if (own->cache)
			model_set_text(&spec.request, "cache", own->cache);
		err = run_session(&spec, &chosen);
	}
	strings_free(&chosen.by);
	model_free_request(&spec.request);
	refs_functions_free(&f);
	numbers_free(&outer);
	numbers_free(&code.sites);
	numbers_free(&code.helpers);
	buf_free(&code.names);
	return err;
}

/** mem_check_refs() - Combinations of options that contradict each other. */
int mem_check_refs(const struct verb *verb, const struct opts *o)
{
	const struct refs_opts *own = &((const struct mem_opts *)o->own)->refs;
	const struct strings *f = own->functions;

	if (o->nr_args > 1)
		return misuse("unexpected argument '%s': mem refs takes the name of one kind of objects",
			      o->args[1]);
	if (o->nr_args && !refs_preset_find(o->args[0]))
		return refs_preset_refuse(o->args[0]);
	if (own->cache && strlen(own->cache) > CACHE_NAME_MOST)
		return misuse("option --cache needs a name of %d bytes or less, not '%s'",
			      CACHE_NAME_MOST, own->cache);
	if (o->nr_args)
		return 0;
	if (!f[KOBS_REFS_GET].n && !f[KOBS_REFS_NEW].n)
		return misuse("mem refs needs a kind of objects, such as file, or --get FUNCTION, which takes a reference, and --put FUNCTION, which gives it back");
	if (!f[KOBS_REFS_PUT].n)
		return misuse("mem refs needs --put FUNCTION, which gives back what --get takes");
	return 0;
}
