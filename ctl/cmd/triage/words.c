// SPDX-License-Identifier: GPL-2.0
/* Prints the parts of triage's report, a row each. */

#include <stdio.h>
#include <string.h>

#include "cmd/triage/words.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/losses.h"

static const char *const aspect_headers[NR_ASPECTS] = { "U", "S", "E" };
static const char *const unit_names[] = {
	[IN_PERCENT] = "percent", [IN_NUMBER] = "number", [PER_SECOND] = "per_s",
	[IN_TIME] = "ns", [IN_COUNT] = "count", [IN_BYTES_PER_SECOND] = "bytes_per_s",
};

/** triage_unit_of() - Return: a unit by its name in JSON; of an unknown one, numbers. */
enum triage_unit triage_unit_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unit_names); i++)
		if (name && !strcmp(unit_names[i], name))
			return (enum triage_unit)i;
	return IN_NUMBER;
}

/** triage_print_head() - What was looked at. */
void triage_print_head(struct out *o, const struct triage_head *h)
{
	char took[32], threads[32];

	out_json_text(o, "kernel", h->kernel);
	out_json_number(o, "duration_ns", h->duration);
	out_json_number(o, "cpus", h->cpus);
	out_json_number(o, "threads", h->threads);
	out_json_number(o, "problems", h->problems);
	if (h->all)
		out_json_bool(o, "all", true);
	out_line(o, "triage, %s, %llu CPU%s, %s threads\n",
		 format_ns(took, sizeof(took), (double)h->duration), (unsigned long long)h->cpus,
		 h->cpus == 1 ? "" : "s", format_count(threads, sizeof(threads), h->threads));
}

static void print_value(struct out *o, const char *key, const char *header, double v,
			enum triage_unit unit)
{
	char shown[40];

	out_json_exact(o, key, v);
	out_cell_aside(o, header, triage_format(shown, sizeof(shown), v, unit), true);
}

/** triage_print_pressure() - The time in which threads could not go on. */
void triage_print_pressure(struct out *o, const struct triage_pressure *p)
{
	out_row_begin(o);
	out_cell_text(o, "resource", "PRESSURE", p->resource);
	print_value(o, "some", "SOME", p->some, IN_PERCENT);
	print_value(o, "full", "FULL", p->full, IN_PERCENT);
	print_value(o, "avg10", "AVG10", p->avg10, IN_PERCENT);
	out_json_number(o, "some_us", p->some_us);
	out_json_number(o, "full_us", p->full_us);
	out_row_end(o);
}

static void print_fact(struct out *o, enum aspect of, const struct triage_value *v)
{
	char shown[40];

	out_cell_aside(o, aspect_headers[of],
		       v->name ? triage_format(shown, sizeof(shown), v->value, v->unit) : "-",
		       true);
	if (!v->name)
		return;
	out_open(o, aspect_names[of], '{');
	out_json_text(o, "name", v->name);
	out_json_exact(o, "value", v->value);
	out_json_exact(o, "limit", v->limit);
	out_json_text(o, "unit", unit_names[v->unit]);
	out_close(o, '}');
}

/**
 * triage_shows() - Whether text has a row.
 * @told: resources that rows before it were of
 *
 * Of resources of a kind without a finding, it has the one that is closest to its limits.
 */
bool triage_shows(const struct triage_line *l, bool all, struct strings *told)
{
	bool first = !strings_have(told, l->resource);

	if (first)
		strings_add(told, l->resource);
	return all || l->next || first;
}

/** triage_print_line() - A resource. */
void triage_print_line(struct out *o, const struct triage_line *l)
{
	struct buf text = {};
	size_t i;

	buf_printf(&text, "%s%s%s", l->resource, *l->subject ? " " : "", l->subject);
	out_row_begin(o);
	out_cell_aside(o, "RESOURCE", text.p, false);
	out_json_text(o, "resource", l->resource);
	out_json_text(o, "subject", *l->subject ? l->subject : NULL);
	for (i = 0; i < NR_ASPECTS; i++)
		print_fact(o, (enum aspect)i, &l->value[i]);
	out_cell_text(o, "verdict", "VERDICT", l->verdict);
	out_json_bool(o, "problem", l->problem);
	out_json_text(o, "follows_from", l->follows);
	if (l->crossed)
		out_json_texts(o, "crossed", l->crossed);
	out_json_text(o, "evidence", l->evidence);
	if (l->next) {
		out_json_text(o, "next", l->next);
		text.len = 0;
		buf_printf(&text, "      %s", l->evidence);
		out_below(o, text.p);
		text.len = 0;
		buf_printf(&text, "      next: %s", l->next);
		out_below(o, text.p);
	}
	out_row_end(o);
	buf_free(&text);
}

/** triage_print_left() - How many rows text does not have. */
void triage_print_left(struct out *o, size_t rows)
{
	if (rows)
		out_line(o, "... %zu more without a finding (--all shows them)", rows);
}

/** triage_print_sentence() - What the machine is bound by. */
void triage_print_sentence(struct out *o, const char *text)
{
	out_json_text(o, "sentence", text);
	out_line(o, "\n%s\n", text);
}

/** triage_print_process() - The cells of a process that ran. */
void triage_print_process(struct out *o, const struct triage_process *p)
{
	char shown[40];

	out_cell_text(o, "comm", "PROCESS", p->comm);
	snprintf(shown, sizeof(shown), "%llu", (unsigned long long)p->pid);
	out_cell_shown(o, "pid", "PID", p->pid, shown);
	print_value(o, "user", "USER", p->user, IN_PERCENT);
	print_value(o, "system", "SYSTEM", p->system, IN_PERCENT);
	out_cell_number(o, "threads", "THREADS", p->threads);
	print_value(o, "major_faults_per_s", "MAJOR FAULTS", p->faults, PER_SECOND);
}

/** triage_print_service() - The cells of its system calls. */
void triage_print_service(struct out *o, const struct triage_service *s)
{
	char shown[40];

	print_value(o, "syscalls_per_s", "SYSCALLS", s->calls, PER_SECOND);
	print_value(o, "errors_per_s", "ERRORS", s->errors, PER_SECOND);
	if (s->any)
		out_json_number(o, "syscall_p99_ns", s->p99);
	triage_format(shown, sizeof(shown), (double)s->p99, IN_TIME);
	out_cell_aside(o, "P99", s->any ? shown : "-", true);
}

static void print_lost(struct out *o, const struct session *s)
{
	struct buf line = {};
	char n[32];
	size_t i;

	out_open(o, "lost", '{');
	for (i = 0; i < s->nr_lost; i++) {
		out_json_number(o, s->lost[i].reason, s->lost[i].count);
		if (loss_of(s->lost[i].reason) != LOSS)
			continue;
		line.len = 0;
		buf_printf(&line, "      lost %s, %s%s%s",
			   format_count(n, sizeof(n), s->lost[i].count), s->lost[i].reason,
			   s->lost[i].doc ? ": " : "", s->lost[i].doc ? s->lost[i].doc : "");
		out_below(o, line.p);
	}
	out_close(o, '}');
	out_open(o, "reasons", '{');
	for (i = 0; i < s->nr_lost; i++)
		out_json_text(o, s->lost[i].reason, s->lost[i].doc);
	out_close(o, '}');
	line.len = 0;
	if (s->stop_reason) {
		buf_printf(&line, "      stopped early: %s", s->stop_reason);
		out_below(o, line.p);
	}
	buf_free(&line);
}

/**
 * triage_print_session() - What became of every hit of a session.
 * @cost: percent of a CPU that it took; NULL if that is not known
 */
void triage_print_session(struct out *o, const char *name, const struct session *s,
			  const double *cost)
{
	struct losses l = losses_of(s);
	char shown[40];

	out_row_begin(o);
	out_cell_text(o, "session", "SESSION", name);
	out_cell_number(o, "hits", "HITS", s->hits);
	out_cell_number(o, "recorded", "RECORDED", s->recorded);
	out_cell_number(o, "filtered", "FILTERED", s->filtered);
	out_cell_number(o, "pending", "PENDING", l.pending);
	out_cell_number(o, "unpaired", "UNPAIRED", l.unpaired);
	out_cell_aside(o, "LOST", format_count(shown, sizeof(shown), l.lost), true);
	print_lost(o, s);
	out_json_text(o, "stopped", s->stop_reason);
	snprintf(shown, sizeof(shown), "%.2f %%", cost ? *cost : 0);
	if (cost)
		out_json_exact(o, "cost_percent", *cost);
	out_cell_aside(o, "COST", cost ? shown : "-", true);
	out_row_end(o);
}

/** triage_print_equation() - What stands below the sessions. */
void triage_print_equation(struct out *o)
{
	out_line(o, "hits = recorded + filtered + pending + unpaired + lost; COST is of one CPU");
}

/** triage_print_missing() - What was not seen, and why. */
void triage_print_missing(struct out *o, const struct strings *missing)
{
	size_t i;

	out_json_texts(o, "not_seen", missing);
	if (missing->n)
		out_line(o, "\nNot seen, for want of a file or of the module:");
	for (i = 0; i < missing->n; i++)
		out_line(o, "  %s", missing->v[i]);
}
