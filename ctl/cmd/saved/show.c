// SPDX-License-Identifier: GPL-2.0
/* obsctl show: the stacks of a saved report, folded or as a flame graph, on any machine. */

#include <stdio.h>

#include "cmd/nouns.h"
#include "cmd/saved/saved.h"
#include "export/folded.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "report/outfile.h"
#include "report/picture.h"

static int check_show(const struct verb *verb, const struct opts *o)
{
	if (o->nr_args != 1)
		return misuse("show takes one file, that a report was written to by --json");
	if (!o->folded && !o->flame && !o->json && !o->format)
		return misuse("show needs --flame FILE, --folded or --format FORMAT: what to make of the report");
	return 0;
}

static void add(struct strings *lines, struct buf *line)
{
	strings_add(lines, line->p);
	line->len = 0;
}

static int draw(const struct saved *s, struct stack_set *set, const struct opts *o,
		struct picture *picture)
{
	struct flame f = {
		.set = set, .palette = saved_palette(s), .icicle = o->icicle, .unit = s->unit,
	};
	struct buf title = {}, line = {}, text = {};
	char all[40];
	int err;

	buf_printf(&title, "%s", s->path);
	f.title = title.p;
	saved_describe(s, &line);
	add(&f.head, &line);
	format_value(all, sizeof(all), (double)stack_set_total(set), s->unit);
	buf_printf(&line, "width: %s; all: %s", s->unit, all);
	add(&f.head, &line);
	saved_account(s, &line);
	add(&f.foot, &line);
	saved_machine(s, &line);
	add(&f.foot, &line);
	flame_write(&f, &text);
	err = picture_save(picture, &text);
	strings_free(&f.head);
	strings_free(&f.foot);
	buf_free(&title);
	buf_free(&line);
	buf_free(&text);
	return err;
}

/* As a session's folded stacks are told of: beside them. */
static void tell_account(const struct saved *s)
{
	struct buf line = {};

	saved_account(s, &line);
	warn("%s", line.p);
	buf_free(&line);
}

static int run_show(const struct verb *verb, const struct opts *o)
{
	struct picture picture = {};
	struct stack_set set = {};
	struct output to = {};
	bool folded = o->folded && !o->format;
	struct saved s;
	int closed;
	int err = o->json || o->format ? saved_export(o) : 0;

	if (err || (!folded && !o->flame))
		return err;
	err = saved_open(&s, o->args[0]);
	if (!err)
		err = saved_stacks(&s, &set);
	if (!err && o->flame)
		err = picture_open(&picture, o->flame);
	if (!err && folded)
		err = output_for(&to, o);
	if (!err && o->flame)
		err = draw(&s, &set, o, &picture);
	if (!err && folded) {
		folded_write(&set, to.file);
		err = output_flush(&to);
		tell_account(&s);
	}
	closed = output_close(&to);
	picture_close(&picture);
	stack_set_free(&set);
	saved_close(&s);
	return err ? err : closed;
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "stacks of a report that --json wrote to a file",
		.args = "FILE.json",
		.groups = GROUPS(&group_folded, &group_flame, &group_output),
		.check = check_show,
		.fn = run_show,
	},
};

const struct noun noun_show = {
	.name = "show",
	.doc = "a saved report",
	NOUN_VERBS(verbs),
};
