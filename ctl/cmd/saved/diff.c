// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl diff: what changed between two saved reports, by their keys or by the function
 * that stacks end in, and as a flame graph of the second one with the change as its colours.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/saved/compare.h"
#include "export/flame.h"
#include "lib/diag.h"
#include "report/outfile.h"
#include "report/page.h"
#include "report/picture.h"

static const char *const forms[] = { "key", "end", NULL };

static const struct opt diff_options[] = {
	{ "per-second", 0, NULL, "compare rates: BEFORE is scaled to the duration of AFTER",
	  &opt_switch, OPT_OWN_AT(struct diff_opts, per_second) },
	{ "per-hit", 0, NULL, "BEFORE is scaled to the recorded hits of AFTER", &opt_switch,
	  OPT_OWN_AT(struct diff_opts, per_hit) },
	{ "by", 0, "WHAT", "key: all columns; end: the function that stacks end in (default where there are stacks)",
	  &opt_text, OPT_OWN_AT(struct diff_opts, by), .allowed = "key or end", .values = forms },
};

static const struct opt gate_options[] = {
	{ "fail-over", 0, "LIMIT", "exit with status 3 if a row grew by more: 5%, or 10ms, 4KiB, 1000",
	  &opt_limit_change, OPT_AT(fail_over) },
};

static const struct opt_group group_diff = { OPT_OWN(diff_options) };
static const struct opt_group group_gate = { OPT_GROUP(gate_options) };

static int check_diff(const struct verb *verb, const struct opts *o)
{
	const struct diff_opts *own = o->own;

	if (o->nr_args != 2)
		return misuse("diff takes two files, that reports were written to by --json: the one before, then the one after");
	if (own->per_second && own->per_hit)
		return misuse("--per-second and --per-hit are two scales: give one of them");
	return 0;
}

static void add_title(const struct diff *d, struct buf *title)
{
	buf_printf(title, "%s compared with %s", d->file[1].path, d->file[0].path);
}

static struct flame flame_of(struct diff *d)
{
	return (struct flame){
		.set = &d->set, .compared = true, .icicle = d->o->icicle, .unit = d->unit,
	};
}

static int draw(struct diff *d, struct picture *picture)
{
	struct flame f = flame_of(d);
	struct buf title = {}, text = {};
	int err;

	add_title(d, &title);
	f.title = title.p;
	compare_describe(d, &f.head);
	compare_accounts(d, true, &f.foot);
	flame_write(&f, &text);
	err = picture_save(picture, &text);
	strings_free(&f.head);
	strings_free(&f.foot);
	buf_free(&title);
	buf_free(&text);
	return err;
}

static int print_page(struct diff *d)
{
	const struct opts *o = d->o;
	struct flame f = flame_of(d);
	struct buf title = {};
	struct page page;
	const struct output to = { .page = &page };
	struct out out;
	int err = page_open(&page, o->html);

	if (!err) {
		page_begin(&page, o);
		d->o = &page.opts;
		add_title(d, &title);
		page_line(&page, title.p);
		f.title = "Flame graph of the second one";
		if (d->set.n)
			page_flame(&page, &f);
		output_begin(&to, &out, false);
		compare_print(d, &out);
		out_free(&out);
		d->o = o;
		err = page_save(&page);
	}
	page_close(&page);
	buf_free(&title);
	return err;
}

static int run_diff(const struct verb *verb, const struct opts *o)
{
	struct diff d = { .o = o, .own = o->own };
	struct picture picture = {};
	struct output to = {};
	struct out out;
	int closed;
	int err;

	err = compare_files(&d);
	if (!err)
		err = picture_open(&picture, o->flame);
	if (!err)
		err = output_for(&to, o);
	if (!err && o->flame)
		err = draw(&d, &picture);
	if (!err && o->html)
		err = print_page(&d);
	if (!err) {
		output_begin(&to, &out, o->json);
		compare_print(&d, &out);
		out_free(&out);
		err = output_flush(&to);
	}
	if (!err)
		err = compare_judge(&d);
	closed = output_close(&to);
	picture_close(&picture);
	compare_free(&d);
	return err ? err : closed;
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "what changed between two reports that --json wrote to files",
		.args = "BEFORE.json AFTER.json",
		.groups = GROUPS(&group_diff, &group_gate, &group_top, &group_json,
				 &group_format_rows, &group_flame, &group_html, &group_output),
		.check = check_diff,
		.fn = run_diff,
	},
};

const struct noun noun_diff = {
	.name = "diff",
	.doc = "two saved reports",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct diff_opts),
};
