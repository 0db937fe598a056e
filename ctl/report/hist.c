// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms. A bucket is at most 1/16 as wide as its smallest value. A
 * percentile is given as the largest value of the bucket it is in, and never
 * above the largest value seen: so it is never too low, and at most 6.25 % too
 * high.
 */

#include <string.h>

#include "report/hist.h"
#include "lib/util.h"

#define SUB_BITS	4
#define SUB		(1u << SUB_BITS)

/**
 * hist_percentile() - The value that @part of all values do not exceed.
 * Return: an upper bound of it, at most 1/16 above; 0 without buckets.
 */
uint64_t hist_percentile(const struct row *row, double part)
{
	uint64_t total = 0;
	uint64_t seen = 0;
	uint64_t rank;
	size_t i;

	for (i = 0; i < row->nr_buckets; i++)
		total += row->buckets[i].count;
	if (!total)
		return 0;
	rank = (uint64_t)(part * (double)total);
	if (!rank || (double)rank + 0.000001 < part * (double)total)
		rank++;
	for (i = 0; i < row->nr_buckets; i++) {
		seen += row->buckets[i].count;
		if (seen >= rank)
			break;
	}
	if (i == row->nr_buckets)
		i--;
	if (row->max && row->buckets[i].hi > row->max)
		return row->max;
	return row->buckets[i].hi;
}

/* Log-linear place of a value: sixteen places for each power of two. */
static unsigned int place_of(uint64_t v)
{
	unsigned int e;

	if (v < SUB)
		return (unsigned int)v;
	e = 63 - (unsigned int)__builtin_clzll(v);
	return (e - SUB_BITS + 1) * SUB + (unsigned int)(v >> (e - SUB_BITS) & (SUB - 1));
}

static uint64_t value_of(unsigned int place)
{
	unsigned int shift;

	if (place < SUB)
		return place;
	shift = place / SUB - 1;
	if (shift >= 60)
		return UINT64_MAX;
	return (uint64_t)(SUB + place % SUB) << shift;
}

/**
 * hist_bars() - Gather the buckets to at most @max lines without gaps, as fine
 * as that allows. Return: how many.
 */
size_t hist_bars(const struct row *row, struct hist_bar *bars, size_t max)
{
	unsigned int step = 1;
	unsigned int first;
	unsigned int last;
	size_t n;
	size_t i;

	if (!row->nr_buckets)
		return 0;
	first = place_of(row->buckets[0].lo);
	last = place_of(row->buckets[row->nr_buckets - 1].lo);
	while (last / step - first / step + 1 > max)
		step *= 2;
	n = last / step - first / step + 1;
	memset(bars, 0, n * sizeof(*bars));
	for (i = 0; i < n; i++) {
		bars[i].lo = value_of((unsigned int)(first / step + i) * step);
		bars[i].hi = value_of((unsigned int)(first / step + i + 1) * step) - 1;
	}
	for (i = 0; i < row->nr_buckets; i++)
		bars[place_of(row->buckets[i].lo) / step - first / step].count +=
			row->buckets[i].count;
	return n;
}

/** hist_draw() - Add a bar whose length is @count of @most. */
void hist_draw(struct buf *line, uint64_t count, uint64_t most, bool utf8)
{
	static const char *const eighths[] = {
		"", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	};
	double part = most ? (double)count / (double)most : 0;
	uint64_t units = (uint64_t)(part * HIST_BAR_WIDTH * 8);
	uint64_t i;

	if (count && !units)
		units = 1;
	for (i = 0; i < units / 8; i++)
		buf_puts(line, utf8 ? "█" : "#");
	if (utf8)
		buf_puts(line, eighths[units % 8]);
	else if (units % 8 >= 4 || units < 8)
		buf_puts(line, units ? "#" : "");
}

/** hist_terminal_is_utf8() - Whether the locale's characters are UTF-8. */
bool hist_terminal_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}
