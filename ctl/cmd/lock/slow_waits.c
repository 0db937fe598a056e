// SPDX-License-Identifier: GPL-2.0
/* obsctl lock contention --over: the longest waits one by one. */

#include <string.h>

#include "cmd/lock/slow.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/writer.h"

static void set_stack(struct trace *t, const char *key, uint64_t id, json_t *to)
{
	const struct stack *s = trace_stack(t, id);
	json_t *stack = json_array();
	size_t i;
	size_t k;

	for (i = s ? view_first_frame(t->view, s) : 0; s && i < s->nr; i++) {
		size_t n = view_frames(t->view, s, i);

		for (k = 0; k < n; k++)
			json_array_append_new(stack,
					      json_string_nocheck(t->view->frame[k].text.p));
	}
	json_object_set_new(to, key, stack);
}

/* The columns of the session; the waiter's stack is called so. */
static void set_columns(struct trace *t, const struct lock_slow_record *rec, json_t *to)
{
	struct view *v = t->view;
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		const char *name = v->columns[c]->name;

		if (!type_is_stack(v->types[c]))
			longest_set_column(to, v, c, rec->keys);
		else if (rec->keys[c])
			set_stack(t, strcmp(name, "kstack") ? name : "stack", rec->keys[c], to);
	}
}

/** lock_slow_wait() - Return: a wait as JSON has it. */
json_t *lock_slow_wait(struct trace *t, const struct lock_slow_record *rec)
{
	const uint64_t *data = rec->data;
	json_t *wait = json_object();

	longest_set_number(wait, "begin_ns", data[KOBS_LOCK_WAIT_BEGIN]);
	longest_set_number(wait, "wait", data[KOBS_LOCK_WAIT_NS]);
	longest_set_thread(wait, "pid", "tid", data[KOBS_LOCK_WAIT_ID]);
	longest_set_number(wait, "cpu", data[KOBS_LOCK_WAIT_CPU]);
	set_columns(t, rec, wait);
	longest_set_thread(wait, "owner_pid", "owner_tid", data[KOBS_LOCK_WAIT_OWNER_ID]);
	if (data[KOBS_LOCK_WAIT_FLAGS] & KOBS_LOCK_WAIT_FAILED)
		json_object_set_new(wait, "failed", json_true());
	if (data[KOBS_LOCK_WAIT_FLAGS] & KOBS_LOCK_WAIT_OPEN)
		json_object_set_new(wait, "ended", json_false());
	return wait;
}

static void print_who(const json_t *wait, struct buf *line)
{
	const char *cgroup = longest_text(wait, "cgroup");

	buf_printf(line, " by %s", longest_text(wait, "comm"));
	longest_print_thread(wait, "pid", "tid", line);
	/* Most are in the root, which tells nothing. */
	if (*cgroup && strcmp(cgroup, "/"))
		buf_printf(line, " in %s", cgroup);
	if (!*longest_text(wait, "owner"))
		return;
	buf_printf(line, ", held by %s", longest_text(wait, "owner"));
	longest_print_thread(wait, "owner_pid", "owner_tid", line);
}

static void print_wait(const json_t *wait, struct out *o)
{
	uint64_t begin = longest_number(wait, "begin_ns");
	struct buf line = {};
	char shown[32];

	format_ns(shown, sizeof(shown), (double)longest_number(wait, "wait"));
	buf_printf(&line, "%s  %s %s", shown, longest_text(wait, "kind"),
		   longest_text(wait, "lock"));
	if (*longest_text(wait, "cache"))
		buf_printf(&line, " in %s", longest_text(wait, "cache"));
	print_who(wait, &line);
	if (json_is_true(json_object_get(wait, "failed")))
		buf_puts(&line, ", ended without the lock");
	if (json_is_false(json_object_get(wait, "ended")))
		buf_puts(&line, ", not ended");
	buf_printf(&line, ", on CPU %llu, at %llu.%06llu",
		   (unsigned long long)longest_number(wait, "cpu"),
		   (unsigned long long)(begin / NSEC_PER_SEC),
		   (unsigned long long)(begin % NSEC_PER_SEC / 1000));
	out_line(o, "%s", line.p);
	longest_print_stack(json_object_get(wait, "stack"), o);
	if (json_object_get(wait, "owner_stack"))
		out_line(o, "                 -- its owner");
	longest_print_stack(json_object_get(wait, "owner_stack"), o);
	buf_free(&line);
}

const struct longest_kind lock_slow_waits = {
	.key = "waits", .ns = "wait", .title = "The longest waits", .option = "--waits",
	.print = print_wait,
};
