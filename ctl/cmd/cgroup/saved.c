// SPDX-License-Identifier: GPL-2.0
/*
 * Saved reports of 'cgroup'. Nothing in the file is taken for granted: what is missing or of
 * another type is 0, or left out.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cgroup/report.h"
#include "export/json_file.h"
#include "lib/buf.h"
#include "report/report.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static uint64_t limit_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value ? json_unsigned(value) : NO_LIMIT;
}

static double real_of(const json_t *object, const char *key)
{
	double v = json_number_value(json_object_get(object, key));

	return isfinite(v) ? v : 0;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_text(json_object_get(object, key));

	return text ? text : "?";
}

/* Memory has fewer bytes than an integer of the library. */
static int64_t bytes_of(const json_t *object, const char *key)
{
	int64_t bytes = json_integer_value(json_object_get(object, key));

	return bytes > -INT64_MAX ? bytes : -INT64_MAX;
}

static struct cgroup_growth growth_of(const json_t *row)
{
	return (struct cgroup_growth){
		.any = json_object_get(row, "bytes_per_s"),
		.known = json_object_get(row, "confidence"),
		.moved = !json_is_true(json_object_get(row, "unchanged")),
		.rate = real_of(row, "bytes_per_s"), .confidence = real_of(row, "confidence"),
		.change = bytes_of(row, "change"),
	};
}

static void read_lines(struct cgroup_lines *l, const json_t *rows)
{
	json_t *row;
	size_t i;

	l->v = zalloc((json_array_size(rows) + 1) * sizeof(*l->v));
	json_array_foreach(rows, i, row)
		l->v[l->n++] = (struct cgroup_line){
			.path = text_of(row, "cgroup_path"), .id = number_of(row, "cgroup_number"),
			.current = number_of(row, "current"), .limit = limit_of(row, "limit"),
			.anon = number_of(row, "anon"), .file = number_of(row, "file"),
			.slab = number_of(row, "slab"), .kills = number_of(row, "oom_kills"),
			.pressure = real_of(row, "pressure_percent"),
			.throttled = real_of(row, "throttled_percent"), .growth = growth_of(row),
		};
}

/** cgroup_list_show() - A saved list. Return: 0, or an exit status after a sentence. */
int cgroup_list_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	struct cgroup_lines l = {
		.root = text_of(root, "hierarchy"), .duration = r->session->duration,
		.readings = (size_t)number_of(root, "readings"), .interim = r->interim,
		.all = (size_t)number_of(root, "groups"),
		.most = r->opts->top.given ? r->opts->top.value : CGROUP_ROWS,
	};
	struct out o;

	/* Older files have neither of them. */
	l.over = json_object_get(root, "observed") ?
		 json_is_true(json_object_get(root, "observed")) : l.readings > 1;
	read_lines(&l, json_object_get(root, "rows"));
	l.all = l.all > l.n ? l.all : l.n;
	output_begin(to, &o, false);
	cgroup_lines_print(&l, &o);
	out_free(&o);
	free(l.v);
	return output_flush(to);
}

/* The words for a part; another version can have others. */
static const char *doc_of(const char *part)
{
	size_t i;

	for (i = 0; i <= nr_cgroup_parts; i++)
		if (!strcmp(cgroup_parts[i].name, part))
			return cgroup_parts[i].doc;
	return part;
}

static void read_memory(struct cgroup_report *g, const json_t *root)
{
	const json_t *limits = json_object_get(root, "limits");
	const json_t *events = json_object_get(root, "events");
	const json_t *ever = json_object_get(root, "events_ever");
	json_t *row;
	size_t i;

	g->has_memory = json_object_get(root, "current");
	g->current = number_of(root, "current");
	g->swap = number_of(root, "swap");
	g->peak = number_of(root, "peak");
	g->limit = limit_of(root, "limit");
	g->limit_path = text_of(root, "limit_of");
	g->room = number_of(root, "limit_room");
	for (i = 0; i < NR_CGROUP_LIMITS; i++)
		g->own[i] = limit_of(limits, cgroup_limit_files[i]);
	for (i = 0; i < CGROUP_EVENTS; i++) {
		g->events[i] = number_of(events, cgroup_events[i]);
		g->ever[i] = number_of(ever, cgroup_events[i]);
	}
	json_array_foreach(json_object_get(root, "rows"), i, row) {
		const char *name = text_of(row, "part");

		if (g->nr_parts == CGROUP_PARTS)
			break;
		g->parts[g->nr_parts++] = (struct cgroup_share){
			.name = name, .doc = doc_of(name), .bytes = bytes_of(row, "bytes"),
			.growth = growth_of(row),
		};
	}
}

static void read_times(struct cgroup_report *g, const json_t *root)
{
	const json_t *pressure = json_object_get(root, "pressure");
	const json_t *cpu = json_object_get(root, "cpu");
	size_t i;

	for (i = 0; i < NR_PRESSURES; i++) {
		const json_t *of = json_object_get(pressure, pressure_names[i]);

		g->pressure[i].there = of;
		g->pressure[i].some = real_of(of, "some_percent");
		g->pressure[i].full = real_of(of, "full_percent");
	}
	g->cpus = real_of(cpu, "used");
	g->quota = real_of(cpu, "quota");
	g->periods = number_of(cpu, "periods");
	g->throttled = number_of(cpu, "throttled");
	g->throttled_us = number_of(cpu, "throttled_us");
}

static void show_killed(const json_t *root, uint64_t seen, struct out *o)
{
	const json_t *rows = json_object_get(root, "killed");
	json_t *row;
	size_t i;

	if (!rows) {
		cgroup_print_unseen(o, json_text(json_object_get(root, "kills_unseen")), seen);
		return;
	}
	if (json_array_size(rows))
		out_line(o, "%s", "");
	out_table_begin(o, "killed");
	json_array_foreach(rows, i, row)
		cgroup_print_killed(o, &(struct cgroup_killed){
			.victim = json_text(json_object_get(row, "victim")),
			.victim_pid = number_of(row, "victim_pid"),
			.comm = text_of(row, "comm"), .pid = number_of(row, "pid"),
			.group = text_of(row, "cgroup"), .count = number_of(row, "count"),
		});
	out_table_end(o);
}

/** cgroup_report_show() - A saved report of one group. Return: 0, or an exit status. */
int cgroup_report_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	struct cgroup_report g = {
		.path = text_of(root, "cgroup_path"), .duration = r->session->duration,
		.readings = (size_t)number_of(root, "readings"), .interim = r->interim,
		.removed = json_is_true(json_object_get(root, "removed")),
		.kills = number_of(root, "oom_kills"),
		.cause = json_text(json_object_get(root, "oom_limit_of")),
		.says = text_of(root, "verdict_text"),
		.next = json_text(json_object_get(root, "next")),
	};
	struct out o;

	read_memory(&g, root);
	read_times(&g, root);
	output_begin(to, &o, false);
	cgroup_report_begin(&g, &o);
	show_killed(root, g.kills, &o);
	cgroup_report_end(&g, &o);
	out_free(&o);
	return output_flush(to);
}
