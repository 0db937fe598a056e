// SPDX-License-Identifier: GPL-2.0
/* The report of all kinds of memory: one table, and a balance for each kind. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmd/mem/all.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/losses.h"

#define TEXT_ROWS	40

static void print_head(const struct all_report *a, struct out *o)
{
	char took[32];
	size_t i;

	out_json_text(o, "kobs", a->version);
	out_json_text(o, "kernel", a->kernel);
	out_json_text(o, "source", "mem");
	out_json_text(o, "mode", "leaks");
	if (a->interim)
		out_json_bool(o, "interim", true);
	out_json_number(o, "duration_ns", a->duration);
	out_json_text(o, "filter_text", a->filter);
	out_open(o, "by", '[');
	out_json_text(o, NULL, "kind");
	for (i = 0; i < a->columns.n; i++)
		out_json_text(o, NULL, a->columns.v[i]);
	out_json_text(o, NULL, "group");
	if (a->stacks)
		out_json_text(o, NULL, "kstack");
	out_close(o, ']');
	out_line(o, "mem leaks of all kinds%s%s, %s%s%s%s\n", a->module ? " of module " : "",
		 a->module ? a->module : "", format_ns(took, sizeof(took), (double)a->duration),
		 a->interim ? " so far" : "", a->filter ? ", only " : "",
		 a->filter ? a->filter : "");
}

static void print_keys(const struct all_report *a, const struct all_row *row, struct out *o)
{
	char header[40];
	size_t i, k;

	out_are_keys(o, true);
	out_cell_text(o, "kind", "KIND", mem_kinds[row->kind].name);
	for (i = 0; i < a->columns.n; i++) {
		const struct all_cell *cell = &row->cells[i];
		const char *name = a->columns.v[i];

		for (k = 0; k + 1 < sizeof(header) && name[k]; k++)
			header[k] = (char)toupper((unsigned char)name[k]);
		header[k] = 0;
		if (!cell->text)
			out_cell_aside(o, header, "-", false);
		else if (cell->number)
			out_cell_shown(o, name, header, cell->value, cell->text);
		else
			out_cell_text(o, name, header, cell->text);
	}
	if (row->group)
		out_cell_text(o, "group", "GROUP", row->group);
	else
		out_cell_aside(o, "GROUP", "-", false);
	out_are_keys(o, false);
}

static void print_frames(const struct all_report *a, const struct all_row *row, struct out *o)
{
	struct buf line = {};
	size_t i;

	if (!a->stacks)
		return;
	out_open(o, "kstack", '[');
	for (i = 0; i < row->frames.n; i++) {
		out_json_text(o, NULL, row->frames.v[i]);
		line.len = 0;
		buf_printf(&line, "      %s", row->frames.v[i]);
		out_below(o, line.p);
	}
	out_close(o, ']');
	if (!row->frames.n)
		out_below(o, "      (not taken)");
	buf_free(&line);
}

static void print_row(const struct all_report *a, const struct all_row *row, struct out *o)
{
	char shown[40];

	out_row_begin(o);
	print_keys(a, row, o);
	if (row->verdict != VERDICT_NONE)
		out_json_text(o, "verdict", verdict_name(row->verdict));
	out_cell_aside(o, "VERDICT", verdict_name(row->verdict), false);
	out_cell_number(o, "live", "LIVE", row->live);
	out_cell_shown(o, "live_bytes", "BYTES", row->live_bytes,
		       format_bytes(shown, sizeof(shown), row->live_bytes));
	out_json_exact(o, "growth_per_s", row->rate);
	out_cell_aside(o, "GROWTH/S", slab_format_rate(shown, sizeof(shown), row->rate), true);
	out_is_number(o, row->rate);
	if (row->live)
		out_json_number(o, "oldest_ns", row->oldest);
	out_cell_aside(o, "OLDEST", row->live ?
		       format_ns(shown, sizeof(shown), (double)row->oldest) : "-", true);
	if (row->live)
		out_is_number(o, (double)row->oldest);
	out_cell_number(o, "allocated", "ALLOCATED", row->allocated);
	out_is_counter(o, (double)row->allocated, "");
	out_json_number(o, "allocated_bytes", row->allocated_bytes);
	out_cell_number(o, "freed", "FREED", row->freed);
	out_is_counter(o, (double)row->freed, "");
	out_json_number(o, "missed_frees", row->missed);
	out_json_number(o, "failed", row->failed);
	slab_print_evidence(o, row->kept, row->live_after, row->confidence, row->reclaimable);
	print_frames(a, row, o);
	out_row_end(o);
}

static void print_rows(const struct all_report *a, const struct opts *opts, struct out *o)
{
	size_t most = o->json || o->grid ? 0 : TEXT_ROWS;
	uint64_t left = 0;
	size_t shown = 0;
	char count[32];
	size_t i;

	if (opts->top.given)
		most = opts->top.value;
	out_table_begin(o, "rows");
	for (i = 0; i < a->n; i++) {
		/* Without live objects only programs want them. */
		if (!a->rows[i].live && !o->json)
			continue;
		if (most && shown == most) {
			left += a->rows[i].live > 0;
			continue;
		}
		print_row(a, &a->rows[i], o);
		shown++;
	}
	out_table_end(o);
	if (!shown)
		out_line(o, "nothing is live that was allocated in the session");
	if (left + a->left_out)
		out_json_number(o, "rows_left_out", left + a->left_out);
	/* What was named shows all of it; a file does not. */
	if (!a->saved)
		left += a->left_out;
	if (left)
		out_line(o, "... %s more rows (-n 0 shows all)",
			 format_count(count, sizeof(count), left));
	if (a->saved && a->left_out)
		out_line(o, "... %s more rows (the file does not have them)",
			 format_count(count, sizeof(count), a->left_out));
}

static void print_reasons(const struct all_kind *k, struct out *o)
{
	const struct session *s = k->session;
	struct buf text = {};
	size_t i;

	out_open(o, "lost", '{');
	for (i = 0; i < s->nr_lost; i++)
		out_json_number(o, s->lost[i].reason, s->lost[i].count);
	out_close(o, '}');
	out_open(o, "reasons", '{');
	for (i = 0; i < s->nr_lost; i++) {
		text.len = 0;
		if (s->lost[i].doc)
			losses_add_advice(k->view, s->lost[i].doc, &text);
		if (text.len)
			out_json_text(o, s->lost[i].reason, text.p);
	}
	out_close(o, '}');
	for (i = 0; i < s->nr_lost; i++) {
		text.len = 0;
		losses_add_reason(k->view, &s->lost[i], &text);
		out_line(o, "           %s", text.p);
	}
	buf_free(&text);
}

static void print_account(const struct all_report *a, const struct all_kind *k, const char *name,
			  struct out *o)
{
	const struct session *s = k->session;
	struct losses l = losses_of(s);
	struct buf line = {};

	losses_add_account(s, &line);
	out_line(o, "  %-8s %s", name, line.p);
	buf_free(&line);
	out_open(o, "accounting", '{');
	out_json_number(o, "hits", s->hits);
	out_json_number(o, "recorded", s->recorded);
	out_json_number(o, "filtered", s->filtered);
	out_json_number(o, "own", s->own);
	out_json_number(o, "pending", l.pending);
	out_json_number(o, "unpaired", l.unpaired);
	print_reasons(k, o);
	out_close(o, '}');
	if (s->hits == s->recorded + s->filtered + l.all)
		return;
	if (a->interim)
		out_line(o, "           (it is running: the sum can be off by hits in flight)");
	else
		out_line(o, "*** THE SUM DOES NOT HOLD: this is a bug in kobs, do not trust these numbers. ***");
}

static void print_kind(const struct all_report *a, size_t i, struct out *o)
{
	const struct all_kind *k = &a->kinds[i];
	const struct session *s = k->session;
	char n[32];

	out_open(o, NULL, '{');
	out_json_text(o, "kind", mem_kinds[i].name);
	out_json_text(o, "absent", k->absent);
	if (!s) {
		out_line(o, "  %-8s absent: %s", mem_kinds[i].name, k->absent);
		out_close(o, '}');
		return;
	}
	out_json_number(o, "live", k->objects);
	out_json_number(o, "live_bytes", k->bytes);
	out_json_number(o, "unknown_frees", k->unknown_frees);
	out_json_number(o, "counted_elsewhere", k->elsewhere);
	out_json_number(o, "rows_without_live", k->idle);
	print_account(a, k, mem_kinds[i].name, o);
	out_json_text(o, "stopped", s->stop_reason);
	if (s->stop_reason)
		out_line(o, "           *** Stopped early: %s. ***", s->stop_reason);
	if (k->unknown_frees)
		out_line(o, "           %s were freed that were allocated before the session, or unseen",
			 format_count(n, sizeof(n), k->unknown_frees));
	if (k->elsewhere)
		out_line(o, "           %s pages count in rows of other kinds, whose objects are in them",
			 format_count(n, sizeof(n), k->elsewhere));
	cost_json(s, o);
	if (cost_is_told(s))
		out_line(o, "           cost %.2f %% of one CPU", cost_percent(s));
	out_close(o, '}');
}

/* The account of all sessions together. */
static void print_sum(const struct all_report *a, struct out *o)
{
	struct lost lost[] = {
		{ .reason = (char *)"all" }, { .reason = (char *)"in_flight" },
		{ .reason = (char *)"unpaired" },
	};
	struct session sum = { .lost = lost, .nr_lost = ARRAY_SIZE(lost) };
	struct buf line = {};
	size_t i;

	for (i = 0; i < MEM_KINDS; i++) {
		const struct session *s = a->kinds[i].session;
		struct losses l = {};

		if (!s)
			continue;
		l = losses_of(s);
		sum.hits += s->hits;
		sum.recorded += s->recorded;
		sum.filtered += s->filtered;
		lost[0].count += l.lost;
		lost[1].count += l.pending;
		lost[2].count += l.unpaired;
	}
	losses_add_account(&sum, &line);
	out_line(o, "\n%s", line.p);
	buf_free(&line);
	out_open(o, "accounting", '{');
	out_json_number(o, "hits", sum.hits);
	out_json_number(o, "recorded", sum.recorded);
	out_json_number(o, "filtered", sum.filtered);
	out_open(o, "lost", '{');
	for (i = 0; i < sum.nr_lost; i++)
		if (lost[i].count)
			out_json_number(o, lost[i].reason, lost[i].count);
	out_close(o, '}');
	out_close(o, '}');
}

/** all_print() - Print the report. */
void all_print(const struct all_report *a, const struct opts *opts, struct out *o)
{
	size_t i;

	out_open(o, NULL, '{');
	print_head(a, o);
	print_rows(a, opts, o);
	if (a->n)
		out_line(o, "\nGROUP: the cache of slab objects, the mobility of pages. KEPT BY SIXTH: live ones by the sixth of the session in which they were allocated");
	print_sum(a, o);
	out_open(o, "kinds", '[');
	for (i = 0; i < MEM_KINDS; i++)
		print_kind(a, i, o);
	out_close(o, ']');
	dump_print(a->dump, o);
	all_print_module(a, o);
	out_close(o, '}');
	out_newline(o);
}
