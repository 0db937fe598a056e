// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl diff: what changed between two saved reports, by the function that stacks end
 * in, and as a flame graph of the second one with the change as its colours.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/saved/saved.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "report/outfile.h"
#include "report/picture.h"

#define TEXT_ROWS	40

struct diff_opts {
	bool	per_second;
};

static const struct opt diff_options[] = {
	{ "per-second", 0, NULL, "compare rates: BEFORE is scaled to the duration of AFTER",
	  &opt_switch, OPT_OWN_AT(struct diff_opts, per_second) },
};

static const struct opt_group group_diff = { OPT_OWN(diff_options) };

/* A frame, with the weight of the stacks that end in it. */
struct ended {
	const struct frame *frame;
	uint64_t	before;
	uint64_t	after;
};

struct diff {
	const struct opts *o;
	struct saved	file[2];
	struct stack_set set;
	struct ended	*v;
	size_t		n;
};

static int check_diff(const struct verb *verb, const struct opts *o)
{
	if (o->nr_args == 2)
		return 0;
	return misuse("diff takes two files, that reports were written to by --json: the one before, then the one after");
}

/* What the first file's weights are multiplied by. */
static int find_scale(const struct diff *d, double *scale)
{
	const struct diff_opts *own = d->o->own;
	uint64_t before = saved_number(&d->file[0], "duration_ns");
	uint64_t after = saved_number(&d->file[1], "duration_ns");

	*scale = 1;
	if (!own->per_second)
		return 0;
	if (!before || !after)
		return refuse("%s has no duration: --per-second cannot compare rates",
			      before ? d->file[1].path : d->file[0].path);
	*scale = (double)after / (double)before;
	return 0;
}

static int read_both(struct diff *d)
{
	double scale = 1;
	size_t i;
	int err;

	for (i = 0, err = 0; !err && i < 2; i++)
		err = saved_open(&d->file[i], d->o->args[i]);
	if (!err)
		err = saved_same(&d->file[0], &d->file[1]);
	if (!err)
		err = find_scale(d, &scale);
	if (!err)
		err = saved_stacks(&d->file[0], &d->set);
	for (i = 0; !err && i < d->set.n; i++) {
		d->set.v[i].before = (uint64_t)((double)d->set.v[i].weight * scale + 0.5);
		d->set.v[i].weight = 0;
	}
	return err ? err : saved_stacks(&d->file[1], &d->set);
}

static void find_ends(struct diff *d)
{
	const struct stack_set *s = &d->set;
	size_t *place = zalloc(s->nr_frames * sizeof(*place));
	size_t i;

	d->v = zalloc(s->nr_frames * sizeof(*d->v));
	for (i = 0; i < s->n; i++) {
		const struct stack_line *line = &s->v[i];
		uint32_t leaf = s->ids[line->at + line->n - 1];

		if (!place[leaf]) {
			d->v[d->n++].frame = &s->frames[leaf];
			place[leaf] = d->n;
		}
		d->v[place[leaf] - 1].before += line->before;
		d->v[place[leaf] - 1].after += line->weight;
	}
	free(place);
}

static uint64_t size_of_change(const struct ended *e)
{
	return e->after > e->before ? e->after - e->before : e->before - e->after;
}

static int compare(const void *a, const void *b)
{
	uint64_t p = size_of_change(a);
	uint64_t q = size_of_change(b);

	return (p < q) - (p > q);
}

static void format_change(char *buf, size_t size, uint64_t before, uint64_t after)
{
	if (before)
		snprintf(buf, size, "%+.1f %%", ((double)after / (double)before - 1) * 100);
	else
		snprintf(buf, size, after ? "new" : "-");
}

static void print_row(const struct diff *d, struct out *o, const struct ended *e)
{
	const char *unit = d->file[1].unit;
	char shown[40];
	char number[32];

	out_row_begin(o);
	out_cell_text(o, "frame", "ENDS IN", e->frame->name);
	out_cell_shown(o, "before", "BEFORE", e->before,
		       format_value(shown, sizeof(shown), (double)e->before, unit));
	out_cell_shown(o, "after", "AFTER", e->after,
		       format_value(shown, sizeof(shown), (double)e->after, unit));
	out_json_signed(o, "change", (int64_t)(e->after - e->before));
	format_value(number, sizeof(number), (double)size_of_change(e), unit);
	snprintf(shown, sizeof(shown), "%s%.30s",
		 e->after > e->before ? "+" : e->after < e->before ? "-" : "", number);
	out_cell_aside(o, "CHANGE", shown, true);
	format_change(shown, sizeof(shown), e->before, e->after);
	out_cell_aside(o, "RELATIVE", shown, true);
	out_row_end(o);
}

/* Both reports, what they are compared by, and the whole of each. */
static void describe(const struct diff *d, struct strings *lines)
{
	const struct diff_opts *own = d->o->own;
	const char *unit = d->file[1].unit;
	uint64_t before = stack_set_before(&d->set);
	uint64_t after = stack_set_total(&d->set);
	struct buf line = {};
	char shown[40];

	saved_describe(&d->file[0], &line);
	buf_puts(&line, "; then ");
	saved_describe(&d->file[1], &line);
	strings_add(lines, line.p);
	line.len = 0;
	buf_printf(&line, "%s: before %s", unit,
		   format_value(shown, sizeof(shown), (double)before, unit));
	buf_printf(&line, "%s, after %s", own->per_second ? " in the same time" : "",
		   format_value(shown, sizeof(shown), (double)after, unit));
	format_change(shown, sizeof(shown), before, after);
	buf_printf(&line, " (%s)", shown);
	strings_add(lines, line.p);
	buf_free(&line);
}

/* What became of every hit of both, and where. */
static void accounts(const struct diff *d, bool machines, struct strings *lines)
{
	struct buf line = {};
	size_t i;

	for (i = 0; i < 2; i++) {
		line.len = 0;
		buf_puts(&line, i ? "after: " : "before: ");
		saved_account(&d->file[i], &line);
		if (machines) {
			buf_puts(&line, "; ");
			saved_machine(&d->file[i], &line);
		}
		strings_add(lines, line.p);
	}
	buf_free(&line);
}

static int draw(struct diff *d, struct picture *picture)
{
	struct flame f = {
		.set = &d->set, .compared = true, .icicle = d->o->icicle, .unit = d->file[1].unit,
	};
	struct buf title = {}, text = {};
	int err;

	buf_printf(&title, "%s compared with %s", d->file[1].path, d->file[0].path);
	f.title = title.p;
	describe(d, &f.head);
	accounts(d, true, &f.foot);
	flame_write(&f, &text);
	err = picture_save(picture, &text);
	strings_free(&f.head);
	strings_free(&f.foot);
	buf_free(&title);
	buf_free(&text);
	return err;
}

static void print(struct diff *d, struct out *o)
{
	size_t top = d->o->top.given ? (size_t)d->o->top.value : o->json ? 0 : TEXT_ROWS;
	struct strings lines = {};
	char count[32];
	size_t i;

	find_ends(d);
	qsort(d->v, d->n, sizeof(*d->v), compare);
	describe(d, &lines);
	accounts(d, false, &lines);
	for (i = 0; i < lines.n; i++)
		out_line(o, "%s", lines.v[i]);
	strings_free(&lines);
	if (d->o->flame)
		out_line(o, "flame graph of the second one: %s", d->o->flame);
	out_line(o, "%s", "");
	out_open(o, NULL, '{');
	out_json_text(o, "unit", d->file[1].unit);
	out_json_number(o, "before", stack_set_before(&d->set));
	out_json_number(o, "after", stack_set_total(&d->set));
	out_json_number(o, "lost_before", saved_lost(&d->file[0]));
	out_json_number(o, "lost_after", saved_lost(&d->file[1]));
	out_table_begin(o, "rows");
	for (i = 0; i < d->n && (!top || i < top); i++)
		print_row(d, o, &d->v[i]);
	out_table_end(o);
	if (i < d->n)
		out_line(o, "... %s more rows (-n 0 shows all)",
			 format_count(count, sizeof(count), d->n - i));
	out_close(o, '}');
	out_newline(o);
}

static int run_diff(const struct verb *verb, const struct opts *o)
{
	struct picture picture = {};
	struct diff d = { .o = o };
	struct output to = {};
	struct out out;
	int closed;
	int err;

	err = read_both(&d);
	if (!err)
		err = picture_open(&picture, o->flame);
	if (!err)
		err = output_for(&to, o);
	if (!err && o->flame)
		err = draw(&d, &picture);
	if (!err) {
		output_begin(&to, &out, o->json);
		print(&d, &out);
		out_free(&out);
		err = output_flush(&to);
	}
	closed = output_close(&to);
	picture_close(&picture);
	free(d.v);
	stack_set_free(&d.set);
	saved_close(&d.file[0]);
	saved_close(&d.file[1]);
	return err ? err : closed;
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "what changed between two reports with stacks that --json wrote to files",
		.args = "BEFORE.json AFTER.json",
		.groups = GROUPS(&group_diff, &group_top, &group_json,
				 &group_format_rows, &group_flame, &group_output),
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
