// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of programs: texts of the hit's record, which need not have an end. (Its
 * numbers are in program_random_kunit.c.)
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "program_rig.h"

#define FAULT		"(fault)"

struct text_case {
	u16 bytes;
	s32 at;
	const char *text;
};

/* Of program_rig_record; 0 bytes: a place and a length are at that byte. */
static const struct text_case text_cases[] = {
	{ 8, 8, "record" },
	{ 6, 8, "record" },
	{ 3, 8, "rec" },
	{ 1, 15, "x" },
	{ 1, 14, "" },
	{ 24, 40, "a longer text of all!!!!" },
	{ 0, 24, "record" },
	{ 0, 28, "a longer text of all!!!!" },
	{ 0, 32, "!" },
	/* One byte beyond the record. */
	{ 0, 36, FAULT },
	{ 0, 16, FAULT },
};

static void texts_are_taken(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(text_cases); i++) {
		const struct text_case *c = &text_cases[i];
		const u64 words[] = {
			INSN(FIELD_TEXT, 3, 0, c->bytes, c->at),
			INSN(TEXT, 0, 3, 1, 0), INSN(KEY, 0, 3, 0, 0), END,
		};
		const u64 args[KOBS_PROG_ARGS] = {};
		const bool bad = !strcmp(c->text, FAULT);
		struct program_hit hit;

		program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
		KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_PASS);
		KUNIT_EXPECT_STREQ(test, c->text,
				   (char *)&hit.texts[KOBS_PROG_TEXT_WORDS]);
		KUNIT_EXPECT_EQ_MSG(test, hit.out.faults, bad, "case %u", i);
		KUNIT_EXPECT_EQ(test, hit.keys[0] == 0, bad);
	}
}

/* A text is as long as its bytes, and not what follows them. */
static void texts_are_compared(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < 8; i++) {
		const u64 words[] = {
			INSN(FIELD_TEXT, 0, 0, i, 8),
			INSN(SAME, 1, 0, 0, 1), 0x0000000000636572ULL,
			INSN(KEY, 0, 1, 0, 0), END,
		};
		const u64 args[KOBS_PROG_ARGS] = {};
		struct program_hit hit;

		program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
		KUNIT_EXPECT_EQ_MSG(test, hit.keys[0], i == 3, "%u bytes", i);
	}
}

/* Each copy is in place of the one before. */
static void copies_replace_each_other(struct kunit *test)
{
	const u64 words[] = {
		INSN(FIELD_TEXT, 0, 0, 3, 8), INSN(TEXT, 0, 0, 0, 0),
		INSN(FIELD_TEXT, 1, 0, 2, 40), INSN(TEXT, 0, 1, 1, 0),
		INSN(TEXT, 0, 0, 0, 0), END,
	};
	const u64 args[KOBS_PROG_ARGS] = {};
	struct program_hit hit;

	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	KUNIT_EXPECT_STREQ(test, "a ", (char *)&hit.texts[0]);
	KUNIT_EXPECT_STREQ(test, "a ",
			   (char *)&hit.texts[KOBS_PROG_TEXT_WORDS]);
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(texts_are_taken),
	KUNIT_CASE(texts_are_compared),
	KUNIT_CASE(copies_replace_each_other),
	{}
};

static struct kunit_suite record_suite = {
	.name = "kobs_program_record",
	.test_cases = record_cases,
};

kunit_test_suite(record_suite);
