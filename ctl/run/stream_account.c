// SPDX-License-Identifier: GPL-2.0
/* What became of a stream's records: those that did not come, or were not printed. */

#include <stdio.h>

#include "lib/format.h"
#include "report/nothing.h"
#include "report/report.h"
#include "run/stream.h"

/** trace_count_undelivered() - Count records that were recorded, but did not come, as lost. */
void trace_count_undelivered(const struct trace *t, struct session *s)
{
	model_lose_undelivered(s, t->printed + t->withheld);
}

/** trace_print_withheld() - What was not printed: by -n, or of what records are put together to. */
void trace_print_withheld(const struct trace *t, const struct session *s, struct out *o)
{
	char shown[32], all[32];

	if (t->gather)
		t->gather->tell(t, s, o);
	if (!t->max)
		return;
	out_json_number(o, "shown", t->printed);
	if (t->withheld)
		out_line(o, "%s of %s records shown (-n %llu)",
			 format_count(shown, sizeof(shown), t->printed),
			 format_count(all, sizeof(all), t->printed + t->withheld),
			 (unsigned long long)t->max);
}

/* What show needs to print the records as they were: as JSON only. */
static void trace_shape(const struct trace *t, struct out *o)
{
	const struct view *v = t->view;
	bool named[VIEW_COLUMNS] = {};
	size_t c;

	trace_find_names(v, named);
	out_open(o, "widths", '[');
	for (c = 0; c < v->nr_columns; c++)
		if (!view_is_hidden(v, c))
			out_json_number(o, NULL, t->width[c]);
	out_close(o, ']');
	out_open(o, "called", '[');
	for (c = 0; c < v->nr_columns; c++)
		if (named[c] && !view_is_hidden(v, c))
			out_json_text(o, NULL, v->columns[c]->name);
	out_close(o, ']');
}

/** trace_report() - The account of a stream that has ended. @file: of its records */
void trace_report(const struct trace *t, struct report *r, FILE *file)
{
	struct out o;

	/* Records may go to a program; as text the account is for a person. */
	out_init(&o, r->opts->json ? file : stderr, r->opts->json);
	out_open(&o, NULL, '{');
	if (o.json)
		report_header(r, &o);
	else if (r->session->stop_reason)
		out_line(&o, "*** Stopped early: %s. ***", r->session->stop_reason);
	trace_print_withheld(t, r->session, &o);
	trace_shape(t, &o);
	/* Hits of other streams are found by their source, not told by a pattern. */
	if ((r->view->targets || (r->saved && r->saved->nothing)) && !r->session->recorded)
		nothing_print(r, &o);
	report_footer(r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
}
