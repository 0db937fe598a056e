// SPDX-License-Identifier: GPL-2.0
/* Unit tests of sums that 64 bits do not hold: run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/macros.h"
#include "report/wide.h"

#define u128 unsigned __int128

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

/* The bucket of a value, as kmod/lib/hist.h has it. */
static struct bucket bucket_of(uint64_t v)
{
	unsigned int shift = v < 16 ? 0 : 59 - (unsigned int)__builtin_clzll(v);
	uint64_t lo = v >> shift << shift;

	return (struct bucket){ .lo = lo, .hi = lo + ((1ull << shift) - 1), .count = 1 };
}

/* Add a value as the module does. */
static void add(struct row *row, u128 *sum, uint64_t v)
{
	struct bucket b = bucket_of(v);
	size_t i;

	row->min = !row->count || v < row->min ? v : row->min;
	row->max = v > row->max ? v : row->max;
	row->count++;
	row->sum += v;
	*sum += v;
	for (i = 0; i < row->nr_buckets && row->buckets[i].lo != b.lo; i++)
		;
	if (i == row->nr_buckets)
		row->buckets[row->nr_buckets++] = b;
	else
		row->buckets[i].count++;
}

static uint64_t any(void)
{
	return ((uint64_t)random() << 32) ^ (uint64_t)random();
}

/* What is told of many values is their sum, or that it is not known. */
static enum wide take(unsigned int n, uint64_t base, uint64_t range, bool *right)
{
	static struct bucket buckets[1000];
	struct row row = { .buckets = buckets };
	u128 sum = 0;
	uint64_t high;
	enum wide what;

	while (n--)
		add(&row, &sum, base + (range ? any() % range : 0));
	what = wide_sum(&row, &high);
	*right = what == WIDE_UNKNOWN || ((u128)high << 64 | row.sum) == sum;
	if (what != WIDE_NOT && wide_weight(&row) != UINT64_MAX)
		*right = false;
	return what;
}

static void test_sums(void)
{
	static const struct {
		unsigned int n;
		uint64_t	base;
		uint64_t	range;
		enum wide	what;
		const char	*name;
	} cases[] = {
		{ 5, 1, 10, WIDE_NOT, "small values" },
		{ 1000, 0, 1ull << 40, WIDE_NOT, "sizes" },
		{ 1, UINT64_MAX, 0, WIDE_NOT, "the largest value, once" },
		{ 2, UINT64_MAX, 0, WIDE_KNOWN, "the largest value, twice" },
		{ 1000000, UINT64_MAX, 0, WIDE_KNOWN, "the largest value, often" },
		{ 2, 1ull << 63, 0, WIDE_KNOWN, "a sum of 2^64" },
		{ 3, 0xffff888000000000ull, 1 << 20, WIDE_KNOWN, "addresses" },
		{ 100, 1ull << 60, 1ull << 40, WIDE_KNOWN, "values close together" },
		{ 100000, 1ull << 63, 1ull << 62, WIDE_UNKNOWN, "one of several sums" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool right;
		enum wide what = take(cases[i].n, cases[i].base, cases[i].range, &right);

		ok(right, cases[i].name);
		if (what != cases[i].what)
			printf("# told %d\n", what);
		ok(what == cases[i].what, "what is told of it");
	}
}

static void test_random(void)
{
	unsigned int told[3] = {};
	bool all = true;
	bool right;
	int i;

	for (i = 0; i < 3000; i++) {
		uint64_t range = 1ull << random() % 64;

		told[take(1 + (unsigned int)random() % 40, (uint64_t)random() << random() % 33,
			  range, &right)]++;
		all &= right;
	}
	printf("# %u in 64 bits, %u beyond, %u not known\n", told[0], told[1], told[2]);
	ok(all, "no sum of random values is told wrong");
	ok(told[WIDE_NOT] && told[WIDE_KNOWN] && told[WIDE_UNKNOWN], "each occurs");
}

/* A row that has no histogram, and one that changes while it is read. */
static void test_rows(void)
{
	struct bucket b = { .lo = 15ull << 60, .hi = UINT64_MAX, .count = 2 };
	struct row row = {
		.count = 2, .max = UINT64_MAX, .min = UINT64_MAX, .sum = UINT64_MAX - 1,
	};
	char text[WIDE_DIGITS];
	uint64_t high;

	ok(wide_sum(&row, &high) == WIDE_UNKNOWN, "without a histogram it is not known");
	row.buckets = &b;
	row.nr_buckets = 1;
	ok(wide_sum(&row, &high) == WIDE_KNOWN && high == 1, "with one it is");
	ok(!strcmp(wide_format(text, sizeof(text), high, row.sum, false),
		   "36893488147419103230"), "in digits");
	ok(!strcmp(wide_format(text, sizeof(text), high, row.sum, true),
		   "36,893,488,147,419,103,230"), "with commas");
	ok(!strcmp(wide_format(text, sizeof(text), UINT64_MAX, UINT64_MAX, true),
		   "340,282,366,920,938,463,463,374,607,431,768,211,455"), "the largest number");
	ok(wide_double(1, 0) == 18446744073709551616.0, "as a real number");
	row.sum = 1000;
	row.max = 1000;
	row.count = 1;
	ok(wide_sum(&row, &high) == WIDE_NOT && wide_weight(&row) == 1000, "a usual row");
}

int main(void)
{
	srandom(1);
	test_sums();
	test_random();
	test_rows();
	printf("1..%u\n", test_nr);
	return failures != 0;
}
