// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict on a call site. The window is cut into six parts of equal length;
 * for each there is the number of objects born in it that are still live, and
 * the number of live objects at its end. Objects of the last part had no time
 * to be freed: the parts before it are those that count.
 *
 *   leak	Each of these parts kept objects, 16 or more in all, and about the
 *		same number: their mean is above 0 with 95 % confidence (Student's
 *		test; the scatter is taken to be no less than that of independent
 *		events). The first two kept at least a third of what the last two
 *		did: frees do not catch up. The live objects became more in the
 *		second half, by an eighth of those kept or more. The memory is not
 *		of a kind that the kernel takes back when it needs it.
 *   steps	Not so, since the parts kept too different numbers, but objects came
 *		in two or more bursts with a pause between, the last of which kept at
 *		least a third of what the first did, and none was taken back: a leak
 *		on every resume or cron job, or a cache that fills now and then.
 *   turnover	leak or steps by the above, but the cache as a whole freed as many
 *		objects from before the window as it gained in it, within two
 *		standard deviations, and some in each part of the second half:
 *		objects that live longer than the window.
 *   cache	None of these, but 16 objects or more were kept, a tenth of those
 *		allocated or more: it grew and stopped, or was trimmed.
 *   churn	Neither, and half of 16 or more objects were freed.
 *   stable	The rest: little happened.
 *
 * obsctl(8) says the same to users: keep them alike.
 */

#include <math.h>
#include <string.h>

#include "cmd/slab/trend.h"
#include "cmd/slab/verdict.h"

#define SURE	0.95
#define FEW	16

/* How much of a bucket of ages lies between two ages. */
static double overlap(const struct bucket *b, double from, double to)
{
	double lo = (double)b->lo;
	double hi = (double)b->hi + 1;
	double left = lo > from ? lo : from;
	double right = hi < to ? hi : to;

	return right > left ? (right - left) / (hi - lo) : 0;
}

/** verdict_add_ages() - Sort live objects into the parts of the window that they were born in. */
void verdict_add_ages(struct evidence *e, const struct bucket *buckets, size_t n)
{
	double part = (double)e->window / VERDICT_PARTS;
	size_t i;
	size_t k;

	for (i = 0; i < n; i++)
		for (k = 0; k < VERDICT_PARTS; k++) {
			/* Clocks are read one after the other: an age can exceed the window. */
			double to = k ? part * (double)(VERDICT_PARTS - k) : INFINITY;
			double from = part * (double)(VERDICT_PARTS - 1 - k);

			e->kept[k] += (double)buckets[i].count * overlap(&buckets[i], from, to);
		}
}

/* Parts that are over, and none of whose objects --older left out. */
static size_t parts_that_count(const struct evidence *e)
{
	double part = (double)e->window / VERDICT_PARTS;
	size_t n = VERDICT_PARTS - 1;

	while (n && (double)e->older > part * (double)(VERDICT_PARTS - n))
		n--;
	return n;
}

static double sum_of(const double *v, size_t n)
{
	double sum = 0;

	while (n--)
		sum += v[n];
	return sum;
}

/* How sure it is that the mean of the first @n parts is above 0. */
static double mean_confidence(const double *kept, size_t n)
{
	double mean = sum_of(kept, n) / (double)n;
	double squares = 0;
	double variance;
	size_t i;

	if (mean <= 0)
		return 0;
	for (i = 0; i < n; i++)
		squares += (kept[i] - mean) * (kept[i] - mean);
	variance = squares / (double)(n - 1);
	if (variance < mean)
		variance = mean;
	return student_confidence(mean / sqrt(variance / (double)n), n - 1);
}

/* Whether the live objects became more in the second half. */
static bool rises(const struct evidence *e, size_t n)
{
	double kept = sum_of(e->kept, n);
	double newest = n == VERDICT_PARTS - 1 ? e->kept[n] - kept / (double)n : 0;
	double rise = (double)e->live[VERDICT_PARTS] - (double)e->live[VERDICT_PARTS / 2];

	/* Objects in use for a moment make the live ones vary by as much. */
	return rise >= kept / 8 - (newest > 0 ? newest : 0);
}

static bool is_regular(const struct evidence *e, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (e->kept[i] < 0.5)
			return false;
	return e->confidence >= SURE &&
	       e->kept[0] + e->kept[1] >= (e->kept[n - 2] + e->kept[n - 1]) / 3;
}

/* Bursts in which objects were kept: parts without a pause between them. */
struct bursts {
	size_t	n;
	size_t	gap;		/* longest distance between the begins of two, in parts */
	double	first;		/* kept by the first and the last */
	double	last;
};

static struct bursts find_bursts(const struct evidence *e, size_t n)
{
	double least = fmax(sum_of(e->kept, n) / 8, 0.5);
	struct bursts b = {};
	size_t begin = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (e->kept[i] < least)
			continue;
		if (!i || e->kept[i - 1] < least) {
			if (b.n++ && i - begin > b.gap)
				b.gap = i - begin;
			begin = i;
			b.last = 0;
		}
		b.last += e->kept[i];
		if (b.n == 1)
			b.first = b.last;
	}
	return b;
}

static bool is_stepped(const struct evidence *e, size_t n)
{
	struct bursts b = find_bursts(e, n);

	return b.n > 1 && b.last >= b.first / 3;
}

/*
 * Whether the cache freed as many objects from before the window as it gained in
 * it, and did so to the end: what lives shortly is in both numbers alike, and
 * what something freed once is no turnover.
 */
static bool is_turnover(const struct evidence *e)
{
	double freed = (double)e->cache_freed;
	size_t k;

	if (!e->cache_known || freed + 2 * sqrt(freed) < (double)e->cache_gained)
		return false;
	for (k = VERDICT_PARTS / 2; k < VERDICT_PARTS; k++)
		if ((double)e->cache_freed_by[k + 1] - (double)e->cache_freed_by[k] <
		    1 + freed / 48)
			return false;
	return true;
}

/** verdict_judge() - Return: the verdict; the evidence gets its confidence. */
enum verdict verdict_judge(struct evidence *e)
{
	size_t n = parts_that_count(e);
	double kept = sum_of(e->kept, n);

	e->confidence = n > 1 ? mean_confidence(e->kept, n) : 0;
	if (e->window < VERDICT_SHORTEST)
		return VERDICT_NONE;
	if (!e->reclaimable && n >= 3 && kept >= FEW - 0.5 && rises(e, n)) {
		bool regular = is_regular(e, n);

		if (regular || is_stepped(e, n))
			return is_turnover(e) ? VERDICT_TURNOVER :
			       regular ? VERDICT_LEAK : VERDICT_STEPS;
	}
	if (kept >= FEW - 0.5 && kept * 10 >= (double)e->allocated)
		return VERDICT_CACHE;
	if (e->allocated >= FEW && e->freed * 2 >= e->allocated)
		return VERDICT_CHURN;
	return VERDICT_STABLE;
}

/**
 * verdict_longer() - How long a session must be to tell steps from a cache.
 *
 * Every part of it has to see a step; a period can be a part longer than it
 * looks. Return: ns, 0 when that does not help.
 */
uint64_t verdict_longer(const struct evidence *e)
{
	size_t gap = find_bursts(e, parts_that_count(e)).gap;

	return gap ? e->window * (gap + 1) : 0;
}

/** verdict_name() - Return: the word for a verdict. */
const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "-",
		[VERDICT_STABLE] = "stable",
		[VERDICT_CHURN] = "churn",
		[VERDICT_CACHE] = "cache",
		[VERDICT_TURNOVER] = "turnover",
		[VERDICT_STEPS] = "steps",
		[VERDICT_LEAK] = "leak",
	};

	return names[v];
}

/** verdict_find() - Return: the verdict of a word; VERDICT_NONE for another one, or NULL. */
enum verdict verdict_find(const char *name)
{
	enum verdict v = VERDICT_LEAK;

	while (v > VERDICT_NONE && (!name || strcmp(name, verdict_name(v))))
		v--;
	return v;
}
