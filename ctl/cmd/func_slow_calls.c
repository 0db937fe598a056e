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

/* The columns of the session, but for the stack: the parts have them. */
static void set_columns(const struct slow *w, json_t *to, struct view *v,
			const struct slow_record *rec)
{
	struct buf text = {};
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		if (type_is_stack(v->types[c]))
			continue;
		if (w->syscalls && c == w->column[SLOW_FUNC]) {
			view_print_cell(v, c, rec->keys, &text);
			longest_set_text(to, "syscall", func_slow_syscall(text.p));
		} else {
			longest_set_column(to, v, c, rec->keys);
		}
	}
	buf_free(&text);
}

static void set_waker(json_t *to, const uint64_t *word)
{
	char comm[2 * sizeof(*word) + 1] = "";

	memcpy(comm, &word[KOBS_SLOW_WAKER_COMM], 2 * sizeof(*word));
	if (!*comm)
		return;
	longest_set_text(to, "waker", comm);
	longest_set_thread(to, "waker_pid", "waker_tid", word[KOBS_SLOW_WAKER]);
}

/* The lock that it was, and who held it. */
static void set_lock(json_t *to, const struct slow_held *h)
{
	longest_set_text(to, "lock", h->lock);
	if (*h->owner)
		longest_set_text(to, "owner", h->owner);
	longest_set_thread(to, "owner_pid", "owner_tid", h->id);
}

static void set_stack(json_t *to, const char *key, const struct slow_place *place)
{
	json_t *stack = json_array();
	size_t i;

	for (i = 0; i < place->n; i++)
		json_array_append_new(stack, json_string_nocheck(place->frames[i]));
	json_object_set_new(to, key, stack);
}

static json_t *part_of(const uint64_t *word, const struct slow_part *p)
{
	json_t *part = json_object();

	longest_set_text(part, "class", func_slow_state(p->place->state));
	longest_set_text(part, "reason", p->held ? "lock" : p->place->reason);
	if (p->held)
		set_lock(part, p->held);
	longest_set_number(part, "count", word[KOBS_SLOW_COUNT]);
	longest_set_number(part, "sum", word[KOBS_SLOW_NS]);
	longest_set_number(part, "max", word[KOBS_SLOW_LONGEST]);
	set_waker(part, word);
	set_stack(part, "stack", p->place);
	if (p->owner)
		set_stack(part, "owner_stack", p->owner);
	return part;
}

static int compare_parts(const void *a, const void *b)
{
	uint64_t x = json_unsigned(json_object_get(*(json_t *const *)a, "sum"));
	uint64_t y = json_unsigned(json_object_get(*(json_t *const *)b, "sum"));

	return x < y ? 1 : -(x > y);
}

static json_t *call_of(struct slow *w, struct view *v, const struct slow_record *rec,
		       const struct slow_part *of)
{
	json_t *call = json_object();
	json_t *parts = json_array();
	json_t *part[KOBS_SLOW_PARTS];
	size_t i;

	longest_set_number(call, "begin_ns", rec->data[KOBS_SLOW_BEGIN]);
	set_columns(w, call, v, rec);
	if (rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_OPEN)
		json_object_set_new(call, "returned", json_false());
	if (rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_INTERRUPT)
		json_object_set_new(call, "interrupt", json_true());
	else
		func_slow_set_args(w, v, rec, call);
	func_slow_set_counts(w, rec, call);
	longest_set_number(call, "waits", rec->data[KOBS_SLOW_WAITS]);
	for (i = 0; i < rec->parts; i++)
		part[i] = part_of(rec->data + KOBS_SLOW_HEAD + i * KOBS_SLOW_PART, &of[i]);
	qsort(part, rec->parts, sizeof(*part), compare_parts);
	for (i = 0; i < rec->parts; i++)
		json_array_append_new(parts, part[i]);
	json_object_set_new(call, "parts", parts);
	longest_set_number(call, "rest", rec->data[KOBS_SLOW_REST]);
	longest_set_number(call, "rest_waits", rec->data[KOBS_SLOW_REST_WAITS]);
	func_slow_set_children(w, v, rec, call);
	return call;
}

/** func_slow_keep() - Keep a call, if it is one of the longest. */
void func_slow_keep(struct slow *w, struct view *v, const struct slow_record *rec,
		    const struct slow_part *parts)
{
	uint64_t ns = func_slow_column(w, rec, SLOW_DURATION);

	if (longest_wants(&w->calls, ns))
		longest_keep(&w->calls, ns, call_of(w, v, rec, parts));
}

/* Text. */

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
	uint64_t all = longest_number(call, "duration");
	struct buf line = {};

	add_time(&line, "on CPU", longest_number(call, "run"), all);
	add_time(&line, "interrupts", longest_number(call, "irq"), all);
	add_time(&line, "runnable",
		 longest_number(call, "woken") + longest_number(call, "preempted"), all);
	add_time(&line, "blocked", longest_number(call, "blocked"), all);
	out_line(o, "    %s", line.p ? line.p : "");
	buf_free(&line);
}

/* "lock NAME held by THREAD" */
static void print_lock(const json_t *part, struct buf *line)
{
	if (!*longest_text(part, "lock"))
		return;
	buf_printf(line, " %s", longest_text(part, "lock"));
	if (*longest_text(part, "owner"))
		buf_printf(line, " held by %s", longest_text(part, "owner"));
	longest_print_thread(part, "owner_pid", "owner_tid", line);
}

static void print_part(json_t *part, struct out *o)
{
	uint64_t count = longest_number(part, "count");
	char sum[32], max[32], shown[32];
	struct buf line = {};

	format_ns(sum, sizeof(sum), (double)longest_number(part, "sum"));
	format_ns(max, sizeof(max), (double)longest_number(part, "max"));
	buf_printf(&line, "    %9s  %s", sum, longest_text(part, "class"));
	if (strcmp(longest_text(part, "class"), longest_text(part, "reason")))
		buf_printf(&line, ": %s", longest_text(part, "reason"));
	print_lock(part, &line);
	if (count > 1)
		buf_printf(&line, ", %s times, the longest %s",
			   format_count(shown, sizeof(shown), count), max);
	if (*longest_text(part, "waker"))
		buf_printf(&line, ", ended by %s", longest_text(part, "waker"));
	if (longest_number(part, "waker_pid"))
		buf_printf(&line, " (process %llu)",
			   (unsigned long long)longest_number(part, "waker_pid"));
	out_line(o, "%s", line.p);
	longest_print_stack(json_object_get(part, "stack"), o);
	if (json_object_get(part, "owner_stack"))
		out_line(o, "                 -- its owner");
	longest_print_stack(json_object_get(part, "owner_stack"), o);
	buf_free(&line);
}

static void print_who(const json_t *call, struct buf *line)
{
	if (json_is_true(json_object_get(call, "interrupt"))) {
		buf_puts(line, " in an interrupt");
		return;
	}
	buf_printf(line, " by %s", longest_text(call, "comm"));
	longest_print_thread(call, "pid", "tid", line);
	/* Most are in the root, which tells nothing. */
	if (*longest_text(call, "cgroup") && strcmp(longest_text(call, "cgroup"), "/"))
		buf_printf(line, " in %s", longest_text(call, "cgroup"));
}

static void print_head(const json_t *call, struct out *o)
{
	uint64_t begin = longest_number(call, "begin_ns");
	const char *syscall = longest_text(call, "syscall");
	struct buf line = {};
	char shown[32];

	format_ns(shown, sizeof(shown), (double)longest_number(call, "duration"));
	buf_printf(&line, "%s  %s", shown, *syscall ? syscall : longest_text(call, "func"));
	func_slow_print_args(call, &line);
	print_who(call, &line);
	if (json_is_false(json_object_get(call, "returned")))
		buf_puts(&line, ", not returned");
	buf_printf(&line, ", at %llu.%06llu", (unsigned long long)(begin / NSEC_PER_SEC),
		   (unsigned long long)(begin % NSEC_PER_SEC / 1000));
	out_line(o, "%s", line.p);
	buf_free(&line);
}

static void print_text(const json_t *call, struct out *o)
{
	uint64_t rest = longest_number(call, "rest");
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
			 format_count(count, sizeof(count), longest_number(call, "rest_waits")));
	func_slow_print_children(call, o);
}

static const struct longest_kind kind = {
	.key = "calls", .ns = "duration", .title = "The longest calls", .option = "--calls",
	.print = print_text,
};

/** func_slow_load() - Take the calls of a report that was saved. */
void func_slow_load(struct slow *w, const json_t *root)
{
	longest_load(&w->calls, &kind, root);
}

/** func_slow_print_calls() - The calls below the rows. @shown: in text, too */
void func_slow_print_calls(struct slow *w, struct out *o, bool shown)
{
	longest_print(&w->calls, &kind, o, shown);
}
