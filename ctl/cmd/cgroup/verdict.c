// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict on the memory of a control group, from readings of it. Pure.
 *
 * What counts is what is held: all but the page cache and reclaimable slab, which the
 * kernel takes back before it kills. A steady climb to the limit is a leak, or a group
 * that is too small; a spike is one request, and so is what was given back; cache that
 * fills the limit is no problem as such. After a kill the memory is gone, and not given
 * back: it is judged up to its peak.
 */

#include "cmd/cgroup/verdict.h"
#include "cmd/slab/slab.h"
#include "lib/macros.h"

/* Less than this is noise: bytes, and a share of the limit or of what is used. */
#define FLOOR_BYTES	(1ull << 20)
#define FLOOR_PARTS	100
/* A climb takes this many steps. */
#define CLIMB_STEPS	4
/* A limit is filled from here on. */
#define FULL_PERCENT	90

static uint64_t held(const struct cgroup_reading *r)
{
	return r->cache < r->current ? r->current - r->cache : 0;
}

static size_t find_peak(const struct cgroup_reading *v, size_t n)
{
	size_t peak = 0;
	size_t i;

	for (i = 1; i < n; i++)
		if (held(&v[i]) > held(&v[peak]))
			peak = i;
	return peak;
}

static uint64_t largest_step(const struct cgroup_reading *v, size_t peak)
{
	uint64_t most = 0;
	size_t i;

	for (i = 1; i <= peak; i++)
		if (held(&v[i]) > held(&v[i - 1]) && held(&v[i]) - held(&v[i - 1]) > most)
			most = held(&v[i]) - held(&v[i - 1]);
	return most;
}

/* The trend of what is held, up to the peak. */
static void measure(const struct cgroup_reading *v, struct cgroup_judgement *j)
{
	struct trend t = {};
	size_t i;

	for (i = 0; i <= j->peak; i++)
		trend_add(&t, v[i].time, held(&v[i]));
	j->rate = trend_rate(&t);
	j->sure = trend_confidence(&t);
	j->rise = (int64_t)held(&v[j->peak]) - (int64_t)held(&v[0]);
	j->step = largest_step(v, j->peak);
}

static int64_t floor_of(uint64_t of)
{
	return (int64_t)(of / FLOOR_PARTS > FLOOR_BYTES ? of / FLOOR_PARTS : FLOOR_BYTES);
}

static enum cgroup_verdict judge_rise(const struct cgroup_reading *v, size_t n, bool killed,
				      const struct cgroup_judgement *j)
{
	int64_t gone = (int64_t)held(&v[j->peak]) - (int64_t)held(&v[n - 1]);

	if (!killed && gone >= j->rise / 2)
		return CGROUP_SPIKE;
	if (j->peak >= CLIMB_STEPS && j->sure >= SLAB_SURE && j->step < (uint64_t)j->rise / 2)
		return CGROUP_CLIMB;
	if (j->step >= (uint64_t)j->rise / 2 || gone >= j->rise / 2)
		return CGROUP_SPIKE;
	return CGROUP_UNSURE;
}

/* Whether most of a group that is at its limit could be taken back. */
static bool is_filled_by_cache(const struct cgroup_reading *last, uint64_t limit)
{
	return limit && last->current >= limit / 100 * FULL_PERCENT &&
	       last->cache >= last->current / 2;
}

/**
 * cgroup_judge() - What the memory of a group did.
 * @v: readings, in their order
 * @limit: that it reaches first, its own or of a group above it; 0 for none
 * @room: bytes that are left below @limit, in the group that has it
 * @killed: whether processes were killed for memory between the first and the last
 */
void cgroup_judge(const struct cgroup_reading *v, size_t n, uint64_t limit,
		  uint64_t room, bool killed, struct cgroup_judgement *out)
{
	const struct cgroup_reading *last = n ? &v[n - 1] : NULL;
	int64_t least;

	*out = (struct cgroup_judgement){ .verdict = CGROUP_SHORT };
	if (n < 3)
		return;
	out->peak = find_peak(v, n);
	measure(v, out);
	out->cache_rise = (int64_t)last->cache - (int64_t)v[0].cache;
	least = floor_of(limit ? limit : v[out->peak].current);
	if (out->rise >= least)
		out->verdict = judge_rise(v, n, killed, out);
	else if (out->cache_rise >= least || is_filled_by_cache(last, limit))
		out->verdict = CGROUP_CACHE;
	else
		out->verdict = CGROUP_STEADY;
	if (out->verdict == CGROUP_CLIMB && limit && out->rate > 0)
		out->left_s = (double)room / out->rate;
}

/** cgroup_verdict_name() - Return: the word for a verdict, in reports and JSON. */
const char *cgroup_verdict_name(enum cgroup_verdict verdict)
{
	static const char *const names[] = {
		[CGROUP_SHORT] = "too short", [CGROUP_STEADY] = "steady",
		[CGROUP_CLIMB] = "climb", [CGROUP_SPIKE] = "spike",
		[CGROUP_CACHE] = "cache", [CGROUP_UNSURE] = "unsure",
	};

	return names[verdict];
}
