// SPDX-License-Identifier: GPL-2.0
/*
 * What counts say of the code that was counted: a sentence each, with its reason and the next
 * command. Sources of the thresholds:
 *
 * ipc: B. Gregg, "CPU Utilization is Wrong" (2017): below 1.0 CPUs are likely stalled on memory,
 * above they are likely bound by instructions.
 *
 * llc-miss-rate and branch-miss-rate: where perf stat begins to colour ratios of misses in its
 * second (10 %) and in its first (5 %) colour.
 *
 * llc-misses: a miss takes some 200 cycles; one in 1,000 instructions is 0.2 cycles of each, and
 * fewer do not explain an IPC below 1. branch-misses: a misprediction takes some 15 to 20 cycles;
 * five in 1,000 instructions are 0.1 cycles of each.
 *
 * frontend, bad-speculation, backend, retiring: thresholds of Intel's metrics of level 1, as
 * published with their events and in the kernel's tools/perf/pmu-events.
 */

#include <stdlib.h>
#include <string.h>

#include "cli/noun.h"
#include "cmd/pmu/last_cache.h"
#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/stat_verdict.h"
#include "lib/format.h"
#include "lib/macros.h"

const struct verdict_limit verdict_limits[NR_VERDICT_LIMITS] = {
	[LIMIT_IPC] = { "ipc", "", "instructions per cycle below which CPUs are stalled", 1.0 },
	[LIMIT_MISS_RATE] = { "llc-miss-rate", "%", "references that miss the last cache", 10 },
	[LIMIT_MISSES] = { "llc-misses", "",
			   "misses of the last cache per 1,000 instructions", 1.0 },
	[LIMIT_BRANCH_RATE] = { "branch-miss-rate", "%", "branches that are mispredicted", 5 },
	[LIMIT_BRANCHES] = { "branch-misses", "",
			     "mispredicted branches per 1,000 instructions, where these are counted",
			     5.0 },
	[LIMIT_FRONTEND] = { "frontend", "%", "slots bound by the front end", 15 },
	[LIMIT_BAD] = { "bad-speculation", "%", "slots lost to bad speculation", 15 },
	[LIMIT_BACKEND] = { "backend", "%", "slots bound by the back end", 20 },
	[LIMIT_RETIRING] = { "retiring", "%", "slots that retired, where nothing else is seen",
			     70 },
	[LIMIT_COUNTED_FOR] = { "counted-for", "%", "time that an event must have been counted",
				10 },
	[LIMIT_CYCLES] = { "cycles", "", "cycles, instructions or slots that a verdict needs",
			   1e6 },
	[LIMIT_EVENTS] = { "events", "", "branches or references that a verdict needs", 1e4 },
	[LIMIT_SAMPLES] = { "samples", "", "samples of them, where counts are of samples", 100 },
};

static bool reaches(double v, enum verdict_limit_id limit)
{
	return v >= verdict_limits[limit].value;
}

static void add(struct stat_verdicts *v, const char *rule, const char *next, const char *fmt, ...)
	PRINTF(4, 5);

static void add(struct stat_verdicts *v, const char *rule, const char *next, const char *fmt, ...)
{
	struct buf text = {};
	va_list ap;

	if (v->n == VERDICTS)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	v->v[v->n++] = (struct stat_verdict){ .rule = rule, .sentence = text.p, .next = next };
}

/* What a sentence ends with: of which events it is, and that these were scaled up. */
static void add_end(struct stat_verdicts *v, size_t from, const char *mods, bool shared)
{
	struct buf text = {};

	for (; from < v->n; from++) {
		text = (struct buf){};
		buf_puts(&text, v->v[from].sentence);
		if (*mods)
			buf_printf(&text, ", of events with :%s", mods);
		if (shared)
			buf_puts(&text, " (estimated: these events shared counters)");
		free(v->v[from].sentence);
		v->v[from].sentence = text.p;
	}
}

#define TOPDOWN		"obsctl pmu stat --topdown -d 10"

/* What to count next: misses of the last cache, or else where cycles go. */
static const char *count_caches(void)
{
	const struct cache_events *e = cache_last();

	return e ? e->count : "obsctl pmu record -g -d 10";
}

static void judge_unknown(struct stat_verdicts *v, const struct stat_judged *c)
{
	const struct cache_events *e = cache_last();

	if (e)
		add(v, "stalled", count_caches(),
		    "stalled: IPC %.2f; whether it is memory, %s and %s would tell", c->ipc,
		    e->per, e->of);
	else
		add(v, "stalled", count_caches(),
		    "stalled: IPC %.2f; no event is known to be of the last cache here", c->ipc);
}

static void judge_stalls(struct stat_verdicts *v, const struct stat_judged *c)
{
	const char *missed = c->has_misses ? c->caches->missed : "";
	double rate = c->miss_rate * 100;

	if (!c->has_misses)
		judge_unknown(v, c);
	else if (!reaches(rate, LIMIT_MISS_RATE))
		add(v, "stalled", TOPDOWN,
		    "stalled, but not on memory: IPC %.2f, and only %.1f %% of %s miss the LLC",
		    c->ipc, rate, missed);
	else if (!reaches(c->misses, LIMIT_MISSES))
		add(v, "stalled", TOPDOWN,
		    "stalled, but not on memory: IPC %.2f, and %.1f %% of %s miss the LLC, but that is %.2f per 1,000 instructions",
		    c->ipc, rate, missed, c->misses);
	else
		add(v, "memory-bound", c->caches->record,
		    "memory-bound: IPC %.2f and %.1f %% of %s miss the LLC, %.1f per 1,000 instructions",
		    c->ipc, rate, missed, c->misses);
}

/* With few branches, a rate of mispredictions costs little. */
static bool is_mispredicted(const struct stat_judged *c)
{
	return c->has_branches && reaches(c->branch_rate * 100, LIMIT_BRANCH_RATE) &&
	       (c->branches < 0 || reaches(c->branches, LIMIT_BRANCHES));
}

/** stat_verdict_judge() - Add what the counts of events with these modifiers say. */
void stat_verdict_judge(struct stat_verdicts *v, const struct stat_judged *c, const char *mods)
{
	uint32_t of = OF_CYCLES | OF_INSTRUCTIONS;
	size_t begin = v->n;
	size_t from = v->n;
	char per[64] = "";

	if (c->has_ipc && !reaches(c->ipc, LIMIT_IPC))
		judge_stalls(v, c);
	add_end(v, from, mods, c->shared & (c->has_misses ? of | OF_CACHES : of));
	from = v->n;
	if (c->branches >= 0)
		snprintf(per, sizeof(per), ", %.1f per 1,000 instructions", c->branches);
	if (is_mispredicted(c))
		add(v, "mispredicted", "obsctl pmu record -e branch-misses -g -d 10",
		    "slowed down by branches: %.1f %% of them are mispredicted%s",
		    c->branch_rate * 100, per);
	add_end(v, from, mods,
		c->shared & (*per ? OF_BRANCHES | OF_INSTRUCTIONS : OF_BRANCHES));
	from = v->n;
	if (c->has_ipc && from == begin)
		add(v, "instruction-bound", "obsctl pmu record -g -d 10",
		    "bound by instructions: IPC %.2f; fewer instructions make it faster",
		    c->ipc);
	add_end(v, from, mods, c->shared & of);
}

/**
 * stat_verdict_find() - What the counts say.
 * @absent: events that were asked for, and that the machine does not count
 */
void stat_verdict_find(struct stat_verdicts *v, const struct stat_state *st,
		       const struct strings *absent)
{
	struct stat_judged c;
	size_t i;

	for (i = 0; i < st->mods.n; i++)
		if (stat_verdict_count(&c, st, st->mods.v[i], absent, &v->missing))
			stat_verdict_judge(v, &c, st->mods.v[i]);
}

static const struct {
	enum topdown_part part;
	enum verdict_limit_id limit;
	const char	*rule;
	const char	*next;
	const char	*text;
} topdown_rules[] = {
	/* Next is to count caches. */
	{ TD_BACKEND, LIMIT_BACKEND, "backend-bound", NULL, "bound by the back end" },
	{ TD_FRONTEND, LIMIT_FRONTEND, "frontend-bound",
	  "obsctl pmu record -e L1-icache-load-misses -g -d 10", "bound by the front end" },
	{ TD_BAD, LIMIT_BAD, "bad-speculation", "obsctl pmu record -e branch-misses -g -d 10",
	  "slowed down by bad speculation" },
};

/** stat_verdict_topdown() - What the slots say: the largest part that reaches its threshold. */
void stat_verdict_topdown(struct stat_verdicts *v, const struct topdown *t)
{
	size_t most = ARRAY_SIZE(topdown_rules);
	size_t from = v->n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(topdown_rules); i++) {
		unsigned int tenths = t->tenths[topdown_rules[i].part];

		if (reaches(tenths / 10.0, topdown_rules[i].limit) &&
		    (most == ARRAY_SIZE(topdown_rules) ||
		     tenths > t->tenths[topdown_rules[most].part]))
			most = i;
	}
	if (most < ARRAY_SIZE(topdown_rules)) {
		enum topdown_part part = topdown_rules[most].part;
		const char *next = topdown_rules[most].next;

		add(v, topdown_rules[most].rule, next ? next : count_caches(),
		    "%s: %.1f %% of the %s %s", topdown_rules[most].text, t->tenths[part] / 10.0,
		    t->unit, topdown_names[part].doc);
	} else if (reaches(t->tenths[TD_RETIRING] / 10.0, LIMIT_RETIRING)) {
		add(v, "instruction-bound", "obsctl pmu record -g -d 10",
		    "bound by instructions: %.1f %% of the %s %s", t->tenths[TD_RETIRING] / 10.0,
		    t->unit, topdown_names[TD_RETIRING].doc);
	}
	add_end(v, from, "", t->shared);
}

/** stat_verdict_help() - The thresholds, as help has them. */
void stat_verdict_help(FILE *to)
{
	size_t i;

	fputs("\nThresholds of the verdict:\n", to);
	for (i = 0; i < NR_VERDICT_LIMITS; i++) {
		const struct verdict_limit *l = &verdict_limits[i];
		char value[40];

		if (l->value < 10 && !*l->unit)
			snprintf(value, sizeof(value), "%.1f", l->value);
		else
			format_count(value, sizeof(value), (uint64_t)l->value);
		if (*l->unit)
			strcat(value, " %");
		fprintf(to, "  %-16s %9s  ", l->name, value);
		help_words(to, l->doc, 30, 30);
	}
}

void stat_verdict_free(struct stat_verdicts *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		free(v->v[i].sentence);
	strings_free(&v->missing);
	memset(v, 0, sizeof(*v));
}
