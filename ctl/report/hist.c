// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms. A bucket is at most 1/16 as wide as its smallest value. A
 * percentile is given as the largest value of the bucket it is in, and never
 * above the largest value seen: so it is never too low, and at most 6.25 % too
 * high.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/hist.h"

#define SUB_BITS	4
#define SUB		(1u << SUB_BITS)

static const struct {
	double		part;
	const char	*key;
	const char	*header;
} percentiles[] = {
	{ 0.5, "p50", "P50" },
	{ 0.9, "p90", "P90" },
	{ 0.99, "p99", "P99" },
	{ 0.999, "p999", "P99.9" },
};

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

/** hist_print_percentiles() - Cells of a row: the usual percentiles, in the value's unit. */
void hist_print_percentiles(const struct row *row, struct out *o, const char *unit)
{
	char shown[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(percentiles); i++) {
		uint64_t v = hist_percentile(row, percentiles[i].part);

		format_value(shown, sizeof(shown), (double)v, unit);
		out_cell_shown(o, percentiles[i].key, percentiles[i].header, v, shown);
	}
}

/** hist_print_json() - The buckets of a row, in JSON only. */
void hist_print_json(const struct row *row, struct out *o)
{
	size_t i;

	if (!o->json)
		return;
	out_open(o, "hist", '[');
	for (i = 0; i < row->nr_buckets; i++) {
		out_open(o, NULL, '{');
		out_json_number(o, "lo", row->buckets[i].lo);
		out_json_number(o, "hi", row->buckets[i].hi);
		out_json_number(o, "count", row->buckets[i].count);
		out_close(o, '}');
	}
	out_close(o, ']');
}
