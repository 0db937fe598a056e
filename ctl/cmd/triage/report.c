// SPDX-License-Identifier: GPL-2.0
/* The report of triage: pressure, the ranked table, the sentence, and who ran. */

#include <sys/utsname.h>

#include "cmd/triage/report.h"
#include "cmd/triage/words.h"
#include "lib/macros.h"
#include "version.h"

static void print_head(const struct finding *f, struct out *o)
{
	struct triage_head h = {
		.duration = grown(f->begin->time, f->end->time), .cpus = f->end->nr_cpus,
		.problems = f->rows->problems, .all = f->all,
	};
	struct utsname name = {};

	uname(&name);
	h.kernel = name.release;
	named_get(&f->end->limits, "threads", &h.threads);
	out_json_text(o, "kobs", program_version);
	out_json_text(o, "source", "triage");
	out_json_text(o, "mode", "machine");
	out_json_text(o, "obsctl", f->line);
	triage_print_head(o, &h);
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
		struct triage_pressure shown = { .resource = pressure_names[i] };

		if (!p->there || !q->there)
			continue;
		shown.some_us = grown(p->some, q->some);
		shown.full_us = grown(p->full, q->full);
		shown.some = percent((double)shown.some_us, us);
		shown.full = percent((double)shown.full_us, us);
		shown.avg10 = q->avg10;
		triage_print_pressure(o, &shown);
	}
	out_table_end(o);
	out_line(o, "%s", "");
}

static const char *verdict_of(const struct triage_row *r)
{
	if (r->cause)
		return "follows";
	return r->crossed ? triage_rules[r->worst->metric].verdict : "ok";
}

static struct triage_line line_of(const struct finding *f, const struct triage_row *r)
{
	struct triage_line l = {
		.resource = resource_names[r->resource], .subject = r->subject,
		.verdict = verdict_of(r), .problem = r->problem && !r->cause,
	};
	size_t i;

	for (i = 0; i < NR_ASPECTS; i++) {
		const struct fact *fact = r->fact[i];

		if (fact)
			l.value[i] = (struct triage_value){
				.name = triage_rules[fact->metric].name, .value = fact->value,
				.limit = f->limits->v[fact->metric],
				.unit = triage_rules[fact->metric].unit,
			};
	}
	if (r->cause)
		l.follows = resource_names[triage_rules[r->cause->metric].resource];
	return l;
}

/* Return: whether it is shown. */
static bool print_row(const struct finding *f, struct out *o, const struct triage_row *r,
		      struct strings *told)
{
	struct triage_line l = line_of(f, r);
	struct buf evidence = {};
	struct strings crossed = {};
	struct buf next = {};
	bool shown;

	rows_evidence(r, f->facts, f->limits, &evidence);
	rows_crossed(r, f->facts, f->limits, &crossed);
	triage_next(r->worst->metric, r->subject, &next);
	l.evidence = evidence.p;
	l.crossed = &crossed;
	l.next = r->crossed ? next.p : NULL;
	shown = triage_shows(&l, f->all, told) || o->json;
	if (shown)
		triage_print_line(o, &l);
	strings_free(&crossed);
	buf_free(&evidence);
	buf_free(&next);
	return shown;
}

static void print_rows(const struct finding *f, struct out *o)
{
	struct strings told = {};
	size_t left = 0;
	size_t i;

	out_table_begin(o, "rows");
	for (i = 0; i < f->rows->n; i++)
		left += !print_row(f, o, &f->rows->v[i], &told);
	out_table_end(o);
	triage_print_left(o, left);
	strings_free(&told);
}

static void print_sentence(const struct finding *f, struct out *o)
{
	struct buf text = {};

	rows_sentence(f->rows, f->facts, f->limits, &text);
	triage_print_sentence(o, text.p);
	buf_free(&text);
}

static void print_busy(const struct finding *f, struct out *o)
{
	struct busy busy[BUSY_SHOWN];
	size_t n = busy_find(f->begin, f->end, busy, ARRAY_SIZE(busy));
	size_t i;

	out_table_begin(o, "processes");
	for (i = 0; i < n; i++) {
		out_row_begin(o);
		triage_print_process(o, &(struct triage_process){
			.comm = busy[i].comm, .pid = busy[i].pid, .user = busy[i].user,
			.system = busy[i].system, .threads = busy[i].threads,
			.faults = busy[i].faults,
		});
		if (f->watch)
			watch_print_service(f->watch, busy[i].pid, o);
		out_row_end(o);
	}
	out_table_end(o);
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
	triage_print_missing(&o, f->missing);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	return output_flush(to);
}
