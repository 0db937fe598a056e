// SPDX-License-Identifier: GPL-2.0
/* obsctl show: a saved report as it was printed, or its stacks, on any machine. */

#include <stdio.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/saved/join.h"
#include "cmd/saved/saved.h"
#include "export/formats.h"
#include "lib/diag.h"
#include "report/outfile.h"
#include "report/picture.h"
#include "run/stream.h"

static int check_show(const struct verb *verb, const struct opts *o)
{
	if (o->nr_args == 2)
		return join_check(o);
	if (o->nr_args != 1)
		return misuse("show takes one file, that a report was written to by --json, or with --flame two of them");
	if (o->json && o->top.given)
		return misuse("--format json and csv have all rows of the file: -n cannot be combined with them");
	return 0;
}

/* What the file has decides which options it takes. */
static int check_fit(const struct saved *s, const struct opts *o)
{
	const struct saved_form *form = s->form;
	const char *format = o->format ? o->format->name : NULL;

	if (form && form->whole && o->top.given)
		return refuse("%s is of '%.32s %.32s', which is shown as a whole: -n cannot be combined with it",
			      s->path, s->session.source, s->session.mode);
	if (form && form->record && format)
		return saved_no_format(s, format);
	if (!s->records && format && o->format->of == FORMAT_OF_RECORDS)
		return refuse("%s has rows, and --format %s is made of single records, which files of the verbs called trace have",
			      s->path, format);
	if (s->records && (o->flame || (o->folded && !format) ||
			   (o->stacks && !trace_form_of(o->format))))
		return refuse("%s has single records, whose stacks are not added up: it can be text, json, csv, perf or chrome",
			      s->path);
	return s->records || o->html ? saved_check_again(s->path) : 0;
}

/* Whether it has stacks to draw or to fold; some reports have them below their rows. */
static bool find_stacks(struct saved *s)
{
	const struct report_kind *kind = s->report.kind;

	if (!s->form && !view_has_stacks(&s->view) && kind && kind->unfold)
		kind->unfold(&s->report);
	return view_has_stacks(&s->view);
}

static int print(struct saved *s, const struct opts *o)
{
	struct picture picture = {};
	struct output to = {};
	int closed;
	int err = 0;

	if (!s->records && (opts_wants_stacks(o) || o->stacks) && !find_stacks(s))
		err = saved_no_stacks(s);
	if (!err)
		err = output_for(&to, o);
	if (!err)
		err = picture_open(&picture, o->flame);
	s->report.picture = &picture;
	if (!err)
		err = saved_print(s, &to);
	picture_close(&picture);
	closed = output_close(&to);
	return err ? err : closed;
}

static int print_page(struct saved *s)
{
	struct page *page = &s->page;
	const struct output to = { .page = page };
	int err = page_open(page, s->opts.html);

	if (err)
		return err;
	page_begin(page, &s->opts);
	page->opts.line = (char *)saved_text(s, "obsctl");
	s->report.opts = &page->opts;
	s->report.page = true;
	err = saved_print(s, &to);
	if (!err)
		err = page_save(page);
	page_close(page);
	return err;
}

/* What is printed takes rows apart: the report that follows a page is read again. */
static int show_as(const struct opts *o, bool page)
{
	struct saved s;
	int err = saved_open(&s, o->args[0]);

	if (!err)
		err = saved_restore(&s, o);
	if (!err)
		err = check_fit(&s, o);
	if (!err && page && s.records)
		err = refuse("%s has single records, which make no page: --format chrome draws them",
			     s.path);
	if (!err)
		err = page ? print_page(&s) : print(&s, o);
	saved_close(&s);
	return err;
}

static int run_show(const struct verb *verb, const struct opts *o)
{
	int err;

	if (o->nr_args == 2)
		return join_show(o);
	err = o->html ? show_as(o, true) : 0;
	/* The file as it is, or its rows. */
	if (!err && o->json)
		return saved_export(o);
	return err ? err : show_as(o, false);
}

static const struct opt show_options[] = {
	{ "hist", 0, NULL, "histograms of slab leaks, too: of ages", &opt_switch, OPT_AT(hist) },
};

static const struct opt_group group_show = { OPT_GROUP(show_options) };

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "a report that --json wrote to a file, as it was printed",
		.args = "FILE.json [FILE.json]",
		.groups = GROUPS(&group_show, &group_top, &group_format_files, &group_flame,
				 &group_html, &group_output, &group_verbose),
		.check = check_show,
		.fn = run_show,
	},
};

const struct noun noun_show = {
	.name = "show",
	.doc = "a saved report",
	NOUN_VERBS(verbs),
};
