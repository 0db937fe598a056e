// SPDX-License-Identifier: GPL-2.0
/*
 * Which counts a verdict can rely on: of events that were asked for, counted here, for long
 * enough, and often enough; and what is missing.
 */

#include <string.h>

#include "cmd/pmu/last_cache.h"
#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/stat_verdict.h"
#include "lib/format.h"
#include "lib/macros.h"

static bool is_absent(const struct strings *absent, const char *event, const char *mods)
{
	size_t i;

	for (i = 0; i < absent->n; i++)
		if (stat_is_event(absent->v[i], event) &&
		    !strcmp(stat_modifiers(absent->v[i]), mods))
			return true;
	return false;
}

struct asked {
	const struct stat_state *st;
	const struct strings *absent;
	const char *mods;
	struct strings *missing;
	uint32_t *shared;
};

/* Why a sum cannot be used, as the rest of a sentence; NULL if it can. */
static const char *why_not(bool sampled, const struct stat_sum *s, enum verdict_limit_id least,
			   bool absent, char *buf, size_t size)
{
	double limit = least == NR_VERDICT_LIMITS ? 0 : verdict_limits[least].value;
	double samples = least == NR_VERDICT_LIMITS ? 0 : verdict_limits[LIMIT_SAMPLES].value;
	char n[32], needed[32];

	if (absent)
		return "is not counted by this machine";
	if (!s->found)
		return "is not among the events";
	if (s->unscaled)
		return "was not counted: no counter was free";
	if (s->running * 100 < s->enabled * verdict_limits[LIMIT_COUNTED_FOR].value) {
		snprintf(buf, size, "was counted for %.1f %% of the time, and less than %.0f %% are not scaled up",
			 s->running * 100 / s->enabled, verdict_limits[LIMIT_COUNTED_FOR].value);
		return buf;
	}
	if (sampled && (double)s->samples < samples) {
		snprintf(buf, size, "has %llu samples, and a verdict needs %.0f",
			 (unsigned long long)s->samples, samples);
		return buf;
	}
	if (s->counted >= limit)
		return NULL;
	snprintf(buf, size, "counted %s, and a verdict needs %s",
		 format_count(n, sizeof(n), (uint64_t)s->counted),
		 format_count(needed, sizeof(needed), (uint64_t)limit));
	return buf;
}

/* A sum that a verdict can rely on; @what it is for, where that is to be told; @of: a bit. */
static bool take(const struct asked *a, const char *event, enum verdict_limit_id least,
		 const char *what, uint32_t of, double *n)
{
	struct stat_sum s = stat_sum_of(a->st, event, a->mods, STAT_ALL);
	struct buf line = {};
	char buf[128];
	bool absent = is_absent(a->absent, event, a->mods);
	const char *why = why_not(a->st->sampled, &s, least, absent, buf, sizeof(buf));

	*n = s.n;
	if (!why && s.shared)
		*a->shared |= of;
	if (why && what && a->missing) {
		buf_printf(&line, "%s: %s%s%s %s", what, event, *a->mods ? ":" : "", a->mods, why);
		strings_add(a->missing, line.p);
	}
	buf_free(&line);
	return !why;
}

static bool was_asked_for(const struct asked *a, const char *event)
{
	return is_absent(a->absent, event, a->mods) ||
	       stat_sum_of(a->st, event, a->mods, STAT_ALL).found;
}

static bool one_was_asked_for(const struct asked *a, const char *one, const char *other)
{
	return was_asked_for(a, one) || was_asked_for(a, other);
}

/* The first of the pairs that was asked for and is of the last cache; or why there is none. */
static const struct cache_events *find_caches(const struct asked *a)
{
	struct buf line = {};
	const char *instead;
	size_t i;

	for (i = 0; i < NR_CACHES; i++) {
		if (!one_was_asked_for(a, cache_events[i].of, cache_events[i].per))
			continue;
		instead = cache_is_not_last(i);
		if (!instead) {
			buf_free(&line);
			return &cache_events[i];
		}
		if (!line.len)
			buf_printf(&line, "memory: %s are %s here", cache_events[i].of, instead);
	}
	if (line.len && a->missing)
		strings_add(a->missing, line.p);
	buf_free(&line);
	return NULL;
}

static void take_caches(struct stat_judged *c, const struct asked *a, double instructions)
{
	const struct cache_events *e = find_caches(a);
	double misses, references;

	if (!e || !take(a, e->per, LIMIT_EVENTS, "memory", OF_CACHES, &references) ||
	    !take(a, e->of, NR_VERDICT_LIMITS, "memory", OF_CACHES, &misses))
		return;
	c->has_misses = true;
	c->caches = e;
	c->miss_rate = misses / references;
	c->misses = misses * 1000 / instructions;
}

/**
 * stat_verdict_count() - Take what the rules need of the events with these modifiers.
 * @absent: events that were asked for, and that the machine does not count
 * @missing: gets what cannot be told, and why
 *
 * Return: whether any of the rules' events was asked for.
 */
bool stat_verdict_count(struct stat_judged *c, const struct stat_state *st, const char *mods,
			const struct strings *absent, struct strings *missing)
{
	enum { BRANCHES = 6 };
	static const char *const events[] = {
		"cycles", "instructions", "cache-references", "cache-misses", "LLC-loads",
		"LLC-load-misses", [BRANCHES] = "branches", "branch-misses",
	};
	struct asked a = { st, absent, mods, missing, &c->shared };
	double cycles, instructions, branches, misses;
	bool of_branches, of_more = false;
	const char *what;
	size_t i;

	memset(c, 0, sizeof(*c));
	c->branches = -1;
	for (i = 0; i < BRANCHES; i++)
		of_more |= was_asked_for(&a, events[i]);
	of_branches = one_was_asked_for(&a, events[BRANCHES], events[BRANCHES + 1]);
	if (!of_more && !of_branches)
		return false;
	/* What nobody asked for is not missed. */
	what = of_more ? "IPC" : NULL;
	c->has_ipc = take(&a, "cycles", LIMIT_CYCLES, what, OF_CYCLES, &cycles) &&
		     take(&a, "instructions", LIMIT_CYCLES, what, OF_INSTRUCTIONS, &instructions);
	if (c->has_ipc) {
		c->ipc = instructions / cycles;
		take_caches(c, &a, instructions);
	}
	what = of_branches ? "branches" : NULL;
	c->has_branches = take(&a, events[BRANCHES], LIMIT_EVENTS, what, OF_BRANCHES,
			       &branches) &&
			  take(&a, events[BRANCHES + 1], NR_VERDICT_LIMITS, what, OF_BRANCHES,
			       &misses);
	if (c->has_branches) {
		c->branch_rate = misses / branches;
		if (c->has_ipc)
			c->branches = misses * 1000 / instructions;
	}
	return true;
}

static void add(struct stat_sum *all, const struct stat_sum *s)
{
	all->counted += s->counted;
	all->samples += s->samples;
}

/**
 * stat_verdict_slots() - Whether a verdict can rely on a plan's events.
 * @names: of its events
 * @missing: gets why not
 *
 * Each must have been counted for long enough, and what is divided often enough: a part of it
 * can be small.
 */
bool stat_verdict_slots(const struct stat_state *st, const struct topdown_plan *plan,
			const char *const *names, struct strings *missing)
{
	struct stat_sum all = { .found = true };
	const char *role = plan->method->unit;
	struct buf line = {};
	const char *why = NULL;
	char buf[128];
	size_t i;

	for (i = 0; !why && i < plan->n; i++) {
		struct stat_sum s = stat_sum_of(st, names[i], stat_modifiers(names[i]), STAT_ALL);

		why = why_not(st->sampled, &s, NR_VERDICT_LIMITS, false, buf, sizeof(buf));
		if (why)
			role = plan->method->event[plan->event[i]].role;
		else if (!i || plan->method->of_parts)
			add(&all, &s);
	}
	if (!why)
		why = why_not(st->sampled, &all, LIMIT_CYCLES, false, buf, sizeof(buf));
	if (why) {
		buf_printf(&line, "slots: the event of '%s' %s", role, why);
		strings_add(missing, line.p);
	}
	buf_free(&line);
	return !why;
}
