// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func slow: the longest calls one by one. Each is kept as JSON has it, which is also what
 * a saved report has, and what text is made from.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_slow.h"
#include "export/json_file.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/writer.h"

static void set_number(json_t *to, const char *key, uint64_t value)
{
	json_object_set_new(to, key, json_integer((json_int_t)value));
}

static void set_text(json_t *to, const char *key, const char *text)
{
	json_object_set_new(to, key, json_string_nocheck(text));
}

/* The columns of the session, but for the stack: the parts have them. */
static void set_columns(const struct slow *w, json_t *to, struct view *v,
			const struct slow_record *rec)
{
	struct buf text = {};
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		const char *name = v->columns[c]->name;

		if (type_is_stack(v->types[c]) || view_absent(v, c, rec->keys[c]))
			continue;
		if (v->types[c] == KOBS_TYPE_NUMBER && !view_is_named(v, c)) {
			set_number(to, name, rec->keys[c]);
			continue;
		}
		text.len = 0;
		view_print_cell(v, c, rec->keys, &text);
		if (w->syscalls && c == w->column[SLOW_FUNC])
			set_text(to, "syscall", func_slow_syscall(text.p));
		else
			set_text(to, name, text.p ? text.p : "");
	}
	buf_free(&text);
}

static void set_waker(json_t *to, const uint64_t *word)
{
	char comm[2 * sizeof(*word) + 1] = "";

	memcpy(comm, &word[KOBS_SLOW_WAKER_COMM], 2 * sizeof(*word));
	if (!*comm)
		return;
	set_text(to, "waker", comm);
	if (!word[KOBS_SLOW_WAKER])
		return;
	set_number(to, "waker_pid", word[KOBS_SLOW_WAKER] >> 32);
	set_number(to, "waker_tid", (uint32_t)word[KOBS_SLOW_WAKER]);
}

static json_t *part_of(const uint64_t *word, const struct slow_place *place)
{
	json_t *part = json_object();
	json_t *stack = json_array();
	size_t i;

	set_text(part, "class", func_slow_state(place->state));
	set_text(part, "reason", place->reason);
	set_number(part, "count", word[KOBS_SLOW_COUNT]);
	set_number(part, "sum", word[KOBS_SLOW_NS]);
	set_number(part, "max", word[KOBS_SLOW_LONGEST]);
	set_waker(part, word);
	for (i = 0; i < place->n; i++)
		json_array_append_new(stack, json_string_nocheck(place->frames[i]));
	json_object_set_new(part, "stack", stack);
	return part;
}

static int compare_parts(const void *a, const void *b)
{
	uint64_t x = json_unsigned(json_object_get(*(json_t *const *)a, "sum"));
	uint64_t y = json_unsigned(json_object_get(*(json_t *const *)b, "sum"));

	return x < y ? 1 : -(x > y);
}

static json_t *call_of(struct slow *w, struct view *v, const struct slow_record *rec,
		       const struct slow_place *const *places)
{
	json_t *call = json_object();
	json_t *parts = json_array();
	json_t *part[KOBS_SLOW_PARTS];
	size_t i;

	set_number(call, "begin_ns", rec->data[KOBS_SLOW_BEGIN]);
	set_columns(w, call, v, rec);
	if (rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_OPEN)
		json_object_set_new(call, "returned", json_false());
	if (rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_INTERRUPT)
		json_object_set_new(call, "interrupt", json_true());
	else
		func_slow_set_args(w, v, rec, call);
	func_slow_set_counts(w, rec, call);
	set_number(call, "waits", rec->data[KOBS_SLOW_WAITS]);
	for (i = 0; i < rec->parts; i++)
		part[i] = part_of(rec->data + KOBS_SLOW_HEAD + i * KOBS_SLOW_PART, places[i]);
	qsort(part, rec->parts, sizeof(*part), compare_parts);
	for (i = 0; i < rec->parts; i++)
		json_array_append_new(parts, part[i]);
	json_object_set_new(call, "parts", parts);
	set_number(call, "rest", rec->data[KOBS_SLOW_REST]);
	set_number(call, "rest_waits", rec->data[KOBS_SLOW_REST_WAITS]);
	return call;
}

static int compare_calls(const void *a, const void *b)
{
	const struct slow_call *x = a;
	const struct slow_call *y = b;

	if (x->duration != y->duration)
		return x->duration < y->duration ? 1 : -1;
	return 0;
}

/* The longest first, and no more than are to be kept. */
static void sort(struct slow *w)
{
	struct slow_calls *c = &w->calls;

	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), compare_calls);
	for (; c->n > w->most_calls; c->n--, c->left_out++)
		json_decref(c->v[c->n - 1].call);
}

static void keep(struct slow_calls *c, uint64_t duration, json_t *call)
{
	c->v = grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = (struct slow_call){ duration, call };
}

/** func_slow_keep() - Keep a call, if it is one of the longest. */
void func_slow_keep(struct slow *w, struct view *v, const struct slow_record *rec,
		    const struct slow_place *const *places)
{
	struct slow_calls *c = &w->calls;

	keep(c, func_slow_column(w, rec, SLOW_DURATION), call_of(w, v, rec, places));
	if (c->n >= 2 * w->most_calls + 1)
		sort(w);
}

/** func_slow_load() - Take the calls of a report that was saved. */
void func_slow_load(struct slow *w, const json_t *root)
{
	const json_t *list = json_object_get(root, "calls");
	json_t *call;
	size_t i;

	json_array_foreach(list, i, call)
		keep(&w->calls, json_unsigned(json_object_get(call, "duration")),
		     json_incref(call));
	w->most_calls = w->calls.n;
	w->calls.left_out = json_unsigned(json_object_get(root, "calls_left_out"));
}

/** func_slow_free_calls() - Free them. */
void func_slow_free_calls(struct slow *w)
{
	size_t i;

	for (i = 0; i < w->calls.n; i++)
		json_decref(w->calls.v[i].call);
	free(w->calls.v);
}

/* JSON. */

static void print_json(struct out *o, const char *key, json_t *value)
{
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_object(value)) {
		out_open(o, key, '{');
		json_object_foreach(value, name, item)
			print_json(o, name, item);
		out_close(o, '}');
	} else if (json_is_array(value)) {
		out_open(o, key, '[');
		json_array_foreach(value, i, item)
			print_json(o, NULL, item);
		out_close(o, ']');
	} else if (json_is_string(value)) {
		out_json_text(o, key, json_string_value(value));
	} else if (json_is_boolean(value)) {
		out_json_bool(o, key, json_is_true(value));
	} else {
		out_json_number(o, key, json_unsigned(value));
	}
}

/* Text. */

static const char *text_of(const json_t *from, const char *key)
{
	const char *text = json_text(json_object_get(from, key));

	return text ? text : "";
}

static uint64_t number_of(const json_t *from, const char *key)
{
	return json_unsigned(json_object_get(from, key));
}

static void add_time(struct buf *to, const char *what, uint64_t ns, uint64_t all)
{
	char shown[32];

	if (ns)
		buf_printf(to, "%s%s %s (%.1f %%)", to->len ? ", " : "", what,
			   format_ns(shown, sizeof(shown), (double)ns),
			   all ? (double)ns * 100 / (double)all : 0);
}

/* What the time of a call went to, in one line. */
static void print_sum(const json_t *call, struct out *o)
{
	uint64_t all = number_of(call, "duration");
	struct buf line = {};

	add_time(&line, "on CPU", number_of(call, "run"), all);
	add_time(&line, "interrupts", number_of(call, "irq"), all);
	add_time(&line, "runnable", number_of(call, "woken") + number_of(call, "preempted"), all);
	add_time(&line, "blocked", number_of(call, "blocked"), all);
	out_line(o, "    %s", line.p ? line.p : "");
	buf_free(&line);
}

static void print_part(json_t *part, struct out *o)
{
	uint64_t count = number_of(part, "count");
	char sum[32], max[32], shown[32];
	struct buf line = {};
	json_t *frame;
	size_t i;

	format_ns(sum, sizeof(sum), (double)number_of(part, "sum"));
	format_ns(max, sizeof(max), (double)number_of(part, "max"));
	buf_printf(&line, "    %9s  %s", sum, text_of(part, "class"));
	if (strcmp(text_of(part, "class"), text_of(part, "reason")))
		buf_printf(&line, ": %s", text_of(part, "reason"));
	if (count > 1)
		buf_printf(&line, ", %s times, the longest %s",
			   format_count(shown, sizeof(shown), count), max);
	if (*text_of(part, "waker"))
		buf_printf(&line, ", ended by %s", text_of(part, "waker"));
	if (number_of(part, "waker_pid"))
		buf_printf(&line, " (process %llu)",
			   (unsigned long long)number_of(part, "waker_pid"));
	out_line(o, "%s", line.p);
	json_array_foreach(json_object_get(part, "stack"), i, frame)
		out_line(o, "                 %s", json_text(frame) ? json_text(frame) : "?");
	buf_free(&line);
}

static void print_who(json_t *call, struct buf *line)
{
	uint64_t pid = number_of(call, "pid");
	uint64_t tid = number_of(call, "tid");

	if (json_is_true(json_object_get(call, "interrupt"))) {
		buf_puts(line, " in an interrupt");
		return;
	}
	buf_printf(line, " by %s (process %llu", text_of(call, "comm"), (unsigned long long)pid);
	if (tid && tid != pid)
		buf_printf(line, ", thread %llu", (unsigned long long)tid);
	buf_putc(line, ')');
	/* Most are in the root, which tells nothing. */
	if (*text_of(call, "cgroup") && strcmp(text_of(call, "cgroup"), "/"))
		buf_printf(line, " in %s", text_of(call, "cgroup"));
}

static void print_head(json_t *call, struct out *o)
{
	uint64_t begin = number_of(call, "begin_ns");
	struct buf line = {};
	char shown[32];

	format_ns(shown, sizeof(shown), (double)number_of(call, "duration"));
	buf_printf(&line, "%s  %s", shown,
		   *text_of(call, "syscall") ? text_of(call, "syscall") : text_of(call, "func"));
	func_slow_print_args(call, &line);
	print_who(call, &line);
	if (json_is_false(json_object_get(call, "returned")))
		buf_puts(&line, ", not returned");
	buf_printf(&line, ", at %llu.%06llu", (unsigned long long)(begin / NSEC_PER_SEC),
		   (unsigned long long)(begin % NSEC_PER_SEC / 1000));
	out_line(o, "%s", line.p);
	buf_free(&line);
}

static void print_text(json_t *call, struct out *o)
{
	uint64_t rest = number_of(call, "rest");
	char shown[32], count[32];
	json_t *part;
	size_t i;

	print_head(call, o);
	print_sum(call, o);
	func_slow_print_counts(call, o);
	json_array_foreach(json_object_get(call, "parts"), i, part)
		print_part(part, o);
	if (rest)
		out_line(o, "    %9s  %s shorter waits elsewhere",
			 format_ns(shown, sizeof(shown), (double)rest),
			 format_count(count, sizeof(count), number_of(call, "rest_waits")));
}

/** func_slow_print_calls() - The calls below the rows. @shown: in text, too */
void func_slow_print_calls(struct slow *w, struct out *o, bool shown)
{
	char count[32];
	size_t i;

	sort(w);
	if (!o->json && (!shown || !w->calls.n))
		return;
	out_open(o, "calls", '[');
	out_line(o, "\nThe longest calls:");
	for (i = 0; i < w->calls.n; i++) {
		if (o->json)
			print_json(o, NULL, w->calls.v[i].call);
		else
			print_text(w->calls.v[i].call, o);
	}
	out_close(o, ']');
	if (!w->calls.left_out)
		return;
	out_json_number(o, "calls_left_out", w->calls.left_out);
	out_line(o, "... %s shorter one%s in the rows only (--calls keeps more)",
		 format_count(count, sizeof(count), w->calls.left_out),
		 w->calls.left_out == 1 ? " is" : "s are");
}
