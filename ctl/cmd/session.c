// SPDX-License-Identifier: GPL-2.0
/* obsctl session: sessions that run without an obsctl. */

#include <stdio.h>
#include <string.h>

#include "cmd/nouns.h"
#include "cmd/session_list.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "proto/nl.h"
#include "report/callers.h"
#include "report/filter_text.h"
#include "report/losses.h"
#include "report/page.h"
#include "report/picture.h"
#include "report/report.h"
#include "run/tasks.h"

static const char *const states[] = {
	[KOBS_STATE_NEW] = "new",
	[KOBS_STATE_STARTED] = "started",
	[KOBS_STATE_STOPPED] = "stopped",
};

static void print_below(struct out *o, const char *what, const char *text)
{
	struct buf line = {};

	buf_printf(&line, "    %s%s", what, text);
	out_below(o, line.p);
	buf_free(&line);
}

static void print_filter(struct out *o, const struct session *s, const struct sources *sources)
{
	const struct source *source = model_find_source(sources, s->source);
	struct buf text = {};

	filter_print_json(&s->filter, o);
	filter_describe(&s->filter, model_unit(model_find_mode(source, s->mode)), &text);
	if (text.len)
		print_below(o, "only ", text.p);
	buf_free(&text);
}

static void print_session(struct out *o, const struct session *s, const struct sources *sources)
{
	const char *state = s->state < ARRAY_SIZE(states) && states[s->state] ?
			    states[s->state] : "unknown";
	struct losses l = losses_of(s);
	char shown[40];

	out_row_begin(o);
	out_cell_shown(o, "id", "ID", s->id, (snprintf(shown, sizeof(shown), "%u", s->id), shown));
	if (s->name)
		out_json_text(o, "name", s->name);
	out_cell_aside(o, "NAME", s->name ? s->name : "-", false);
	out_cell_text(o, "source", "SOURCE", s->source);
	out_cell_text(o, "mode", "MODE", s->mode);
	out_cell_text(o, "state", "STATE", state);
	if (s->stop_reason)
		out_json_text(o, "stopped", s->stop_reason);
	out_cell_shown(o, "owner_pid", "PID", s->owner_pid,
		       (snprintf(shown, sizeof(shown), "%u", s->owner_pid), shown));
	out_cell_number(o, "targets", "TARGETS", s->targets);
	out_cell_shown(o, "duration_ns", "TIME", s->duration,
		       format_ns(shown, sizeof(shown), (double)s->duration));
	out_cell_number(o, "hits", "HITS", s->hits);
	out_cell_number(o, "pending", "PENDING", l.pending);
	out_json_number(o, "unpaired", l.unpaired);
	out_cell_number(o, "lost", "LOST", l.lost);
	out_cell_shown(o, "memory", "MEMORY", s->memory,
		       format_bytes(shown, sizeof(shown), s->memory));
	print_filter(o, s, sources);
	if (s->stop_reason)
		print_below(o, "stopped: ", s->stop_reason);
	out_row_end(o);
}

/** session_print_list() - The table that 'status' shows, too. */
void session_print_list(struct out *o, const struct sessions *all, const struct sources *sources)
{
	size_t i;

	out_table_begin(o, "sessions");
	for (i = 0; i < all->n; i++)
		print_session(o, &all->v[i], sources);
	out_table_end(o);
}

/** session_read_all() - What the module has: sources and sessions. Return: 0 or an exit status. */
int session_read_all(struct sources *sources, struct sessions *all)
{
	struct nl nl;
	int err;

	memset(sources, 0, sizeof(*sources));
	memset(all, 0, sizeof(*all));
	err = nl_open(&nl);
	if (!err)
		err = model_get_sources(&nl, sources);
	if (!err)
		err = model_get_sessions(&nl, all);
	nl_shut(&nl);
	return err;
}

static int run_list(const struct verb *verb, const struct opts *o)
{
	struct sources sources;
	struct sessions all;
	struct out out;
	int err = session_read_all(&sources, &all);

	if (!err) {
		out_init(&out, stdout, o->json);
		out_open(&out, NULL, '{');
		session_print_list(&out, &all, &sources);
		if (!all.n)
			out_line(&out, "No session exists.");
		out_close(&out, '}');
		out_newline(&out);
		out_free(&out);
	}
	model_free_sessions(&all);
	model_free_sources(&sources);
	return err;
}

static int check_session(const struct verb *verb, const struct opts *o)
{
	if (o->nr_args == 1 && *o->args[0])
		return 0;
	if (o->nr_args > 1)
		return misuse("unexpected argument '%s': 'session %s' takes one session",
			      o->args[1], verb->name);
	return misuse("'session %s' needs a session's name or number (see obsctl session list)",
		      verb->name);
}

static int find_session(struct nl *nl, const struct opts *o, struct session *s)
{
	uint64_t id;

	if (!parse_number(o->args[0], 1, UINT32_MAX, &id))
		return model_session_get(nl, (uint32_t)id, NULL, s);
	return model_session_get(nl, 0, o->args[0], s);
}

static int print_rows(struct nl *nl, struct report *rep, const struct output *to)
{
	struct table table;
	int err;

	model_init_table(&table, rep->view->types, rep->view->nr_columns, rep->view->mode);
	view_tell(rep->view, &table);
	rep->table = &table;
	err = model_get_table(nl, rep->session->id, &table);
	if (!err)
		view_cut_callers(rep->view, &table);
	if (!err && rep->kind && rep->kind->print) {
		err = rep->kind->print(rep, to);
	} else if (!err) {
		report_resolve(rep);
		err = report_print(rep, to);
	}
	if (!err && !to->page)
		err = report_verdict(rep);
	report_free(rep);
	model_free_table(&table);
	return err;
}

static int print_page(struct nl *nl, const struct report *from, const struct opts *o)
{
	struct report rep = *from;
	struct page page;
	const struct output to = { .page = &page };
	int err;

	if (!o->html)
		return 0;
	err = page_open(&page, o->html);
	page_begin(&page, o);
	rep.opts = &page.opts;
	rep.page = true;
	if (!err)
		err = print_rows(nl, &rep, &to);
	if (!err)
		err = page_save(&page);
	page_close(&page);
	return err;
}

static int print_report(struct nl *nl, const struct opts *o, struct session *s)
{
	struct report rep = {
		.session = s, .opts = o, .kind = nouns_report_kind(s->source, s->mode),
	};
	struct picture picture = {};
	struct output to = {};
	struct view view;
	int closed;
	int err;

	rep.view = &view;
	rep.interim = s->state == KOBS_STATE_STARTED;
	err = view_init(&view, nl);
	if (!err)
		err = view_bind(&view, s);
	if (!err && view.mode->stream)
		err = refuse("session %u is a stream: its records go to its owner only", s->id);
	if (!err && opts_wants_stacks(o) && !view_has_stacks(&view))
		err = refuse("session %u has no stacks to %s: start it with --by kstack", s->id,
			     o->flame ? "draw" : o->folded ? "fold" : "export");
	if (!err)
		err = view_choose_frames(&view, o);
	if (!err)
		err = tasks_check(o, view_has_type(&view, KOBS_TYPE_USTACK));
	if (!err)
		err = output_for(&to, o);
	if (!err)
		err = picture_open(&picture, o->flame);
	if (!err)
		err = print_page(nl, &rep, o);
	rep.picture = &picture;
	if (!err)
		err = print_rows(nl, &rep, &to);
	picture_close(&picture);
	closed = output_close(&to);
	view_free(&view);
	return err ? err : closed;
}

static int run_read(const struct verb *verb, const struct opts *o)
{
	struct session s = {};
	struct nl nl;
	int err;

	err = nl_open(&nl);
	if (!err)
		err = find_session(&nl, o, &s);
	if (!err)
		err = print_report(&nl, o, &s);
	model_free_session(&s);
	nl_shut(&nl);
	return err;
}

/* The last report, then the end. */
static int run_stop(const struct verb *verb, const struct opts *o)
{
	struct session s = {};
	struct nl nl;
	int deleted;
	int err;

	err = nl_open(&nl);
	if (!err)
		err = find_session(&nl, o, &s);
	if (!err)
		err = model_session_stop(&nl, s.id, &s);
	if (!err) {
		err = print_report(&nl, o, &s);
		/* A report that could not be written can be asked for again. */
		if (err != STATUS_REFUSED) {
			deleted = model_session_del(&nl, &s);
			err = err ? err : deleted;
		}
	}
	model_free_session(&s);
	nl_shut(&nl);
	return err;
}

static const struct verb verbs[] = {
	{
		.name = "list",
		.doc = "all sessions",
		.groups = GROUPS(&group_json),
		.fn = run_list,
	},
	{
		.name = "read",
		.doc = "report of a session that runs detached",
		.args = "NAME|ID",
		.groups = GROUPS(&group_top, &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames, &group_output, &group_max_lost),
		.check = check_session,
		.fn = run_read,
	},
	{
		.name = "stop",
		.doc = "end a detached session, and show its last report",
		.args = "NAME|ID",
		.groups = GROUPS(&group_top, &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames, &group_output, &group_max_lost),
		.check = check_session,
		.fn = run_stop,
	},
};

const struct noun noun_session = {
	.name = "session",
	.doc = "sessions that run detached",
	.guess = "read",
	NOUN_VERBS(verbs),
};
