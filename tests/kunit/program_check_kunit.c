// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of programs: what is refused, with which sentence, and what is known of
 * a program that is not.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "program_rig.h"

#define USER		KOBS_PROG_USER
#define SIGNED		KOBS_PROG_SIGNED
#define ARGS		4

/* A text of seven bytes as a word. */
#define SEVEN_BYTES	0x0047464544434241ULL
#define EIGHT_BYTES	0x4847464544434241ULL

struct check_case {
	u64 words[6];
	const char *why;
};

static const struct check_case refused[] = {
	{ { 44 }, "word 0: instruction 44 does not exist" },
	{ { 127 }, "word 0: instruction 127 does not exist" },
	{ { 0x80 | 44 }, "word 0: instruction 44 does not exist" },
	{ { U64_MAX }, "word 0: instruction 127 does not exist" },
	{ { INSN(IMM, 0, 0, 0, 1), 45 },
	  "word 1: instruction 45 does not exist" },
	{ { 0x80 }, "word 0: instruction 0 takes no imm in place of src" },
	{ { BY_IMM(EXTEND, 0, 1) },
	  "word 0: instruction 9 takes no imm in place of src" },
	{ { BY_IMM(READ, 0, 1) },
	  "word 0: instruction 33 takes no imm in place of src" },
	{ { BY_IMM(JUMP, 0, 0) },
	  "word 0: instruction 35 takes no imm in place of src" },
	/* Registers. */
	{ { INSN(IMM, 8, 0, 0, 0) }, "word 0: register 8 does not exist" },
	{ { INSN(MOVE, 1, 9, 0, 0) }, "word 0: register 9 does not exist" },
	{ { INSN(ADD, 15, 8, 0, 0) }, "word 0: register 15 does not exist" },
	{ { BY_IMM(ADD, 8, 0) }, "word 0: register 8 does not exist" },
	{ { END | 1 << 8 }, "word 0: dst is 1, but not used" },
	{ { INSN(JUMP, 3, 0, 0, 0) }, "word 0: dst is 3, but not used" },
	{ { INSN(KEY, 1, 0, 0, 0) }, "word 0: dst is 1, but not used" },
	{ { INSN(TEXT, 8, 0, 0, 0) }, "word 0: dst is 8, but not used" },
	{ { INSN(VALUE, 1, 0, 0, 0) }, "word 0: dst is 1, but not used" },
	{ { END | 1 << 12 }, "word 0: src is 1, but not used" },
	{ { INSN(ARG, 0, 1, 0, 0) }, "word 0: src is 1, but not used" },
	{ { INSN(NOT, 0, 2, 0, 0) }, "word 0: src is 2, but not used" },
	{ { INSN(EXTEND, 0, 7, 1, 0) }, "word 0: src is 7, but not used" },
	{ { INSN(WANT, 0, 1, 0, 0) }, "word 0: src is 1, but not used" },
	{ { INSN(JUMP_SET, 0, 1, 0, 0) }, "word 0: src is 1, but not used" },
	{ { BY_IMM(SGE, 0, 1) | 1 << 12 }, "word 0: src is 1, but not used" },
	/* arg. */
	{ { END | 1 << 16 }, "word 0: arg is 0x1, but not used" },
	{ { INSN(IMM, 0, 0, 0x8000, 0) },
	  "word 0: arg is 0x8000, but not used" },
	{ { INSN(ADD, 0, 0, 1, 0) }, "word 0: arg is 0x1, but not used" },
	{ { BY_IMM(ADD, 0, 1) | 1 << 16 }, "word 0: arg is 0x1, but not used" },
	{ { INSN(SAME, 0, 0, 4, 1), 0 }, "word 0: arg is 0x4, but not used" },
	{ { INSN(SAME, 0, 0, USER | SIGNED, 1), 0 },
	  "word 0: arg is 0x100, but not used" },
	{ { INSN(WANT, 0, 0, USER, 0) }, "word 0: arg is 0x200, but not used" },
	{ { INSN(ARG, 0, 0, ARGS, 0) },
	  "word 0: argument 4 does not exist: there are 4" },
	{ { INSN(ARG, 0, 0, U16_MAX, 0) },
	  "word 0: argument 65535 does not exist: there are 4" },
	{ { INSN(CONTEXT, 0, 0, 7, 0) },
	  "word 0: context 7 does not exist: there are 7" },
	{ { INSN(KEY, 0, 0, 7, 0) },
	  "word 0: number 7 does not exist: there are 7" },
	{ { INSN(TEXT, 0, 0, 2, 0) },
	  "word 0: text 2 does not exist: there are 2" },
	{ { INSN(TEXT, 0, 0, 2 | USER, 0) },
	  "word 0: text 2 does not exist: there are 2" },
	{ { INSN(TEXT, 0, 0, 1 | SIGNED, 0) },
	  "word 0: text 257 does not exist: there are 2" },
	{ { INSN(VALUE, 0, 0, 2, 0) },
	  "word 0: sign 2 does not exist: there are 2" },
	{ { INSN(EXTEND, 0, 0, 0, 0) }, "word 0: type 0x0 does not exist" },
	{ { INSN(EXTEND, 0, 0, 3, 0) }, "word 0: type 0x3 does not exist" },
	{ { INSN(EXTEND, 0, 0, 16, 0) }, "word 0: type 0x10 does not exist" },
	{ { INSN(EXTEND, 0, 0, 1 | USER, 0) },
	  "word 0: type 0x201 does not exist" },
	{ { INSN(READ, 0, 0, 0, 0) }, "word 0: type 0x0 does not exist" },
	{ { INSN(READ, 0, 0, SIGNED, 0) },
	  "word 0: type 0x100 does not exist" },
	{ { INSN(READ, 0, 0, 12, 0) }, "word 0: type 0xc does not exist" },
	{ { INSN(READ, 0, 0, 0x404, 0) },
	  "word 0: type 0x404 does not exist" },
	{ { INSN(READ, 0, 0, 0x8008, 0) },
	  "word 0: type 0x8008 does not exist" },
	/* imm. */
	{ { INSN(END, 0, 0, 0, 1) }, "word 0: imm is 1, but not used" },
	{ { INSN(ARG, 0, 0, 0, -1) }, "word 0: imm is -1, but not used" },
	{ { INSN(SUB, 0, 1, 0, 5) }, "word 0: imm is 5, but not used" },
	{ { INSN(WANT, 0, 0, 0, 5) }, "word 0: imm is 5, but not used" },
	{ { INSN(KEY, 0, 0, 0, S32_MIN) },
	  "word 0: imm is -2147483648, but not used" },
	{ { INSN(SAME, 0, 0, 0, 0) },
	  "word 0: a literal has 1 to 8 words, not 0" },
	{ { INSN(SAME, 0, 0, 0, 9) },
	  "word 0: a literal has 1 to 8 words, not 9" },
	{ { INSN(SAME, 0, 0, 0, -1) },
	  "word 0: a literal has 1 to 8 words, not -1" },
	{ { INSN(IMM, 0, 0, 0, 0), INSN(SAME, 0, 0, 0, 5) },
	  "word 1: the literal is cut" },
	{ { INSN(SAME, 0, 0, 0, 1), EIGHT_BYTES },
	  "word 0: the literal is not filled up with zeroes" },
	{ { INSN(SAME, 0, 0, 0, 2), EIGHT_BYTES, EIGHT_BYTES },
	  "word 0: the literal is not filled up with zeroes" },
	{ { INSN(SAME, 0, 0, 0, 1), 0x0000000100000041 },
	  "word 0: the literal is not filled up with zeroes" },
	{ { INSN(SAME, 0, 0, 0, 2), SEVEN_BYTES, 0x0100000000000000 },
	  "word 0: the literal is not filled up with zeroes" },
	/* The record. */
	{ { INSN(FIELD, 0, 1, 8, 0) }, "word 0: src is 1, but not used" },
	{ { INSN(FIELD, 8, 0, 8, 0) }, "word 0: register 8 does not exist" },
	{ { INSN(FIELD, 0, 0, 3, 0) }, "word 0: type 0x3 does not exist" },
	{ { INSN(FIELD, 0, 0, 4 | USER, 0) },
	  "word 0: type 0x204 does not exist" },
	{ { INSN(FIELD, 0, 0, 8, -1) },
	  "word 0: a record has at most 8192 bytes, not one at -1" },
	{ { INSN(FIELD, 0, 0, 8, 8185) },
	  "word 0: a record has at most 8192 bytes, not one at 8192" },
	{ { INSN(FIELD, 0, 0, 1, S32_MAX) },
	  "word 0: a record has at most 8192 bytes, not one at 2147483647" },
	{ { INSN(FIELD_TEXT, 0, 2, 8, 0) }, "word 0: src is 2, but not used" },
	{ { INSN(FIELD_TEXT, 0, 0, 16, 8177) },
	  "word 0: a record has at most 8192 bytes, not one at 8192" },
	{ { INSN(FIELD_TEXT, 0, 0, 0, 8189) },
	  "word 0: a record has at most 8192 bytes, not one at 8192" },
	{ { INSN(FIELD_TEXT, 0, 0, U16_MAX, 0) },
	  "word 0: a record has at most 8192 bytes, not one at 65534" },
	/* Jumps. */
	{ { INSN(JUMP, 0, 0, 0, -1) }, "word 0: a jump backward" },
	{ { INSN(JUMP_ZERO, 0, 0, 0, S32_MIN) }, "word 0: a jump backward" },
	{ { INSN(JUMP_SET, 0, 0, 0, -1) }, "word 0: a jump backward" },
	{ { INSN(JUMP, 0, 0, 0, 1), END, END },
	  "word 0: a jump to word 2, beyond the end" },
	{ { INSN(JUMP_ZERO, 0, 0, 0, S32_MAX), END, END },
	  "word 0: a jump to word 2147483648, beyond the end" },
	{ { INSN(IMM, 0, 0, 0, 0), INSN(JUMP_SET, 0, 0, 0, 1),
	    INSN(SAME, 0, 0, 0, 1), SEVEN_BYTES },
	  "word 1: a jump into the literal in word 3" },
	/* Ends. */
	{ { INSN(MOVE, 0, 0, 0, 0), INSN(MOVE, 0, 0, 0, 0),
	    INSN(MOVE, 0, 0, 0, 0), INSN(MOVE, 0, 0, 0, 0),
	    INSN(MOVE, 0, 0, 0, 0), INSN(MOVE, 0, 0, 0, 0) },
	  "a program of 6 words without an end" },
	{ { INSN(SAME, 0, 0, 0, 5), 0, 0, 0, 0, 0 },
	  "a program of 6 words without an end" },
};

static void refusals(struct kunit *test)
{
	struct kobs_program p;
	unsigned int i;
	char why[80];

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		const struct check_case *c = &refused[i];

		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    kobs_program_check(&p, c->words,
						       ARRAY_SIZE(c->words),
						       ARGS, why, sizeof(why)),
				    "%s", c->why);
		KUNIT_EXPECT_STREQ(test, why, c->why);
	}
}

/* A sentence that does not fit is cut; memory after it is unchanged. */
static void sentence_is_bounded(struct kunit *test)
{
	const u64 words[] = { 44 };
	struct kobs_program p;
	char why[32];
	size_t len;

	for (len = 0; len < 12; len++) {
		memset(why, '#', sizeof(why));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				kobs_program_check(&p, words, 1, ARGS, why,
						   len));
		KUNIT_EXPECT_EQ(test, why[len], '#');
		if (len)
			KUNIT_EXPECT_EQ(test, strlen(why), len - 1);
	}
	KUNIT_EXPECT_STREQ(test, why, "word 0: in");
}

/* Words of @n instructions, the last of which is the end. */
static u64 *repeat(struct kunit *test, u64 insn, unsigned int n)
{
	u64 *words = kunit_kmalloc_array(test, n, sizeof(u64), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, words);
	for (i = 0; i < n; i++)
		words[i] = i == n - 1 ? END : insn;
	return words;
}

/* Checks @n words and expects @why, or a program of all of them. */
static void expect(struct kunit *test, const u64 *words, unsigned int n,
		   unsigned int n_args, const char *why)
{
	struct kobs_program p;
	char text[80] = "";

	KUNIT_EXPECT_EQ(test, why ? -EINVAL : (int)n,
			kobs_program_check(&p, words, n, n_args, text,
					   sizeof(text)));
	KUNIT_EXPECT_STREQ(test, text, why ?: "");
}

static void limits(struct kunit *test)
{
	static const u64 reads[] = {
		INSN(READ, 0, 0, 1, 0), INSN(TEXT, 0, 0, 0, 0),
		INSN(READ, 0, 0, 8 | USER, -1), INSN(TEXT, 0, 0, 1 | USER, 0),
	};
	const unsigned int most = KOBS_PROG_WORDS;
	const u64 arg = INSN(ARG, 0, 0, 0, 0), last = INSN(ARG, 0, 0, 11, 0);
	u64 *words;
	unsigned int i;

	expect(test, repeat(test, arg, most), most, 1, NULL);
	expect(test, repeat(test, arg, most + 1), most + 1, 1,
	       "a program of more than 512 words");
	expect(test, repeat(test, arg, 3000), 3000, 1,
	       "a program of more than 512 words");
	expect(test, repeat(test, arg, most), most - 1, 1,
	       "a program of 511 words without an end");
	expect(test, NULL, 0, 1, "a program of 0 words without an end");
	expect(test, &arg, 1, 0,
	       "word 0: argument 0 does not exist: there are 0");
	expect(test, repeat(test, last, 2), 2, 12, NULL);
	expect(test, repeat(test, last + (1 << 16), 2), 2, 500,
	       "word 0: argument 12 does not exist: there are 12");
	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		expect(test, repeat(test, reads[i], 65), 65, 0, NULL);
		expect(test, repeat(test, reads[i], 66), 66, 0,
		       "word 64: more than 64 instructions read memory");
	}
	/* A literal at the end of what a program may have. */
	words = repeat(test, arg, most + 1);
	words[most - 2] = INSN(SAME, 0, 0, 0, 1);
	words[most - 1] = SEVEN_BYTES;
	expect(test, words, most + 1, 1, "a program of more than 512 words");
	words[most - 1] = INSN(SAME, 0, 0, 0, 1);
	words[most - 2] = arg;
	expect(test, words, most + 1, 1, "word 511: the literal is cut");
	words[most - 3] = INSN(SAME, 0, 0, 0, 1);
	words[most - 2] = SEVEN_BYTES;
	words[most - 1] = END;
	expect(test, words, most, 1, NULL);
}

struct known_case {
	u64 words[8];
	struct kobs_program known;
};

static const struct known_case known_cases[] = {
	{ { END }, { .n = 1 } },
	{ { INSN(ARG, 7, 0, 3, 0), INSN(ARG, 6, 0, 1, 0) },
	  { .n = 3, .n_args = 4 } },
	{ { INSN(KEY, 0, 0, 0, 0), INSN(KEY, 0, 0, 6, 0),
	    INSN(KEY, 0, 0, 6, 0) },
	  { .n = 4, .keys = BIT(0) | BIT(6) } },
	{ { INSN(TEXT, 0, 7, 1, 0) },
	  { .n = 2, .texts = BIT(1), .reads = true } },
	{ { INSN(TEXT, 0, 7, USER, 0) },
	  { .n = 2, .texts = BIT(0), .reads = true } },
	{ { INSN(VALUE, 0, 7, 1, 0) }, { .n = 2, .value = true } },
	{ { INSN(FIELD, 7, 0, 2 | SIGNED, 8190), INSN(FIELD, 0, 0, 1, 3) },
	  { .n = 3, .record = 8192 } },
	{ { INSN(FIELD_TEXT, 7, 0, 0, 40), INSN(FIELD_TEXT, 0, 0, 16, 30) },
	  { .n = 3, .record = 46 } },
	{ { INSN(READ, 7, 7, 8 | USER | SIGNED, -5) },
	  { .n = 2, .reads = true } },
	{ { INSN(SAME, 7, 7, USER, 2), EIGHT_BYTES, SEVEN_BYTES },
	  { .n = 4, .reads = true } },
	/* Words of a literal are no instructions, even if they look like it. */
	{ { INSN(SAME, 7, 7, 0, 3), INSN(JUMP, 9, 9, 0x4141, -2), END, END,
	    INSN(VALUE, 0, 0, 0, 0) },
	  { .n = 6, .reads = true, .value = true } },
	/* Jumps to the next word, past a literal, and to the end. */
	{ { INSN(JUMP, 0, 0, 0, 0), INSN(JUMP_ZERO, 7, 0, 0, 2),
	    INSN(SAME, 0, 0, 0, 1), SEVEN_BYTES, INSN(JUMP_SET, 7, 0, 0, 1),
	    INSN(WANT, 7, 0, 0, 0) }, { .n = 7, .reads = true } },
	/* A second program follows. */
	{ { INSN(KEY, 0, 0, 0, 0), END, INSN(VALUE, 0, 0, 0, 0), END },
	  { .n = 2, .keys = BIT(0) } },
	{ { END, U64_MAX }, { .n = 1 } },
	/* By imm there is no jump, whatever the operation's number. */
	{ { BY_IMM(ADD, 7, S32_MIN), BY_IMM(SGE, 7, S32_MAX) }, { .n = 3 } },
};

static void what_is_known(struct kunit *test)
{
	struct kobs_program p;
	char why[80] = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known_cases); i++) {
		const struct known_case *c = &known_cases[i];
		const struct kobs_program *k = &c->known;

		memset(&p, 0xff, sizeof(p));
		KUNIT_EXPECT_EQ_MSG(test, k->n,
				    kobs_program_check(&p, c->words,
						       ARRAY_SIZE(c->words),
						       ARGS, why, sizeof(why)),
				    "case %u", i);
		KUNIT_EXPECT_STREQ(test, why, "");
		KUNIT_EXPECT_PTR_EQ(test, p.words, &c->words[0]);
		KUNIT_EXPECT_EQ_MSG(test, p.n, k->n, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p.n_args, k->n_args, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p.keys, k->keys, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p.texts, k->texts, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p.value, k->value, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p.reads, k->reads, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p.record, k->record, "case %u", i);
	}
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(refusals),
	KUNIT_CASE(sentence_is_bounded),
	KUNIT_CASE(limits),
	KUNIT_CASE(what_is_known),
	{}
};

static struct kunit_suite check_suite = {
	.name = "kobs_program_check",
	.test_cases = check_cases,
};

kunit_test_suite(check_suite);
