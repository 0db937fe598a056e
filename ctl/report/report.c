// SPDX-License-Identifier: GPL-2.0
/*
 * The report: rows with names, biggest first, and below them what became of
 * every hit, what observing cost, and how full the tables are.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/map.h"
#include "lib/parse.h"
#include "lib/progress.h"
#include "report/charts.h"
#include "report/exports.h"
#include "report/grid_rows.h"
#include "report/hist.h"
#include "report/losses.h"
#include "report/nothing.h"
#include "report/picture.h"
#include "report/rates.h"
#include "report/report.h"
#include "report/row_stack.h"
#include "report/wide.h"

#define TEXT_ROWS	40

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct report *r = arg;
	bool by_sum = r->view->mode->value;
	const struct row *x = a;
	const struct row *y = b;
	uint64_t p = by_sum ? wide_weight(x) : x->count;
	uint64_t q = by_sum ? wide_weight(y) : y->count;

	if (p != q)
		return p < q ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

/** report_rows_to_show() - Return: how many of the rows worth it are shown. */
size_t report_rows_to_show(const struct report *r)
{
	size_t n = r->opts->json ? r->table->nr_rows : r->rows_worth;
	size_t top = r->opts->json || opts_wants_stacks(r->opts) ? 0 : TEXT_ROWS;

	if (r->opts->top.given)
		top = r->opts->top.value;
	return top && top < n ? top : n;
}

/** report_has_order() - Whether the order of rows is seen: not in a picture of all of them. */
bool report_has_order(const struct report *r)
{
	const struct opts *o = r->opts;

	return !o->flame || o->json || o->top.given;
}

/** report_sort() - Those with the most time, or the most hits, first, where that is seen. */
void report_sort(struct report *r)
{
	struct table *t = r->table;

	r->rows_worth = t->nr_rows;
	if (t->nr_rows && report_has_order(r))
		qsort_r(t->rows, t->nr_rows, sizeof(*t->rows), compare_rows, r);
}

/** report_resolve() - Sort the rows and find the names that the report needs. */
void report_resolve(struct report *r)
{
	const struct report_kind *kind = r->kind;

	r->rows_worth = r->table->nr_rows;
	if (r->saved && kind && kind->restore)
		kind->restore(r);
	else if (kind && kind->arrange)
		kind->arrange(r);
	else
		report_sort(r);
	r->rows_shown = report_rows_to_show(r);
	report_want(r);
	ksyms_resolve(&r->view->ksyms);
}

static void upper(char *out, size_t size, const char *s)
{
	size_t i;

	for (i = 0; i + 1 < size && s[i]; i++)
		out[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 32) : s[i];
	out[i] = 0;
}

/** report_print_named() - A number that is shown by a name: programs get the number as well. */
void report_print_named(const struct view *v, struct out *o, size_t c, const char *header,
			uint64_t key, const char *text)
{
	struct buf name = {};
	struct buf path = {};

	out_cell_text(o, v->columns[c]->name, header, text);
	if (!view_has_number(v, c))
		return;
	buf_printf(&name, "%s_number", v->columns[c]->name);
	out_json_signed(o, name.p, (int64_t)key);
	name.len = 0;
	if (view_print_path(v, c, key, &path)) {
		buf_printf(&name, "%s_path", v->columns[c]->name);
		out_json_text(o, name.p, path.p);
	}
	buf_free(&path);
	buf_free(&name);
}

static void print_keys(struct report *r, struct out *o, const struct row *row)
{
	const uint64_t *keys = r->table->keys + row->key;
	struct view *v = r->view;
	struct buf text = {};
	char header[40];
	size_t c;

	out_are_keys(o, true);
	for (c = 0; c < v->nr_columns; c++) {
		uint64_t key = keys[c];

		if (type_is_stack(v->types[c]) || view_is_hidden(v, c))
			continue;
		upper(header, sizeof(header), v->columns[c]->name);
		if (view_is_fault(v, c, keys)) {
			out_cell_text(o, v->columns[c]->name, header, "(fault)");
			continue;
		}
		if (view_absent(v, c, key)) {
			out_cell_aside(o, header, "-", v->types[c] == KOBS_TYPE_NUMBER);
			continue;
		}
		text.len = 0;
		view_print_cell(v, c, keys, &text);
		if (v->types[c] == KOBS_TYPE_NUMBER && v->shown[c] == SHOWN_SIGNED)
			out_cell_signed(o, v->columns[c]->name, header, (int64_t)key, text.p);
		else if (v->types[c] == KOBS_TYPE_NUMBER && view_is_named(v, c))
			report_print_named(v, o, c, header, key, text.p);
		else if (v->types[c] == KOBS_TYPE_NUMBER)
			out_cell_shown(o, v->columns[c]->name, header, key, text.p);
		else
			out_cell_text(o, v->columns[c]->name, header, text.p ? text.p : "");
	}
	out_are_keys(o, false);
	buf_free(&text);
}

static void print_value(struct report *r, struct out *o, const char *key, const char *header,
			uint64_t value)
{
	char shown[40];

	format_value(shown, sizeof(shown), (double)value, view_unit(r->view));
	out_cell_shown(o, key, header, value, shown);
}

static void print_share(struct out *o, uint64_t part, uint64_t all)
{
	char share[16];

	snprintf(share, sizeof(share), "%.1f %%", all ? (double)part * 100 / (double)all : 0);
	out_cell_aside(o, "SHARE", share, true);
	out_is_share(o, (double)part, (double)all);
}

static void print_values(struct report *r, struct out *o, const struct row *row, uint64_t total)
{
	double average = row->count ? (double)row->sum / (double)row->count : 0;
	char shown[40];

	print_value(r, o, "sum", "TOTAL", row->sum);
	out_is_counter(o, (double)row->sum, view_unit(r->view));
	print_share(o, row->sum, total);
	format_value(shown, sizeof(shown), average, view_unit(r->view));
	out_cell_aside(o, "AVG", shown, true);
	out_is_ratio(o, (double)row->sum, (double)row->count, view_unit(r->view));
	print_value(r, o, "min", "MIN", row->min);
	if (r->table->has_hist)
		hist_print_percentiles(row, o, view_unit(r->view));
	print_value(r, o, "max", "MAX", row->max);
}

/* The lowest of nothing is no number. */
static void print_figure(struct out *o, const struct figure *f, const char *unit, uint64_t value)
{
	char header[40];
	char shown[40];

	upper(header, sizeof(header), f->name);
	if (f->merge == KOBS_MERGE_LOWEST && value == UINT64_MAX) {
		out_cell_aside(o, header, "-", true);
		return;
	}
	format_value(shown, sizeof(shown), (double)value, unit ? unit : "");
	out_cell_shown(o, f->name, header, value, shown);
	/* Waits in progress come and go. */
	if (f->merge == KOBS_MERGE_SUM && strcmp(f->name, "pending"))
		out_is_counter(o, (double)value, unit ? unit : "");
}

static void print_figures(struct report *r, struct out *o, const struct row *row)
{
	const struct mode *m = r->view->mode;
	const uint64_t *figures = table_figures(r->table, row);
	const struct report_kind *kind = r->kind;
	size_t i;

	for (i = 0; i < r->table->nr_figures; i++) {
		const struct figure *f = &m->figures[i];
		const char *unit = f->unit;

		if (!kind || !kind->shows || kind->shows(r, f, &unit))
			print_figure(o, f, unit, figures[i]);
	}
}

/** report_print_rate() - Hits of a row per second, with --interval. */
void report_print_rate(struct report *r, struct out *o, const struct row *row)
{
	size_t words = r->table->nr_keys + r->table->nr_figures;
	double rate;
	char shown[40];

	if (!r->rates || o->grid)
		return;
	if (r->saved && r->interim)
		rate = r->saved->rates[words ? row->key / words : 0];
	else
		rate = rates_of(r->rates, r, row);
	out_json_precise(o, "per_s", rate);
	format_rate(shown, sizeof(shown), rate);
	out_cell_aside(o, "PER SECOND", shown, true);
}

/** report_weight() - Return: what a row weighs among the others. */
uint64_t report_weight(struct report *r, const struct row *row)
{
	if (r->kind && r->kind->weight)
		return r->kind->weight(r, row);
	return r->view->mode->value ? wide_weight(row) : row->count;
}

static void print_numbers(struct report *r, struct out *o, const struct row *row, uint64_t total)
{
	const struct report_kind *kind = r->kind;
	uint64_t whole = kind && kind->whole ? kind->whole(r, row) : total;

	out_cell_number(o, "count", "COUNT", row->count);
	out_is_counter(o, (double)row->count, "");
	report_print_rate(r, o, row);
	if (r->view->mode->value)
		print_values(r, o, row, total);
	else if (!kind || !kind->weight)
		print_share(o, row->count, total);
	print_figures(r, o, row);
	/* The weight is among the figures. */
	if (kind && kind->weight)
		print_share(o, report_weight(r, row), whole);
}

/** report_print_row() - A row of a table. @total: the weight of all */
void report_print_row(struct report *r, struct out *o, const struct row *row, uint64_t total)
{
	const struct report_kind *kind = r->kind;
	struct view *v = r->view;
	size_t c;

	out_row_begin(o);
	print_keys(r, o, row);
	if (kind && kind->print_values)
		kind->print_values(r, o, row);
	else
		print_numbers(r, o, row, total);
	if (r->table->has_hist)
		hist_print_json(row, o);
	for (c = 0; c < v->nr_columns; c++)
		if (type_is_stack(v->types[c]) &&
		    (o->json || o->grid || !kind || !kind->own_stacks))
			row_stack_print(r, o, c, r->table->keys[row->key + c]);
	out_row_end(o);
}

/* Those that -n leaves out, now or when the report was saved. */
static void print_left_out(struct report *r, struct out *o)
{
	uint64_t before = r->saved ? r->saved->rows_left_out : 0;
	uint64_t n = r->rows_worth - r->rows_shown + before;
	uint64_t weight = r->saved ? r->saved->weight_left_out : 0;
	char count[32];
	size_t i;

	/* Some kinds show fewer than there are, and not for -n. */
	if (r->rows_worth < r->rows_shown || !n)
		return;
	for (i = r->rows_shown; i < r->table->nr_rows; i++)
		weight += report_weight(r, &r->table->rows[i]);
	out_json_number(o, "rows_left_out", n);
	out_json_number(o, "weight_left_out", weight);
	out_line(o, "... %s more rows (%s)", format_count(count, sizeof(count), n),
		 n == before ? "the file does not have them" : "-n 0 shows all");
}

/** report_print_table() - The rows, and what is said below them. */
void report_print_table(struct report *r, struct out *o)
{
	const struct report_kind *kind = r->kind;
	struct table *t = r->table;
	char count[32];
	uint64_t total = r->saved ? r->saved->weight_left_out : 0;
	size_t i;

	for (i = 0; i < t->nr_rows; i++)
		total += report_weight(r, &t->rows[i]);
	out_table_begin(o, "rows");
	progress_begin("Printing rows");
	for (i = 0; i < r->rows_shown; i++) {
		report_print_row(r, o, &t->rows[i], total);
		out_progress(o, i, r->rows_shown);
	}
	progress_end();
	out_table_end(o);
	print_left_out(r, o);
	if (!t->nr_rows && !r->rows_hidden)
		nothing_print(r, o);
	if (r->rows_hidden)
		out_line(o, "%s row%s of idle kernel threads hidden (-v shows %s)",
			 format_count(count, sizeof(count), r->rows_hidden),
			 r->rows_hidden == 1 ? "" : "s", r->rows_hidden == 1 ? "it" : "them");
	if (kind && kind->print_foot)
		kind->print_foot(r, o);
	/* Ages are read for the verdict; as bars they are shown on request. */
	if (o->json || !t->has_hist || (kind && kind->charts_asked && !r->opts->hist))
		return;
	charts_print(r, o);
}

/**
 * report_print() - Print a report whose names are resolved.
 * Return: 0, or an exit status after a sentence.
 */
int report_print(struct report *r, const struct output *to)
{
	int err = r->opts->flame ? picture_write(r) : 0;
	struct out o;

	if (err)
		return err;
	if (r->opts->folded || r->opts->stacks)
		return export_report(r, to);
	output_begin(to, &o, r->opts->json);
	out_open(&o, NULL, '{');
	report_header(r, &o);
	if (o.page && r->table->nr_rows && view_has_stacks(r->view))
		picture_embed(r, &o);
	if (r->opts->flame && !r->opts->json)
		picture_tell(r, &o);
	else if (o.grid)
		grid_rows_print(r, &o);
	else
		report_print_table(r, &o);
	if (r->rates && !r->saved && !o.grid)
		rates_take(r->rates, r);
	report_footer(r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	return output_flush(to);
}

/* The limit is a time where the mode's value is one. */
static bool crossed(struct report *r)
{
	const struct opt_limit *limit = &r->opts->fail_over;
	bool measured = r->view->mode->value;
	size_t i;

	if (!limit->text || !r->table)
		return false;
	for (i = 0; i < r->table->nr_rows; i++) {
		const struct row *row = &r->table->rows[i];

		if ((measured ? row->max : row->count) > limit->value)
			return true;
	}
	return false;
}

/** report_lost() - Return: the exit status that --max-lost asks for. */
int report_lost(const struct session *s, const struct opts *o)
{
	struct losses l = losses_of(s);
	char lost[32], limit[32];
	size_t i;

	if (!o->max_lost.given)
		return 0;
	/* How many calls were missed since is not known. */
	for (i = 0; i < s->nr_notes; i++) {
		if (strcmp(s->notes[i].name, "functions_gone") &&
		    strcmp(s->notes[i].name, "functions_missed"))
			continue;
		warn("%s function%s %s: calls that were missed since are not known to --max-lost",
		     format_count(lost, sizeof(lost), s->notes[i].number),
		     s->notes[i].number == 1 ? "" : "s", s->notes[i].doc);
		return STATUS_LOST;
	}
	if (l.lost <= o->max_lost.value)
		return 0;
	warn("%s hits were lost, more than --max-lost %s", format_count(lost, sizeof(lost), l.lost),
	     format_count(limit, sizeof(limit), o->max_lost.value));
	return STATUS_LOST;
}

/** report_verdict() - Return: the exit status that the user's limits ask for. */
int report_verdict(struct report *r)
{
	const struct report_kind *kind = r->kind;

	if (kind && kind->verdict) {
		int status = kind->verdict(r);

		if (status)
			return status;
	} else if (crossed(r)) {
		warn("a row is above the limit %s of --fail-over", r->opts->fail_over.text);
		return STATUS_CROSSED;
	}
	return report_lost(r->session, r->opts);
}

/** report_free() - Free what report_resolve() made. */
void report_free(struct report *r)
{
	const struct report_kind *kind = r->kind;

	if (kind && kind->release)
		kind->release(r);
}
