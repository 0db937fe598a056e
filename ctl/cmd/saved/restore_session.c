// SPDX-License-Identifier: GPL-2.0
/* The session of a saved report, as the kernel described it. Texts stay in the file's. */

#include <stdlib.h>
#include <string.h>

#include "cmd/saved/saved.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static char *text_of(const json_t *object, const char *key)
{
	return (char *)json_text(json_object_get(object, key));
}

static void restore_numbers(const json_t *list, struct numbers *out)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_is_unsigned(item))
			numbers_add(out, json_unsigned(item));
}

static void restore_texts(const json_t *list, struct strings *out)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_text(item))
			strings_add(out, json_text(item));
}

static void restore_filter(const json_t *from, struct filter *f)
{
	restore_numbers(json_object_get(from, "pid"), &f->pids);
	restore_numbers(json_object_get(from, "tid"), &f->tids);
	restore_numbers(json_object_get(from, "cpu"), &f->cpus);
	restore_texts(json_object_get(from, "comm"), &f->comms);
	restore_texts(json_object_get(from, "cgroup"), &f->cgroup_names);
	f->min = number_of(from, "min");
}

static void restore_params(json_t *from, struct session *out)
{
	const char *name;
	json_t *value;

	json_object_foreach(from, name, value) {
		struct param *p;

		if (!json_text(value) && !json_is_unsigned(value))
			continue;
		out->params = grow(out->params, &out->cap_params, out->nr_params + 1,
				   sizeof(*out->params));
		p = &out->params[out->nr_params++];
		*p = (struct param){
			.name = (char *)name, .text = (char *)json_text(value),
			.number = json_unsigned(value),
			.type = json_text(value) ? KOBS_TYPE_TEXT : KOBS_TYPE_NUMBER,
		};
	}
}

/** restore_account() - What became of every hit. @from: an object with the numbers */
void restore_account(const json_t *from, struct session *out)
{
	const json_t *reasons = json_object_get(from, "reasons");
	const char *reason;
	json_t *value;

	out->hits = number_of(from, "hits");
	out->recorded = number_of(from, "recorded");
	out->filtered = number_of(from, "filtered");
	out->own = number_of(from, "own");
	json_object_foreach(json_object_get(from, "lost"), reason, value) {
		out->lost = grow(out->lost, &out->cap_lost, out->nr_lost + 1, sizeof(*out->lost));
		out->lost[out->nr_lost++] = (struct lost){
			.reason = (char *)reason, .doc = text_of(reasons, reason),
			.count = json_unsigned(value),
		};
	}
}

/* Older files do not say what notes mean: such a note is not shown, but counts. */
static void restore_notes(const json_t *root, struct session *out)
{
	const json_t *mean = json_object_get(root, "notes_mean");
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(root, "notes"), name, value) {
		out->notes = grow(out->notes, &out->cap_notes, out->nr_notes + 1,
				  sizeof(*out->notes));
		out->notes[out->nr_notes++] = (struct session_note){
			.name = (char *)name, .number = json_unsigned(value),
			.doc = mean ? text_of(mean, name) : (char *)"",
		};
	}
}

static void restore_kept_out(const json_t *root, struct session *out)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, "kept_out"), i, item) {
		const char *func = text_of(item, "func");

		out->kept_out = grow(out->kept_out, &out->cap_kept_out, out->nr_kept_out + 1,
				     sizeof(*out->kept_out));
		out->kept_out[out->nr_kept_out++] = (struct kept_out){
			.reason = text_of(item, "reason"),
			.address = (uint64_t)(uintptr_t)(func ? func : "?"),
		};
	}
	out->untraceable = (uint32_t)number_of(root, "untraceable");
	out->denied = (uint32_t)number_of(root, "denied");
	if (!out->untraceable && !out->denied)
		out->untraceable = (uint32_t)out->nr_kept_out;
}

/** restore_cost() - What a session cost. @cost: as cost_json() wrote it */
void restore_cost(const json_t *cost, struct session *out)
{
	double ns = json_number_value(json_object_get(cost, "ns_per_hit"));

	out->hits_timed = number_of(cost, "hits_timed");
	out->cost = number_of(cost, "timed_ns");
	if (!out->cost && ns > 0 && ns * (double)out->hits_timed < 1e18)
		out->cost = (uint64_t)(ns * (double)out->hits_timed + 0.5);
	out->calls = number_of(cost, "calls");
	out->calls_timed = number_of(cost, "calls_timed");
	out->calls_cost = number_of(cost, "calls_ns");
}

static void restore_room(const json_t *root, struct session *out)
{
	const json_t *stacks = json_object_get(root, "kernel_stacks");
	const json_t *fill = json_object_get(root, "fill");

	out->stacks_cached = number_of(stacks, "cached");
	out->stacks_unwound = number_of(stacks, "unwound");
	out->stacks_checked = number_of(stacks, "checked");
	out->stacks_wrong = number_of(stacks, "wrong");
	out->memory = number_of(root, "memory");
	out->rows = (uint32_t)number_of(fill, "rows");
	out->rows_max = (uint32_t)number_of(fill, "rows_max");
	out->stacks = (uint32_t)number_of(fill, "stacks");
	out->stacks_max = (uint32_t)number_of(fill, "stacks_max");
}

static void restore_user_stacks(const json_t *from, struct view *v)
{
	v->user_stacks = number_of(from, "all");
	v->user_stacks_cut = number_of(from, "cut");
	v->user_stacks_unknown = number_of(from, "unknown");
}

/** restore_session() - Fill the session of a saved report. */
void restore_session(struct saved *s)
{
	const json_t *account = json_object_get(s->root, "accounting");
	bool running = json_is_true(json_object_get(account, "running")) ||
		       json_is_true(json_object_get(s->root, "interim"));
	struct session *out = &s->session;

	out->state = running ? KOBS_STATE_STARTED : KOBS_STATE_STOPPED;
	out->source = text_of(s->root, "source");
	out->mode = text_of(s->root, "mode");
	out->name = text_of(s->root, "session");
	out->stop_reason = text_of(s->root, "stopped");
	out->duration = saved_number(s, "duration_ns");
	out->targets = (uint32_t)saved_number(s, "targets");
	restore_texts(json_object_get(s->root, "by"), &out->by);
	restore_filter(json_object_get(s->root, "filter"), &out->filter);
	restore_params(json_object_get(s->root, "params"), out);
	restore_account(account, out);
	restore_notes(s->root, out);
	restore_cost(json_object_get(s->root, "cost"), out);
	restore_room(s->root, out);
	restore_user_stacks(json_object_get(s->root, "user_stacks"), &s->view);
	restore_kept_out(s->root, out);
	s->says.title = saved_text(s, "title");
	s->says.nothing = saved_text(s, "nothing");
	s->says.absent = saved_text(s, "absent");
	s->says.rows_left_out = saved_number(s, "rows_left_out");
	s->says.weight_left_out = saved_number(s, "weight_left_out");
	restore_texts(json_object_get(s->root, "warnings"), &s->says.warnings);
}

/** restore_free_session() - Free the lists; their texts are the file's. */
void restore_free_session(struct session *s)
{
	strings_free(&s->by);
	numbers_free(&s->filter.pids);
	numbers_free(&s->filter.tids);
	numbers_free(&s->filter.cpus);
	strings_free(&s->filter.comms);
	strings_free(&s->filter.cgroup_names);
	free(s->params);
	free(s->lost);
	free(s->notes);
	free(s->kept_out);
}
