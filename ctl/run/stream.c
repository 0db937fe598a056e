// SPDX-License-Identifier: GPL-2.0
/*
 * A stream's records. Each CPU's come in order; those of all CPUs are merged,
 * up to the time of which the kernel says that nothing older can come. A record
 * is kept as a few words, and a name is made once: printing copies bytes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "proto/nl.h"
#include "report/writer.h"
#include "run/stream.h"

#define LINE_FLUSH	(64 * 1024)
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

static void order_columns(struct trace *t)
{
	size_t n = 0;
	size_t i;
	size_t c;

	for (i = 0; i < ARRAY_SIZE(text_order); i++)
		for (c = 0; c < t->view->nr_columns; c++)
			if (!strcmp(t->view->columns[c]->name, text_order[i].name))
				t->order[n++] = c;
	for (c = 0; c < t->view->nr_columns; c++) {
		for (i = 0; i < ARRAY_SIZE(text_order); i++)
			if (!strcmp(t->view->columns[c]->name, text_order[i].name))
				break;
		if (i == ARRAY_SIZE(text_order))
			t->order[n++] = c;
	}
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
		for (i = 0; i < ARRAY_SIZE(text_order); i++)
			if (!strcmp(t->view->columns[c]->name, text_order[i].name))
				break;
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

/** trace_init() - Make a trace ready whose way to print is set, the rest zero. */
void trace_init(struct trace *t, struct view *v, struct nl *data, uint32_t session, FILE *file,
		bool json)
{
	t->view = v;
	t->data = data;
	t->session = session;
	t->file = file;
	t->json = json;
	t->value = v->mode->value;
	t->words = 2 + v->nr_columns;
	model_init_table(&t->stacks, v->types, v->nr_columns, NULL);
	view_tell(v, &t->stacks);
	order_columns(t);
	find_widths(t);
	make_labels(t);
	if (!t->print)
		ksyms_load_all(&v->ksyms);
}

static struct trace_queue *get_queue(struct trace *t, uint32_t cpu)
{
	if (cpu >= 65536)
		cpu = 65535;
	if (cpu >= t->nr_queues) {
		t->queue = grow(t->queue, &t->cap_queues, cpu + 1, sizeof(*t->queue));
		memset(t->queue + t->nr_queues, 0, (cpu + 1 - t->nr_queues) * sizeof(*t->queue));
		t->nr_queues = cpu + 1;
	}
	return &t->queue[cpu];
}

/* The kernel does not say which column has the address. */
static void on_name(uint64_t address, const char *text, void *arg)
{
	struct trace *t = arg;
	uint64_t word = ksyms_tell(&t->view->ksyms, address, text, false);

	if (view_has_type(t->view, KOBS_TYPE_OBJECT))
		word = ksyms_tell(&t->view->ksyms, address, text, true);
	map_set(&t->told, address, (void *)(uintptr_t)word);
}

/* The number of an address with the name that it has now. */
static uint64_t told(const struct trace *t, size_t column, uint64_t number)
{
	uint64_t word = 0;

	if (t->told.n && type_has_name(t->view->types[column]))
		word = (uintptr_t)map_get(&t->told, number);
	return word ? word : number;
}

static void on_event(const struct event *ev, void *arg)
{
	struct trace *t = arg;
	struct trace_queue *q = get_queue(t, ev->cpu);
	size_t numbers = 0;
	size_t texts = 0;
	uint64_t *rec;
	size_t c;

	if (q->from == q->to) {
		q->from = 0;
		q->to = 0;
	}
	q->v = grow(q->v, &q->cap, q->to + t->words, sizeof(*q->v));
	rec = q->v + q->to;
	q->to += t->words;
	rec[0] = ev->time;
	rec[1] = ev->has_value ? ev->value : 0;
	for (c = 0; c < t->view->nr_columns; c++) {
		if (t->view->types[c] == KOBS_TYPE_TEXT)
			rec[2 + c] = (uint64_t)(uintptr_t)pool_intern(&t->stacks.texts,
				texts < ev->nr_texts ? ev->texts[texts] : "");
		else
			rec[2 + c] = numbers < ev->nr_numbers ?
				     told(t, c, ev->numbers[numbers]) : 0;
		texts += t->view->types[c] == KOBS_TYPE_TEXT;
		numbers += t->view->types[c] != KOBS_TYPE_TEXT;
	}
}

/** trace_message() - Take a record-ntf or lost-ntf. Return: as an nl_handler. */
const char *trace_message(struct trace *t, struct nlmsghdr *msg)
{
	const struct event_ops ops = { .event = on_event, .name = on_name, .arg = t };
	struct trace_queue *q;
	const char *bad;
	struct batch b;

	model_parse_batch(msg, &b);
	if (b.session != t->session)
		return NULL;
	if (b.has_cpu) {
		q = get_queue(t, b.cpu);
		if (b.lost > q->lost) {
			note("CPU %u: %llu records lost so far, its ring was full (--ring-kb)",
			     b.cpu, (unsigned long long)b.lost);
			q->lost = b.lost;
		}
	}
	bad = model_parse_events(msg, &b, &ops);
	if (b.has_until && b.until > t->until)
		t->until = b.until;
	return bad;
}

/* A name that was made before, as text or as a JSON string. */
static const char *render(struct trace *t, size_t column, const uint64_t *keys)
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

/** trace_stack() - Return: a stack that a record names, or NULL. */
const struct stack *trace_stack(struct trace *t, uint64_t id)
{
	const struct stack *s = map_get(&t->stacks.stacks, id);

	if (s || !id)
		return s;
	model_get_stack(t->data, t->session, (uint32_t)id, &t->stacks);
	return map_get(&t->stacks.stacks, id);
}

static void add_stack(struct trace *t, uint64_t id)
{
	const struct stack *s = trace_stack(t, id);
	struct buf frame = {};
	size_t i;

	if (t->json)
		buf_putc(&t->line, '[');
	for (i = 0; s && i < s->nr; i++) {
		frame.len = 0;
		view_print_frame(t->view, s, i, &frame);
		if (t->json) {
			buf_puts(&t->line, i ? ", " : "");
			json_escape(&t->line, frame.p);
		} else {
			buf_puts(&t->line, "\n      ");
			buf_add(&t->line, frame.p, frame.len);
		}
	}
	if (t->json)
		buf_putc(&t->line, ']');
	buf_free(&frame);
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
		else if (v->types[c] == KOBS_TYPE_NUMBER && !view_is_pointer(v, c) &&
			 !view_is_named(v, c))
			buf_u64(b, rec[2 + c]);
		else
			buf_puts(b, render(t, c, rec + 2));
		if (view_has_number(v, c) && !view_is_fault(v, c, rec + 2))
			add_number(b, v->columns[c]->name, (int64_t)rec[2 + c]);
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
	for (; *s; s++)
		buf_putc(b, (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
	while (b->len - start < width)
		buf_putc(b, ' ');
}

/* The place of a column in text_order[], or behind it. */
static size_t place_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(text_order); i++)
		if (!strcmp(name, text_order[i].name))
			break;
	return i;
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
		buf_puts(b, name);
		buf_putc(b, '=');
	}
	if (view_is_fault(t->view, c, keys))
		add_padded(b, "(fault)", start, width);
	else if (t->view->types[c] == KOBS_TYPE_NUMBER && t->view->shown[c] == SHOWN_SIGNED)
		buf_printf(b, "%*lld", (int)width, (long long)key);
	else if (t->view->types[c] == KOBS_TYPE_NUMBER && !view_is_pointer(t->view, c) &&
		 !view_is_named(t->view, c))
		buf_u64_padded(b, key, (int)width, ' ');
	else
		add_padded(b, render(t, c, keys), start, width);
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

static size_t print_record(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	if (t->json)
		print_json(t, cpu, rec);
	else
		print_text(t, cpu, rec);
	return 1;
}

static void write_out(struct trace *t)
{
	if (t->line.len)
		fwrite(t->line.p, 1, t->line.len, t->file);
	t->line.len = 0;
}

static void print_heading(struct trace *t)
{
	struct buf *b = &t->line;
	const char *s;
	size_t i;

	t->started = true;
	if (t->json || t->print)
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

/* The queue whose first record is the oldest, and the age of the next one. */
static struct trace_queue *oldest(struct trace *t, uint64_t *next)
{
	struct trace_queue *best = NULL;
	size_t i;

	*next = UINT64_MAX;
	for (i = 0; i < t->nr_queues; i++) {
		struct trace_queue *q = &t->queue[i];

		if (q->from == q->to)
			continue;
		if (!best || q->v[q->from] < best->v[best->from]) {
			if (best)
				*next = best->v[best->from];
			best = q;
		} else if (q->v[q->from] < *next) {
			*next = q->v[q->from];
		}
	}
	return best;
}

/** trace_is_full() - Return: whether as many records are printed as were asked for. */
bool trace_is_full(const struct trace *t)
{
	return t->max && t->printed >= t->max;
}

/** trace_flush() - Print what is in order by now, or @all. */
void trace_flush(struct trace *t, bool all)
{
	uint64_t until = all ? UINT64_MAX : t->until;
	trace_print_fn print = t->print ? t->print : print_record;
	struct trace_queue *q;
	uint64_t next;

	if (!t->started)
		print_heading(t);
	while ((q = oldest(t, &next))) {
		if (q->v[q->from] > until)
			break;
		/* A run of one CPU's records needs no other look. */
		do {
			const uint64_t *rec = q->v + q->from;

			if (trace_is_full(t))
				t->withheld++;
			else
				t->printed += print(t, (uint32_t)(q - t->queue), rec);
			q->from += t->words;
			if (t->line.len > LINE_FLUSH)
				write_out(t);
		} while (q->from < q->to && q->v[q->from] <= next && q->v[q->from] <= until);
		if (q->from > q->cap / 2) {
			memmove(q->v, q->v + q->from, (q->to - q->from) * sizeof(*q->v));
			q->to -= q->from;
			q->from = 0;
		}
	}
	write_out(t);
	fflush(t->file);
}

void trace_free(struct trace *t)
{
	size_t i;

	for (i = 0; i < t->nr_queues; i++)
		free(t->queue[i].v);
	free(t->queue);
	for (i = 0; t->view && i < t->view->nr_columns; i++) {
		map_free(&t->rendered[i], free);
		free(t->labels[i]);
	}
	map_free(&t->told, NULL);
	buf_free(&t->line);
	free(t->address);
	model_free_table(&t->stacks);
	memset(t, 0, sizeof(*t));
}
