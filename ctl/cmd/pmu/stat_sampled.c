// SPDX-License-Identifier: GPL-2.0
/*
 * Counts of CPUs by who they run. A counter of a CPU does not know tasks; its samples do, and
 * each stands for what was counted since the one before. The module adds up their periods by
 * any columns of the context (mode record).
 *
 * The kernel's clocks and hardware events are sampled by frequency: 999 samples a second of
 * each CPU, so that a count has a relative error of about 1 in the square root of its samples.
 * Other software events and tracepoints have a sample each, and are exact. Idle CPUs count
 * for nobody.
 */

#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/stat_sampled.h"
#include "lib/macros.h"

/** stat_has_filters() - Return: whether tasks are chosen by what they are while they run. */
bool stat_has_filters(const struct pmu_run *p)
{
	return p->o->comms.n || p->o->cgroups.ids.n;
}

/** stat_is_sampled() - Return: whether columns or filters are of tasks, but CPUs are observed. */
bool stat_is_sampled(const struct pmu_run *p, bool of_tasks)
{
	const struct strings *by = &p->o->by;
	size_t i;

	if (!of_tasks && stat_has_filters(p))
		return true;
	for (i = 0; !of_tasks && i < by->n; i++)
		if (strcmp(by->v[i], "event") && strcmp(by->v[i], "cpu"))
			return true;
	return false;
}

static bool is_clock(const uint64_t *word)
{
	return word[PMU_TYPE] == PERF_TYPE_SOFTWARE &&
	       (word[PMU_CONFIG] == PERF_COUNT_SW_CPU_CLOCK ||
		word[PMU_CONFIG] == PERF_COUNT_SW_TASK_CLOCK);
}

/** stat_sample() - Have samples counted by task. */
void stat_sample(struct pmu_run *p)
{
	size_t i;

	pmu_sample(p, 0);
	for (i = 0; i < p->events.n; i++) {
		uint64_t *word = p->events.v[i].word;

		if (is_clock(word)) {
			word[PMU_BITS] |= PMU_NO_IDLE;
		} else if (word[PMU_TYPE] == PERF_TYPE_SOFTWARE ||
			   word[PMU_TYPE] == PERF_TYPE_TRACEPOINT) {
			word[PMU_PERIOD] = 1;
			word[PMU_BITS] &= ~(uint64_t)PMU_FREQUENCY;
		}
	}
	/* Another event in the place of cycles would be none of those that were asked for. */
	model_set_number(&p->spec.request, "fallback", 0);
	p->spec.mode = "record";
	p->spec.title = "pmu stat";
}

struct order {
	const double	*weight;	/* of each group */
	size_t		event;
};

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct stat_row *x = a;
	const struct stat_row *y = b;
	const struct order *o = arg;

	if (o->weight[x->group] > o->weight[y->group])
		return -1;
	if (o->weight[x->group] < o->weight[y->group])
		return 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->key[o->event] < y->key[o->event] ? -1 : x->key[o->event] > y->key[o->event];
}

/**
 * stat_sort_sampled() - Sort by groups: those first that have most of the first event.
 * @event: which of the keys is the event
 */
void stat_sort_sampled(struct stat_state *st, size_t event)
{
	double *weight = zalloc((st->groups + 1) * sizeof(*weight));
	struct order order = { weight, event };
	uint64_t first = UINT64_MAX;
	size_t i;

	for (i = 0; i < st->n; i++)
		if (st->v[i].key[event] < first)
			first = st->v[i].key[event];
	for (i = 0; i < st->n; i++)
		if (st->v[i].key[event] == first)
			weight[st->v[i].group] += (double)st->v[i].count;
	if (st->n)
		qsort_r(st->v, st->n, sizeof(*st->v), compare_rows, &order);
	free(weight);
}
