// SPDX-License-Identifier: GPL-2.0
/*
 * A stream's records, printed: as a table or as JSON. A name is made once: printing
 * copies bytes.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/format.h"
#include "lib/json.h"
#include "lib/macros.h"
#include "lib/utf8.h"
#include "run/stream.h"

/* Widths of columns whose names are not known before they come. */
#define FUNC_WIDTH	40		/* at most */
#define PLACE_WIDTH	36

/* Text shows who, then what; other columns follow as name=value. */
static const struct {
	const char	*name;
	const char	*heading;
	size_t		width;
} text_order[] = {
	{ "comm", "COMM", 16 },
	{ "pid", "    PID", 7 },
	{ "tid", "    TID", 7 },
	{ "event", "EVENT", 7 },
	{ "ptr", "OBJECT", 18 },
	{ "func", "FUNC", 0 },
	{ "probe", "PROBE", 0 },
	{ "caller", "<- CALLER", 0 },
	{ "site", "SITE", 0 },
};

/* The place of a column in text_order[], or behind it. */
static size_t place_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(text_order); i++)
		if (!strcmp(name, text_order[i].name))
			break;
	return i;
}

static void order_columns(struct trace *t)
{
	size_t n = 0;
	size_t i;
	size_t c;

	for (i = 0; i <= ARRAY_SIZE(text_order); i++)
		for (c = 0; c < t->view->nr_columns; c++)
			if (place_of(t->view->columns[c]->name) == i)
				t->order[n++] = c;
}

/* A function is as wide as the longest target. */
static size_t func_width(const struct view *v, bool prefix)
{
	const struct targets *targets = v->targets;
	size_t width = strlen(prefix ? "PROBE" : "FUNC");
	size_t i;

	for (i = 0; targets && i < targets->n; i++)
		if (strlen(targets->v[i].name) + 3 * prefix > width)
			width = strlen(targets->v[i].name) + 3 * prefix;
	for (i = 0; prefix && i < v->places.n; i++)
		if (strlen(v->places.v[i]) > width)
			width = strlen(v->places.v[i]);
	return width < FUNC_WIDTH ? width : FUNC_WIDTH;
}

static void find_widths(struct trace *t)
{
	size_t i;
	size_t c;

	for (c = 0; c < t->view->nr_columns; c++) {
		i = place_of(t->view->columns[c]->name);
		if (i == ARRAY_SIZE(text_order))
			continue;
		t->width[c] = text_order[i].width ? text_order[i].width :
			      t->view->types[c] == KOBS_TYPE_FUNCTION ?
			      func_width(t->view, t->view->places.n ||
					 t->view->labels.n) : PLACE_WIDTH;
	}
}

static void make_labels(struct trace *t)
{
	struct buf b = {};
	size_t c;

	for (c = 0; c < t->view->nr_columns; c++) {
		b.len = 0;
		buf_puts(&b, ", ");
		json_escape(&b, t->view->columns[c]->name);
		buf_puts(&b, ": ");
		t->labels[c] = copy_string(b.p);
	}
	buf_free(&b);
}

/** trace_columns() - Find the order, the widths and the labels of a trace's columns. */
void trace_columns(struct trace *t)
{
	order_columns(t);
	find_widths(t);
	make_labels(t);
}

/** trace_name() - A name that was made before, as text or as a JSON string. */
const char *trace_name(struct trace *t, size_t column, const uint64_t *keys)
{
	/* What goes on in another column is not known by its key. */
	bool whole = t->view->shown[column] != SHOWN_IPV6;
	/* 0 marks an empty slot of a map's value, not of its key. */
	char *s = whole ? map_get(&t->rendered[column], keys[column]) : NULL;
	struct buf name = {};
	struct buf escaped = {};

	if (s)
		return s;
	view_print_cell(t->view, column, keys, &name);
	if (t->json) {
		json_escape(&escaped, name.p ? name.p : "");
		s = copy_string(escaped.p);
	} else {
		s = copy_string(name.p ? name.p : "");
	}
	if (whole) {
		map_set(&t->rendered[column], keys[column], s);
	} else {
		free(t->address);
		t->address = s;
	}
	buf_free(&name);
	buf_free(&escaped);
	return s;
}

static void add_padded(struct buf *b, const char *s, size_t start, size_t width);

static void add_frame(struct trace *t, const struct buf *text, bool first)
{
	if (t->json) {
		buf_puts(&t->line, first ? "" : ", ");
		json_escape(&t->line, text->p);
	} else {
		buf_puts(&t->line, "\n      ");
		add_padded(&t->line, text->p, 0, 0);
	}
}

static void add_stack(struct trace *t, uint64_t id)
{
	const struct stack *s = trace_stack(t, id);
	size_t i;
	size_t k;
	size_t n;

	if (t->json)
		buf_putc(&t->line, '[');
	for (i = 0; s && i < s->nr; i++) {
		n = view_frames(t->view, s, i);
		for (k = 0; k < n; k++)
			add_frame(t, &t->view->frame[k].text, !i && !k);
	}
	if (t->json)
		buf_putc(&t->line, ']');
}

/* Of what is shown by its name. */
static void add_number(struct buf *b, const char *column, int64_t number)
{
	struct buf name = {};

	buf_printf(&name, "%s_number", column);
	buf_puts(b, ", ");
	json_escape(b, name.p);
	buf_printf(b, ": %lld", (long long)number);
	buf_free(&name);
}

/* Of what is shown by a short one. */
static void add_path(struct trace *t, size_t c, uint64_t key)
{
	struct buf name = {};
	struct buf path = {};

	if (view_print_path(t->view, c, key, &path)) {
		buf_printf(&name, "%s_path", t->view->columns[c]->name);
		buf_puts(&t->line, ", ");
		json_escape(&t->line, name.p);
		buf_puts(&t->line, ": ");
		json_escape(&t->line, path.p);
	}
	buf_free(&path);
	buf_free(&name);
}

static void print_json(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	struct view *v = t->view;
	struct buf *b = &t->line;
	size_t c;

	buf_puts(b, "{\"time_ns\": ");
	buf_u64(b, rec[0]);
	buf_puts(b, ", \"cpu\": ");
	buf_u64(b, cpu);
	for (c = 0; c < v->nr_columns; c++) {
		if (!strcmp(v->columns[c]->name, "cpu") || view_is_hidden(v, c))
			continue;
		buf_puts(b, t->labels[c]);
		if (view_is_fault(v, c, rec + 2))
			buf_puts(b, "\"(fault)\"");
		else if (type_is_stack(v->types[c]))
			add_stack(t, rec[2 + c]);
		else if (v->types[c] == KOBS_TYPE_NUMBER && v->shown[c] == SHOWN_SIGNED)
			buf_printf(b, "%lld", (long long)rec[2 + c]);
		else if (view_is_number(v, c))
			buf_u64(b, rec[2 + c]);
		else
			buf_puts(b, trace_name(t, c, rec + 2));
		if (view_has_number(v, c) && !view_is_fault(v, c, rec + 2))
			add_number(b, v->columns[c]->name, (int64_t)rec[2 + c]);
		add_path(t, c, rec[2 + c]);
	}
	if (t->value) {
		buf_printf(b, ", \"%s%s%s\": ", v->mode->value, *view_unit(v) ? "_" : "",
			   view_unit(v));
		buf_u64(b, rec[1]);
	}
	buf_puts(b, "}\n");
}

/* Text up to @width bytes behind @start. */
static void add_padded(struct buf *b, const char *s, size_t start, size_t width)
{
	utf8_plain(b, s, strlen(s));
	while (b->len - start < width)
		buf_putc(b, ' ');
}

/* Of a column's name as text: without a unit that each value has. */
static size_t name_length(const struct view *v, size_t c)
{
	static const char unit[] = "_ns";
	const char *name = v->columns[c]->name;
	size_t len = strlen(name);
	size_t end = len - strlen(unit);

	return v->shown[c] == SHOWN_NS && len > strlen(unit) && !strcmp(name + end, unit) ? end :
											  len;
}

static void add_column(struct trace *t, size_t c, const uint64_t *keys)
{
	uint64_t key = keys[c];
	const char *name = t->view->columns[c]->name;
	size_t place = place_of(name);
	size_t width = t->width[c];
	struct buf *b = &t->line;
	size_t start = b->len;

	if (!strcmp(name, "cpu") || view_is_hidden(t->view, c))
		return;
	if (!strcmp(name, "caller"))
		buf_puts(b, "<- ");
	if (place == ARRAY_SIZE(text_order)) {
		buf_add(b, name, name_length(t->view, c));
		buf_putc(b, '=');
	}
	if (view_is_fault(t->view, c, keys))
		add_padded(b, "(fault)", start, width);
	else if (t->view->types[c] == KOBS_TYPE_NUMBER && t->view->shown[c] == SHOWN_SIGNED)
		buf_printf(b, "%*lld", (int)width, (long long)key);
	else if (view_is_plain(t->view, c))
		buf_u64_padded(b, key, (int)width, ' ');
	else if (t->view->shown[c] == SHOWN_NS)
		view_print_key(t->view, c, key, b);
	else
		add_padded(b, trace_name(t, c, keys), start, width);
	buf_putc(b, ' ');
}

static void print_text(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	struct view *v = t->view;
	struct buf *b = &t->line;
	char shown[40];
	size_t i;

	buf_u64_padded(b, rec[0] / NSEC_PER_SEC, 6, ' ');
	buf_putc(b, '.');
	buf_u64_padded(b, rec[0] % NSEC_PER_SEC / 1000, 6, '0');
	buf_putc(b, ' ');
	buf_u64_padded(b, cpu, 3, ' ');
	buf_putc(b, ' ');
	for (i = 0; i < v->nr_columns; i++)
		if (!type_is_stack(v->types[t->order[i]]))
			add_column(t, t->order[i], rec + 2);
	if (t->value) {
		format_value(shown, sizeof(shown), (double)rec[1], view_unit(v));
		buf_puts(b, shown);
		buf_putc(b, ' ');
	}
	while (b->len && b->p[b->len - 1] == ' ')
		b->len--;
	for (i = 0; i < v->nr_columns; i++)
		if (type_is_stack(v->types[i]))
			add_stack(t, rec[2 + i]);
	buf_putc(b, '\n');
}

/** trace_record() - Print a record, the usual way. Return: as a trace_print_fn. */
size_t trace_record(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	if (t->json)
		print_json(t, cpu, rec);
	else
		print_text(t, cpu, rec);
	return 1;
}

/** trace_heading() - Print the names of a table's columns, once. */
void trace_heading(struct trace *t)
{
	struct buf *b = &t->line;
	const char *s;
	size_t i;

	t->started = true;
	if (t->form)
		t->form->begin(t);
	if (t->json || t->print || t->gather || t->form)
		return;
	buf_puts(b, "      TIME(s) CPU ");
	for (i = 0; i < t->view->nr_columns; i++) {
		size_t place = place_of(t->view->columns[t->order[i]]->name);

		if (place == ARRAY_SIZE(text_order))
			continue;
		add_padded(b, text_order[place].heading, b->len, t->width[t->order[i]]);
		buf_putc(b, ' ');
	}
	for (s = t->value ? t->view->mode->value : ""; *s; s++)
		buf_putc(b, (char)toupper((unsigned char)*s));
	while (b->p[b->len - 1] == ' ')
		b->len--;
	buf_putc(b, '\n');
}
