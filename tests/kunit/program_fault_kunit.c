// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of programs: which values are faults, and what becomes of the hit.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "program_rig.h"

/*
 * Before @words, register 1 is read from NULL, and register 2 is 7, argument 0.
 * Afterwards, registers 0 to 3 are numbers 0 to 3 of the hit.
 */
#define ADDRESS		1
#define SEVEN		0

struct fault_case {
	const char *desc;
	u64 words[6];
	u32 faults;
	u64 keys[4];
};

#define FAULT		INSN(READ, 1, 1, 8, 0)

static const struct fault_case fault_cases[] = {
	{ "read", { }, BIT(1), { 0, 0, 7 } },
	{ "read past NULL", { INSN(READ, 3, 0, 1, 100) }, BIT(1) | BIT(3),
	  { 0, 0, 7 } },
	{ "argument instead", { INSN(ARG, 1, 0, SEVEN, 0) }, 0, { 0, 7, 7 } },
	{ "imm instead", { INSN(IMM, 1, 0, 0, 9) }, 0, { 0, 9, 7 } },
	{ "context instead", { INSN(CONTEXT, 1, 0, KOBS_PROG_TIME, 0),
			       BY_IMM(NE, 1, 0) }, 0, { 0, 1, 7 } },
	{ "move instead", { INSN(MOVE, 1, 2, 0, 0) }, 0, { 0, 7, 7 } },
	{ "move", { INSN(MOVE, 3, 1, 0, 0) }, BIT(1) | BIT(3), { 0, 0, 7 } },
	{ "move to itself", { INSN(MOVE, 1, 1, 0, 0) }, BIT(1), { 0, 0, 7 } },
	{ "high", { INSN(HIGH, 1, 0, 0, 5) }, BIT(1), { 0, 0, 7 } },
	{ "neg", { INSN(NEG, 1, 0, 0, 0) }, BIT(1), { 0, 0, 7 } },
	{ "invert", { INSN(INVERT, 1, 0, 0, 0) }, BIT(1), { 0, 0, 7 } },
	{ "not", { INSN(NOT, 1, 0, 0, 0) }, BIT(1), { 0, 0, 7 } },
	{ "extend", { INSN(EXTEND, 1, 0, 1, 0) }, BIT(1), { 0, 0, 7 } },
	{ "by imm", { BY_IMM(ADD, 1, 5) }, BIT(1), { 0, 0, 7 } },
	{ "multiplied by 0", { BY_IMM(MUL, 1, 0) }, BIT(1), { 0, 0, 7 } },
	{ "condition by imm", { BY_IMM(EQ, 1, 0) }, BIT(1), { 0, 0, 7 } },
	{ "added", { INSN(ADD, 2, 1, 0, 0) }, BIT(1) | BIT(2), { } },
	{ "added to", { INSN(ADD, 1, 2, 0, 0) }, BIT(1), { 0, 0, 7 } },
	{ "compared with", { INSN(SGE, 2, 1, 0, 0) }, BIT(1) | BIT(2), { } },
	{ "compared", { INSN(SGE, 1, 2, 0, 0) }, BIT(1), { 0, 0, 7 } },
	{ "divided by it", { INSN(DIV, 2, 1, 0, 0) }, BIT(1) | BIT(2), { } },
	{ "read from it", { INSN(READ, 3, 1, 8, 0) }, BIT(1) | BIT(3),
	  { 0, 0, 7 } },
	{ "read from it to itself", { INSN(READ, 1, 1, 8, 0) }, BIT(1),
	  { 0, 0, 7 } },
	{ "good read instead", { INSN(ARG, 3, 0, ADDRESS, 0),
				 INSN(READ, 1, 3, 1, 0),
				 INSN(IMM, 3, 0, 0, 0) }, 0, { 0, 'G', 7 } },
	{ "compared text", { INSN(SAME, 3, 1, 0, 1), 0x41 }, BIT(1) | BIT(3),
	  { 0, 0, 7 } },
	{ "compared text of NULL", { INSN(SAME, 3, 0, 0, 1), 0x41 },
	  BIT(1) | BIT(3), { 0, 0, 7 } },
	{ "good text instead", { INSN(ARG, 3, 0, ADDRESS, 0),
				 INSN(SAME, 1, 3, 0, 1), 'G',
				 INSN(IMM, 3, 0, 0, 0) }, 0, { 0, 1, 7 } },
	{ "divided by 0", { INSN(IMM, 1, 0, 0, 3), INSN(DIV, 1, 0, 0, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "signed", { INSN(IMM, 1, 0, 0, 3), INSN(SDIV, 1, 0, 0, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "modulo 0", { INSN(IMM, 1, 0, 0, 3), INSN(MOD, 1, 0, 0, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "signed modulo 0", { INSN(IMM, 1, 0, 0, 3), INSN(SMOD, 1, 0, 0, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "divided by imm 0", { INSN(IMM, 1, 0, 0, 3), BY_IMM(DIV, 1, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "signed modulo imm 0", { INSN(IMM, 1, 0, 0, 3), BY_IMM(SMOD, 1, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "0 by 0", { INSN(IMM, 1, 0, 0, 0), INSN(SDIV, 1, 0, 0, 0) },
	  BIT(1), { 0, 0, 7 } },
	{ "fault and 0", { INSN(DIV, 1, 0, 0, 0), INSN(DIV, 2, 0, 0, 0) },
	  BIT(1) | BIT(2), { } },
	{ "jump past it", { INSN(JUMP, 0, 0, 0, 1), INSN(MOVE, 2, 1, 0, 0),
			    INSN(MOVE, 1, 2, 0, 0) }, 0, { 0, 7, 7 } },
	{ "jumps that mind others", { INSN(JUMP_ZERO, 0, 0, 0, 1),
				      INSN(IMM, 2, 0, 0, 1),
				      INSN(JUMP_SET, 2, 0, 0, 1),
				      INSN(IMM, 2, 0, 0, 1),
				      INSN(WANT, 2, 0, 0, 0) }, BIT(1),
	  { 0, 0, 7 } },
	{ "number made good", { INSN(KEY, 0, 1, 0, 0), INSN(KEY, 0, 2, 4, 0) },
	  BIT(1), { 0, 0, 7 } },
};

static const char text[] = "G";

/* Runs @words after the read from NULL, and before numbers 0 to 3 are given. */
static void run(struct kunit *test, const u64 *words, unsigned int n,
		struct program_hit *hit)
{
	const u64 args[KOBS_PROG_ARGS] = { 7, (u64)text };
	u64 all[16] = { FAULT, INSN(ARG, 2, 0, SEVEN, 0) };
	unsigned int i, k = 2;

	for (i = 0; i < n && words[i] != END; i++)
		all[k++] = words[i];
	for (i = 0; i < 4; i++)
		all[k++] = INSN(KEY, 0, i, i, 0);
	program_rig_run(test, all, k + 1, args, hit);
}

static void faults_spread(struct kunit *test)
{
	struct program_hit hit;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(fault_cases); i++) {
		const struct fault_case *c = &fault_cases[i];

		run(test, c->words, ARRAY_SIZE(c->words), &hit);
		KUNIT_EXPECT_EQ_MSG(test, hit.end, KOBS_PROGRAM_PASS, "%s",
				    c->desc);
		KUNIT_EXPECT_EQ_MSG(test, hit.out.faults, c->faults, "%s",
				    c->desc);
		for (k = 0; k < 4; k++)
			KUNIT_EXPECT_EQ_MSG(test, hit.keys[k], c->keys[k],
					    "number %u: %s", k, c->desc);
	}
}

/* Conditions and the value: the hit is lost, whatever comes afterwards. */
static void faults_end(struct kunit *test)
{
	static const u64 ends[] = {
		INSN(WANT, 1, 0, 0, 0), INSN(JUMP_ZERO, 1, 0, 0, 1),
		INSN(JUMP_SET, 1, 0, 0, 1), INSN(JUMP_SET, 1, 0, 0, 0),
		INSN(VALUE, 0, 1, 0, 0), INSN(VALUE, 0, 1, 1, 0),
	};
	struct program_hit hit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		const u64 words[] = { INSN(KEY, 0, 2, 5, 0), ends[i] };

		run(test, words, ARRAY_SIZE(words), &hit);
		KUNIT_EXPECT_EQ_MSG(test, hit.end, KOBS_PROGRAM_FAULT,
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, hit.keys[5], 7);
		KUNIT_EXPECT_EQ(test, hit.keys[2], KEY_BEFORE);
		KUNIT_EXPECT_EQ(test, hit.out.value, VALUE_BEFORE);
	}
}

/* Conditions on other registers hold or not as ever. */
static void others_end(struct kunit *test)
{
	const u64 filtered[] = { INSN(WANT, 3, 0, 0, 0) };
	const u64 value[] = { INSN(VALUE, 0, 2, 1, 0) };
	struct program_hit hit;

	run(test, filtered, 1, &hit);
	KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_FILTERED);
	run(test, value, 1, &hit);
	KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_PASS);
	KUNIT_EXPECT_EQ(test, hit.out.value, 7);
	KUNIT_EXPECT_TRUE(test, hit.out.is_signed);
}

/* Even if there is a text where a fault was added to. */
static void text_of_fault(struct kunit *test)
{
	static const char expected[TEXT_BYTES] = "(fault)";
	const u64 words[] = {
		INSN(ARG, 3, 0, ADDRESS, 0), INSN(ADD, 1, 3, 0, 0),
		INSN(TEXT, 0, 1, 0, 0), INSN(TEXT, 0, 3, 1, 0),
		INSN(IMM, 3, 0, 0, 1),
	};
	struct program_hit hit;

	run(test, words, ARRAY_SIZE(words), &hit);
	KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_PASS);
	KUNIT_EXPECT_EQ(test, hit.out.faults, BIT(1));
	KUNIT_EXPECT_EQ(test, hit.keys[3], 1);
	KUNIT_EXPECT_MEMEQ(test, hit.texts, expected, TEXT_BYTES);
	KUNIT_EXPECT_EQ(test, hit.texts[KOBS_PROG_TEXT_WORDS], 'G');
}

/* A number that is given again is what it was last. */
static void last_number_counts(struct kunit *test)
{
	const u64 good[] = { INSN(KEY, 0, 1, 6, 0), INSN(IMM, 1, 0, 0, 4),
			     INSN(KEY, 0, 1, 6, 0) };
	const u64 bad[] = { INSN(KEY, 0, 2, 6, 0), INSN(KEY, 0, 1, 6, 0) };
	struct program_hit hit;

	run(test, good, ARRAY_SIZE(good), &hit);
	KUNIT_EXPECT_EQ(test, hit.out.faults, 0);
	KUNIT_EXPECT_EQ(test, hit.keys[6], 4);
	run(test, bad, ARRAY_SIZE(bad), &hit);
	KUNIT_EXPECT_EQ(test, hit.out.faults, BIT(1) | BIT(6));
	KUNIT_EXPECT_EQ(test, hit.keys[6], 0);
}

static struct kunit_case fault_tests[] = {
	KUNIT_CASE(faults_spread),
	KUNIT_CASE(faults_end),
	KUNIT_CASE(others_end),
	KUNIT_CASE(text_of_fault),
	KUNIT_CASE(last_number_counts),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "kobs_program_fault",
	.test_cases = fault_tests,
};

kunit_test_suite(fault_suite);
