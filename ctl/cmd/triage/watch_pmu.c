// SPDX-License-Identifier: GPL-2.0
/*
 * What busy CPUs wait for, by counts of events of all CPUs: the rule of pmu stat, for triage.
 * Busy are those that are not idle; whether they get on, only the PMU tells.
 */

#include <string.h>

#include "cmd/pmu/event.h"
#include "cmd/pmu/last_cache.h"
#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/stat_verdict.h"
#include "cmd/triage/watch.h"

enum { CYCLES, INSTRUCTIONS, REFERENCES, MISSES, EVENTS };

/* Return: whether there are events of the last cache. */
static bool name_events(const char **events)
{
	const struct cache_events *e = cache_last();

	events[CYCLES] = "cycles";
	events[INSTRUCTIONS] = "instructions";
	events[REFERENCES] = e ? e->per : "";
	events[MISSES] = e ? e->of : "";
	return e;
}

/* Percent of CPUs from which on what they wait for matters to the machine. */
#define BUSY_LEAST	50

/* Fields of the rows of pmu stat. */
enum { ENABLED, RUNNING, FIELDS };

/**
 * watch_pmu_request() - Have the events counted.
 * @words: gets the events; must live as long as the request
 * @why: gets the reason, if this machine does not count them
 *
 * Return: whether it does.
 */
bool watch_pmu_request(struct request *req, struct numbers *words, struct buf *why)
{
	const char *events[EVENTS];
	size_t i, k;

	if (!pmu_has_hardware()) {
		buf_puts(why, "the CPU's PMU is not there");
		return false;
	}
	if (!name_events(events)) {
		buf_printf(why, "cache-misses are %s here", cache_is_not_last(CACHES_GENERIC));
		return false;
	}
	for (i = 0; i < EVENTS; i++) {
		uint64_t word[PMU_WORDS] = {};

		if (!pmu_generic(events[i], word) || !pmu_counts(events[i])) {
			buf_printf(why, "the PMU does not count %s", events[i]);
			return false;
		}
		for (k = 0; k < PMU_WORDS; k++)
			numbers_add(words, word[k]);
	}
	model_set_addresses(req, "events", words);
	return true;
}

/* The session's rows; its column is the event's number. */
static struct stat_state read_counts(const struct aside *a, struct stat_row *rows)
{
	struct stat_state st = { .v = rows, .groups = 1, .duration = a->session.duration };
	const struct table *t = &a->table;
	const char *events[EVENTS];
	size_t i;

	name_events(events);
	for (i = 0; i < t->nr_rows && st.n < EVENTS; i++) {
		uint64_t event = t->keys[t->rows[i].key];
		const uint64_t *fields = table_figures(t, &t->rows[i]);

		if (event >= EVENTS || t->nr_figures < FIELDS)
			continue;
		rows[st.n++] = (struct stat_row){
			.count = t->rows[i].count, .enabled = fields[ENABLED],
			.running = fields[RUNNING], .event = events[event], .scale = 1,
		};
	}
	stat_link(&st);
	return st;
}

static bool are_busy(const struct facts *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->v[i].metric == M_CPU_BUSY && !*f->v[i].subject)
			return f->v[i].value >= BUSY_LEAST;
	return false;
}

/** watch_pmu_facts() - Add that busy CPUs wait for memory, if they do. */
void watch_pmu_facts(const struct watch *w, struct facts *f)
{
	struct stat_row rows[EVENTS];
	const struct strings absent = {};
	struct stat_judged c;
	struct stat_state st;

	if (!w->v[W_PMU].ready || !are_busy(f))
		return;
	st = read_counts(&w->v[W_PMU].aside, rows);
	if (stat_verdict_count(&c, &st, "", &absent, NULL) && c.has_misses &&
	    c.ipc < verdict_limits[LIMIT_IPC].value &&
	    c.misses >= verdict_limits[LIMIT_MISSES].value)
		facts_add(f, M_LLC_MISSES, "", c.miss_rate * 100,
			  "IPC %.2f and %.1f %% of %s miss the LLC%s", c.ipc, c.miss_rate * 100,
			  c.caches->missed, c.shared ? " (estimated)" : "");
	st.v = NULL;
	stat_free(&st);
}
