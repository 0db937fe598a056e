// SPDX-License-Identifier: GPL-2.0
/* Records of 'lock stalls' that are in a file: the chains that they were printed from. */

#include "cmd/lock/stalls.h"
#include "cmd/lock/stalls_saved.h"
#include "cmd/saved/saved.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static uint64_t text_of(struct restored *r, const json_t *object, const char *key)
{
	const char *text = json_text(json_object_get(object, key));

	return (uint64_t)(uintptr_t)pool_intern(&r->to->texts, text ? text : "");
}

/* Older files do not have the stacks of all tasks. */
static uint64_t stack_of(struct restored *r, const json_t *object, const char *key)
{
	return json_object_get(object, key) ? restore_stack(r, object, key, false) : 0;
}

static void read_wait(struct restored *r, const json_t *task, struct stalls_link *l)
{
	l->waited = number_of(task, "waited_ns");
	l->v[STALLS_COMM] = text_of(r, task, "comm");
	l->v[STALLS_PID] = number_of(task, "pid");
	l->v[STALLS_TID] = number_of(task, "tid");
	l->v[STALLS_LOCK] = text_of(r, task, "lock");
	l->v[STALLS_CACHE] = text_of(r, task, "cache");
	l->v[STALLS_KIND] = text_of(r, task, "kind");
	l->v[STALLS_STACK] = stack_of(r, task, "stack");
}

static void read_owner(struct restored *r, const json_t *task, struct stalls_link *l)
{
	l->v[STALLS_OWNER] = text_of(r, task, "comm");
	l->v[STALLS_OWNER_PID] = number_of(task, "pid");
	l->v[STALLS_OWNER_TID] = number_of(task, "tid");
	l->v[STALLS_OWNER_STACK] = stack_of(r, task, "stack");
}

/* All tasks of a chain wait, but for the one at its end, which may be known or not. */
static void read_chain(struct restored *r, const json_t *record, struct stalls *s)
{
	const json_t *chain = json_object_get(record, "chain");
	json_t *task;
	size_t i;

	json_array_foreach(chain, i, task) {
		if (i && s->n)
			read_owner(r, task, &s->link[s->n - 1]);
		if (json_object_get(task, "waited_ns") && s->n < STALLS_LINKS)
			read_wait(r, task, &s->link[s->n++]);
	}
	s->link[0].time = number_of(record, "time_ns");
	if (s->n && !s->link[0].v[STALLS_STACK])
		s->link[0].v[STALLS_STACK] = stack_of(r, record, "waiter_stack");
	s->link[0].v[STALLS_N_LINKS] = s->n + json_is_true(json_object_get(record, "cut"));
}

static void show_blocked(struct trace *t, struct restored *r, const json_t *record)
{
	struct stalls_link l = { .time = number_of(record, "time_ns") };

	l.v[STALLS_COMM] = text_of(r, record, "blocked");
	l.v[STALLS_PID] = number_of(record, "blocked_pid");
	l.v[STALLS_TID] = number_of(record, "blocked_tid");
	l.v[STALLS_LINK] = number_of(record, "blocked_place");
	l.v[STALLS_N_LINKS] = number_of(record, "blocked_tasks");
	l.v[STALLS_STACK] = stack_of(r, record, "blocked_stack");
	stalls_print_blocked(t, &l);
}

/** stalls_show() - Print a record into the line of a trace. */
void stalls_show(struct trace *t, struct restored *r, const json_t *record)
{
	struct stalls s = {};

	if (json_object_get(record, "blocked")) {
		show_blocked(t, r, record);
		return;
	}
	read_chain(r, record, &s);
	if (s.n)
		stalls_print_chain(t, &s);
}
