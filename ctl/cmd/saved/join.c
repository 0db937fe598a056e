// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl show with two files: one flame graph of both, where threads ran and where they
 * waited. Weights must be times, which are added as they are: samples of a clock stand for
 * their period each.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "cmd/saved/join.h"
#include "export/flame.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "report/losses.h"
#include "report/outfile.h"
#include "report/picture.h"
#include "report/stacks.h"

struct join {
	const struct opts *o;
	struct saved	file[2];
	const char	*part[2];	/* what the time of each is called */
	size_t		first[2];	/* stacks of each in the set */
	uint64_t	time[2];
	size_t		off;		/* the file of waits */
	struct stack_set set;
};

static bool is_of(const struct saved *s, const char *source, const char *mode)
{
	return !strcmp(s->session.source, source) && !strcmp(s->session.mode, mode);
}

static int check_unit(struct join *j, size_t i)
{
	struct saved *s = &j->file[i];

	if (s->form || s->records || !view_has_stacks(&s->view))
		return refuse("%s has no rows with stacks: make it with --by kstack, ustack or both",
			      s->path);
	if (!strcmp(report_unit(&s->report), "ns"))
		return 0;
	return refuse("%s counts %s, and only times can be joined: record by a clock, pmu record -e cpu-clock for instance",
		      s->path, report_unit(&s->report));
}

static bool has_column(const struct view *v, const char *name)
{
	size_t c = view_column(v, name);

	return c != SIZE_MAX && !view_is_hidden(v, c);
}

/* Stacks of other columns would have other roots. */
static int check_columns(const struct join *j)
{
	size_t i;
	size_t c;

	for (i = 0; i < 2; i++)
		for (c = 0; c < j->file[i].view.nr_columns; c++) {
			const char *name = j->file[i].view.columns[c]->name;

			if (!view_is_hidden(&j->file[i].view, c) &&
			    !has_column(&j->file[!i].view, name))
				return refuse("%s has the column %s, and %s does not: make both by the same columns (--by)",
					      j->file[i].path, name, j->file[!i].path);
		}
	return 0;
}

static int check_kinds(struct join *j)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (is_of(&j->file[i], "sched", "offcpu"))
			j->off = i;
	if (!is_of(&j->file[j->off], "sched", "offcpu") ||
	    !is_of(&j->file[!j->off], "pmu", "record"))
		return refuse("%s is of '%.32s %.32s', %s of '%.32s %.32s': what is joined is a report of pmu record and one of sched offcpu; two of one verb are compared by obsctl diff",
			      j->file[0].path, j->file[0].session.source, j->file[0].session.mode,
			      j->file[1].path, j->file[1].session.source, j->file[1].session.mode);
	j->part[j->off] = "off-CPU";
	j->part[!j->off] = "on-CPU";
	return 0;
}

static void collect(struct join *j)
{
	size_t i;
	size_t k;

	for (i = 0; i < 2; i++) {
		j->first[i] = j->set.n;
		report_resolve(&j->file[i].report);
		stacks_collect(&j->file[i].report, &j->set);
		for (k = j->first[i]; k < j->set.n; k++) {
			j->time[i] += j->set.v[k].weight;
			if (i == j->off)
				j->set.v[k].before = j->set.v[k].weight;
		}
	}
}

static int open_files(struct join *j)
{
	/* All stacks, as a picture has them. */
	static const struct opts whole = { .flame = "" };
	int err = 0;
	size_t i;

	for (i = 0; !err && i < 2; i++)
		err = saved_open(&j->file[i], j->o->args[i]);
	for (i = 0; !err && i < 2; i++)
		err = saved_restore(&j->file[i], &whole);
	if (!err)
		err = check_kinds(j);
	for (i = 0; !err && i < 2; i++)
		err = check_unit(j, i);
	return err ? err : check_columns(j);
}

static void describe_file(struct join *j, size_t i, struct strings *lines)
{
	const struct saved *s = &j->file[i];
	struct buf line = {};
	char shown[40];

	buf_printf(&line, "%s %s: ", j->part[i],
		   format_ns(shown, sizeof(shown), (double)j->time[i]));
	compare_add_file(s, &line);
	buf_puts(&line, i == j->off ? ": the time of each wait" :
		 ": samples of a clock, each with its period");
	buf_printf(&line, " (%s)", s->path);
	strings_add(lines, line.p);
	line.len = 0;
	buf_printf(&line, "*** %s: ", j->part[i]);
	if (losses_add_share(&s->session, &line)) {
		buf_puts(&line, ": its stacks are incomplete. ***");
		strings_add(lines, line.p);
	}
	buf_free(&line);
}

static void describe(struct join *j, struct flame *f, struct buf *title)
{
	struct buf line = {};
	char shown[40];
	size_t i;

	buf_puts(title, "pmu record and sched offcpu joined");
	for (i = 0; j->file[!j->off].command && j->file[!j->off].command[i]; i++)
		buf_printf(title, "%s%s", i ? " " : ": ", j->file[!j->off].command[i]);
	describe_file(j, !j->off, &f->head);
	describe_file(j, j->off, &f->head);
	buf_printf(&line, "width: ns, on-CPU and off-CPU added; all: %s",
		   format_ns(shown, sizeof(shown), (double)(j->time[0] + j->time[1])));
	strings_add(&f->head, line.p);
	for (i = 0; i < 2; i++) {
		const struct saved *s = &j->file[i ? j->off : !j->off];

		line.len = 0;
		buf_printf(&line, "%s: ", i ? "off-CPU" : "on-CPU");
		losses_add_account(&s->session, &line);
		if (s->says.rows_left_out)
			buf_printf(&line, "; %s rows are not in the file",
				   format_count(shown, sizeof(shown), s->says.rows_left_out));
		buf_printf(&line, "; Linux %s, kobs %s", s->view.kernel, s->view.version);
		strings_add(&f->foot, line.p);
	}
	buf_free(&line);
}

static int draw(struct join *j, struct picture *picture, struct output *to)
{
	struct flame f = {
		.set = &j->set, .unit = "ns", .part = "off-CPU", .rest = "on-CPU",
		.icicle = j->o->icicle,
	};
	struct buf title = {}, text = {};
	struct out out;
	size_t i;
	int err;

	collect(j);
	describe(j, &f, &title);
	f.title = title.p;
	flame_write(&f, &text);
	err = picture_save(picture, &text);
	output_begin(to, &out, false);
	out_line(&out, "%s", title.p);
	for (i = 0; i < f.head.n; i++)
		out_line(&out, "%s", f.head.v[i]);
	out_line(&out, "flame graph of %zu stacks: %s\n", j->set.n, picture->path);
	for (i = 0; i < f.foot.n; i++)
		out_line(&out, "%s", f.foot.v[i]);
	out_free(&out);
	strings_free(&f.head);
	strings_free(&f.foot);
	buf_free(&title);
	buf_free(&text);
	return err ? err : output_flush(to);
}

/** join_check() - Return: 0, or STATUS_USAGE for options that two files cannot have. */
int join_check(const struct opts *o)
{
	if (!o->flame)
		return misuse("two files become one flame graph: give show --flame FILE.svg; two reports of one verb are compared by obsctl diff");
	if (o->json || o->folded || o->format || o->html || o->top.given)
		return misuse("of two files show makes one flame graph, of all stacks: no --format, --folded, --html or -n");
	if (o->hist || o->verbose)
		return misuse("of two files show makes one flame graph, which has no histograms and nothing more to say: no --hist or -v");
	return 0;
}

/** join_show() - Draw both files. Return: the exit status. */
int join_show(const struct opts *o)
{
	struct join j = { .o = o };
	struct picture picture = {};
	struct output to = {};
	int closed;
	int err = open_files(&j);

	if (!err)
		err = picture_open(&picture, o->flame);
	if (!err)
		err = output_for(&to, o);
	if (!err)
		err = draw(&j, &picture, &to);
	closed = output_close(&to);
	picture_close(&picture);
	stack_set_free(&j.set);
	saved_close(&j.file[0]);
	saved_close(&j.file[1]);
	return err ? err : closed;
}
