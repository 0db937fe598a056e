// SPDX-License-Identifier: GPL-2.0
/* A saved report of obsctl pmu stat, printed as it was. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/json_file.h"
#include "cmd/pmu/pmu.h"
#include "cmd/pmu/stat_metrics.h"
#include "lib/buf.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_text(json_object_get(object, key));

	return text ? text : "";
}

static struct stat_row read_row(const json_t *row)
{
	const json_t *scale = json_object_get(row, "unit_scale");
	struct stat_row s = {
		.count = json_unsigned(json_object_get(row, "count")),
		.enabled = json_unsigned(json_object_get(row, "enabled_ns")),
		.running = json_unsigned(json_object_get(row, "running_ns")),
		.samples = json_unsigned(json_object_get(row, "samples")),
		.event = text_of(row, "event"), .scale = scale ? json_number_value(scale) : 1,
		.role = json_text(json_object_get(row, "role")),
	};

	snprintf(s.unit, sizeof(s.unit), "%s", text_of(row, "unit"));
	return s;
}

/* The columns but the event; an event that is not counted has none of them. */
static void print_keys(struct out *o, const json_t *root, const json_t *row)
{
	json_t *by = json_object_get(root, "by");
	const json_t *first = json_array_get(json_object_get(root, "rows"), 0);
	json_t *item;
	size_t i;

	json_array_foreach(by, i, item) {
		const char *name = json_text(item) ? json_text(item) : "?";
		const char *header = strcmp(name, "cpu") ? name : "CPU";
		const json_t *value = json_object_get(row, name);
		char number[32];

		if (!strcmp(name, "event"))
			continue;
		snprintf(number, sizeof(number), "%llu", (unsigned long long)json_unsigned(value));
		if (!value)
			out_cell_aside(o, header, "-",
				       json_is_unsigned(json_object_get(first, name)));
		else if (json_is_unsigned(value))
			out_cell_shown(o, name, header, json_unsigned(value), number);
		else
			out_cell_text(o, name, header, text_of(row, name));
	}
}

/* What rows of one task or CPU have in common: their columns but the event. */
static void print_group(const json_t *root, const json_t *row, struct buf *out)
{
	json_t *by = json_object_get(root, "by");
	json_t *item;
	size_t i;

	out->len = 0;
	buf_puts(out, "");
	json_array_foreach(by, i, item) {
		const char *name = json_text(item) ? json_text(item) : "?";
		const json_t *value = json_object_get(row, name);
		char number[80];

		/* Names can be those of several; their numbers cannot. */
		snprintf(number, sizeof(number), "%.64s_number", name);
		if (json_object_get(row, number))
			value = json_object_get(row, number);
		if (strcmp(name, "event"))
			buf_printf(out, "%llu %s\n", (unsigned long long)json_unsigned(value),
				   text_of(row, name));
	}
}

/* The rows that were counted, each of its group. */
static void read_rows(const json_t *root, struct stat_state *all)
{
	json_t *rows = json_object_get(root, "rows");
	struct stat_groups groups = {};
	struct buf keys = {};
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (json_is_false(json_object_get(row, "supported")))
			continue;
		all->v = grow(all->v, &all->cap, all->n + 1, sizeof(*all->v));
		all->v[all->n] = read_row(row);
		print_group(root, row, &keys);
		all->v[all->n++].group = stat_group(&groups, keys.p);
	}
	all->groups = groups.n;
	stat_groups_free(&groups);
	buf_free(&keys);
	stat_link(all);
}

static void show_topdown(struct out *o, const json_t *root)
{
	json_t *parts = json_object_get(root, "topdown");
	json_t *part;
	size_t i;

	if (!json_array_size(parts))
		return;
	out_line(o, "%s", "");
	out_table_begin(o, "topdown");
	json_array_foreach(parts, i, part) {
		double percent = json_number_value(json_object_get(part, "percent"));

		if (percent < 0 || percent > 100)
			percent = 0;
		stat_print_part(o, text_of(part, "part"), text_of(part, "name"),
				text_of(part, "doc"), (unsigned int)lround(percent * 10), 0);
	}
	out_table_end(o);
	stat_print_method(o, text_of(root, "topdown_method"), text_of(root, "topdown_unit"),
			  json_is_true(json_object_get(root, "topdown_estimated")));
}

static void show_verdicts(struct out *o, const json_t *root)
{
	json_t *verdicts = json_object_get(root, "verdict");
	json_t *missing = json_object_get(root, "verdict_missing");
	json_t *item;
	size_t i;

	json_array_foreach(verdicts, i, item)
		stat_print_verdict(o, !i, text_of(item, "sentence"), text_of(item, "next"));
	json_array_foreach(missing, i, item)
		if (json_text(item))
			stat_print_missing(o, !i && !json_array_size(verdicts), json_text(item));
}

/** pmu_stat_show() - A saved report. Return: 0, or an exit status after a sentence. */
int pmu_stat_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	const json_t *duration = json_object_get(root, "interval_ns");
	struct stat_state all = {
		.duration = duration ? json_unsigned(duration) : r->session->duration,
	};
	size_t i, top, n = 0;
	struct out o;
	json_t *row;

	all.sampled = json_is_true(json_object_get(root, "sampled"));
	top = r->opts->top.given ? r->opts->top.value : all.sampled ? STAT_TOP : 0;
	all.of_tasks = json_is_true(json_object_get(root, "of_tasks"));
	read_rows(root, &all);
	output_begin(to, &o, false);
	report_header(r, &o);
	if (*text_of(root, "lacking"))
		out_line(&o, "Only software events: %s.\n", text_of(root, "lacking"));
	stat_print_sampled(&o, &all);
	out_table_begin(&o, "rows");
	json_array_foreach(json_object_get(root, "rows"), i, row) {
		bool absent = json_is_false(json_object_get(row, "supported"));

		if (!absent && top && all.v[n].group >= top) {
			n++;
			continue;
		}
		out_row_begin(&o);
		print_keys(&o, root, row);
		if (absent)
			stat_print_absent(&o, &all, text_of(row, "event"));
		else
			stat_print_count(&o, &all, n++);
		out_row_end(&o);
	}
	out_table_end(&o);
	stat_print_more(&o, &all, top, r->saved->rows_left_out);
	/* Ratios over all rows need all of them. */
	if (!r->saved->rows_left_out)
		stat_print_ratios(&o, &all);
	show_topdown(&o, root);
	if (!r->interim) {
		show_verdicts(&o, root);
		report_footer(r, &o);
	}
	out_free(&o);
	stat_free(&all);
	return output_flush(to);
}
