// SPDX-License-Identifier: GPL-2.0
/*
 * The records of a trace that --json wrote to a file, a line each: printed as they were, or
 * in the formats of others. They are read one by one: a file can have millions.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/saved/saved.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/progress.h"
#include "report/outfile.h"
#include "run/stream.h"

struct records {
	struct saved	*s;
	struct trace	trace;
	struct restored	restored;
	bool		named[VIEW_COLUMNS];
	struct buf	value;		/* its key; empty without one */
	bool		told;		/* how far it is */
};

/* The report, which is the last of a file, is no record. */
static bool is_record(const json_t *value)
{
	return json_is_object(value) && json_object_get(value, "time_ns") &&
	       !json_object_get(value, "accounting");
}

/* A record's stacks are those of no other one. */
static void drop_stacks(struct records *x)
{
	map_free(&x->trace.stacks.stacks, free);
	x->restored.next_stack = RESTORED_STACK;
}

/* Whether a number is below 0 is told by each record. */
static void forget_signs(struct view *v)
{
	size_t c;

	for (c = 0; c < v->nr_columns; c++)
		if (v->shown[c] == SHOWN_SIGNED)
			v->shown[c] = SHOWN_COUNT;
}

static int take_record(json_t *value, void *arg)
{
	struct records *x = arg;
	struct restored *r = &x->restored;
	uint64_t rec[2 + VIEW_COLUMNS] = {};

	if (!is_record(value))
		return 0;
	forget_signs(&x->s->view);
	if (x->s->form && x->s->form->record) {
		x->s->form->record(&x->trace, r, value);
		x->trace.printed++;
		trace_write(&x->trace);
	} else {
		restore_keys(r, value);
		rec[0] = json_unsigned(json_object_get(value, "time_ns"));
		if (x->value.len)
			rec[1] = json_unsigned(json_object_get(value, x->value.p));
		memcpy(rec + 2, r->key, sizeof(r->key));
		trace_print(&x->trace, (uint32_t)json_unsigned(json_object_get(value, "cpu")), rec);
	}
	if (!x->trace.held)
		drop_stacks(x);
	if (x->told)
		progress_at(x->trace.printed, x->s->session.recorded);
	return r->wrong ? saved_no_report(x->s, r->wrong) : 0;
}

static size_t at_most(const json_t *number, size_t most)
{
	uint64_t n = json_unsigned(number);

	return n < most ? (size_t)n : most;
}

/* What the file says of its columns. */
static void take_shape(struct records *x)
{
	const json_t *widths = json_object_get(x->s->root, "widths");
	struct view *v = &x->s->view;
	const char *unit = saved_text(x->s, "unit");
	json_t *name;
	size_t i;
	size_t c;

	for (i = 0; i < json_array_size(widths) && i < v->nr_columns; i++)
		x->trace.width[i] = at_most(json_array_get(widths, i), 200);
	json_array_foreach(json_object_get(x->s->root, "called"), i, name) {
		c = json_text(name) ? view_column(v, json_text(name)) : SIZE_MAX;
		if (c < VIEW_COLUMNS)
			x->named[c] = true;
	}
	x->trace.named = x->named;
	if (x->trace.value)
		buf_printf(&x->value, "%s%s%s", v->mode->value, unit && *unit ? "_" : "",
			   unit ? unit : "");
}

/* Where records are put together, -n counts what they become. */
static void begin_gather(struct records *x)
{
	const struct saved_form *form = x->s->form;

	if (!form || !form->gather)
		return;
	x->trace.gather = form->gather;
	x->trace.arg = form->gather_new(x->trace.max);
	x->trace.max = 0;
}

/** records_show() - Print the records of a file. Return: 0, or an exit status after a sentence. */
int records_show(struct saved *s, const struct output *to)
{
	struct records x = { .s = s };
	int err;

	x.restored = (struct restored){
		.s = s, .to = &x.trace.stacks, .next_stack = RESTORED_STACK,
	};
	x.trace.max = s->opts.top.value;
	x.trace.form = trace_form_of(s->opts.format);
	begin_gather(&x);
	trace_init(&x.trace, &s->view, NULL, 0, to->file, false);
	take_shape(&x);
	if (!s->form || !s->form->record || x.trace.form)
		trace_heading(&x.trace);
	/* On a terminal the records themselves are seen. */
	x.told = !isatty(fileno(to->file));
	progress_begin("Printing records");
	err = json_file_each(s->path, take_record, &x);
	progress_end();
	if (!err)
		trace_finish(&x.trace);
	trace_write(&x.trace);
	s->opts.line = (char *)saved_text(s, "obsctl");
	s->report.table = NULL;
	if (!err && x.trace.form && x.trace.form->end)
		x.trace.form->end(&x.trace, &s->report);
	if (!err)
		trace_report(&x.trace, &s->report, to->file);
	if (x.trace.gather)
		s->form->gather_free(x.trace.arg);
	trace_free(&x.trace);
	buf_free(&x.value);
	return err ? err : output_flush(to);
}
