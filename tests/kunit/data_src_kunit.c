// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of data sources: what the drivers of Intel and AMD say, in words. The
 * values are made as their tables make them (pebs_data_source[],
 * precise_store_data(), perf_ibs_get_data_src()).
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <uapi/linux/perf_event.h>

#include "sources/pmu/data_src.h"

#define P(a, b)		PERF_MEM_S(a, b)
#define NUM(n)		((u64)(n) << PERF_MEM_LVLNUM_SHIFT)
#define REMOTE		((u64)1 << PERF_MEM_REMOTE_SHIFT)
#define LOAD_HIT	(P(OP, LOAD) | P(LVL, HIT))

static const struct data_case {
	const char *name;
	u64 src;
	const char *level, *op, *tlb;
} cases_of_src[] = {
	{ "nothing", 0, "", "", "" },
	{ "not available", P(OP, NA) | P(LVL, NA) | P(TLB, NA), "", "", "" },
	{ "L1", LOAD_HIT | P(LVL, L1) | NUM(1) | P(TLB, L1) | P(TLB, L2) |
		P(TLB, HIT), "L1", "load", "hit" },
	{ "LFB", LOAD_HIT | P(LVL, LFB) | NUM(0xc), "LFB", "load", "" },
	{ "L2, by bits alone", LOAD_HIT | P(LVL, L2), "L2", "load", "" },
	{ "L3", LOAD_HIT | P(LVL, L3) | NUM(3), "L3", "load", "" },
	{ "unknown L3", P(OP, LOAD) | P(LVL, MISS) | NUM(3), "L3 miss", "load",
	  "" },
	{ "RAM", LOAD_HIT | P(LVL, LOC_RAM) | NUM(0xd) | P(TLB, L2) |
		 P(TLB, HIT), "RAM", "load", "L2 hit" },
	{ "RAM of another node", LOAD_HIT | P(LVL, REM_RAM1) | NUM(0xd) | REMOTE,
	  "remote", "load", "" },
	{ "a cache of another node, by bits alone", LOAD_HIT | P(LVL, REM_CCE1),
	  "remote", "load", "" },
	{ "I/O", LOAD_HIT | P(LVL, IO) | NUM(0xf), "IO", "load", "" },
	{ "uncached", LOAD_HIT | P(LVL, UNC) | NUM(0xf), "UC", "load", "" },
	{ "a store that hit L1", P(OP, STORE) | P(LVL, L1) | P(LVL, HIT) |
				 P(TLB, L2) | P(TLB, HIT), "L1", "store",
	  "L2 hit" },
	{ "a store that missed it", P(OP, STORE) | P(LVL, L1) | P(LVL, MISS) |
				    P(TLB, L2) | P(TLB, MISS), "L1 miss",
	  "store", "miss" },
	{ "a number alone", P(OP, LOAD) | NUM(9), "CXL", "load", "" },
	{ "a walk", P(OP, PFETCH) | P(TLB, WK) | P(TLB, HIT), "", "pfetch",
	  "walk" },
	{ "a page fault", P(OP, EXEC) | P(TLB, OS), "", "exec", "fault" },
	{ "a number that is not known", P(OP, LOAD) | NUM(7), "", "load", "" },
};

static void expect(struct kunit *test, u64 word, const char *want)
{
	char text[sizeof(word) + 1] = "";

	memcpy(text, &word, sizeof(word));
	KUNIT_EXPECT_STREQ(test, &text[0], want);
	/* A column's text ends in it. */
	KUNIT_EXPECT_EQ(test, text[sizeof(word) - 1], '\0');
}

static void data_source(struct kunit *test)
{
	const struct data_case *c = test->param_value;

	expect(test, kobs_data_level(c->src), c->level);
	expect(test, kobs_data_op(c->src), c->op);
	expect(test, kobs_data_tlb(c->src), c->tlb);
}

static void describe(const struct data_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(data, cases_of_src, describe);

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(data_source, data_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_data_src",
	.test_cases = cases,
};

kunit_test_suite(suite);
