// SPDX-License-Identifier: GPL-2.0
/*
 * A stream's records. Each CPU's come in order; those of all CPUs are merged,
 * up to the time of which the kernel says that nothing older can come. A record
 * is kept as a few words until then (stream_print.c prints it).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "proto/nl.h"
#include "report/callers.h"
#include "report/writer.h"
#include "run/stream.h"

#define LINE_FLUSH	(64 * 1024)

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
	trace_columns(t);
	if (!v->saved && ((!t->print && !t->rows) || t->form))
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
	if (!t->rows)
		return;
	t->rows->take(t, ev, rec);
	t->taken++;
	q->to -= t->words;
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

/** trace_stack() - Return: a stack that a record names, or NULL. */
const struct stack *trace_stack(struct trace *t, uint64_t id)
{
	struct stack *s = map_get(&t->stacks.stacks, id);

	if (s || !id)
		return s;
	model_get_stack(t->data, t->session, (uint32_t)id, &t->stacks);
	s = map_get(&t->stacks.stacks, id);
	if (s)
		view_cut_stack(t->view, s);
	return s;
}

/** trace_write() - Write what is printed. */
void trace_write(struct trace *t)
{
	if (t->line.len)
		fwrite(t->line.p, 1, t->line.len, t->file);
	t->line.len = 0;
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

/** trace_done() - Return: how many records were dealt with by now. */
uint64_t trace_done(const struct trace *t)
{
	return t->rows ? t->taken : t->printed;
}

/** trace_print() - Print a record, unless enough are printed. */
void trace_print(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	trace_print_fn print = t->form ? t->form->record : t->print ? t->print : trace_record;

	if (trace_is_full(t))
		t->withheld++;
	else if (t->gather)
		t->printed += t->gather->record(t, cpu, rec);
	else
		t->printed += print(t, cpu, rec);
	if (t->line.len > LINE_FLUSH)
		trace_write(t);
}

/** trace_is_full() - Return: whether as many records are printed as were asked for. */
bool trace_is_full(const struct trace *t)
{
	return t->full || (t->max && t->printed >= t->max);
}

/** trace_finish() - Print what is kept behind the last record. */
void trace_finish(struct trace *t)
{
	if (t->gather)
		t->printed += t->gather->finish(t);
	t->withheld += t->held;
	t->held = 0;
}

/** trace_flush() - Print what is in order by now, or @all. */
void trace_flush(struct trace *t, bool all)
{
	uint64_t until = all ? UINT64_MAX : t->until;
	struct trace_queue *q;
	uint64_t next;

	if (t->rows) {
		t->rows->digest(t);
		return;
	}
	if (!t->started)
		trace_heading(t);
	while ((q = oldest(t, &next))) {
		if (q->v[q->from] > until)
			break;
		/* A run of one CPU's records needs no other look. */
		do {
			trace_print(t, (uint32_t)(q - t->queue), q->v + q->from);
			q->from += t->words;
		} while (q->from < q->to && q->v[q->from] <= next && q->v[q->from] <= until);
		if (q->from > q->cap / 2) {
			memmove(q->v, q->v + q->from, (q->to - q->from) * sizeof(*q->v));
			q->to -= q->from;
			q->from = 0;
		}
	}
	if (all)
		trace_finish(t);
	trace_write(t);
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
	trace_forms_free(t->forms);
	model_free_table(&t->stacks);
	memset(t, 0, sizeof(*t));
}
