// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the counters: every reason is described, and sums are exact.
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/string.h>

#include "core/source.h"
#include "lib/counters.h"
#include "lib/inflight.h"

/* Names are keys of JSON objects and columns of reports. */
static void check_reason(struct kunit *test, const struct kobs_reason *r)
{
	const char *p;

	KUNIT_ASSERT_NOT_NULL(test, r->name);
	KUNIT_ASSERT_NOT_NULL_MSG(test, r->doc, "%s", r->name);
	KUNIT_EXPECT_GT_MSG(test, strlen(r->doc), 0, "%s", r->name);
	KUNIT_EXPECT_GT(test, strlen(r->name), 0);
	for (p = r->name; *p; p++)
		KUNIT_EXPECT_TRUE_MSG(test, islower(*p) || *p == '_',
				      "'%c' in '%s'", *p, r->name);
}

static void reasons_are_described(struct kunit *test)
{
	const struct kobs_source *src;
	unsigned int place;
	enum kobs_counter c;

	for (c = KOBS_N_LOST; c < KOBS_N_SOURCE; c++)
		check_reason(test, kobs_counters_reason(c));
	for (place = 0; (src = kobs_source_at(place)); place++) {
		KUNIT_ASSERT_LE_MSG(test, src->n_reasons, KOBS_SOURCE_REASONS,
				    "%s", src->name);
		for (c = KOBS_N_SOURCE; c < KOBS_N_SOURCE + src->n_reasons; c++)
			check_reason(test, kobs_source_reason(src, c));
		for (; c < KOBS_N; c++)
			KUNIT_EXPECT_NULL(test, kobs_source_reason(src, c));
	}
	KUNIT_EXPECT_GT(test, place, 1);
}

/* The reasons of each source differ from each other and from the engine's. */
static void reasons_differ(struct kunit *test)
{
	const struct kobs_source *src;
	unsigned int place;
	enum kobs_counter a;
	enum kobs_counter b;

	for (place = 0; (src = kobs_source_at(place)); place++)
		for (a = KOBS_N_LOST; a < KOBS_N_SOURCE + src->n_reasons; a++)
			for (b = KOBS_N_LOST; b < a; b++)
				KUNIT_EXPECT_STRNEQ(test,
						    kobs_source_reason(src, a)->name,
						    kobs_source_reason(src, b)->name);
}

static void count_adds_one(struct kunit *test)
{
	struct kobs_counters c = {};
	struct kobs_counts sum = {};
	unsigned int i;
	unsigned int j;

	for (i = 0; i < KOBS_N; i++)
		for (j = 0; j < i + 1; j++)
			kobs_count(&c, i);
	kobs_counters_add(&sum, &c);
	for (i = 0; i < KOBS_N; i++)
		KUNIT_EXPECT_EQ(test, sum.n[i], i + 1);
}

static void sum_keeps_what_was_there(struct kunit *test)
{
	struct kobs_counters c = {};
	struct kobs_counts sum = {};
	unsigned int i;

	kobs_count(&c, KOBS_N_HITS);
	for (i = 0; i < 5; i++)
		kobs_counters_add(&sum, &c);
	KUNIT_EXPECT_EQ(test, sum.n[KOBS_N_HITS], 5);
	KUNIT_EXPECT_EQ(test, sum.n[KOBS_N_RECORDED], 0);
}

/* A call that starts on one CPU and returns on the other. */
static void negative_in_flight_cancels(struct kunit *test)
{
	struct kobs_counts sum = {};
	struct kobs_counters *cpu;

	cpu = kunit_kcalloc(test, 2, sizeof(*cpu), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	local64_set(&cpu[0].n[KOBS_N_IN_FLIGHT], 7);
	local64_set(&cpu[1].n[KOBS_N_IN_FLIGHT], -4);
	kobs_counters_add(&sum, &cpu[1]);
	KUNIT_EXPECT_EQ(test, sum.n[KOBS_N_IN_FLIGHT], -4);
	kobs_counters_add(&sum, &cpu[0]);
	KUNIT_EXPECT_EQ(test, sum.n[KOBS_N_IN_FLIGHT], 3);
}

static void counters_pass_32_bits(struct kunit *test)
{
	struct kobs_counters c = {};
	struct kobs_counts sum = {};

	local64_set(&c.n[KOBS_N_HITS], U32_MAX);
	kobs_count(&c, KOBS_N_HITS);
	kobs_counters_add(&sum, &c);
	kobs_counters_add(&sum, &c);
	KUNIT_EXPECT_EQ(test, sum.n[KOBS_N_HITS], 1LL << 33);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(reasons_are_described),
	KUNIT_CASE(reasons_differ),
	KUNIT_CASE(count_adds_one),
	KUNIT_CASE(sum_keeps_what_was_there),
	KUNIT_CASE(negative_in_flight_cancels),
	KUNIT_CASE(counters_pass_32_bits),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_counters",
	.test_cases = cases,
};

kunit_test_suite(suite);
