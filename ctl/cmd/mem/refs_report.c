// SPDX-License-Identifier: GPL-2.0
/*
 * The report of 'mem refs': references that are held, by what took them. Rows, verdicts
 * and their evidence are those of 'slab leaks' (cmd/slab/judge.h), where references are
 * what objects are there; in the JSON form they have the same names.
 */

#include <stdio.h>

#include "cmd/mem/refs.h"
#include "cmd/slab/judge.h"
#include "cmd/slab/slab.h"
#include "lib/diag.h"
#include "lib/format.h"

static void describe(struct report *r, struct buf *out)
{
	const struct param *cache = leaks_param(r, "cache");
	const struct param *site = leaks_param(r, "site");

	if (cache && cache->text && *cache->text)
		buf_printf(out, " of objects of the cache %s", cache->text);
	if (leaks_is_set(r, "site"))
		buf_printf(out, "%s allocated at %s",
			   leaks_is_set(r, "cache") ? "," : " of objects", site->text);
}

static void print_evidence(struct out *o, const struct judged *j)
{
	const struct evidence *e = &j->evidence;
	struct buf line = {};
	size_t k;

	out_open(o, "kept", '[');
	for (k = 0; k < VERDICT_PARTS; k++) {
		buf_printf(&line, "%s%.0f", k ? " " : "", e->kept[k]);
		out_json_exact(o, NULL, e->kept[k]);
	}
	out_close(o, ']');
	out_open(o, "live_after", '[');
	for (k = 1; k <= VERDICT_PARTS; k++)
		out_json_number(o, NULL, e->live[k]);
	out_close(o, ']');
	out_json_precise(o, "confidence", e->confidence);
	out_cell_aside(o, "KEPT BY SIXTH", line.p, false);
	buf_free(&line);
}

static void print_count(struct report *r, struct out *o, const struct row *row, const char *name,
			const char *header)
{
	uint64_t n = leaks_figure(r, row, name);

	out_cell_number(o, name, header, n);
	out_is_counter(o, (double)n, "");
}

static void print_values(struct report *r, struct out *o, const struct row *row)
{
	const struct leaks *l = r->judged;
	const struct judged *j = &l->v[row - r->table->rows];
	char shown[40];

	out_json_text(o, "kind", l->kind->source);
	if (j->verdict != VERDICT_NONE)
		out_json_text(o, "verdict", verdict_name(j->verdict));
	out_cell_aside(o, "VERDICT", verdict_name(j->verdict), false);
	out_cell_number(o, "live", "HELD", row->count);
	out_cell_number(o, "certain", "CERTAIN", leaks_figure(r, row, "certain"));
	out_cell_number(o, "objects", "OBJECTS", leaks_figure(r, row, "objects"));
	out_json_exact(o, "growth_per_s", j->rate);
	if (row->count)
		out_json_number(o, "oldest_ns", row->max);
	out_cell_aside(o, "OLDEST",
		       row->count ? format_ns(shown, sizeof(shown), (double)row->max) : "-", true);
	if (row->count)
		out_is_number(o, (double)row->max);
	print_count(r, o, row, "allocated", "GETS");
	print_count(r, o, row, "freed", "PUTS");
	out_json_number(o, "chosen", leaks_figure(r, row, "chosen"));
	out_json_number(o, "missed_frees", j->missed);
	if (l->missed)
		out_cell_aside(o, "WENT", format_count(shown, sizeof(shown), j->missed), true);
	print_evidence(o, j);
	refs_puts_json(r, o, row);
}

static void print_foot(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	uint64_t uncertain = 0;
	char count[32];
	size_t i;

	out_json_number(o, "unknown_frees", l->unknown_frees);
	out_json_number(o, "rows_without_live", l->idle);
	for (i = 0; i < r->table->nr_rows; i++) {
		const struct row *row = &r->table->rows[i];
		uint64_t certain = leaks_figure(r, row, "certain");

		uncertain += row->count > certain ? row->count - certain : 0;
	}
	if (leaks_is_set(r, "site") && !model_note_number(r->session, "site_objects"))
		out_line(o, "\nNo object was allocated there while the session ran; those from before are not followed");
	if (l->idle)
		out_line(o, "%s more rows hold no references",
			 format_count(count, sizeof(count), l->idle));
	if (r->rows_worth)
		out_line(o, "\nKEPT BY SIXTH: held references by the sixth of the session in which they were taken");
	refs_puts_print(r, o);
	if (uncertain)
		out_line(o, "CERTAIN: held references that no other row can have taken. Of the others, whose objects had puts that could be of several rows, it was chosen what these gave back, by what objects without references taught");
	if (l->missed)
		out_line(o, "WENT: references that were held when their object went: their puts were not seen");
	if (l->unknown_frees)
		out_line(o, "%s puts of references that were not seen taken: before the session, or by code that is inlined",
			 format_count(count, sizeof(count), l->unknown_frees));
	if (l->longer) {
		out_json_number(o, "steps_need_ns", l->longer);
		out_line(o, "steps: came in bursts; a session of %s (-d) sees one in each sixth, and tells a leak from a cache",
			 format_ns(count, sizeof(count), (double)l->longer));
	}
}

static void arrange(struct report *r)
{
	leaks_arrange(r);
	refs_puts_take(r);
}

static void restore(struct report *r)
{
	leaks_restore(r);
	refs_puts_restore(r);
}

static uint64_t held(struct report *r, const struct row *row)
{
	return row->count;
}

static const char *unit_of(struct report *r)
{
	return "references";
}

static int verdict(struct report *r)
{
	const struct opt_limit *limit = &r->opts->fail_over;
	const struct leaks *l = r->judged;
	char count[32];
	size_t i;

	for (i = 0; limit->text && i < r->table->nr_rows; i++) {
		if (l->v[i].verdict != VERDICT_LEAK || l->v[i].row.count <= limit->value)
			continue;
		warn("a row that leaks holds %s references, more than the limit %s of --fail-over",
		     format_count(count, sizeof(count), l->v[i].row.count), limit->text);
		return STATUS_CROSSED;
	}
	return 0;
}

const struct report_kind mem_refs_report = {
	.source = "refs",
	.mode = "leaks",
	.shared_rows = true,
	.charts_asked = true,
	.arrange = arrange,
	.restore = restore,
	.file_rows = true,
	.describe = describe,
	.print_values = print_values,
	.print_foot = print_foot,
	.palette = FLAME_MEMORY,
	.unit = unit_of,
	.weight = held,
	.weighs = "live",
	.count = held,
	.hit = "references",
	.verdict = verdict,
	.release = leaks_release,
};
