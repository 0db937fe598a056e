// SPDX-License-Identifier: GPL-2.0
/* Reports of a session that is run: in between, at its end, of a stream. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/callers.h"
#include "report/report.h"
#include "run/live_report.h"
#include "run/run_state.h"

/** run_take_session() - Take newer counters over; what session-new alone said stays. */
void run_take_session(struct run *r, struct session *fresh)
{
	if (!fresh->nr_kept_out) {
		fresh->kept_out = r->session.kept_out;
		fresh->nr_kept_out = r->session.nr_kept_out;
		fresh->cap_kept_out = r->session.cap_kept_out;
		r->session.kept_out = NULL;
		r->session.nr_kept_out = 0;
	}
	model_free_session(&r->session);
	r->session = *fresh;
	memset(fresh, 0, sizeof(*fresh));
}

/** run_free_table() - Free a table that run_report() kept for the screen. */
void run_free_table(struct table *t)
{
	if (t)
		model_free_table(t);
	free(t);
}

static struct table *read_table(struct run *r, bool interim, int *err)
{
	struct table *t = zalloc(sizeof(*t));

	model_init_table(t, r->view.types, r->view.nr_columns, r->view.mode);
	view_tell(&r->view, t);
	*err = r->spec->rows ? r->spec->rows->fill(&r->trace, &r->session, interim, t) :
	       model_get_table(&r->data, r->session.id, t);
	/* Of processes that were hit after the table was read there is nothing to name. */
	sideband_read(&r->sideband, &r->view.usyms);
	r->view.usyms.report++;
	if (!*err)
		view_cut_callers(&r->view, t);
	return t;
}

/**
 * run_report() - Read the rows, and print them.
 * @page: what they become a part of; NULL for where the report goes
 * @verdict: set to the exit status that the numbers call for; or NULL
 *
 * Return: 0 or an exit status.
 */
int run_report(struct run *r, bool interim, struct page *page, int *verdict)
{
	struct opts o = page ? page->opts : *r->o;
	struct report rep = {
		.view = &r->view, .session = &r->session, .opts = &o, .interim = interim,
		.rates = o.interval.given ? &r->rates : NULL, .absent = &r->absent,
		.kind = r->spec->kind, .title = r->spec->title, .picture = &r->picture,
		.page = page, .dump = r->spec->dump,
	};
	bool live = interim && r->live;
	struct output to = r->output;
	int err;

	if (live)
		live_report_begin(&o, &to);
	to.page = page;
	rep.table = read_table(r, interim, &err);
	if (!err && r->spec->report) {
		err = r->spec->report(r->spec, &rep, &to);
	} else if (!err) {
		report_resolve(&rep);
		err = report_print(&rep, &to);
	}
	if (live) {
		live_report_end(&rep, &to, &r->pace, err);
	} else if (interim && !o.json && !err) {
		fputs("\n", to.file);
		err = output_flush(&to);
	}
	if (!err && verdict)
		*verdict = report_verdict(&rep);
	report_free(&rep);
	/* A screen names stacks when they are asked for. */
	if (live && !err) {
		run_free_table(r->shown);
		r->shown = rep.table;
	} else {
		run_free_table(rep.table);
	}
	return err;
}

/** run_interim_report() - Report while the session runs. Return: 0 or an exit status. */
int run_interim_report(struct run *r)
{
	struct session fresh = {};
	int err;

	pace_begin(&r->pace, pace_cpu());
	err = model_session_get(&r->data, r->session.id, NULL, &fresh);
	if (err)
		return err;
	run_take_session(r, &fresh);
	err = run_report(r, true, NULL, NULL);
	live_pace_end(&r->pace, r->live);
	return err;
}

/** run_trace_report() - The account of a stream that has ended. Return: 0 or an exit status. */
int run_trace_report(struct run *r, int *verdict)
{
	struct report rep = {
		.view = &r->view, .session = &r->session, .opts = r->o, .kind = r->spec->kind,
		.absent = &r->absent, .title = r->spec->title,
	};

	trace_count_undelivered(&r->trace, &r->session);
	if (r->trace.form && r->trace.form->end)
		r->trace.form->end(&r->trace, &rep);
	trace_report(&r->trace, &rep, r->output.file);
	*verdict = report_verdict(&rep);
	return output_flush(&r->output);
}
