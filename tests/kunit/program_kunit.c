// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of programs: what each instruction does with numbers, which way jumps
 * go, and what becomes of the hit.
 */
#include <kunit/test.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "program_rig.h"

#define SIGNED		KOBS_PROG_SIGNED
#define HIGH_BITS	0x8182838485868788ULL
#define LOW_BITS	0x0102030405060708ULL

/* Argument 0 is the first number, argument 1 the second. */
struct number_case {
	const char *desc;
	u64 a;
	u64 b;
	u64 result;
	u64 words[4];
};

/* The result is in register 2. */
static const struct number_case number_cases[] = {
	{ "registers begin with 0", 1, 1, 0, { END } },
	{ "argument 0", 7, 8, 7, { INSN(ARG, 2, 0, 0, 0) } },
	{ "argument 1", 7, U64_MAX, U64_MAX, { INSN(ARG, 2, 0, 1, 0) } },
	{ "imm", 0, 0, 5, { INSN(IMM, 2, 0, 0, 5) } },
	{ "imm -1", 0, 0, U64_MAX, { INSN(IMM, 2, 0, 0, -1) } },
	{ "imm, largest", 0, 0, S32_MAX, { INSN(IMM, 2, 0, 0, S32_MAX) } },
	{ "imm, smallest", 0, 0, (s64)S32_MIN,
	  { INSN(IMM, 2, 0, 0, S32_MIN) } },
	{ "high of -1", 0, 0, U32_MAX,
	  { INSN(IMM, 2, 0, 0, -1), INSN(HIGH, 2, 0, 0, 0) } },
	{ "high -1", 0, 0, 0xffffffff00000001,
	  { INSN(IMM, 2, 0, 0, 1), INSN(HIGH, 2, 0, 0, -1) } },
	{ "all bits", 0, 0, 0x0123456789abcdef,
	  { INSN(IMM, 2, 0, 0, 0x89abcdef), INSN(HIGH, 2, 0, 0, 0x01234567) } },
	{ "high replaces", HIGH_BITS, 0, 0x0000000585868788,
	  { INSN(ARG, 2, 0, 0, 0), INSN(HIGH, 2, 0, 0, 5) } },
	{ "move", HIGH_BITS, 0, HIGH_BITS,
	  { INSN(ARG, 7, 0, 0, 0), INSN(MOVE, 2, 7, 0, 0) } },
	{ "move leaves the source", 9, 0, 9,
	  { INSN(ARG, 2, 0, 0, 0), INSN(MOVE, 7, 2, 0, 0) } },
	{ "move copies", 9, 8, 9,
	  { INSN(ARG, 3, 0, 0, 0), INSN(MOVE, 2, 3, 0, 0),
	    INSN(ARG, 3, 0, 1, 0) } },
#define UNARY(desc, op, type, a, result)				\
	{ desc, a, 0, result,						\
	  { INSN(ARG, 2, 0, 0, 0), INSN(op, 2, 0, type, 0) } }
	UNARY("neg", NEG, 0, 5, -5ULL),
	UNARY("neg 0", NEG, 0, 0, 0),
	UNARY("neg, smallest", NEG, 0, S64_MIN, S64_MIN),
	UNARY("neg, one more", NEG, 0, S64_MIN + 1, S64_MAX),
	UNARY("invert 0", INVERT, 0, 0, U64_MAX),
	UNARY("invert", INVERT, 0, HIGH_BITS, 0x7e7d7c7b7a797877),
	UNARY("not 0", NOT, 0, 0, 1),
	UNARY("not 1", NOT, 0, 1, 0),
	UNARY("not, high bits only", NOT, 0, BIT_ULL(32), 0),
	UNARY("u8", EXTEND, 1, HIGH_BITS, 0x88),
	UNARY("s8", EXTEND, 1 | SIGNED, HIGH_BITS, 0xffffffffffffff88),
	UNARY("s8, positive", EXTEND, 1 | SIGNED, ~HIGH_BITS, 0x77),
	UNARY("u16", EXTEND, 2, HIGH_BITS, 0x8788),
	UNARY("s16", EXTEND, 2 | SIGNED, HIGH_BITS, 0xffffffffffff8788),
	UNARY("s16, positive", EXTEND, 2 | SIGNED, LOW_BITS, 0x0708),
	UNARY("u32", EXTEND, 4, HIGH_BITS, 0x85868788),
	UNARY("s32", EXTEND, 4 | SIGNED, HIGH_BITS, 0xffffffff85868788),
	UNARY("s32, positive", EXTEND, 4 | SIGNED, LOW_BITS, 0x05060708),
	UNARY("u64", EXTEND, 8, HIGH_BITS, HIGH_BITS),
	UNARY("s64", EXTEND, 8 | SIGNED, HIGH_BITS, HIGH_BITS),
#define BINARY(op, a, b, result)					\
	{ #op " " #a ", " #b, a, b, result,				\
	  { INSN(ARG, 2, 0, 0, 0), INSN(ARG, 3, 0, 1, 0),		\
	    INSN(op, 2, 3, 0, 0) } }
	BINARY(ADD, 1, 2, 3),
	BINARY(ADD, U64_MAX, 1, 0),
	BINARY(ADD, S64_MAX, 1, S64_MIN),
	BINARY(ADD, 5, -7ULL, -2ULL),
	BINARY(SUB, 5, 7, -2ULL),
	BINARY(SUB, S64_MIN, 1, S64_MAX),
	BINARY(SUB, 0, -1ULL, 1),
	BINARY(MUL, 6, 7, 42),
	BINARY(MUL, -3ULL, 7, -21ULL),
	BINARY(MUL, S64_MIN, -1ULL, S64_MIN),
	BINARY(MUL, BIT_ULL(32), BIT_ULL(32), 0),
	BINARY(DIV, 7, 2, 3),
	BINARY(DIV, U64_MAX, 2, S64_MAX),
	BINARY(DIV, S64_MIN, -1ULL, 0),
	BINARY(DIV, U64_MAX, U64_MAX, 1),
	BINARY(SDIV, 7, 2, 3),
	BINARY(SDIV, -7ULL, 2, -3ULL),
	BINARY(SDIV, 7, -2ULL, -3ULL),
	BINARY(SDIV, -7ULL, -2ULL, 3),
	BINARY(SDIV, S64_MIN, 1, S64_MIN),
	BINARY(SDIV, S64_MIN, -1ULL, S64_MIN),
	BINARY(SDIV, 5, -1ULL, -5ULL),
	BINARY(MOD, 7, 4, 3),
	BINARY(MOD, U64_MAX, 10, 5),
	BINARY(MOD, S64_MIN, -1ULL, S64_MIN),
	BINARY(SMOD, 7, 4, 3),
	BINARY(SMOD, -7ULL, 4, -3ULL),
	BINARY(SMOD, 7, -4ULL, 3),
	BINARY(SMOD, -7ULL, -4ULL, -3ULL),
	BINARY(SMOD, S64_MIN, -1ULL, 0),
	BINARY(SMOD, S64_MIN, 10, -8ULL),
	BINARY(AND, HIGH_BITS, -16ULL, 0x8182838485868780),
	BINARY(AND, U64_MAX, U32_MAX, U32_MAX),
	BINARY(OR, 1, -16ULL, -15ULL),
	BINARY(OR, BIT_ULL(63), 1, 0x8000000000000001),
	BINARY(XOR, U64_MAX, -1ULL, 0),
	BINARY(XOR, HIGH_BITS, 0xff, 0x8182838485868777),
	BINARY(SHL, 1, 0, 1),
	BINARY(SHL, 1, 63, S64_MIN),
	BINARY(SHL, U64_MAX, 64, 0),
	BINARY(SHL, U64_MAX, -1ULL, 0),
	BINARY(SHL, U64_MAX, BIT_ULL(32), 0),
	BINARY(SHR, HIGH_BITS, 0, HIGH_BITS),
	BINARY(SHR, U64_MAX, 63, 1),
	BINARY(SHR, U64_MAX, 64, 0),
	BINARY(SHR, U64_MAX, -1ULL, 0),
	BINARY(SHR, U64_MAX, BIT_ULL(32), 0),
	BINARY(SAR, -8ULL, 1, -4ULL),
	BINARY(SAR, S64_MAX, 62, 1),
	BINARY(SAR, S64_MIN, 63, -1ULL),
	BINARY(SAR, S64_MIN, 64, -1ULL),
	BINARY(SAR, S64_MIN, -1ULL, -1ULL),
	BINARY(SAR, S64_MIN, BIT_ULL(32), -1ULL),
	BINARY(SAR, S64_MAX, 64, 0),
	BINARY(SAR, S64_MAX, -1ULL, 0),
};

/* Runs @words with both numbers, and returns register 2. */
static u64 number(struct kunit *test, const u64 *words, unsigned int n,
		  const struct number_case *c)
{
	const u64 args[KOBS_PROG_ARGS] = { c->a, c->b };
	u64 all[ARRAY_SIZE(c->words) + 2] = {};
	struct program_hit hit;
	unsigned int i;

	for (i = 0; i < n && words[i] != END; i++)
		all[i] = words[i];
	all[i] = INSN(KEY, 0, 2, 0, 0);
	program_rig_run(test, all, i + 2, args, &hit);
	KUNIT_EXPECT_EQ_MSG(test, hit.end, KOBS_PROGRAM_PASS, "%s", c->desc);
	KUNIT_EXPECT_EQ_MSG(test, hit.out.faults, 0, "%s", c->desc);
	return hit.keys[0];
}

static void numbers(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(number_cases); i++) {
		const struct number_case *c = &number_cases[i];

		KUNIT_EXPECT_EQ_MSG(test,
				    number(test, c->words,
					   ARRAY_SIZE(c->words), c),
				    c->result, "%s", c->desc);
	}
}

/* The same with imm in place of the second register, where it fits. */
static void numbers_by_imm(struct kunit *test)
{
	unsigned int i, done = 0;

	for (i = 0; i < ARRAY_SIZE(number_cases); i++) {
		const struct number_case *c = &number_cases[i];
		const u64 op = KOBS_PROG_OP(c->words[2]);
		const u64 words[] = {
			c->words[0],
			KOBS_INSN(op | KOBS_OP_BY_IMM, 2, 0, 0, c->b),
		};

		if (op < KOBS_OP_ADD || op > KOBS_OP_SGE || (s32)c->b != c->b)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, number(test, words, 2, c), c->result,
				    "%s", c->desc);
		done++;
	}
	KUNIT_EXPECT_EQ(test, done, 50);
}

static const struct { u64 a, b; } pairs[] = {
	{ 1, 2 }, { 2, 1 }, { 2, 2 }, { -1, 1 }, { 1, -1 },
	{ S64_MIN, S64_MAX }, { S64_MAX, S64_MIN }, { -1, -1 },
	{ BIT_ULL(32), 0 },
};

/* Whether each condition holds for the pairs. */
static const struct condition {
	enum kobs_op op;
	const char *holds;
} conditions[] = {
	{ KOBS_OP_EQ, "001000010" },
	{ KOBS_OP_NE, "110111101" },
	{ KOBS_OP_LT, "100010100" },
	{ KOBS_OP_LE, "101010110" },
	{ KOBS_OP_GT, "010101001" },
	{ KOBS_OP_GE, "011101011" },
	{ KOBS_OP_SLT, "100101000" },
	{ KOBS_OP_SLE, "101101010" },
	{ KOBS_OP_SGT, "010010101" },
	{ KOBS_OP_SGE, "011010111" },
};

static void conditions_hold(struct kunit *test)
{
	const unsigned int n_pairs = ARRAY_SIZE(pairs);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(conditions) * n_pairs; i++) {
		const struct condition *c = &conditions[i / n_pairs];
		struct number_case n = { "condition" };
		u64 words[] = { INSN(ARG, 2, 0, 0, 0), INSN(ARG, 3, 0, 1, 0),
				KOBS_INSN(c->op, 2, 3, 0, 0) };

		k = i % n_pairs;
		n.a = pairs[k].a;
		n.b = pairs[k].b;
		KUNIT_EXPECT_EQ_MSG(test, number(test, words, 3, &n),
				    c->holds[k] - '0', "%u of pair %u", c->op,
				    k);
		if ((s32)n.b != n.b)
			continue;
		words[1] = KOBS_INSN(c->op | KOBS_OP_BY_IMM, 2, 0, 0, n.b);
		KUNIT_EXPECT_EQ_MSG(test, number(test, words, 2, &n),
				    c->holds[k] - '0', "%u of pair %u by imm",
				    c->op, k);
	}
}

/* Each register is one of its own, and each argument, and each number. */
static void registers(struct kunit *test)
{
	u64 words[2 * KOBS_PROG_REGS + 1] = {}, args[KOBS_PROG_ARGS];
	struct program_hit hit;
	unsigned int i;

	for (i = 0; i < KOBS_PROG_ARGS; i++)
		args[i] = 100 + i;
	for (i = 0; i < KOBS_PROG_REGS; i++)
		words[i] = INSN(ARG, i, 0, KOBS_PROG_ARGS - 1 - i, 0);
	for (i = 0; i < KOBS_PROG_KEYS; i++)
		words[KOBS_PROG_REGS + i] = INSN(KEY, 0, i, i, 0);
	words[KOBS_PROG_REGS + i] = INSN(VALUE, 0, i, 0, 0);
	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	for (i = 0; i < KOBS_PROG_KEYS; i++)
		KUNIT_EXPECT_EQ(test, hit.keys[i], 111 - i);
	KUNIT_EXPECT_EQ(test, hit.out.value, 104);
}

/* Whatever the program before left on the stack. */
static void registers_begin_with_0(struct kunit *test)
{
	u64 fill[KOBS_PROG_REGS + 1] = {}, give[KOBS_PROG_REGS + 1] = {};
	const u64 args[KOBS_PROG_ARGS] = { U64_MAX };
	struct kobs_program filling, giving;
	struct program_hit hit;
	unsigned int i;
	char why[80];

	for (i = 0; i < KOBS_PROG_REGS; i++) {
		fill[i] = INSN(ARG, i, 0, 0, 0);
		give[i] = INSN(KEY, 0, i, i, 0);
	}
	give[KOBS_PROG_KEYS] = INSN(VALUE, 0, KOBS_PROG_KEYS, 0, 0);
	KUNIT_ASSERT_EQ(test, i + 1,
			kobs_program_check(&filling, fill, i + 1, 1, why,
					   sizeof(why)));
	KUNIT_ASSERT_EQ(test, i + 1,
			kobs_program_check(&giving, give, i + 1, 1, why,
					   sizeof(why)));
	program_rig_hit(&filling, args, &hit);
	program_rig_hit(&giving, args, &hit);
	for (i = 0; i < KOBS_PROG_KEYS; i++)
		KUNIT_EXPECT_EQ(test, hit.keys[i], 0);
	KUNIT_EXPECT_EQ(test, hit.out.value, 0);
}

/* Number 0 of the hit is 5, or 0 if that is jumped past, or not given. */
struct flow_case {
	const char *desc;
	u64 a;
	u64 words[6];
	u64 key;
	enum kobs_program_end end;
};

#define FLOW(desc, a, op, imm, key, end)				\
	{ desc, a, { INSN(ARG, 1, 0, 0, 0), INSN(op, 1, 0, 0, imm),	\
		     INSN(IMM, 0, 0, 0, 5), INSN(KEY, 0, 0, 0, 0) },	\
	  key, KOBS_PROGRAM_##end }

static const struct flow_case flow_cases[] = {
	{ "jump", 0, { INSN(JUMP, 0, 0, 0, 1), INSN(IMM, 0, 0, 0, 5),
		       INSN(KEY, 0, 0, 0, 0) }, 0 },
	{ "jump to the next", 0, { INSN(JUMP, 0, 0, 0, 0),
				   INSN(IMM, 0, 0, 0, 5),
				   INSN(KEY, 0, 0, 0, 0) }, 5 },
	{ "jump to the end", 0, { INSN(JUMP, 0, 0, 0, 2), INSN(IMM, 0, 0, 0, 5),
				  INSN(KEY, 0, 0, 0, 0) }, KEY_BEFORE },
	{ "jump past a literal", 0, { INSN(JUMP, 0, 0, 0, 2),
				      INSN(SAME, 0, 0, 0, 1), 0x41,
				      INSN(KEY, 0, 0, 0, 0) }, 0 },
	FLOW("zero: 0", 0, JUMP_ZERO, 1, 0, PASS),
	FLOW("zero: 1", 1, JUMP_ZERO, 1, 5, PASS),
	FLOW("zero: high bit", BIT_ULL(63), JUMP_ZERO, 1, 5, PASS),
	FLOW("zero: bit 32", BIT_ULL(32), JUMP_ZERO, 1, 5, PASS),
	FLOW("zero: to the end", 0, JUMP_ZERO, 2, KEY_BEFORE, PASS),
	FLOW("zero: to the next", 0, JUMP_ZERO, 0, 5, PASS),
	FLOW("set: 0", 0, JUMP_SET, 1, 5, PASS),
	FLOW("set: 1", 1, JUMP_SET, 1, 0, PASS),
	FLOW("set: high bit", BIT_ULL(63), JUMP_SET, 1, 0, PASS),
	FLOW("set: bit 32", BIT_ULL(32), JUMP_SET, 1, 0, PASS),
	FLOW("set: to the end", 1, JUMP_SET, 2, KEY_BEFORE, PASS),
	FLOW("want: 0", 0, WANT, 0, KEY_BEFORE, FILTERED),
	FLOW("want: 1", 1, WANT, 0, 5, PASS),
	FLOW("want: -1", -1, WANT, 0, 5, PASS),
	FLOW("want: bit 32", BIT_ULL(32), WANT, 0, 5, PASS),
};

static void flow(struct kunit *test)
{
	struct program_hit hit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flow_cases); i++) {
		const struct flow_case *c = &flow_cases[i];
		const u64 args[KOBS_PROG_ARGS] = { c->a };

		program_rig_run(test, c->words, ARRAY_SIZE(c->words), args,
				&hit);
		KUNIT_EXPECT_EQ_MSG(test, hit.keys[0], c->key, "%s", c->desc);
		KUNIT_EXPECT_EQ_MSG(test, hit.end, c->end, "%s", c->desc);
		KUNIT_EXPECT_EQ_MSG(test, hit.out.faults, 0, "%s", c->desc);
	}
}

/* What a program does not give stays what it was; what it gives last counts. */
static void what_is_given(struct kunit *test)
{
	const u64 words[] = {
		INSN(ARG, 3, 0, 0, 0), INSN(KEY, 0, 3, 2, 0),
		INSN(ARG, 3, 0, 1, 0), INSN(KEY, 0, 3, 2, 0),
		INSN(KEY, 0, 4, 6, 0), INSN(VALUE, 0, 4, 1, 0),
		INSN(VALUE, 0, 3, 0, 0), END,
	};
	const u64 args[KOBS_PROG_ARGS] = { 11, 22 };
	struct program_hit hit;
	unsigned int i;

	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	for (i = 0; i < KOBS_PROG_KEYS; i++)
		KUNIT_EXPECT_EQ(test, hit.keys[i],
				i == 2 ? 22 : i == 6 ? 0 : KEY_BEFORE);
	for (i = 0; i < ARRAY_SIZE(hit.texts); i++)
		KUNIT_EXPECT_EQ(test, hit.texts[i], TEXT_BEFORE);
	KUNIT_EXPECT_EQ(test, hit.out.value, 22);
	KUNIT_EXPECT_FALSE(test, hit.out.is_signed);
}

static void value_signed(struct kunit *test)
{
	const u64 words[] = {
		INSN(ARG, 1, 0, 0, 0), INSN(VALUE, 0, 1, 1, 0), END,
	};
	const u64 args[KOBS_PROG_ARGS] = { -5ULL };
	struct program_hit hit;

	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	KUNIT_EXPECT_EQ(test, hit.out.value, -5ULL);
	KUNIT_EXPECT_TRUE(test, hit.out.is_signed);
	program_rig_run(test, &words[2], 1, args, &hit);
	KUNIT_EXPECT_EQ(test, hit.out.value, VALUE_BEFORE);
	KUNIT_EXPECT_FALSE(test, hit.out.is_signed);
}

static void context(struct kunit *test)
{
	const u64 words[] = {
		INSN(CONTEXT, 1, 0, KOBS_PROG_PID, 0), INSN(KEY, 0, 1, 0, 0),
		INSN(CONTEXT, 1, 0, KOBS_PROG_TID, 0), INSN(KEY, 0, 1, 1, 0),
		INSN(CONTEXT, 1, 0, KOBS_PROG_TASK, 0), INSN(KEY, 0, 1, 2, 0),
		INSN(CONTEXT, 1, 0, KOBS_PROG_COMM, 0), INSN(KEY, 0, 1, 3, 0),
		INSN(CONTEXT, 1, 0, KOBS_PROG_CPU, 0), INSN(KEY, 0, 1, 4, 0),
		INSN(CONTEXT, 1, 0, KOBS_PROG_ELAPSED, 0), INSN(KEY, 0, 1, 5, 0),
		INSN(CONTEXT, 1, 0, KOBS_PROG_TIME, 0), INSN(VALUE, 0, 1, 0, 0),
		END,
	};
	const u64 args[KOBS_PROG_ARGS] = {};
	struct program_hit hit;
	unsigned int cpu;
	u64 before;

	migrate_disable();
	cpu = smp_processor_id();
	before = ktime_get_mono_fast_ns();
	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	KUNIT_EXPECT_GE(test, hit.out.value, before);
	KUNIT_EXPECT_LE(test, hit.out.value, ktime_get_mono_fast_ns());
	KUNIT_EXPECT_EQ(test, hit.keys[4], cpu);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, hit.keys[0], current->tgid);
	KUNIT_EXPECT_EQ(test, hit.keys[1], current->pid);
	KUNIT_EXPECT_EQ(test, hit.keys[2], (unsigned long)current);
	KUNIT_EXPECT_EQ(test, hit.keys[3], (unsigned long)current->comm);
	KUNIT_EXPECT_EQ(test, hit.keys[5], PROGRAM_ELAPSED);
}

static struct kunit_case program_cases[] = {
	KUNIT_CASE(numbers),
	KUNIT_CASE(numbers_by_imm),
	KUNIT_CASE(conditions_hold),
	KUNIT_CASE(registers),
	KUNIT_CASE(registers_begin_with_0),
	KUNIT_CASE(flow),
	KUNIT_CASE(what_is_given),
	KUNIT_CASE(value_signed),
	KUNIT_CASE(context),
	{}
};

static struct kunit_suite program_suite = {
	.name = "kobs_program",
	.test_cases = program_cases,
};

kunit_test_suite(program_suite);
