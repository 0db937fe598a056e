// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the parameters: allowed values, and the texts of refusals.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "lib/param.h"

static const struct kobs_param params[] = {
	{ "budget", "", KOBS_TYPE_NUMBER, "%", 0, 100, 25 },
	{ "rows", "", KOBS_TYPE_NUMBER, NULL, 16, 1048576, 4096 },
	{ "any", "", KOBS_TYPE_NUMBER, "ns", 0, U64_MAX, U64_MAX },
	{ "event", "", KOBS_TYPE_TEXT, NULL, 1, 15, 3 },
	{ "functions", "", KOBS_TYPE_ADDRESSES, NULL, 2, 8, 4 },
};

enum { BUDGET, ROWS, ANY, EVENT, FUNCTIONS };

struct param_case {
	const char *desc;
	unsigned int param;
	enum kobs_type type;
	u64 number;
	const char *why;
};

static const struct param_case param_cases[] = {
	{ "smallest", BUDGET, KOBS_TYPE_NUMBER, 0 },
	{ "largest", BUDGET, KOBS_TYPE_NUMBER, 100 },
	{ "over by one", BUDGET, KOBS_TYPE_NUMBER, 101,
	  "budget is 101, but must be 0 to 100 %" },
	{ "no unit, smallest", ROWS, KOBS_TYPE_NUMBER, 16 },
	{ "no unit, under by one", ROWS, KOBS_TYPE_NUMBER, 15,
	  "rows is 15, but must be 16 to 1048576" },
	{ "no unit, over by one", ROWS, KOBS_TYPE_NUMBER, 1048577,
	  "rows is 1048577, but must be 16 to 1048576" },
	{ "64 bits", ROWS, KOBS_TYPE_NUMBER, U64_MAX,
	  "rows is 18446744073709551615, but must be 16 to 1048576" },
	{ "all of u64, zero", ANY, KOBS_TYPE_NUMBER, 0 },
	{ "all of u64, largest", ANY, KOBS_TYPE_NUMBER, U64_MAX },
	{ "text for number", BUDGET, KOBS_TYPE_TEXT, 5,
	  "budget takes a number" },
	{ "addresses for number", BUDGET, KOBS_TYPE_ADDRESSES, 5,
	  "budget takes a number" },
	{ "shortest text", EVENT, KOBS_TYPE_TEXT, 1 },
	{ "longest text", EVENT, KOBS_TYPE_TEXT, 15 },
	{ "empty text", EVENT, KOBS_TYPE_TEXT, 0,
	  "event has 0 characters, but must have 1 to 15" },
	{ "text too long", EVENT, KOBS_TYPE_TEXT, 16,
	  "event has 16 characters, but must have 1 to 15" },
	{ "number for text", EVENT, KOBS_TYPE_NUMBER, 5,
	  "event takes a text" },
	{ "fewest addresses", FUNCTIONS, KOBS_TYPE_ADDRESSES, 2 },
	{ "most addresses", FUNCTIONS, KOBS_TYPE_ADDRESSES, 8 },
	{ "too few addresses", FUNCTIONS, KOBS_TYPE_ADDRESSES, 1,
	  "functions has 1 addresses, but must have 2 to 8" },
	{ "too many addresses", FUNCTIONS, KOBS_TYPE_ADDRESSES, 9,
	  "functions has 9 addresses, but must have 2 to 8" },
	{ "text for addresses", FUNCTIONS, KOBS_TYPE_TEXT, 5,
	  "functions takes an array of addresses" },
};

KUNIT_ARRAY_PARAM_DESC(param, param_cases, desc);

static void value_is_checked(struct kunit *test)
{
	const struct param_case *c = test->param_value;
	struct kobs_value v = { .type = c->type, .number = c->number };
	char why[120] = "untouched";
	bool ok;

	ok = kobs_param_ok(&params[c->param], &v, why, sizeof(why));
	KUNIT_EXPECT_EQ(test, ok, !c->why);
	KUNIT_EXPECT_STREQ(test, why, c->why ?: "untouched");
}

/* A sentence that does not fit is truncated; memory after it is unchanged. */
static void sentence_is_bounded(struct kunit *test)
{
	struct kobs_value v = { .type = KOBS_TYPE_NUMBER, .number = 101 };
	char why[16];

	memset(why, '#', sizeof(why));
	KUNIT_EXPECT_FALSE(test, kobs_param_ok(&params[BUDGET], &v, why, 10));
	KUNIT_EXPECT_STREQ(test, why, "budget is");
	KUNIT_EXPECT_EQ(test, why[10], '#');
}

static void defaults_are_set(struct kunit *test)
{
	struct kobs_value v[ARRAY_SIZE(params) + 1];
	unsigned int i;

	memset(v, 0xaa, sizeof(v));
	kobs_param_defaults(params, ARRAY_SIZE(params), v);
	for (i = 0; i < ARRAY_SIZE(params); i++) {
		bool number = params[i].type == KOBS_TYPE_NUMBER;

		KUNIT_EXPECT_EQ(test, v[i].type, params[i].type);
		KUNIT_EXPECT_FALSE(test, v[i].given);
		KUNIT_EXPECT_EQ(test, v[i].number, number ? params[i].def : 0);
		KUNIT_EXPECT_NULL(test, v[i].text);
		KUNIT_EXPECT_NULL(test, v[i].addresses);
	}
	KUNIT_EXPECT_EQ(test, v[i].number, 0xaaaaaaaaaaaaaaaaULL);
}

/* Else every session would have to name them. */
static void numeric_defaults_are_allowed(struct kunit *test)
{
	struct kobs_value v[ARRAY_SIZE(params)];
	char why[120];
	unsigned int i;

	kobs_param_defaults(params, ARRAY_SIZE(params), v);
	for (i = BUDGET; i <= ANY; i++)
		KUNIT_EXPECT_TRUE(test, kobs_param_ok(&params[i], &v[i], why,
						      sizeof(why)));
}

static void find_by_name(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(params); i++)
		KUNIT_EXPECT_EQ(test, i,
				kobs_param_find(params, ARRAY_SIZE(params),
						params[i].name));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			kobs_param_find(params, ARRAY_SIZE(params), "row"));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			kobs_param_find(params, ARRAY_SIZE(params), "rowss"));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			kobs_param_find(params, ARRAY_SIZE(params), ""));
	KUNIT_EXPECT_EQ(test, -ENOENT, kobs_param_find(params, ROWS, "rows"));
	KUNIT_EXPECT_EQ(test, -ENOENT, kobs_param_find(NULL, 0, "rows"));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(value_is_checked, param_gen_params),
	KUNIT_CASE(sentence_is_bounded),
	KUNIT_CASE(defaults_are_set),
	KUNIT_CASE(numeric_defaults_are_allowed),
	KUNIT_CASE(find_by_name),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_param",
	.test_cases = cases,
};

kunit_test_suite(suite);
