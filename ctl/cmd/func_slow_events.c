// SPDX-License-Identifier: GPL-2.0
/* obsctl func slow -e: what events counted in each of the longest calls. */

#include <string.h>

#include "cmd/func_run.h"
#include "export/json_file.h"
#include "lib/diag.h"
#include "lib/format.h"

/* What a call counts is its CPU's alone, and reports have it by the event's name. */
static int check_events(const struct pmu_events *e)
{
	size_t i, k;

	for (i = 0; i < e->n; i++) {
		if (e->v[i].outside)
			return misuse("event '%s' counts for several CPUs, not for the one that a call runs on: pmu stat -a counts it",
				      e->v[i].name);
		for (k = 0; k < i; k++)
			if (!strcmp(e->v[i].name, e->v[k].name))
				return misuse("event '%s' is named twice", e->v[i].name);
	}
	return 0;
}

/** func_slow_ask_events() - Have events counted. Return: 0 or an exit status after a sentence. */
int func_slow_ask_events(struct slow *w, struct request *req, const struct strings *names)
{
	int err = 0;
	size_t i, k;

	for (i = 0; !err && i < names->n; i++)
		err = pmu_events_add(&w->events, names->v[i]);
	if (!err && w->events.n > KOBS_SLOW_EVENTS)
		err = misuse("-e takes up to %d events: %zu are given", KOBS_SLOW_EVENTS,
			     w->events.n);
	if (!err)
		err = check_events(&w->events);
	for (i = 0; !err && i < w->events.n; i++)
		for (k = 0; k < PMU_WORDS; k++)
			numbers_add(&w->event_words, w->events.v[i].word[k]);
	if (!err && w->events.n)
		model_set_addresses(req, "events", &w->event_words);
	return err;
}

/** func_slow_set_counts() - Add what was counted in a call, if all of it was. */
void func_slow_set_counts(const struct slow *w, const struct slow_record *rec, json_t *to)
{
	json_t *counts;
	size_t i;

	if (!w->events.n || rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_INTERRUPT)
		return;
	if (!(rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_COUNTED)) {
		json_object_set_new(to, "counted", json_false());
		return;
	}
	counts = json_object();
	for (i = 0; i < w->events.n; i++)
		json_object_set_new(counts, w->events.v[i].name,
				    json_integer((json_int_t)rec->data[KOBS_SLOW_EVENT + i]));
	json_object_set_new(to, "counts", counts);
}

static bool is_clock(const char *name)
{
	return !strncmp(name, "cpu-clock", 9) || !strncmp(name, "task-clock", 10);
}

/** func_slow_print_counts() - The line of a call that has them. */
void func_slow_print_counts(const json_t *call, struct out *o)
{
	json_t *counts = json_object_get(call, "counts");
	double cycles = (double)json_unsigned(json_object_get(counts, "cycles"));
	struct buf line = {};
	const char *name;
	char shown[32];
	json_t *count;

	if (json_is_false(json_object_get(call, "counted")))
		out_line(o, "    events were not counted all the time that it ran");
	json_object_foreach(counts, name, count) {
		uint64_t n = json_unsigned(count);

		if (is_clock(name))
			format_ns(shown, sizeof(shown), (double)n);
		else
			format_count(shown, sizeof(shown), n);
		buf_printf(&line, "%s%s %s", line.len ? ", " : "", name, shown);
		if (cycles > 0 && !strcmp(name, "instructions"))
			buf_printf(&line, " (%.2f per cycle)", (double)n / cycles);
	}
	if (line.len)
		out_line(o, "    %s", line.p);
	buf_free(&line);
}
