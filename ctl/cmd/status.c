// SPDX-License-Identifier: GPL-2.0
/* obsctl status: the module, its sources, and the sessions that exist. */

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cmd/nouns.h"
#include "cmd/session_list.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "proto/model.h"
#include "report/writer.h"

static void print_modes(struct out *o, const struct source *s)
{
	struct buf names = {};
	size_t i;

	out_open(o, "modes", '[');
	for (i = 0; i < s->nr_modes; i++) {
		const struct mode *m = &s->modes[i];

		out_open(o, NULL, '{');
		out_json_text(o, "name", m->name);
		out_json_text(o, "doc", m->doc);
		out_json_text(o, "value", m->value);
		out_json_text(o, "unit", m->unit);
		out_json_bool(o, "stream", m->stream);
		out_json_bool(o, "available", m->available);
		out_json_text(o, "reason", m->reason);
		out_close(o, '}');
		buf_printf(&names, "%s%s%s", i ? " " : "", m->name, m->available ? "" : "(no)");
	}
	out_close(o, ']');
	out_cell_aside(o, "MODES", names.p ? names.p : "", false);
	buf_free(&names);
}

static void print_columns(struct out *o, const struct source *s)
{
	size_t i;

	out_open(o, "columns", '[');
	for (i = 0; i < s->nr_columns; i++)
		out_json_text(o, NULL, s->columns[i].name);
	out_close(o, ']');
}

static void print_reason(struct out *o, const char *what, const char *reason)
{
	struct buf line = {};

	if (!reason)
		return;
	buf_printf(&line, "    %s%s%s", what, *what ? ": " : "", reason);
	out_below(o, line.p);
	buf_free(&line);
}

static void print_sources(struct out *o, const struct sources *sources)
{
	size_t i;
	size_t k;

	out_table_begin(o, "sources");
	for (i = 0; i < sources->n; i++) {
		const struct source *s = &sources->v[i];

		if (!strcmp(s->name, "session"))
			continue;
		out_row_begin(o);
		out_cell_text(o, "name", "SOURCE", s->name);
		out_json_bool(o, "available", s->available);
		out_cell_aside(o, "AVAILABLE", s->available ? "yes" : "no", false);
		print_modes(o, s);
		out_json_text(o, "doc", s->doc);
		out_cell_aside(o, "OBSERVES", s->doc ? s->doc : "", false);
		out_json_text(o, "reason", s->reason);
		print_reason(o, "", s->reason);
		for (k = 0; k < s->nr_modes; k++)
			print_reason(o, s->modes[k].name, s->modes[k].reason);
		print_columns(o, s);
		out_row_end(o);
	}
	out_table_end(o);
}

static void print_limits(struct out *o, const struct source *engine)
{
	char def[40], min[40], max[40];
	size_t i;

	out_table_begin(o, "limits");
	for (i = 0; i < engine->nr_params; i++) {
		const struct param *p = &engine->params[i];

		if (p->type != KOBS_TYPE_NUMBER)
			continue;
		out_row_begin(o);
		out_cell_text(o, "name", "SIZE OR LIMIT", p->name);
		out_cell_shown(o, "default", "DEFAULT", p->def,
			       format_count(def, sizeof(def), p->def));
		out_cell_shown(o, "min", "MIN", p->min, format_count(min, sizeof(min), p->min));
		out_cell_shown(o, "max", "MAX", p->max, format_count(max, sizeof(max), p->max));
		out_json_text(o, "unit", p->unit);
		out_json_text(o, "doc", p->doc);
		out_cell_aside(o, "UNIT", p->unit ? p->unit : "", false);
		out_cell_aside(o, "MEANING", p->doc ? p->doc : "", false);
		out_row_end(o);
	}
	out_table_end(o);
}

static void print_status(struct out *o, const struct sources *sources, const struct sessions *all)
{
	const struct source *engine = model_find_source(sources, "session");
	struct utsname name = {};
	uint64_t memory = 0;
	char shown[32];
	size_t i;

	uname(&name);
	out_open(o, NULL, '{');
	out_json_text(o, "kobs", engine && engine->version ? engine->version : "unknown");
	out_json_text(o, "kernel", name.release);
	out_line(o, "kobs %s on Linux %s\n",
		 engine && engine->version ? engine->version : "unknown", name.release);
	print_sources(o, sources);
	out_line(o, "%s", "");
	if (engine)
		print_limits(o, engine);
	out_line(o, "%s", "");
	for (i = 0; i < all->n; i++)
		memory += all->v[i].memory;
	out_json_number(o, "memory", memory);
	session_print_list(o, all, sources);
	if (all->n)
		out_line(o, "%zu session%s, %s", all->n, all->n == 1 ? "" : "s",
			 format_bytes(shown, sizeof(shown), memory));
	else
		out_line(o, "No session exists.");
	out_close(o, '}');
	out_newline(o);
}

static int run_status(const struct verb *verb, const struct opts *o)
{
	struct sources sources;
	struct sessions all;
	struct out out;
	int err = session_read_all(&sources, &all);

	if (!err) {
		out_init(&out, stdout, o->json);
		out.columns = 0;	/* sentences are not cut */
		print_status(&out, &sources, &all);
		out_free(&out);
	}
	model_free_sessions(&all);
	model_free_sources(&sources);
	return err;
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "the module, its sources and sessions",
		.groups = GROUPS(&group_json),
		.fn = run_status,
	},
};

const struct noun noun_status = {
	.name = "status",
	.doc = "the module",
	NOUN_VERBS(verbs),
};
