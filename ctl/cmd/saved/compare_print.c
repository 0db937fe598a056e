// SPDX-License-Identifier: GPL-2.0
/* The report of a comparison: what was compared, and its rows, the greatest change first. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/hist.h"
#include "report/losses.h"

#define TEXT_ROWS	40

static const struct {
	double		part;
	const char	*name;
	const char	*before;
	const char	*after;
} percentiles[] = {
	{ 0.5, "p50", "P50 BEFORE", "P50 AFTER" },
	{ 0.99, "p99", "P99 BEFORE", "P99 AFTER" },
};

static __int128 size_of_change(const struct pair *p)
{
	return amount_size(p->after - p->before);
}

static int by_change(const void *a, const void *b)
{
	__int128 p = size_of_change(a);
	__int128 q = size_of_change(b);

	if (p != q)
		return p < q ? 1 : -1;
	return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static void upper(char *out, size_t size, const char *s)
{
	size_t i;

	for (i = 0; i + 1 < size && s[i]; i++)
		out[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 32) : s[i];
	out[i] = 0;
}

/* The cells of a key; stacks stand below the row. */
static void print_key(const struct diff *d, struct out *o, const struct pair *p)
{
	const char *at = p->key;
	struct buf cell = {};
	char header[40];
	size_t c;

	if (d->by_end) {
		out_cell_text(o, "frame", "ENDS IN", p->key);
		return;
	}
	for (c = 0; c < d->nr_columns; c++) {
		size_t len = strcspn(at, "\1");

		cell.len = 0;
		buf_add(&cell, at, len);
		at += len + 1;
		upper(header, sizeof(header), d->columns[c]);
		if (!d->stacked[c])
			out_cell_text(o, d->columns[c], header, cell.p);
	}
	buf_free(&cell);
}

static void print_stacks(const struct diff *d, struct out *o, const struct pair *p)
{
	const char *at = p->key;
	struct buf line = {};
	size_t c;

	for (c = 0; !d->by_end && c < d->nr_columns; c++) {
		const char *end = at + strcspn(at, "\1");

		if (d->stacked[c])
			out_open(o, d->columns[c], '[');
		while (d->stacked[c] && at < end) {
			size_t len = strcspn(at, "\1\n");

			line.len = 0;
			buf_puts(&line, o->json ? "" : "      ");
			buf_add(&line, at, len);
			out_json_text(o, NULL, line.p);
			out_below(o, line.p);
			at += len + (at[len] == '\n');
		}
		if (d->stacked[c])
			out_close(o, ']');
		at = end + 1;
	}
	buf_free(&line);
}

static void print_value(const struct diff *d, struct out *o, const char *key, const char *header,
			uint64_t value)
{
	char shown[40];

	format_value(shown, sizeof(shown), (double)value, d->unit);
	out_cell_shown(o, key, header, value, shown);
}

static void print_percentiles(const struct diff *d, struct out *o, const struct pair *p)
{
	char key[32];
	size_t i;
	size_t side;

	for (i = 0; d->has_hist && i < ARRAY_SIZE(percentiles); i++)
		for (side = 0; side < 2; side++) {
			const char *header = side ? percentiles[i].after : percentiles[i].before;

			snprintf(key, sizeof(key), "%s_%s", percentiles[i].name,
				 side ? "after" : "before");
			if (p->hist[side].nr_buckets)
				print_value(d, o, key, header,
					    hist_percentile(&p->hist[side], percentiles[i].part));
			else
				out_cell_aside(o, header, "-", true);
		}
}

static void json_amount(struct out *o, const char *key, __int128 v)
{
	char digits[AMOUNT_TEXT];

	amount_digits(digits, sizeof(digits), v);
	out_json_digits(o, key, digits);
}

static void print_amount(const struct diff *d, struct out *o, const char *key, const char *header,
			 __int128 v)
{
	char shown[AMOUNT_TEXT];

	amount_format(shown, sizeof(shown), v, d->unit);
	if (v >= 0 && v <= UINT64_MAX) {
		out_cell_shown(o, key, header, (uint64_t)v, shown);
		return;
	}
	json_amount(o, key, v);
	out_cell_aside(o, header, shown, true);
}

static void print_row(const struct diff *d, struct out *o, const struct pair *p)
{
	char shown[AMOUNT_TEXT + 1];

	out_row_begin(o);
	print_key(d, o, p);
	print_amount(d, o, "before", "BEFORE", p->before);
	print_amount(d, o, "after", "AFTER", p->after);
	json_amount(o, "change", p->after - p->before);
	*shown = '+';
	amount_format(shown + (p->after > p->before), AMOUNT_TEXT, p->after - p->before, d->unit);
	out_cell_aside(o, "CHANGE", shown, true);
	amount_format_relative(shown, sizeof(shown), p->before, p->after);
	out_cell_aside(o, "RELATIVE", shown, true);
	print_percentiles(d, o, p);
	print_stacks(d, o, p);
	out_row_end(o);
}

/** compare_add_file() - What a report is of, and whether it is all of that. */
void compare_add_file(const struct saved *s, struct buf *out)
{
	char took[32];

	buf_printf(out, "%s %s, %s%s", s->session.source, s->session.mode,
		   format_ns(took, sizeof(took), (double)s->session.duration),
		   s->report.interim ? " so far" : "");
	if (s->session.stop_reason)
		buf_printf(out, ", stopped early: %s", s->session.stop_reason);
}

/** compare_describe() - Both reports, what they are compared by, and the whole of each. */
void compare_describe(const struct diff *d, struct strings *lines)
{
	struct buf line = {};
	char shown[AMOUNT_TEXT];
	size_t i;

	compare_add_file(&d->file[0], &line);
	buf_puts(&line, "; then ");
	compare_add_file(&d->file[1], &line);
	strings_add(lines, line.p);
	line.len = 0;
	buf_printf(&line, "%s: before %s", d->unit,
		   amount_format(shown, sizeof(shown), d->total[0], d->unit));
	buf_printf(&line, "%s, after %s",
		   d->own->per_second ? " in the same time" :
		   d->own->per_hit ? " for as many hits" : "",
		   amount_format(shown, sizeof(shown), d->total[1], d->unit));
	amount_format_relative(shown, sizeof(shown), d->total[0], d->total[1]);
	buf_printf(&line, " (%s)", shown);
	/* Numbers of different events do not add up. */
	if (strcmp(d->weight, "scaled"))
		strings_add(lines, line.p);
	for (i = 0; i < d->notes.n; i++)
		strings_add(lines, d->notes.v[i]);
	buf_free(&line);
}

/** compare_accounts() - What became of every hit of both, and where. */
void compare_accounts(const struct diff *d, bool machines, struct strings *lines)
{
	struct buf line = {};
	size_t i;

	for (i = 0; i < 2; i++) {
		/* What is read from files has no hits. */
		if (!json_object_get(d->file[i].root, "accounting") &&
		    d->file[i].form && d->file[i].form->whole)
			continue;
		line.len = 0;
		buf_puts(&line, i ? "after: " : "before: ");
		losses_add_account(&d->file[i].session, &line);
		if (machines)
			buf_printf(&line, "; Linux %s, kobs %s", d->file[i].view.kernel,
				   d->file[i].view.version);
		strings_add(lines, line.p);
	}
	buf_free(&line);
}

static void print_head(const struct diff *d, struct out *o)
{
	struct strings lines = {};
	size_t i;

	compare_describe(d, &lines);
	compare_accounts(d, o->page, &lines);
	for (i = 0; i < lines.n; i++)
		out_line(o, "%s", lines.v[i]);
	strings_free(&lines);
	if (d->o->flame)
		out_line(o, "flame graph of the second one: %s", d->o->flame);
	if (d->o->html)
		out_line(o, "page: %s", d->o->html);
	out_line(o, "%s", "");
	out_json_text(o, "unit", d->unit);
	json_amount(o, "before", d->total[0]);
	json_amount(o, "after", d->total[1]);
	out_json_number(o, "lost_before", losses_of(&d->file[0].session).lost);
	out_json_number(o, "lost_after", losses_of(&d->file[1].session).lost);
	out_json_bool(o, "per_second", d->own->per_second);
	out_json_bool(o, "per_hit", d->own->per_hit);
	out_json_exact(o, "scale", d->scale);
	out_json_texts(o, "differ", &d->notes);
}

static void print_foot(const struct diff *d, struct out *o, size_t changed, size_t shown)
{
	double percent = compare_percent(d->o);
	char n[32];

	if (shown < changed)
		out_line(o, "... %s more rows (-n 0 shows all)",
			 format_count(n, sizeof(n), changed - shown));
	if (changed < d->n)
		out_line(o, "%s row%s did not change", format_count(n, sizeof(n), d->n - changed),
			 d->n - changed == 1 ? "" : "s");
	if (compare_is_quiet(d, percent))
		out_line(o, "Nothing changed over %.4g %%%s.", percent,
			 strcmp(d->weight, "scaled") ? ", of rows with 1 % of all or more" : "");
}

/** compare_print() - The report. */
void compare_print(struct diff *d, struct out *o)
{
	size_t top = d->o->top.given ? (size_t)d->o->top.value : o->json ? 0 : TEXT_ROWS;
	size_t changed;
	size_t i;

	if (d->n)
		qsort(d->v, d->n, sizeof(*d->v), by_change);
	for (changed = 0; changed < d->n && size_of_change(&d->v[changed]); changed++)
		;
	out_open(o, NULL, '{');
	print_head(d, o);
	out_table_begin(o, "rows");
	for (i = 0; i < changed && (!top || i < top); i++)
		print_row(d, o, &d->v[i]);
	out_table_end(o);
	print_foot(d, o, changed, i);
	out_close(o, '}');
	out_newline(o);
}
