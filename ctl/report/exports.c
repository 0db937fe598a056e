// SPDX-License-Identifier: GPL-2.0
/*
 * Reports in the formats of others: what a live session and a saved report both know, so
 * that both make the same file. What became of every hit is said beside the file, too.
 */

#include <string.h>

#include "export/csv.h"
#include "export/formats.h"
#include "export/json_file.h"
#include "lib/format.h"
#include "report/exports.h"
#include "report/losses.h"
#include "report/outfile.h"
#include "report/picture.h"
#include "report/report.h"
#include "report/stacks.h"

static void take_account(const struct session *s, struct export *e)
{
	struct losses l = losses_of(s);
	size_t i;

	e->account.hits = s->hits;
	e->account.recorded = s->recorded;
	e->account.filtered = s->filtered;
	e->account.pending = l.pending;
	e->account.unpaired = l.unpaired;
	for (i = 0; i < s->nr_lost; i++)
		if (loss_of(s->lost[i].reason) == LOSS)
			export_lost(e, s->lost[i].reason, s->lost[i].count);
}

/* Standard output is for a program; losses are said all the same. */
static void tell(struct report *r)
{
	struct out o;

	out_init(&o, stderr, false);
	report_footer(r, &o);
	out_free(&o);
}

/** export_report() - Write a report of stacks whose names are resolved. Return: an exit status. */
int export_report(struct report *r, const struct output *to)
{
	const struct format *f = r->opts->format ? r->opts->format : format_find("folded");
	const struct report_kind *kind = r->kind;
	const struct mode *m = r->view->mode;
	struct stack_set set = {};
	struct export e = {
		.source = r->session->source, .mode = r->session->mode,
		.version = r->view->version ? r->view->version : "unknown",
		.duration = r->session->duration, .set = &set,
	};

	stacks_collect(r, &set);
	take_account(r->session, &e);
	export_weigh(&e, kind ? kind->hit : NULL, kind && kind->weighs ? kind->weighs : m->value,
		     report_unit(r));
	f->write(&e, to->file);
	tell(r);
	export_free(&e);
	stack_set_free(&set);
	return output_flush(to);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "unknown";
}

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

/** export_read() - Take what a report as JSON says of itself. */
void export_read(struct export *e, const json_t *report)
{
	json_t *account = json_object_get(report, "accounting");
	const char *reason;
	json_t *count;

	e->source = text_of(report, "source");
	e->mode = text_of(report, "mode");
	e->version = text_of(report, "kobs");
	e->duration = number_of(report, "duration_ns");
	e->account.hits = number_of(account, "hits");
	e->account.recorded = number_of(account, "recorded");
	e->account.filtered = number_of(account, "filtered");
	e->account.pending = number_of(account, "pending");
	e->account.unpaired = number_of(account, "unpaired");
	json_object_foreach(json_object_get(account, "lost"), reason, count)
		if (loss_of(reason) == LOSS && json_unsigned(count))
			export_lost(e, reason, json_unsigned(count));
	e->report = report;
}

/** export_tell() - Say on standard error what became of every hit: a file is for a program. */
void export_tell(const struct export *e)
{
	struct buf line = {};
	char number[32];
	struct out o;
	size_t i;

	out_init(&o, stderr, false);
	export_balance(e, &line);
	out_line(&o, "%s", line.p);
	for (i = 0; i < e->account.lost.n; i++)
		if (e->account.lost.v[i])
			out_line(&o, "  lost %s, %s",
				 format_count(number, sizeof(number), e->account.lost.v[i]),
				 e->account.reasons.v[i]);
	if (json_is_string(json_object_get(e->report, "stopped")))
		out_line(&o, "*** Stopped early: %s. ***", text_of(e->report, "stopped"));
	out_free(&o);
	buf_free(&line);
}

/**
 * export_rows() - Write rows as CSV, and say what these lack.
 * @rows: of a report that has the first one alone
 *
 * Return: 0, or an exit status after a sentence.
 */
int export_rows(const json_t *report, struct json_rows *rows, const struct output *to)
{
	struct export e = { .rows = rows };
	int err;

	export_read(&e, report);
	err = csv_write(&e, to->file);
	if (!err && json_is_object(json_object_get(report, "accounting")))
		export_tell(&e);
	export_free(&e);
	return err ? err : output_flush(to);
}
