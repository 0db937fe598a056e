// SPDX-License-Identifier: GPL-2.0
/*
 * Which live objects are read, and when: before their session is stopped, since a free
 * after that would not be noticed.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "cmd/slab/judge.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "proto/nl.h"

/* Tasks that allocate, of which the kernel notes which one allocated each object. */
#define TASKS		32768
/* Sites whose objects are read. */
#define SITES_MOST	16

/** dump_misuse() - Return: 0, or an exit status for what cannot be asked for together. */
int dump_misuse(const struct dump_opts *d, const struct opts *o)
{
	const struct {
		bool		given;
		const char	*what;
	} others[] = {
		{ o->folded, "--folded" },
		{ o->stacks || o->csv, "--format" },
	};
	size_t i;

	if (d->bytes.given && !d->most.given)
		return misuse("--dump-bytes needs --dump: it says how much of each object is shown");
	if (!d->most.given)
		return 0;
	if (!d->most.value)
		return misuse("option --dump needs a number from 1 to %d, not '0'", DUMP_MOST);
	if (d->bytes.given && !d->bytes.value)
		return misuse("option --dump-bytes needs a number of bytes from 1 to %d, not '0'",
			      DUMP_BYTES_MOST);
	if (o->detach)
		return misuse("--dump and --detach exclude each other: objects are read before the session is stopped");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].given)
			return misuse("--dump and %s exclude each other: what objects hold is a part of the report as text or JSON",
				      others[i].what);
	return 0;
}

/** dump_ask() - Have a session note who allocates, if objects are to be shown. */
void dump_ask(const struct dump_opts *d, struct request *req)
{
	if (d->most.given)
		model_set_number(req, "tasks", TASKS);
}

/** dump_add_site() - Return: a site, to which the objects belong that are added next. */
struct dump_site *dump_add_site(struct dump *d, const char *kind, const char *site)
{
	struct dump_site *to;

	d->sites = grow(d->sites, &d->cap_sites, d->nr_sites + 1, sizeof(*to));
	to = &d->sites[d->nr_sites++];
	*to = (struct dump_site){
		.kind = copy_string(kind), .site = copy_string(site), .first = d->all.n,
	};
	return to;
}

/** dump_has_leaks() - Whether a judged report has a row that leaks. */
bool dump_has_leaks(const struct report *r)
{
	const struct leaks *l = r->judged;

	/* They come first. */
	return l && r->table->nr_rows && l->v[0].verdict == VERDICT_LEAK && l->v[0].row.count;
}

static bool wanted(const struct judged *j, enum dump_rows which)
{
	return j->row.count && (which != DUMP_LEAKS || j->verdict == VERDICT_LEAK);
}

static void add_stack(struct report *r, uint64_t id, struct buf *out)
{
	const struct stack *s = map_get(&r->table->stacks, id);
	size_t first = s ? view_first_frame(r->view, s) : 0;

	if (s && first < s->nr && view_frames(r->view, s, first))
		buf_printf(out, "%s%s", out->len ? ", " : "", r->view->frame[0].text.p);
}

/* What a row is called: its columns, and of stacks the first frame where there is no site. */
static void name_row(struct report *r, const struct row *row, struct buf *out)
{
	const uint64_t *keys = r->table->keys + row->key;
	struct view *v = r->view;
	bool site = view_column(v, "site") < v->nr_columns;
	struct buf cell = {};
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		if (v->types[c] == KOBS_TYPE_KSTACK && !site)
			add_stack(r, keys[c], out);
		if (type_is_stack(v->types[c]) || view_absent(v, c, keys[c]))
			continue;
		cell.len = 0;
		view_print_cell(v, c, keys, &cell);
		if (cell.len && v->types[c] == KOBS_TYPE_NUMBER)
			buf_printf(out, "%s%s %s", out->len ? ", " : "", v->columns[c]->name,
				   cell.p);
		else if (cell.len)
			buf_printf(out, "%s%s", out->len ? ", " : "", cell.p);
	}
	buf_free(&cell);
}

/* One row can have several numbers in the kernel, and only then is it asked more than once. */
static int take_row(struct dump *d, struct nl *nl, struct report *r, const struct row *row)
{
	const struct table *t = r->table;
	uint32_t bytes = d->asked->bytes.given ? (uint32_t)d->asked->bytes.value : DUMP_BYTES;
	struct buf name = {};
	struct dump_site *site;
	int err = 0;
	size_t i;

	name_row(r, row, &name);
	site = dump_add_site(d, r->view->source->name, name.p ? name.p : "");
	for (i = 0; !err && i < t->nr_groups; i++)
		if (!memcmp(t->keys + t->groups[i].key, t->keys + row->key,
			    t->nr_keys * sizeof(*t->keys)))
			err = model_get_objects(nl, r->session->id, t->groups[i].group,
						(uint32_t)d->asked->most.value, bytes, &d->all);
	site->n = d->all.n - site->first;
	buf_free(&name);
	return err;
}

/**
 * dump_take() - Read objects of a session's rows.
 * @r: its report, judged and with names
 * @which: of which rows
 *
 * Return: 0, also where the kernel refuses, which the report tells; or an exit status.
 */
int dump_take(struct dump *d, struct nl *nl, struct report *r, enum dump_rows which)
{
	const struct leaks *l = r->judged;
	size_t taken = 0;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < r->rows_shown && i < r->table->nr_rows && taken < SITES_MOST; i++) {
		if (!wanted(&l->v[i], which))
			continue;
		err = take_row(d, nl, r, &l->v[i].row);
		taken++;
		if (which == DUMP_FIRST)
			break;
	}
	if (!err)
		return 0;
	if (!nl->text[0])
		return nl_refuse(nl, "reading live objects");
	free(d->refused);
	d->refused = copy_string(nl->text);
	return 0;
}

/* The end of a session of one kind. */
static int ending(struct run_spec *spec, struct nl *nl, struct view *v, const struct session *s)
{
	struct dump *d = spec->dump;
	struct opts every = *d->opts;
	struct table t = {};
	struct report r = {
		.view = v, .session = s, .opts = &every, .kind = spec->kind, .table = &t,
	};
	const struct leaks *l;
	int err;

	/* All rows have names, not just those that are shown. */
	every.top = (struct opt_number){ .given = true };
	every.flame = NULL;
	every.html = NULL;
	model_init_table(&t, v->types, v->nr_columns, v->mode);
	view_tell(v, &t);
	err = model_get_table(nl, s->id, &t);
	if (!err) {
		report_resolve(&r);
		l = r.judged;
		err = dump_take(d, nl, &r, dump_has_leaks(&r) ? DUMP_LEAKS :
				l->module ? DUMP_LIVE : DUMP_FIRST);
	}
	report_free(&r);
	model_free_table(&t);
	return err;
}

/** dump_follow() - Have objects read at the end of a session, if that was asked for. */
void dump_follow(struct dump *d, struct run_spec *spec, const struct dump_opts *asked,
		 const struct opts *o)
{
	dump_ask(asked, &spec->request);
	d->asked = asked;
	d->opts = o;
	if (!asked->most.given)
		return;
	spec->ending = ending;
	spec->dump = d;
}

/** dump_free() - Free what it holds. */
void dump_free(struct dump *d)
{
	size_t i;

	for (i = 0; i < d->nr_sites; i++) {
		free(d->sites[i].kind);
		free(d->sites[i].site);
	}
	free(d->sites);
	free(d->refused);
	model_free_objects(&d->all);
	memset(d, 0, sizeof(*d));
}
