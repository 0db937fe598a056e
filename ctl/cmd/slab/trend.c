// SPDX-License-Identifier: GPL-2.0
/*
 * The slope of a count, from readings of it, and its significance.
 *
 * The slope is the change over the window. A line fitted through the readings
 * would be about as steep, but its error would be too small: a count of objects
 * is a sum of what came and went, so its readings depend on those before. Steps
 * between readings do not. If the count only wanders, steps scatter around 0 by
 * a variance that grows with their length, and the error of the slope follows
 * from that scatter. One big step among many that are 0 (a cache that fills) is
 * no growth by this measure; steps that are alike (a leak) are.
 */

#include <math.h>

#include "cmd/slab/trend.h"

/** trend_add() - Take a reading at @ns. Readings not later than the last are ignored. */
void trend_add(struct trend *t, uint64_t ns, uint64_t value)
{
	double seconds;
	double step;

	if (!t->begun) {
		t->begun = true;
		t->first = value;
		t->from = ns;
	} else {
		if (ns <= t->to)
			return;
		seconds = (double)(ns - t->to) / 1e9;
		step = (double)value - (double)t->last;
		t->squares += step * step / seconds;
		t->steps++;
	}
	t->last = value;
	t->to = ns;
}

static double seconds_of(const struct trend *t)
{
	return (double)(t->to - t->from) / 1e9;
}

/** trend_rate() - Return: the slope, per second. */
double trend_rate(const struct trend *t)
{
	if (!t->steps)
		return 0;
	return ((double)t->last - (double)t->first) / seconds_of(t);
}

/** trend_error() - Return: the standard error of the slope; 0 with less than two steps. */
double trend_error(const struct trend *t)
{
	double rate = trend_rate(t);
	double scatter;

	if (t->steps < 2)
		return 0;
	scatter = t->squares - rate * rate * seconds_of(t);
	/* What rounding leaves of steps that are all alike. */
	if (scatter < t->squares / 1e12)
		return 0;
	return sqrt(scatter / (double)(t->steps - 1) / seconds_of(t));
}

/**
 * student_confidence() - Student's distribution.
 * @freedom: degrees of freedom, at least 1
 *
 * By the finite series for a whole number of degrees. Return: the probability
 * of a value between -@t and @t.
 */
double student_confidence(double t, size_t freedom)
{
	double angle = atan(fabs(t) / sqrt((double)freedom));
	double cosine = cos(angle);
	bool odd = freedom % 2;
	double term = odd ? cosine : 1;
	double sum = freedom > 1 ? term : 0;
	size_t k;

	for (k = odd ? 3 : 2; k < freedom; k += 2) {
		term *= cosine * cosine * (double)(k - 1) / (double)k;
		sum += term;
	}
	if (odd)
		return (angle + sin(angle) * sum) * 2 / M_PI;
	return sin(angle) * sum;
}

/**
 * trend_confidence() - How sure it is that the slope is not 0.
 * Return: 0 to 1; 0 as well when there are less than two steps.
 */
double trend_confidence(const struct trend *t)
{
	double rate = trend_rate(t);
	double error = trend_error(t);

	if (t->steps < 2 || rate == 0)
		return 0;
	return error > 0 ? student_confidence(rate / error, t->steps - 1) : 1;
}
