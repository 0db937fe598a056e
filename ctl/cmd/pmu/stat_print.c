// SPDX-License-Identifier: GPL-2.0
/* The cells of a count, and what follows from pairs of counts; of a session or a file. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/json_file.h"
#include "cmd/pmu/pmu.h"
#include "cmd/pmu/stat.h"
#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"

/* What is said of two events that were counted together. */
static const struct {
	const char	*of;
	const char	*per;
	const char	*key;
	const char	*text;
	bool		percent;
} ratios[] = {
	{ "instructions", "cycles", "ipc", "instructions per cycle", false },
	{ "branch-misses", "branches", "branch_miss_rate", "of the branches were mispredicted",
	  true },
	{ "cache-misses", "cache-references", "cache_miss_rate", "of the cache references missed",
	  true },
	{ "L1-dcache-load-misses", "L1-dcache-loads", "l1d_miss_rate", "of the L1 loads missed",
	  true },
	{ "LLC-load-misses", "LLC-loads", "llc_miss_rate", "of the last cache's loads missed",
	  true },
	{ "dTLB-load-misses", "dTLB-loads", "dtlb_miss_rate", "of the data TLB's loads missed",
	  true },
	{ "iTLB-load-misses", "iTLB-loads", "itlb_miss_rate",
	  "of the instruction TLB's loads missed", true },
};

static double scaled(const struct stat_row *s)
{
	if (!s->running || s->running >= s->enabled)
		return (double)s->count;
	return (double)s->count * (double)s->enabled / (double)s->running;
}

/**
 * stat_print_count() - Count, name and rate, and how long it was counted.
 *
 * Nanoseconds per second are CPUs that were busy; other units are as the PMU says.
 */
void stat_print_count(struct out *o, const struct stat_row *s, uint64_t duration)
{
	bool ns = !strcmp(s->unit, "ns");
	bool scales = s->scale < 1 || s->scale > 1;
	double n = scaled(s) * s->scale;
	double rate = duration ? n * 1e9 / (double)duration : 0;
	char number[40];
	char shown[80];

	if (ns)
		format_ns(shown, sizeof(shown), n);
	else if (scales)
		snprintf(shown, sizeof(shown), "%.2f %s", n, s->unit);
	else
		snprintf(shown, sizeof(shown), "%s%s%s",
			 format_count(number, sizeof(number), format_whole(n)),
			 *s->unit ? " " : "", s->unit);
	out_cell_aside(o, "COUNT", s->enabled && !s->running ? "<not counted>" : shown, true);
	out_is_counter(o, n, s->unit);
	out_cell_text(o, "event", "EVENT", s->event);
	if (*s->unit)
		out_json_text(o, "unit", s->unit);
	if (scales)
		out_json_exact(o, "unit_scale", s->scale);
	format_rate(number, sizeof(number), ns ? rate / 1e9 : rate);
	snprintf(shown, sizeof(shown), "%s%s%s", number, *s->unit ? " " : "",
		 ns ? "CPUs" : s->unit);
	out_cell_aside(o, "PER SECOND", shown, true);
	snprintf(shown, sizeof(shown), "%.1f %%",
		 s->enabled ? (double)s->running * 100 / (double)s->enabled : 0);
	out_cell_aside(o, "COUNTED FOR", shown, true);
	out_json_number(o, "count", s->count);
	out_json_number(o, "scaled", format_whole(scaled(s)));
	out_json_number(o, "enabled_ns", s->enabled);
	out_json_number(o, "running_ns", s->running);
}

/** stat_print_absent() - Events that the machine does not count have no numbers. */
void stat_print_absent(struct out *o, const char *event)
{
	out_cell_aside(o, "COUNT", "<not supported>", true);
	out_cell_text(o, "event", "EVENT", event);
	out_json_bool(o, "supported", false);
	out_cell_aside(o, "PER SECOND", "-", true);
	out_cell_aside(o, "COUNTED FOR", "-", true);
}

/* The sum of an event over all rows: CPUs, tasks. @shared: it was not counted all the time. */
static bool sum_of(const struct stat_state *st, const char *name, double *sum, bool *shared)
{
	size_t len = strlen(name);
	bool found = false;
	size_t i;

	*sum = 0;
	for (i = 0; i < st->n; i++) {
		const char *event = st->v[i].event;

		if (strncmp(event, name, len) || (event[len] && event[len] != ':'))
			continue;
		found = true;
		*sum += scaled(&st->v[i]);
		*shared |= st->v[i].running < st->v[i].enabled;
	}
	return found;
}

/** stat_print_ratios() - What is said of pairs of events. */
void stat_print_ratios(struct out *o, const struct stat_state *st)
{
	bool estimated[ARRAY_SIZE(ratios)] = {};
	bool first = true;
	double of;
	double per;
	size_t i;

	out_open(o, "derived", '{');
	for (i = 0; i < ARRAY_SIZE(ratios); i++) {
		bool shared = false;

		if (!sum_of(st, ratios[i].of, &of, &shared) ||
		    !sum_of(st, ratios[i].per, &per, &shared) || per < 1)
			continue;
		estimated[i] = shared;
		out_json_real(o, ratios[i].key, of / per);
		if (!o->json)
			out_line(o, "%s%8.2f%s %s%s", first ? "\n" : "",
				 of / per * (ratios[i].percent ? 100 : 1),
				 ratios[i].percent ? " %" : "", ratios[i].text,
				 shared ? " (estimated: these events shared counters)" : "");
		first = false;
	}
	out_close(o, '}');
	out_open(o, "derived_estimated", '[');
	for (i = 0; i < ARRAY_SIZE(ratios); i++)
		if (estimated[i])
			out_json_text(o, NULL, ratios[i].key);
	out_close(o, ']');
}

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
		.event = text_of(row, "event"), .scale = scale ? json_number_value(scale) : 1,
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

/** pmu_stat_show() - A saved report. Return: 0, or an exit status after a sentence. */
int pmu_stat_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	const json_t *duration = json_object_get(root, "interval_ns");
	struct stat_state all = {
		.duration = duration ? json_unsigned(duration) : r->session->duration,
	};
	json_t *row;
	struct out o;
	size_t i;

	output_begin(to, &o, false);
	report_header(r, &o);
	if (*text_of(root, "lacking"))
		out_line(&o, "Only software events: %s.\n", text_of(root, "lacking"));
	out_table_begin(&o, "rows");
	json_array_foreach(json_object_get(root, "rows"), i, row) {
		out_row_begin(&o);
		print_keys(&o, root, row);
		all.v = grow(all.v, &all.cap, all.n + 1, sizeof(*all.v));
		all.v[all.n] = read_row(row);
		if (json_is_false(json_object_get(row, "supported")))
			stat_print_absent(&o, text_of(row, "event"));
		else
			stat_print_count(&o, &all.v[all.n++], all.duration);
		out_row_end(&o);
	}
	out_table_end(&o);
	stat_print_ratios(&o, &all);
	if (!r->interim)
		report_footer(r, &o);
	out_free(&o);
	free(all.v);
	return output_flush(to);
}
