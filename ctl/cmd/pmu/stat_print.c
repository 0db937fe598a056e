// SPDX-License-Identifier: GPL-2.0
/* The cells of a count, what follows from counts, and verdicts; of a session or a file. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/stat.h"
#include "cmd/pmu/topdown.h"
#include "cmd/pmu/stat_verdict.h"
#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"

/* What follows from a count and others of its row's task or CPU, in one cell. */
static void print_metrics(struct out *o, const struct stat_state *st, const struct stat_row *s)
{
	struct buf cell = {};
	const char *last = "";
	char text[80];
	double value;
	bool shared;
	size_t i;

	for (i = 0; i < nr_stat_metrics; i++) {
		const struct stat_metric *m = &stat_metrics[i];

		if (!stat_is_event(s->event, m->of) || !strcmp(last, m->key) ||
		    !stat_metric_of(st, m, stat_modifiers(s->event), s->group, &value, &shared))
			continue;
		last = m->key;
		out_json_real(o, m->key, value);
		buf_printf(&cell, "%s%s%s", cell.len ? ", " : "",
			   stat_metric_text(text, sizeof(text), m, value, m->cell),
			   shared ? " (estimated)" : "");
	}
	if (s->role)
		buf_printf(&cell, "%s%s", cell.len ? ", " : "", s->role);
	out_json_text(o, "role", s->role);
	out_cell_aside(o, "DERIVED", cell.len ? cell.p : "", false);
	buf_free(&cell);
}

/* For how long it was counted. */
static void print_time(struct out *o, const struct stat_row *s)
{
	char shown[32];

	snprintf(shown, sizeof(shown), "%.1f %%",
		 s->enabled ? (double)s->running * 100 / (double)s->enabled : 0);
	out_cell_aside(o, "COUNTED FOR", shown, true);
	out_json_number(o, "enabled_ns", s->enabled);
	out_json_number(o, "running_ns", s->running);
}

/**
 * stat_print_count() - Count, name and rate, how long it was counted, and what follows from it.
 *
 * Nanoseconds per second are CPUs that were busy; other units are as the PMU says.
 */
void stat_print_count(struct out *o, const struct stat_state *st, size_t row)
{
	const struct stat_row *s = &st->v[row];
	bool ns = !strcmp(s->unit, "ns");
	bool scales = s->scale < 1 || s->scale > 1;
	double n = stat_scaled(s) * s->scale;
	double rate = st->duration ? n * 1e9 / (double)st->duration : 0;
	char number[40];
	char shown[80];

	if (ns)
		format_ns(shown, sizeof(shown), n);
	else if (scales && *s->unit)
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
	out_json_number(o, "count", s->count);
	out_json_number(o, "scaled", format_whole(stat_scaled(s)));
	if (st->sampled)
		out_cell_number(o, "samples", "SAMPLES", s->samples);
	else
		print_time(o, s);
	print_metrics(o, st, s);
}

/** stat_print_absent() - Events that the machine does not count have no numbers. */
void stat_print_absent(struct out *o, const struct stat_state *st, const char *event)
{
	out_cell_aside(o, "COUNT", "<not supported>", true);
	out_cell_text(o, "event", "EVENT", event);
	out_json_bool(o, "supported", false);
	out_cell_aside(o, "PER SECOND", "-", true);
	out_cell_aside(o, st->sampled ? "SAMPLES" : "COUNTED FOR", "-", true);
	out_cell_aside(o, "DERIVED", "", false);
}

/** stat_print_sampled() - Where counts are estimates, say of what. */
void stat_print_sampled(struct out *o, const struct stat_state *st)
{
	if (st->sampled)
		out_line(o, "Counts are the sums of what samples stand for, of busy CPUs: of clocks and of the PMU's events an estimate.");
}

/**
 * stat_print_more() - What was left out, where only @top groups are printed.
 * @before: rows that were left out when the report was saved
 */
void stat_print_more(struct out *o, const struct stat_state *st, size_t top, uint64_t before)
{
	uint64_t n = before;
	char count[32];
	size_t i;

	for (i = 0; top && i < st->n; i++)
		n += st->v[i].group >= top;
	if (n)
		out_json_number(o, "rows_left_out", n);
	if (top && st->groups > top)
		out_line(o, "... %zu more (-n 0 shows all)", st->groups - top);
	if (before)
		out_line(o, "... %s more rows (the file does not have them)",
			 format_count(count, sizeof(count), before));
}

/* A metric of all rows, for each kind of code that events count by their modifiers. */
static void print_ratio(struct out *o, const struct stat_state *st, const struct stat_metric *m,
			struct strings *told, struct strings *estimated)
{
	struct buf key = {};
	char text[120];
	double value;
	bool shared;
	size_t i;

	for (i = 0; i < st->mods.n; i++) {
		const char *mods = st->mods.v[i];

		if (!stat_metric_of(st, m, mods, STAT_ALL, &value, &shared))
			continue;
		/* The first kind of code has the key by itself. */
		key.len = 0;
		buf_puts(&key, m->key);
		if (strings_have(told, key.p) && *mods)
			buf_printf(&key, ":%s", mods);
		if (strings_have(told, key.p))
			continue;
		out_json_real(o, key.p, value);
		if (shared)
			strings_add(estimated, key.p);
		if (st->groups > 1)
			out_line(o, "%s%s%s%s%s", told->n ? "" : "\nIn all:\n",
				 stat_metric_text(text, sizeof(text), m, value, m->text),
				 *mods ? ", :" : "", mods,
				 shared ? " (estimated: these events shared counters)" : "");
		strings_add(told, key.p);
	}
	buf_free(&key);
}

/** stat_print_ratios() - What follows from pairs of events over all rows. */
void stat_print_ratios(struct out *o, const struct stat_state *st)
{
	struct strings estimated = {};
	struct strings told = {};
	size_t i;

	out_open(o, "derived", '{');
	for (i = 0; i < nr_stat_metrics; i++)
		print_ratio(o, st, &stat_metrics[i], &told, &estimated);
	out_close(o, '}');
	out_open(o, "derived_estimated", '[');
	for (i = 0; i < estimated.n; i++)
		out_json_text(o, NULL, estimated.v[i]);
	out_close(o, ']');
	strings_free(&estimated);
	strings_free(&told);
}

/** stat_print_method() - Of which slots the parts are. */
void stat_print_method(struct out *o, const char *method, const char *unit, bool estimated)
{
	out_line(o, "shares of the %s, by %s%s", unit, method,
		 estimated ? " (estimated: these events shared counters)" : "");
}

/** stat_print_verdict() - A sentence, and the next command. */
void stat_print_verdict(struct out *o, bool first, const char *sentence, const char *next)
{
	out_line(o, "%sVerdict: %s.\n  next: %s", first ? "\n" : "", sentence, next);
}

/** stat_print_missing() - What there is no verdict on, and for want of which event. */
void stat_print_missing(struct out *o, bool first, const char *missing)
{
	out_line(o, "%sNo verdict on %s.", first ? "\n" : "", missing);
}

/** stat_print_part() - A part of the slots. */
void stat_print_part(struct out *o, const char *key, const char *text, const char *doc,
		     unsigned int tenths, double slots)
{
	char shown[32];

	out_row_begin(o);
	snprintf(shown, sizeof(shown), "%u.%u %%", tenths / 10, tenths % 10);
	out_cell_aside(o, "SHARE", shown, true);
	out_json_text(o, "part", key);
	out_cell_text(o, "name", "TOP-DOWN", text);
	out_cell_text(o, "doc", "WHAT", doc);
	out_json_real(o, "percent", tenths / 10.0);
	out_json_number(o, "slots", format_whole(slots));
	out_row_end(o);
}

/** stat_print_topdown() - What became of the slots: parts that are 100.0 % in all. */
void stat_print_topdown(struct out *o, const struct topdown *t)
{
	size_t i;

	out_line(o, "%s", "");
	out_json_text(o, "topdown_method", t->method);
	out_json_text(o, "topdown_unit", t->unit);
	out_json_bool(o, "topdown_estimated", t->shared);
	out_table_begin(o, "topdown");
	for (i = 0; i < NR_TOPDOWN_PARTS; i++)
		if (t->has & 1u << i)
			stat_print_part(o, topdown_names[i].key, topdown_names[i].text,
					topdown_names[i].doc, t->tenths[i], t->slots[i]);
	out_table_end(o);
	stat_print_method(o, t->method, t->unit, t->shared);
}

/** stat_print_verdicts() - What the counts say, and what cannot be told. */
void stat_print_verdicts(struct out *o, const struct stat_verdicts *v)
{
	size_t i;

	out_open(o, "verdict", '[');
	for (i = 0; i < v->n; i++) {
		out_open(o, NULL, '{');
		out_json_text(o, "rule", v->v[i].rule);
		out_json_text(o, "sentence", v->v[i].sentence);
		out_json_text(o, "next", v->v[i].next);
		out_close(o, '}');
		stat_print_verdict(o, !i, v->v[i].sentence, v->v[i].next);
	}
	out_close(o, ']');
	out_json_texts(o, "verdict_missing", &v->missing);
	for (i = 0; i < v->missing.n; i++)
		stat_print_missing(o, !i && !v->n, v->missing.v[i]);
	out_open(o, "thresholds", '{');
	for (i = 0; i < NR_VERDICT_LIMITS; i++)
		out_json_exact(o, verdict_limits[i].name, verdict_limits[i].value);
	out_close(o, '}');
}
