// SPDX-License-Identifier: GPL-2.0
/* obsctl probe list: what can be probed on this machine, with the arguments of each. */

#include <stdio.h>

#include "cmd/probe/probe.h"
#include "report/writer.h"

static void print_registers(const struct point *point, struct out *o, struct buf *text)
{
	struct strings names = {};
	size_t i;

	register_names(point, &names);
	for (i = 0; i < names.n; i++) {
		out_open(o, NULL, '{');
		out_json_text(o, "name", names.v[i]);
		out_close(o, '}');
		buf_printf(text, "%s%s", i ? ", " : "", names.v[i]);
	}
	strings_free(&names);
}

/* Of tracepoints that were asked for. */
static void print_fields(struct probe_run *p, const struct point *point, struct out *o)
{
	struct fields fields = {};
	struct buf text = {};
	size_t i;

	if (point->kind == KOBS_PROBE_TRACEPOINT)
		fields_read(&fields, point);
	out_open(o, "fields", '[');
	for (i = 0; i < fields.n; i++) {
		const struct field *f = &fields.v[i];

		if (!f->usable)
			continue;
		out_open(o, NULL, '{');
		out_json_text(o, "name", f->name);
		out_json_text(o, "type", f->type);
		out_close(o, '}');
		buf_printf(&text, "%s%s", text.len ? ", " : "", f->name);
	}
	out_close(o, ']');
	if (p->events)
		out_cell_aside(o, "FIELDS OF ITS RECORD", text.len ? text.p : "-", false);
	fields_free(&fields);
	buf_free(&text);
}

static void print_point(struct probe_run *p, const struct point *point, struct out *o)
{
	struct buf text = {};
	struct scope s;
	size_t i;

	scope_open(&s, p, point);
	out_row_begin(o);
	out_cell_text(o, "probe", "PROBE", point->name);
	out_open(o, "args", '[');
	for (i = 0; i < s.n; i++) {
		struct buf type = {};

		if (s.expr.btf && s.params[i].type)
			kbtf_describe(s.expr.btf, s.params[i].type, &type);
		out_open(o, NULL, '{');
		out_json_text(o, "name", s.params[i].name);
		if (type.len)
			out_json_text(o, "type", type.p);
		out_close(o, '}');
		buf_printf(&text, "%s%s%s%s", i ? ", " : "", type.len ? type.p : "",
			   type.len && type.p[type.len - 1] != '*' ? " " : "", s.params[i].name);
		buf_free(&type);
	}
	if (point->offset)
		print_registers(point, o, &text);
	out_close(o, ']');
	out_cell_aside(o, "ARGUMENTS", text.len ? text.p : "-", false);
	if (p->o->nr_args)
		print_fields(p, point, o);
	out_row_end(o);
	buf_free(&text);
	scope_close(&s);
}

/** probe_list() - Print the probes that the patterns match. Return: 0 or an exit status. */
int probe_list(const struct opts *o)
{
	struct strings all = {};
	struct probe_run p = { .o = o };
	struct out out;
	int err;
	size_t i;

	p.points.each = true;
	p.points.user.listed = true;
	strings_add(&all, "t:*:*");
	strings_add(&all, "s:*");
	err = points_find(&p.points, o->nr_args ? o->args : all.v, o->nr_args ? o->nr_args : all.n);
	strings_free(&all);
	if (!err) {
		out_init(&out, stdout, o->json);
		out_open(&out, NULL, '{');
		out_table_begin(&out, "probes");
		for (i = 0; i < p.points.n; i++)
			p.events |= p.points.v[i].kind == KOBS_PROBE_TRACEPOINT;
		for (i = 0; i < p.points.n; i++)
			print_point(&p, &p.points.v[i], &out);
		out_table_end(&out);
		out_close(&out, '}');
		out_newline(&out);
		out_free(&out);
	}
	probe_free(&p);
	return err;
}
