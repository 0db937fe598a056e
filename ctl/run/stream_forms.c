// SPDX-License-Identifier: GPL-2.0
/*
 * A stream's records in the formats of others, written as they come: lines of CSV, events
 * as Chrome's traces have them, and those of perf script.
 */

#include <stdlib.h>
#include <string.h>

#include "export/chrome.h"
#include "export/csv.h"
#include "export/formats.h"
#include "export/perf.h"
#include "lib/json.h"
#include "lib/macros.h"
#include "report/report.h"
#include "report/writer.h"
#include "run/stream.h"

#define NO_COLUMN	SIZE_MAX

struct trace_forms {
	struct chrome	chrome;
	/* Columns that have places of their own. */
	size_t		comm;
	size_t		pid;
	size_t		tid;
	size_t		took;		/* ns */
	bool		paired;		/* it is from one hit to another */
	bool		named[VIEW_COLUMNS];	/* a record is called by them */
	struct buf	name;
	struct buf	cell;
	struct buf	args;
};

void trace_forms_free(struct trace_forms *f)
{
	if (!f)
		return;
	chrome_free(&f->chrome);
	buf_free(&f->name);
	buf_free(&f->cell);
	buf_free(&f->args);
	free(f);
}

static bool is_stack(const struct trace *t, size_t c)
{
	return type_is_stack(t->view->types[c]);
}

/* The value of a column that is no stack, as text. */
static const char *cell_of(struct trace *t, size_t c, const uint64_t *keys)
{
	struct view *v = t->view;
	struct buf *cell = &t->forms->cell;

	cell->len = 0;
	if (view_is_fault(v, c, keys))
		return "(fault)";
	if (v->types[c] == KOBS_TYPE_NUMBER && v->shown[c] == SHOWN_SIGNED)
		buf_printf(cell, "%lld", (long long)keys[c]);
	else if (view_is_number(v, c))
		buf_u64(cell, keys[c]);
	else
		return trace_name(t, c, keys);
	return cell->p;
}

/**
 * trace_find_names() - Find the columns that a record is called by.
 * @named: one for each column, false
 *
 * A function or a system call tells what happened; or else all texts and constants.
 */
void trace_find_names(const struct view *v, bool *named)
{
	size_t comm = view_column(v, "comm");
	size_t c;

	for (c = 0; c < v->nr_columns; c++)
		if (v->types[c] == KOBS_TYPE_FUNCTION || v->shown[c] == SHOWN_SYSCALL) {
			named[c] = true;
			return;
		}
	for (c = 0; c < v->nr_columns; c++)
		named[c] = c != comm && (v->types[c] == KOBS_TYPE_TEXT ||
					 v->shown[c] == SHOWN_ENUM);
}

static void find_columns(struct trace *t)
{
	struct trace_forms *f = zalloc(sizeof(*f));
	const struct view *v = t->view;

	t->forms = f;
	f->comm = view_column(v, "comm");
	f->pid = view_column(v, "pid");
	f->tid = view_column(v, "tid");
	f->took = view_column(v, "duration_ns");
	f->paired = f->took != NO_COLUMN;
	if (!f->paired)
		f->took = view_column(v, "duration");
	if (t->named)
		memcpy(f->named, t->named, sizeof(f->named));
	else
		trace_find_names(v, f->named);
}

static const char *text_at(struct trace *t, size_t c, const uint64_t *keys)
{
	return c == NO_COLUMN ? "" : cell_of(t, c, keys);
}

static uint64_t number_at(size_t c, const uint64_t *keys)
{
	return c == NO_COLUMN ? 0 : keys[c];
}

static bool is_ns(const struct trace *t)
{
	return t->value && !strcmp(view_unit(t->view), "ns");
}

static uint64_t took(const struct trace *t, const uint64_t *rec)
{
	return is_ns(t) ? rec[1] : number_at(t->forms->took, rec + 2);
}

static const char *name_record(struct trace *t, const uint64_t *keys)
{
	struct trace_forms *f = t->forms;
	size_t c;

	f->name.len = 0;
	for (c = 0; c < t->view->nr_columns; c++)
		if (f->named[c]) {
			buf_puts(&f->name, f->name.len ? " " : "");
			buf_puts(&f->name, cell_of(t, c, keys));
		}
	if (!f->name.len)
		buf_printf(&f->name, "%s %s", t->view->source->name, t->view->mode->name);
	return f->name.p;
}

/* The frames of a stack, without those of a hook at a return. */
static size_t first_frame(struct trace *t, const struct stack *s)
{
	return s ? view_first_frame(t->view, s) : 0;
}

/* CSV: a line each. */

static const char *value_name(const struct trace *t, struct buf *out)
{
	out->len = 0;
	buf_printf(out, "%s%s%s", t->view->mode->value, *view_unit(t->view) ? "_" : "",
		   view_unit(t->view));
	return out->p;
}

static bool is_cell(const struct trace *t, size_t c)
{
	return strcmp(t->view->columns[c]->name, "cpu") && !view_is_hidden(t->view, c);
}

static void begin_csv(struct trace *t)
{
	const struct view *v = t->view;
	struct buf *b = &t->line;
	struct buf name = {};
	size_t c;

	find_columns(t);
	csv_add_cell(b, true, "time_ns");
	csv_add_cell(b, false, "cpu");
	for (c = 0; c < v->nr_columns; c++) {
		if (!is_cell(t, c))
			continue;
		csv_add_cell(b, false, v->columns[c]->name);
		name.len = 0;
		buf_printf(&name, "%s_number", v->columns[c]->name);
		if (view_has_number(v, c))
			csv_add_cell(b, false, name.p);
	}
	if (t->value)
		csv_add_cell(b, false, value_name(t, &name));
	csv_end_line(b);
	buf_free(&name);
}

static const char *stack_cell(struct trace *t, uint64_t id)
{
	const struct stack *s = trace_stack(t, id);
	struct buf *cell = &t->forms->cell;
	size_t i;
	size_t k;
	size_t n;

	cell->len = 0;
	buf_puts(cell, "");
	for (i = first_frame(t, s); s && i < s->nr; i++) {
		n = view_frames(t->view, s, i);
		for (k = 0; k < n; k++)
			csv_add_frame(cell, t->view->frame[k].text.p);
	}
	return cell->p;
}

static void add_number(struct buf *b, bool first, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	csv_add_cell(b, first, text);
}

static size_t record_csv(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	const struct view *v = t->view;
	struct buf *b = &t->line;
	char number[24];
	size_t c;

	add_number(b, true, rec[0]);
	add_number(b, false, cpu);
	for (c = 0; c < v->nr_columns; c++) {
		if (!is_cell(t, c))
			continue;
		csv_add_cell(b, false, is_stack(t, c) ? stack_cell(t, rec[2 + c]) :
			     cell_of(t, c, rec + 2));
		if (!view_has_number(v, c))
			continue;
		snprintf(number, sizeof(number), "%lld", (long long)rec[2 + c]);
		csv_add_cell(b, false, view_is_fault(v, c, rec + 2) ? "" : number);
	}
	if (t->value)
		add_number(b, false, rec[1]);
	csv_end_line(b);
	return 1;
}

/* Chrome's: slices where there is a duration. */

static void begin_chrome(struct trace *t)
{
	find_columns(t);
	chrome_begin(&t->forms->chrome, &t->line);
}

static void add_stack_arg(struct trace *t, uint64_t id, struct buf *b)
{
	const struct stack *s = trace_stack(t, id);
	size_t first = first_frame(t, s);
	size_t i;
	size_t k;
	size_t n;

	buf_putc(b, '[');
	for (i = first; s && i < s->nr; i++) {
		n = view_frames(t->view, s, i);
		for (k = 0; k < n; k++) {
			buf_puts(b, i > first || k ? ", " : "");
			json_escape(b, t->view->frame[k].text.p);
		}
	}
	buf_putc(b, ']');
}

/* All columns, as JSON has them, but for those that the event has itself. */
static const char *args_of(struct trace *t, uint32_t cpu, const uint64_t *keys)
{
	struct trace_forms *f = t->forms;
	const struct view *v = t->view;
	struct buf *b = &f->args;
	size_t c;

	b->len = 0;
	buf_puts(b, "\"cpu\": ");
	buf_u64(b, cpu);
	for (c = 0; c < v->nr_columns; c++) {
		if (!is_cell(t, c) || c == f->comm || c == f->pid || c == f->tid)
			continue;
		buf_puts(b, t->labels[c]);
		if (is_stack(t, c))
			add_stack_arg(t, keys[c], b);
		else if (!view_is_fault(v, c, keys) && view_is_number(v, c))
			buf_puts(b, cell_of(t, c, keys));
		else
			json_escape(b, cell_of(t, c, keys));
	}
	return b->p;
}

static size_t record_chrome(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	const struct trace_forms *f = t->forms;
	const uint64_t *keys = rec + 2;
	struct chrome_event ev = {
		.category = t->view->source->name, .end = rec[0], .took = took(t, rec),
		.cpu = cpu, .pid = number_at(f->pid, keys), .tid = number_at(f->tid, keys),
		.args = args_of(t, cpu, keys),
	};

	ev.kind = f->paired ? CHROME_PAIR : is_ns(t) || f->took != NO_COLUMN ? CHROME_CALL :
		  CHROME_MARK;
	ev.name = name_record(t, keys);
	ev.comm = text_at(t, f->comm, keys);
	chrome_add(&t->forms->chrome, &ev, &t->line);
	return 1;
}

/* What was observed, and what became of every hit: members of the object. */
static void end_chrome(struct trace *t, struct report *r)
{
	struct buf text = {};
	struct out o;

	chrome_end_events(&text);
	fwrite(text.p, 1, text.len, t->file);
	out_init(&o, t->file, true);
	out_open(&o, "otherData", '{');
	report_header(r, &o);
	trace_print_withheld(t, r->session, &o);
	report_footer(r, &o);
	out_close(&o, '}');
	out_free(&o);
	fputs("}\n", t->file);
	buf_free(&text);
}

/* perf script's: what a record stands for is its duration, or one hit. */

static void begin_perf(struct trace *t)
{
	find_columns(t);
}

/* A file has names in place of addresses. */
static uint64_t address_of(const struct view *v, uint64_t word)
{
	return v->saved ? 0 : ksyms_address(&v->ksyms, word);
}

static void add_frames(struct trace *t, uint64_t id)
{
	const struct stack *s = trace_stack(t, id);
	size_t i;
	size_t k;
	size_t n;

	for (i = first_frame(t, s); s && i < s->nr; i++) {
		n = view_frames(t->view, s, i);
		for (k = 0; k < n; k++) {
			const char *name = t->view->frame[k].text.p;

			perf_add_frame(&t->line, address_of(t->view, s->addr[i]),
				       &(struct frame){ .name = name,
							.kind = frame_kind_of(name, s->pid) });
		}
	}
}

static size_t record_perf(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	static const uint32_t types[] = { KOBS_TYPE_KSTACK, KOBS_TYPE_USTACK };
	const struct trace_forms *f = t->forms;
	const uint64_t *keys = rec + 2;
	bool timed = is_ns(t) || f->took != NO_COLUMN;
	struct perf_event ev = {
		.pid = number_at(f->pid, keys), .tid = number_at(f->tid, keys), .cpu = cpu,
		.has_cpu = true, .time = rec[0], .period = timed ? took(t, rec) : 1,
		.name = name_record(t, keys),
	};
	size_t i;
	size_t c;

	ev.comm = text_at(t, f->comm, keys);
	perf_add_event(&t->line, &ev);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		for (c = 0; c < t->view->nr_columns; c++)
			if (t->view->types[c] == types[i])
				add_frames(t, keys[c]);
	buf_putc(&t->line, '\n');
	return 1;
}

static const struct trace_form forms[] = {
	{ "csv", begin_csv, record_csv, NULL },
	{ "chrome", begin_chrome, record_chrome, end_chrome },
	{ "perf", begin_perf, record_perf, NULL },
};

/** trace_form_of() - Return: the form of a format, NULL for what is none of a stream. */
const struct trace_form *trace_form_of(const struct format *f)
{
	size_t i;

	for (i = 0; f && i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].format, f->name))
			return &forms[i];
	return NULL;
}
