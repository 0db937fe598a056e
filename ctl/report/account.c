// SPDX-License-Identifier: GPL-2.0
/*
 * The head and the foot of a report: what was observed, what became of every
 * hit, and what it cost. Lost hits are said with the reason and what to change.
 */

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/format.h"
#include "lib/process.h"
#include "report/absent.h"
#include "report/filter_text.h"
#include "report/losses.h"
#include "report/report.h"

/* Fewer timed hits than these give no cost per hit. */
#define TIMED_LEAST	30

static void print_params(struct report *r, struct out *o)
{
	const struct targets *targets = r->view->targets;
	const struct session *s = r->session;
	size_t i;

	if (!o->json)
		return;
	out_open(o, "params", '{');
	if (targets) {
		out_open(o, "patterns", '[');
		for (i = 0; i < targets->nr_patterns; i++)
			out_json_text(o, NULL, targets->patterns[i].text);
		out_close(o, ']');
	}
	for (i = 0; i < s->nr_params; i++) {
		const struct param *p = &s->params[i];

		if (p->text)
			out_json_text(o, p->name, p->text);
		else if (p->type == KOBS_TYPE_TEXT)
			continue;	/* not set */
		else if (p->addresses)
			out_json_number(o, p->name, p->addresses);
		else
			out_json_number(o, p->name, p->number);
	}
	out_close(o, '}');
}

/* Said first, so that nobody reads rows as if they were all: the reasons are in the foot. */
static void print_incomplete(const struct session *s, struct out *o)
{
	struct buf line = {};

	if (losses_add_share(s, &line))
		out_line(o, "*** %s: the rows are incomplete. The reasons are below. ***\n",
			 line.p);
	buf_free(&line);
}

/* The columns, by the names that a client gave them. */
static void print_columns(const struct view *v, const struct session *s, struct out *o)
{
	struct strings names = {};
	size_t c;

	if (!v->labels.n) {
		out_json_texts(o, "by", &s->by);
		return;
	}
	for (c = 0; c < v->nr_columns; c++)
		if (!view_is_hidden(v, c))
			strings_add(&names, v->columns[c]->name);
	out_json_texts(o, "by", &names);
	strings_free(&names);
}

/** report_header() - What was observed, and for how long. */
void report_header(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	const struct view *v = r->view;
	const struct report_kind *kind = r->kind;
	struct buf filter = {};
	struct buf title = {};
	struct buf what = {};
	char took[32], targets[32];

	out_json_text(o, "kobs", v->version);
	out_json_text(o, "kernel", v->kernel);
	out_json_text(o, "source", s->source);
	out_json_text(o, "mode", s->mode);
	if (s->name)
		out_json_text(o, "session", s->name);
	if (r->interim)
		out_json_bool(o, "interim", true);
	out_json_number(o, "duration_ns", s->duration);
	if (s->stop_reason)
		out_json_text(o, "stopped", s->stop_reason);
	out_json_number(o, "targets", s->targets);
	print_params(r, o);
	filter_print_json(&s->filter, o);
	print_columns(v, s, o);
	filter_describe(&s->filter, view_unit(v), &filter);
	if (kind && kind->describe && !r->saved)
		kind->describe(r, &what);
	else if (r->what)
		buf_printf(&what, " of %s", r->what);
	else if (!r->saved)
		buf_printf(&what, " of %s %s%s", format_count(targets, sizeof(targets), s->targets),
			   view_target(v), s->targets == 1 ? "" : "s");
	if (r->title)
		buf_puts(&title, r->title);
	else if (r->saved && r->saved->title)
		buf_puts(&title, r->saved->title);
	else
		buf_printf(&title, "%s %s", s->source, s->mode);
	buf_puts(&title, what.len ? what.p : "");
	out_json_text(o, "title", title.p);
	report_shape(r, o);
	out_line(o, "%s, %s%s%s%s\n", title.p,
		 format_ns(took, sizeof(took), (double)s->duration), r->interim ? " so far" : "",
		 filter.len ? ", only " : "", filter.len ? filter.p : "");
	buf_free(&title);
	buf_free(&what);
	buf_free(&filter);
	if (s->stop_reason)
		out_line(o, "*** Stopped early: %s. ***\n", s->stop_reason);
	print_incomplete(s, o);
}

/* What the reasons mean: the kernel's words, with the options that help. */
static void print_reasons(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	struct buf text = {};
	size_t i;

	out_open(o, "reasons", '{');
	for (i = 0; o->json && i < s->nr_lost; i++) {
		text.len = 0;
		if (s->lost[i].doc)
			losses_add_advice(r->view, s->lost[i].doc, &text);
		if (text.len)
			out_json_text(o, s->lost[i].reason, text.p);
	}
	out_close(o, '}');
	buf_free(&text);
}

static void print_accounting(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	struct losses l = losses_of(s);
	size_t i;

	out_open(o, "accounting", '{');
	out_json_number(o, "hits", s->hits);
	out_json_number(o, "recorded", s->recorded);
	out_json_number(o, "filtered", s->filtered);
	out_json_number(o, "own", s->own);
	out_json_number(o, "pending", l.pending);
	out_json_number(o, "unpaired", l.unpaired);
	out_open(o, "lost", '{');
	for (i = 0; i < s->nr_lost; i++)
		out_json_number(o, s->lost[i].reason, s->lost[i].count);
	out_close(o, '}');
	print_reasons(r, o);
	if (s->state == KOBS_STATE_STARTED)
		out_json_bool(o, "running", true);
	out_close(o, '}');
}

static void print_losses(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	struct buf line = {};
	size_t i;

	for (i = 0; i < s->nr_lost; i++) {
		line.len = 0;
		losses_add_reason(r->view, &s->lost[i], &line);
		out_line(o, "  %s", line.p);
	}
	buf_free(&line);
}

/** report_balance() - What became of every hit, and of those that were lost why. */
void report_balance(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	struct losses l = losses_of(s);
	struct buf line = {};
	char n[32];

	losses_add_account(s, &line);
	out_line(o, "\n%s", line.p);
	buf_free(&line);
	if (s->own)
		out_line(o, "  %s filtered hit%s came from obsctl itself",
			 format_count(n, sizeof(n), s->own), s->own == 1 ? "" : "s");
	print_losses(r, o);
	if (s->hits == s->recorded + s->filtered + l.all)
		return;
	if (s->state == KOBS_STATE_STARTED)
		out_line(o, "  (the session is running: the sum can be off by hits in flight)");
	else
		out_line(o, "*** THE SUM DOES NOT HOLD: this is a bug in kobs, do not trust these numbers. ***");
}

/* Percent of a CPU, in two digits. */
static void format_percent(char *buf, size_t size, double percent)
{
	snprintf(buf, size, "%.*f", percent >= 9.95 ? 0 : percent >= 0.995 ? 1 :
		 percent >= 0.0995 ? 2 : percent >= 0.00995 ? 3 : 4, percent);
}

/** cost_json() - What a session's handlers took, for programs. */
void cost_json(const struct session *s, struct out *o)
{
	out_open(o, "cost", '{');
	if (s->hits_timed)
		out_json_real(o, "ns_per_hit", (double)s->cost / (double)s->hits_timed);
	out_json_number(o, "hits_timed", s->hits_timed);
	out_json_number(o, "timed_ns", s->cost);
	if (s->calls) {
		out_json_number(o, "calls", s->calls);
		out_json_number(o, "calls_timed", s->calls_timed);
		out_json_number(o, "calls_ns", s->calls_cost);
	}
	out_close(o, '}');
}

/** cost_percent() - Return: percent of a CPU that a session's handlers took, 0 if unknown. */
double cost_percent(const struct session *s)
{
	double ns = 0;

	if (!s->duration)
		return 0;
	if (s->hits_timed)
		ns += (double)s->cost / (double)s->hits_timed * (double)s->hits;
	if (s->calls_timed)
		ns += (double)s->calls_cost / (double)s->calls_timed * (double)s->calls;
	return ns * 100 / (double)s->duration;
}

/** cost_is_told() - Return: whether enough was timed to tell people what all of it cost. */
bool cost_is_told(const struct session *s)
{
	return s->duration && (s->hits_timed >= TIMED_LEAST || s->calls_timed >= TIMED_LEAST);
}

/* What one of @all takes, as measured on some. Returns whether it was said. */
static bool print_cost_of(struct out *o, const char *begin, const char *what, uint64_t timed,
			  uint64_t ns, uint64_t all, const char *of_what)
{
	char each[32], some[32], of[32];

	/* A few do not tell what all of them cost. */
	if (timed < TIMED_LEAST)
		return false;
	out_line(o, "%s %s per %s (measured on %s of %s %s)", begin,
		 format_ns(each, sizeof(each), (double)ns / (double)timed), what,
		 format_count(some, sizeof(some), timed), format_count(of, sizeof(of), all),
		 of_what);
	return true;
}

static void print_cost(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	char percent[32];
	bool hits, calls;

	cost_json(s, o);
	hits = print_cost_of(o, "kobs used", "hit in its handler", s->hits_timed, s->cost, s->hits,
			     "hits");
	calls = print_cost_of(o, hits ? "  and" : "kobs used", "call of a handler that was no hit",
			      s->calls_timed, s->calls_cost, s->calls, "such calls");
	if (!(hits || calls) || !s->duration)
		return;
	format_percent(percent, sizeof(percent), cost_percent(s));
	out_line(o, "  about %s %% of one CPU", percent);
}

/* How many user stacks end where frame pointers do, or may go on beyond that. */
static void print_user_stacks(const struct view *v, struct out *o)
{
	struct buf line = {};
	char n[32];

	if (!v->user_stacks)
		return;
	out_open(o, "user_stacks", '{');
	out_json_number(o, "all", v->user_stacks);
	out_json_number(o, "cut", v->user_stacks_cut);
	out_json_number(o, "unknown", v->user_stacks_unknown);
	out_close(o, '}');
	if (!v->user_stacks_cut && !v->user_stacks_unknown)
		return;
	buf_printf(&line, "user stacks with callers %s:",
		   format_count(n, sizeof(n), v->user_stacks));
	if (v->user_stacks_cut)
		buf_printf(&line, " %s are cut where one is no code, as in programs without frame pointers",
			   format_count(n, sizeof(n), v->user_stacks_cut));
	if (v->user_stacks_unknown)
		buf_printf(&line, "%s of %s the process has ended, or its code is not known: callers can be none",
			   v->user_stacks_cut ? ";" : "",
			   format_count(n, sizeof(n), v->user_stacks_unknown));
	out_line(o, "%s", line.p);
	buf_free(&line);
}

/* How kernel stacks came about: only sessions that have some say so. */
static void print_stacks(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	uint64_t all = s->stacks_cached + s->stacks_unwound;
	char taken[32], checked[32], wrong[32];

	if (!all)
		return;
	out_open(o, "kernel_stacks", '{');
	out_json_number(o, "cached", s->stacks_cached);
	out_json_number(o, "unwound", s->stacks_unwound);
	out_json_number(o, "checked", s->stacks_checked);
	out_json_number(o, "wrong", s->stacks_wrong);
	out_close(o, '}');
	out_line(o, "kernel stacks %s, %.1f %% from the caches: %s verified by unwinding, %s wrong",
		 format_count(taken, sizeof(taken), all),
		 (double)s->stacks_cached * 100 / (double)all,
		 format_count(checked, sizeof(checked), s->stacks_checked),
		 format_count(wrong, sizeof(wrong), s->stacks_wrong));
	if (s->stacks_wrong)
		out_line(o, "*** A CACHED STACK WAS WRONG: this is a bug in kobs, use --verify-stacks 0. ***");
}

static void print_fill(struct report *r, struct out *o)
{
	const struct report_kind *kind = r->kind;
	const struct session *s = r->session;
	char memory[32];
	char stacks[64] = "";

	out_json_number(o, "memory", s->memory);
	if (r->table) {
		out_open(o, "fill", '{');
		out_json_number(o, "rows", s->rows);
		out_json_number(o, "rows_max", s->rows_max);
		out_json_number(o, "stacks", s->stacks);
		out_json_number(o, "stacks_max", s->stacks_max);
		out_close(o, '}');
	}
	/* Older files do not say it. */
	if (o->json || !r->table || (r->saved && !s->rows_max && !s->memory))
		return;
	if (s->stacks)
		snprintf(stacks, sizeof(stacks), ", stacks %u of %u", s->stacks, s->stacks_max);
	/* Rows that are not the module's have no such room. */
	if (!s->rows_max && (r->saved || (kind && kind->own_room)))
		out_line(o, "the session held %s", format_bytes(memory, sizeof(memory), s->memory));
	else
		out_line(o, "rows %u of %u%s%s; the session held %s", s->rows, s->rows_max,
			 kind && kind->shared_rows ? "" : " on the fullest CPU", stacks,
			 format_bytes(memory, sizeof(memory), s->memory));
}

static void kept_name(struct report *r, const struct kept_out *k, struct buf *name)
{
	const struct targets *all = r->view->targets;
	const struct target *t = all ? targets_find(all, k->address) : NULL;

	if (r->saved)
		buf_puts(name, (const char *)(uintptr_t)k->address);
	else if (t)
		target_print(t, name);
	else
		buf_printf(name, "0x%llx", (unsigned long long)k->address);
}

static void print_kept_out(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	char left[32], asked[32], untraceable[32];
	struct buf name = {};
	size_t i;

	if (!s->untraceable && !s->denied)
		return;
	out_open(o, "kept_out", '[');
	for (i = 0; i < s->nr_kept_out; i++) {
		const struct kept_out *k = &s->kept_out[i];

		name.len = 0;
		kept_name(r, k, &name);
		out_open(o, NULL, '{');
		out_json_text(o, "func", name.p);
		out_json_text(o, "reason", k->reason);
		out_close(o, '}');
	}
	out_close(o, ']');
	out_json_number(o, "untraceable", s->untraceable);
	out_json_number(o, "denied", s->denied);
	format_count(left, sizeof(left), s->untraceable + s->denied);
	format_count(asked, sizeof(asked), s->untraceable + s->denied + s->targets);
	format_count(untraceable, sizeof(untraceable), s->untraceable);
	out_line(o, "%s of %s matches left out: %s cannot be traced, %u on the deny list%s", left,
		 asked, untraceable, s->denied,
		 r->opts->verbose || !s->nr_kept_out ? "" : " (-v lists them)");
	for (i = 0; r->opts->verbose && i < s->nr_kept_out; i++) {
		name.len = 0;
		kept_name(r, &s->kept_out[i], &name);
		out_line(o, "  %s: %s", name.p,
			 s->kept_out[i].reason ? s->kept_out[i].reason : "no reason given");
	}
	if (r->opts->verbose && s->nr_kept_out < s->untraceable + s->denied)
		out_line(o, "  ... %zu more", s->untraceable + s->denied - s->nr_kept_out);
	buf_free(&name);
}

/*
 * Numbers of the source's own. One that says why a report is not as expected stands out; one
 * without a text is for programs.
 */
static void print_notes(const struct session *s, struct out *o)
{
	char number[32];
	size_t i;

	if (!s->nr_notes)
		return;
	out_open(o, "notes", '{');
	for (i = 0; i < s->nr_notes; i++) {
		const struct session_note *n = &s->notes[i];

		out_json_number(o, n->name, n->number);
		if (n->doc && !*n->doc)
			continue;
		out_line(o, "%s %s%s%s", n->name, format_count(number, sizeof(number), n->number),
			 n->doc ? ": " : "", n->doc ? n->doc : "");
	}
	out_close(o, '}');
	out_open(o, "notes_mean", '{');
	for (i = 0; i < s->nr_notes; i++)
		out_json_text(o, s->notes[i].name, s->notes[i].doc);
	out_close(o, '}');
}

/** report_footer() - What became of every hit, and at which cost. */
void report_footer(struct report *r, struct out *o)
{
	if (o->json)
		print_accounting(r, o);
	report_balance(r, o);
	print_notes(r->session, o);
	print_cost(r, o);
	print_stacks(r, o);
	print_user_stacks(r->view, o);
	print_fill(r, o);
	print_kept_out(r, o);
	absent_print(r, o);
	report_warnings(r, o);
	if (r->opts->html)
		out_line(o, "page: %s", r->opts->html);
	if (o->page)
		out_line(o, "Linux %s, kobs %s", r->view->kernel, r->view->version);
	if ((r->opts->folded || r->opts->stacks) && r->session->stop_reason)
		out_line(o, "*** Stopped early: %s. ***", r->session->stop_reason);
}
