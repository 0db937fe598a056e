// SPDX-License-Identifier: GPL-2.0
/*
 * Stalls: the records of one chain follow each other, the stalled wait first,
 * each with its place and the chain's length. They are put together and printed
 * as one: who waits for what, held by whom, who in turn waits, up to the one
 * that waits for no lock, or that was met before: a deadlock.
 */

#include <assert.h>
#include <string.h>

#include "cmd/lock/stalls.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/format.h"
#include "lib/json.h"
#include "lib/macros.h"
#include "lib/utf8.h"
#include "report/writer.h"

static const char *const column_names[] = {
	"link", "links", "comm", "pid", "tid", "kstack", "lock", "kind", "owner", "owner_pid",
	"owner_tid", "owner_stack", "cache",
};

static_assert(ARRAY_SIZE(column_names) == STALLS_COLUMNS, "a name for each column");

static void find_columns(struct stalls *s, const struct view *v)
{
	size_t i;
	size_t c;

	for (i = 0; i < STALLS_COLUMNS; i++)
		for (c = 0; c < v->nr_columns; c++)
			if (!strcmp(v->columns[c]->name, column_names[i]))
				s->column[i] = c + 1;
}

static const char *text_of(const struct stalls_link *l, enum stalls_column c)
{
	const char *s = (const char *)(uintptr_t)l->v[c];

	return s ? s : "";
}

/* Which link the last owner is the waiter of; -1 when the chain is no ring. */
static int ring_start(const struct stalls *s)
{
	uint64_t tid = s->link[s->n - 1].v[STALLS_OWNER_TID];
	size_t i;

	for (i = 0; tid && i < s->n; i++)
		if (s->link[i].v[STALLS_TID] == tid)
			return (int)i;
	return -1;
}

/* The chain was cut: the kernel follows it so far, or a record was lost. */
static bool cut(const struct stalls *s)
{
	return s->n < s->link[0].v[STALLS_N_LINKS];
}

/* A name in text: a thread can have any. */
static void add_name(struct buf *b, const char *name)
{
	utf8_plain(b, name, strlen(name));
}

static void add_frame(struct trace *t, const char *text, bool json, bool first)
{
	if (json) {
		buf_puts(&t->line, first ? "" : ", ");
		json_escape(&t->line, text);
	} else {
		buf_puts(&t->line, "      ");
		add_name(&t->line, text);
		buf_putc(&t->line, '\n');
	}
}

static void add_stack(struct trace *t, uint64_t id, bool json)
{
	const struct stack *stack = trace_stack(t, id);
	size_t first = stack ? view_first_frame(t->view, stack) : 0;
	size_t i;
	size_t k;
	size_t n;

	if (json)
		buf_putc(&t->line, '[');
	for (i = first; stack && i < stack->nr; i++) {
		n = view_frames(t->view, stack, i);
		for (k = 0; k < n; k++)
			add_frame(t, t->view->frame[k].text.p, json, i == first && !k);
	}
	if (json)
		buf_putc(&t->line, ']');
	else if (!stack)
		buf_puts(&t->line, "      [no stack: the task is running]\n");
}

static void add_lock(struct trace *t, const struct stalls_link *l, struct buf *out)
{
	struct ksyms *k = &t->view->ksyms;

	if (t->view->saved) {
		buf_puts(out, text_of(l, STALLS_LOCK));
		return;
	}
	ksyms_want_object(k, l->v[STALLS_LOCK]);
	ksyms_resolve(k);
	ksyms_print_object(k, l->v[STALLS_LOCK], out);
}

/* JSON. */

static void json_text(struct trace *t, const char *key, const char *value)
{
	if (!*value)
		return;
	buf_printf(&t->line, ", \"%s\": ", key);
	json_escape(&t->line, value);
}

static void json_number(struct trace *t, const char *key, uint64_t value)
{
	buf_printf(&t->line, ", \"%s\": %llu", key, (unsigned long long)value);
}

static void json_wait(struct trace *t, const struct stalls_link *l)
{
	struct buf lock = {};

	add_lock(t, l, &lock);
	json_text(t, "lock", lock.p);
	json_text(t, "cache", text_of(l, STALLS_CACHE));
	json_text(t, "kind", text_of(l, STALLS_KIND));
	json_number(t, "waited_ns", l->waited);
	buf_free(&lock);
}

static void json_stack(struct trace *t, const char *key, uint64_t id)
{
	buf_printf(&t->line, ", \"%s\": ", key);
	add_stack(t, id, true);
}

/* A task of the chain, with what it waits for unless it is the last. */
static void json_task(struct trace *t, const char *comm, uint64_t pid, uint64_t tid,
		      const struct stalls_link *wait, uint64_t stack)
{
	buf_puts(&t->line, "{\"comm\": ");
	json_escape(&t->line, comm);
	if (tid) {
		json_number(t, "pid", pid);
		json_number(t, "tid", tid);
	}
	if (wait)
		json_wait(t, wait);
	if (stack)
		json_stack(t, "stack", stack);
	buf_putc(&t->line, '}');
}

static void json_chain(struct trace *t, const struct stalls *s)
{
	const struct stalls_link *last = &s->link[s->n - 1];
	size_t i;

	buf_puts(&t->line, ", \"chain\": [");
	for (i = 0; i < s->n; i++) {
		const struct stalls_link *l = &s->link[i];

		buf_puts(&t->line, i ? ", " : "");
		json_task(t, text_of(l, STALLS_COMM), l->v[STALLS_PID], l->v[STALLS_TID], l,
			  l->v[STALLS_STACK]);
	}
	if (*text_of(last, STALLS_OWNER)) {
		buf_puts(&t->line, ", ");
		json_task(t, text_of(last, STALLS_OWNER), last->v[STALLS_OWNER_PID],
			  last->v[STALLS_OWNER_TID], NULL, last->v[STALLS_OWNER_STACK]);
	}
	buf_putc(&t->line, ']');
}

/* The owner's stack: in a record of its own if it waits. */
static uint64_t owner_stack(const struct stalls *s, size_t i)
{
	int ring = ring_start(s);

	if (i + 1 < s->n)
		return s->link[i + 1].v[STALLS_STACK];
	return ring >= 0 ? s->link[ring].v[STALLS_STACK] : s->link[i].v[STALLS_OWNER_STACK];
}

static void print_json(struct trace *t, const struct stalls *s)
{
	const struct stalls_link *l = &s->link[0];
	struct buf *b = &t->line;

	buf_puts(b, "{\"time_ns\": ");
	buf_u64(b, l->time);
	buf_puts(b, ", \"waiter\": ");
	json_escape(b, text_of(l, STALLS_COMM));
	json_number(t, "waiter_pid", l->v[STALLS_PID]);
	json_number(t, "waiter_tid", l->v[STALLS_TID]);
	json_wait(t, l);
	json_stack(t, "waiter_stack", l->v[STALLS_STACK]);
	json_text(t, "owner", text_of(l, STALLS_OWNER));
	if (l->v[STALLS_OWNER_TID]) {
		json_number(t, "owner_pid", l->v[STALLS_OWNER_PID]);
		json_number(t, "owner_tid", l->v[STALLS_OWNER_TID]);
		json_stack(t, "owner_stack", owner_stack(s, 0));
	}
	json_chain(t, s);
	buf_printf(b, ", \"deadlock\": %s", ring_start(s) >= 0 ? "true" : "false");
	if (cut(s))
		buf_puts(b, ", \"cut\": true");
	buf_puts(b, "}\n");
}

/* Text. */

static void text_task(struct buf *b, const char *comm, uint64_t pid, uint64_t tid)
{
	add_name(b, comm);
	buf_printf(b, " (process %llu", (unsigned long long)pid);
	if (tid != pid)
		buf_printf(b, ", thread %llu", (unsigned long long)tid);
	buf_putc(b, ')');
}

static void text_wait(struct trace *t, const struct stalls_link *l)
{
	struct buf lock = {};
	char waited[40];

	format_value(waited, sizeof(waited), (double)l->waited, view_unit(t->view));
	buf_printf(&t->line, "waits %s for ", waited);
	add_name(&t->line, text_of(l, STALLS_KIND));
	buf_putc(&t->line, ' ');
	add_lock(t, l, &lock);
	add_name(&t->line, lock.p ? lock.p : "");
	buf_free(&lock);
	if (*text_of(l, STALLS_CACHE)) {
		buf_puts(&t->line, " in ");
		add_name(&t->line, text_of(l, STALLS_CACHE));
	}
	buf_putc(&t->line, '\n');
}

static void text_ring(struct trace *t, const struct stalls *s, size_t from)
{
	size_t i;

	buf_puts(&t->line, "  DEADLOCK: ");
	for (i = from; i < s->n; i++) {
		add_name(&t->line, text_of(&s->link[i], STALLS_COMM));
		buf_puts(&t->line, " -> ");
	}
	add_name(&t->line, text_of(&s->link[from], STALLS_COMM));
	buf_putc(&t->line, '\n');
}

/* What is said of an owner that is no running or waiting task. */
static const struct {
	const char *owner;
	const char *text;
} no_tasks[] = {
	{ "(readers)", "readers" },
	{ "(exited)", "a thread that has exited" },
	{ "(exited, not reaped)", "a thread that has exited and was not reaped" },
};

static const char *no_task(const char *owner)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(no_tasks); i++)
		if (!strcmp(owner, no_tasks[i].owner))
			return no_tasks[i].text;
	return NULL;
}

/* The owner that ends the chain. */
static void text_owner(struct trace *t, const struct stalls_link *l)
{
	const char *owner = text_of(l, STALLS_OWNER);
	const char *other = no_task(owner);
	struct buf *b = &t->line;

	if (!*owner) {
		buf_puts(b, "  owner unknown\n");
		return;
	}
	buf_puts(b, "  held by ");
	if (!l->v[STALLS_OWNER_TID])
		add_name(b, other ? other : owner);
	else
		text_task(b, other ? other : owner, l->v[STALLS_OWNER_PID],
			  l->v[STALLS_OWNER_TID]);
	buf_putc(b, '\n');
	if (l->v[STALLS_OWNER_TID] && !other)
		add_stack(t, l->v[STALLS_OWNER_STACK], false);
}

static void print_text(struct trace *t, const struct stalls *s)
{
	int ring = ring_start(s);
	struct buf *b = &t->line;
	size_t i;

	buf_printf(b, "[%llu.%03llu] ", (unsigned long long)(s->link[0].time / NSEC_PER_SEC),
		   (unsigned long long)(s->link[0].time % NSEC_PER_SEC / 1000000));
	for (i = 0; i < s->n; i++) {
		const struct stalls_link *l = &s->link[i];

		buf_puts(b, i ? "  held by " : "");
		text_task(b, text_of(l, STALLS_COMM), l->v[STALLS_PID], l->v[STALLS_TID]);
		buf_puts(b, i ? ", which " : " ");
		text_wait(t, l);
		add_stack(t, l->v[STALLS_STACK], false);
	}
	if (ring >= 0)
		text_ring(t, s, (size_t)ring);
	else if (cut(s))
		buf_puts(b, "  the rest of the chain was lost\n");
	else
		text_owner(t, &s->link[s->n - 1]);
	buf_putc(b, '\n');
}

/** stalls_print_chain() - Print a chain that is complete. */
void stalls_print_chain(struct trace *t, struct stalls *s)
{
	if (t->json)
		print_json(t, s);
	else
		print_text(t, s);
	s->seen++;
	s->n = 0;
}

/* A task that was blocked before the session. */

static void blocked_json(struct trace *t, const struct stalls_link *l)
{
	struct buf *b = &t->line;

	buf_puts(b, "{\"time_ns\": ");
	buf_u64(b, l->time);
	buf_puts(b, ", \"blocked\": ");
	json_escape(b, text_of(l, STALLS_COMM));
	json_number(t, "blocked_pid", l->v[STALLS_PID]);
	json_number(t, "blocked_tid", l->v[STALLS_TID]);
	json_number(t, "blocked_at_least_ns", l->waited);
	json_number(t, "blocked_place", l->v[STALLS_LINK]);
	json_number(t, "blocked_tasks", l->v[STALLS_N_LINKS]);
	json_stack(t, "blocked_stack", l->v[STALLS_STACK]);
	buf_puts(b, "}\n");
}

/** stalls_print_blocked() - Print a task that was blocked before the session, as text. */
void stalls_print_blocked(struct trace *t, const struct stalls_link *l)
{
	uint64_t n = l->v[STALLS_N_LINKS];
	struct buf *b = &t->line;

	if (!l->v[STALLS_LINK])
		buf_printf(b, "%llu task%s been blocked since before; %s:\n",
			   (unsigned long long)n, n == 1 ? " has" : "s have",
			   n == 1 ? "its stack" : "their stacks");
	buf_puts(b, "  ");
	text_task(b, text_of(l, STALLS_COMM), l->v[STALLS_PID], l->v[STALLS_TID]);
	buf_putc(b, '\n');
	add_stack(t, l->v[STALLS_STACK], false);
	if (l->v[STALLS_LINK] + 1 == n)
		buf_putc(b, '\n');
}

static bool is_blocked(const struct stalls_link *l)
{
	return !strcmp(text_of(l, STALLS_KIND), "blocked");
}

static void read_link(const struct stalls *s, const uint64_t *rec, struct stalls_link *l)
{
	size_t i;

	l->time = rec[0];
	l->waited = rec[1];
	for (i = 0; i < STALLS_COLUMNS; i++)
		l->v[i] = s->column[i] ? rec[2 + s->column[i] - 1] : 0;
}

/** stalls_record() - Take a record of the stream, and print the chain that it completes. */
size_t stalls_record(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	struct stalls *s = t->arg;
	struct stalls_link link;

	if (!s->column[STALLS_LOCK]) {
		find_columns(s, t->view);
		ksyms_load_all(&t->view->ksyms);
	}
	read_link(s, rec, &link);
	/* A record that does not go on with the chain begins another. */
	if (s->n && (is_blocked(&link) || link.v[STALLS_LINK] != s->n || s->n == STALLS_LINKS))
		stalls_print_chain(t, s);
	if (is_blocked(&link)) {
		if (t->json)
			blocked_json(t, &link);
		else
			stalls_print_blocked(t, &link);
		return 1;
	}
	s->link[s->n++] = link;
	if (link.v[STALLS_LINK] + 1 >= link.v[STALLS_N_LINKS])
		stalls_print_chain(t, s);
	return 1;
}
