// SPDX-License-Identifier: GPL-2.0
/* obsctl probe list: what can be probed on this machine, with the arguments of each. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "report/width.h"
#include "report/writer.h"

/* What fits beside the names, or is beneath them where the terminal is too narrow. */
#define INDENT		"    "
#define INDENT_MORE	"      "

/* An argument or a field; its type is NULL where it is not known. */
struct part {
	char	*name;
	char	*type;
};

struct parts {
	struct part *v;
	size_t	n;
	size_t	cap;
};

/* A probe, as it is listed. */
struct listed {
	const struct point *point;
	struct parts args;
	struct parts fields;
};

static void add_part(struct parts *list, const char *name, const char *type)
{
	list->v = grow(list->v, &list->cap, list->n + 1, sizeof(*list->v));
	list->v[list->n++] = (struct part){ copy_string(name), type ? copy_string(type) : NULL };
}

static void free_parts(struct parts *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].type);
	}
	free(list->v);
}

static void find_registers(struct listed *l)
{
	struct strings names = {};
	size_t i;

	register_names(l->point, &names);
	for (i = 0; i < names.n; i++)
		add_part(&l->args, names.v[i], NULL);
	strings_free(&names);
}

/* Of tracepoints that were asked for. */
static void find_fields(struct listed *l)
{
	struct fields fields = {};
	size_t i;

	if (l->point->kind == KOBS_PROBE_TRACEPOINT)
		fields_read(&fields, l->point);
	for (i = 0; i < fields.n; i++)
		if (fields.v[i].usable)
			add_part(&l->fields, fields.v[i].name, fields.v[i].type);
	fields_free(&fields);
}

static void find_parts(struct probe_run *p, struct listed *l)
{
	struct scope s;
	size_t i;

	scope_open(&s, p, l->point);
	for (i = 0; i < s.n; i++) {
		struct buf type = {};

		if (s.expr.btf && s.params[i].type)
			kbtf_describe(s.expr.btf, s.params[i].type, &type);
		add_part(&l->args, s.params[i].name, type.p);
		buf_free(&type);
	}
	scope_close(&s);
	if (l->point->offset)
		find_registers(l);
	if (p->o->nr_args)
		find_fields(l);
}

/* An argument as C declares it; a field by its name. */
static void describe(const struct part *part, bool typed, struct buf *out)
{
	const char *type = typed && part->type ? part->type : "";
	size_t len = strlen(type);

	buf_printf(out, "%s%s%s", type, len && type[len - 1] != '*' ? " " : "", part->name);
}

static void join(const struct parts *list, bool typed, struct buf *out)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		buf_puts(out, i ? ", " : "");
		describe(&list->v[i], typed, out);
	}
	if (!list->n)
		buf_puts(out, "-");
}

static void print_json(struct out *o, const char *key, const struct parts *list)
{
	size_t i;

	out_open(o, key, '[');
	for (i = 0; i < list->n; i++) {
		out_open(o, NULL, '{');
		out_json_text(o, "name", list->v[i].name);
		if (list->v[i].type)
			out_json_text(o, "type", list->v[i].type);
		out_close(o, '}');
	}
	out_close(o, ']');
}

/* Lines beneath a row, broken between parts. */
static void print_below(struct out *o, const char *what, const struct parts *list, bool typed)
{
	struct buf line = {};
	struct buf part = {};
	size_t i;

	if (!list->n)
		return;
	buf_printf(&line, INDENT "%s: ", what);
	for (i = 0; i < list->n; i++) {
		part.len = 0;
		describe(&list->v[i], typed, &part);
		buf_puts(&part, i + 1 < list->n ? "," : "");
		if (i && width_of(line.p) + 1 + width_of(part.p) > o->columns) {
			out_below(o, line.p);
			line.len = 0;
			buf_puts(&line, INDENT_MORE);
		} else if (i) {
			buf_putc(&line, ' ');
		}
		buf_puts(&line, part.p);
	}
	out_below(o, line.p);
	buf_free(&line);
	buf_free(&part);
}

static void print_beside(struct out *o, const char *header, const struct parts *list, bool typed)
{
	struct buf text = {};

	join(list, typed, &text);
	out_cell_aside(o, header, text.p, false);
	buf_free(&text);
}

static void print_listed(const struct probe_run *p, const struct listed *l, bool fold,
			 struct out *o)
{
	out_row_begin(o);
	out_cell_text(o, "probe", "PROBE", l->point->name);
	if (o->json) {
		print_json(o, "args", &l->args);
		if (p->o->nr_args)
			print_json(o, "fields", &l->fields);
	} else if (fold) {
		print_below(o, "arguments", &l->args, true);
		print_below(o, "fields of its record", &l->fields, false);
	} else {
		print_beside(o, "ARGUMENTS", &l->args, true);
		if (p->events && p->o->nr_args)
			print_beside(o, "FIELDS OF ITS RECORD", &l->fields, false);
	}
	out_row_end(o);
}

/* Columns of a table's column with these texts. */
static size_t column_width(const char *header, const struct listed *all, size_t n, bool fields)
{
	size_t width = strlen(header);
	struct buf text = {};
	size_t i;

	for (i = 0; i < n; i++) {
		text.len = 0;
		join(fields ? &all[i].fields : &all[i].args, !fields, &text);
		if (width_of(text.p) > width)
			width = width_of(text.p);
	}
	buf_free(&text);
	return width;
}

/* Whether a table of it is wider than the terminal. */
static bool is_too_wide(const struct probe_run *p, const struct listed *all, size_t n,
			const struct out *o)
{
	size_t names = 0;
	size_t width;
	size_t i;

	if (!o->columns)
		return false;
	for (i = 0; i < n; i++)
		if (width_of(all[i].point->name) > names)
			names = width_of(all[i].point->name);
	width = names + 2 + column_width("ARGUMENTS", all, n, false);
	if (p->events && p->o->nr_args)
		width += 2 + column_width("FIELDS OF ITS RECORD", all, n, true);
	return width > o->columns;
}

static void print_all(struct probe_run *p)
{
	size_t n = p->points.n;
	struct listed *all = zalloc((n + 1) * sizeof(*all));
	struct out out;
	bool fold;
	size_t i;

	out_init(&out, stdout, p->o->json);
	for (i = 0; i < n; i++) {
		all[i].point = &p->points.v[i];
		p->events |= all[i].point->kind == KOBS_PROBE_TRACEPOINT;
		find_parts(p, &all[i]);
	}
	fold = is_too_wide(p, all, n, &out);
	out_open(&out, NULL, '{');
	out_table_begin(&out, "probes");
	for (i = 0; i < n; i++) {
		print_listed(p, &all[i], fold, &out);
		free_parts(&all[i].args);
		free_parts(&all[i].fields);
	}
	out_table_end(&out);
	out_close(&out, '}');
	out_newline(&out);
	out_free(&out);
	free(all);
}

/** probe_list() - Print the probes that the patterns match. Return: 0 or an exit status. */
int probe_list(const struct opts *o)
{
	struct strings all = {};
	struct probe_run p = { .o = o };
	int err;

	p.points.each = true;
	p.points.user.listed = true;
	strings_add(&all, "t:*:*");
	strings_add(&all, "s:*");
	err = points_find(&p.points, o->nr_args ? o->args : all.v, o->nr_args ? o->nr_args : all.n);
	strings_free(&all);
	if (!err)
		print_all(&p);
	probe_free(&p);
	return err;
}
