// SPDX-License-Identifier: GPL-2.0
/* The report of triage: pressure, the ranked table, the sentence, and who ran. */

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cmd/triage/report.h"
#include "lib/format.h"
#include "lib/macros.h"

static const char *const aspect_headers[NR_ASPECTS] = { "U", "S", "E" };
static const char *const unit_names[] = {
	"percent", "number", "per_s", "ns", "count", "bytes_per_s",
};

static void print_head(const struct finding *f, struct out *o)
{
	uint64_t ns = grown(f->begin->time, f->end->time);
	struct utsname name = {};
	char took[32], threads[32];
	uint64_t n = 0;

	uname(&name);
	named_get(&f->end->limits, "threads", &n);
	out_json_text(o, "kernel", name.release);
	out_json_number(o, "duration_ns", ns);
	out_json_number(o, "cpus", f->end->nr_cpus);
	out_json_number(o, "threads", n);
	out_json_number(o, "problems", f->rows->problems);
	out_line(o, "triage, %s, %zu CPU%s, %s threads\n",
		 format_ns(took, sizeof(took), (double)ns), f->end->nr_cpus,
		 f->end->nr_cpus == 1 ? "" : "s", format_count(threads, sizeof(threads), n));
}

static void percent_cell(struct out *o, const char *key, const char *header, double v)
{
	char shown[40];

	out_json_precise(o, key, v);
	out_cell_aside(o, header, triage_format(shown, sizeof(shown), v, IN_PERCENT), true);
}

/* What users feel comes first: the time in which threads could not go on. */
static void print_pressure(const struct finding *f, struct out *o)
{
	double us = (double)grown(f->begin->time, f->end->time) / 1000;
	size_t i;

	out_table_begin(o, "pressure");
	for (i = 0; i < NR_PRESSURES; i++) {
		const struct pressure *p = &f->begin->pressure[i];
		const struct pressure *q = &f->end->pressure[i];

		if (!p->there || !q->there)
			continue;
		out_row_begin(o);
		out_cell_text(o, "resource", "PRESSURE", pressure_names[i]);
		percent_cell(o, "some", "SOME", percent((double)grown(p->some, q->some), us));
		percent_cell(o, "full", "FULL", percent((double)grown(p->full, q->full), us));
		percent_cell(o, "avg10", "AVG10", q->avg10);
		out_json_number(o, "some_us", grown(p->some, q->some));
		out_json_number(o, "full_us", grown(p->full, q->full));
		out_row_end(o);
	}
	out_table_end(o);
	out_line(o, "%s", "");
}

static void print_fact(const struct finding *f, struct out *o, enum aspect aspect,
		       const struct fact *fact)
{
	const struct rule *rule = fact ? &triage_rules[fact->metric] : NULL;
	char shown[40];

	out_cell_aside(o, aspect_headers[aspect],
		       fact ? triage_format(shown, sizeof(shown), fact->value, rule->unit) : "-",
		       true);
	if (!fact)
		return;
	out_open(o, aspect_names[aspect], '{');
	out_json_text(o, "name", rule->name);
	out_json_precise(o, "value", fact->value);
	out_json_precise(o, "limit", f->limits->v[fact->metric]);
	out_json_text(o, "unit", unit_names[rule->unit]);
	out_close(o, '}');
}

static const char *verdict_of(const struct triage_row *r)
{
	if (r->cause)
		return "follows";
	return r->crossed ? triage_rules[r->worst->metric].verdict : "ok";
}

static void print_row(const struct finding *f, struct out *o, const struct triage_row *r)
{
	struct buf evidence = {};
	struct strings crossed = {};
	struct buf below = {};
	struct buf name = {};
	struct buf next = {};
	size_t i;

	buf_printf(&name, "%s%s%s", resource_names[r->resource], *r->subject ? " " : "",
		   r->subject);
	rows_evidence(r, f->facts, f->limits, &evidence);
	triage_next(r->worst->metric, r->subject, &next);
	out_row_begin(o);
	out_cell_aside(o, "RESOURCE", name.p, false);
	out_json_text(o, "resource", resource_names[r->resource]);
	out_json_text(o, "subject", *r->subject ? r->subject : NULL);
	for (i = 0; i < NR_ASPECTS; i++)
		print_fact(f, o, (enum aspect)i, r->fact[i]);
	out_cell_text(o, "verdict", "VERDICT", verdict_of(r));
	out_json_bool(o, "problem", r->problem && !r->cause);
	if (r->cause)
		out_json_text(o, "follows_from",
			      resource_names[triage_rules[r->cause->metric].resource]);
	rows_crossed(r, f->facts, f->limits, &crossed);
	out_json_texts(o, "crossed", &crossed);
	out_json_text(o, "evidence", evidence.p);
	if (r->crossed) {
		out_json_text(o, "next", next.p);
		buf_printf(&below, "      %s", evidence.p);
		out_below(o, below.p);
		below.len = 0;
		buf_printf(&below, "      next: %s", next.p);
		out_below(o, below.p);
	}
	out_row_end(o);
	strings_free(&crossed);
	buf_free(&evidence);
	buf_free(&below);
	buf_free(&name);
	buf_free(&next);
}

/* Of resources of a kind without a finding, text has the one that is closest to its limits. */
static bool is_shown(const struct finding *f, const struct triage_row *r, uint32_t *told)
{
	uint32_t bit = 1u << r->resource;
	bool first = !(*told & bit);

	*told |= bit;
	return f->all || r->crossed || first;
}

static void print_rows(const struct finding *f, struct out *o)
{
	uint32_t told = 0;
	size_t left = 0;
	size_t i;

	out_table_begin(o, "rows");
	for (i = 0; i < f->rows->n; i++)
		if (o->json || is_shown(f, &f->rows->v[i], &told))
			print_row(f, o, &f->rows->v[i]);
		else
			left++;
	out_table_end(o);
	if (left)
		out_line(o, "... %zu more without a finding (--all shows them)", left);
}

static void print_sentence(const struct finding *f, struct out *o)
{
	struct buf text = {};

	rows_sentence(f->rows, f->facts, f->limits, &text);
	out_json_text(o, "sentence", text.p);
	out_line(o, "\n%s\n", text.p);
	buf_free(&text);
}

static void print_busy(const struct finding *f, struct out *o)
{
	struct busy busy[BUSY_SHOWN];
	size_t n = busy_find(f->begin, f->end, busy, ARRAY_SIZE(busy));
	char shown[40];
	size_t i;

	out_table_begin(o, "processes");
	for (i = 0; i < n; i++) {
		out_row_begin(o);
		out_cell_text(o, "comm", "PROCESS", busy[i].comm);
		out_cell_shown(o, "pid", "PID", busy[i].pid,
			       (snprintf(shown, sizeof(shown), "%llu",
					 (unsigned long long)busy[i].pid), shown));
		percent_cell(o, "user", "USER", busy[i].user);
		percent_cell(o, "system", "SYSTEM", busy[i].system);
		out_cell_number(o, "threads", "THREADS", busy[i].threads);
		out_json_precise(o, "major_faults_per_s", busy[i].faults);
		out_cell_aside(o, "MAJOR FAULTS",
			       triage_format(shown, sizeof(shown), busy[i].faults, PER_SECOND),
			       true);
		if (f->watch)
			watch_print_service(f->watch, busy[i].pid, o);
		out_row_end(o);
	}
	out_table_end(o);
}

static void print_missing(const struct strings *missing, struct out *o)
{
	size_t i;

	out_json_texts(o, "not_seen", missing);
	if (missing->n)
		out_line(o, "\nNot seen, for want of a file or of the module:");
	for (i = 0; i < missing->n; i++)
		out_line(o, "  %s", missing->v[i]);
}

/** finding_print() - Print the report. Return: 0, or an exit status after a sentence. */
int finding_print(const struct finding *f, const struct output *to, bool json)
{
	struct out o;

	output_begin(to, &o, json);
	out_open(&o, NULL, '{');
	print_head(f, &o);
	print_pressure(f, &o);
	print_rows(f, &o);
	print_sentence(f, &o);
	print_busy(f, &o);
	if (f->watch)
		watch_print(f->watch, &o);
	print_missing(f->missing, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	return output_flush(to);
}
