// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of programs: random ones. Those that only compute are compared with a
 * plain evaluation; any words at all are checked, and run if they are accepted.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "program_reference.h"
#include "program_rig.h"

#define STEPS		40
#define WORDS		(PAGE_SIZE / sizeof(u64))

/* Programs that compute, and arrays of which some are programs. */
#define COMPUTED	5000
#define HOSTILE		20000

/**
 * struct random_rig - a random program
 * @rnd: random numbers
 * @steps: its instructions
 * @n: number of them
 * @args: arguments of the hit
 * @expected: what it should give
 * @hit: what it gave
 * @ends: how many ended how
 */
struct random_rig {
	struct rnd_state rnd;
	struct program_step steps[STEPS + KOBS_PROG_REGS + 1];
	unsigned int n;
	u64 args[KOBS_PROG_ARGS];
	struct program_expected expected;
	struct program_hit hit;
	unsigned int ends[KOBS_PROGRAM_FAULT + 1];
};

static u32 below(struct random_rig *rig, u32 n)
{
	return prandom_u32_state(&rig->rnd) % n;
}

/* Any number, but more often one where something changes. */
static u64 any(struct random_rig *rig)
{
	static const u64 edges[] = {
		0, 1, 2, 63, 64, 65, S32_MAX, BIT_ULL(31), U32_MAX, BIT_ULL(32),
		S64_MAX, BIT_ULL(63), U64_MAX, U64_MAX - 1, (s64)S32_MIN,
	};
	u64 v = (u64)prandom_u32_state(&rig->rnd) << 32 |
		prandom_u32_state(&rig->rnd);

	if (v & 1)
		return edges[(v >> 1) % ARRAY_SIZE(edges)];
	return v >> below(rig, 64);
}

static u64 encode(const struct program_step *s)
{
	return KOBS_INSN(s->op | (s->by_imm ? KOBS_OP_BY_IMM : 0), s->dst,
			 s->src, s->arg, s->imm);
}

static unsigned int any_type(struct random_rig *rig)
{
	return 1 << below(rig, 4) | (below(rig, 2) ? KOBS_PROG_SIGNED : 0);
}

/* An instruction that computes; @left follow it. */
static struct program_step any_step(struct random_rig *rig, unsigned int left)
{
	static const enum kobs_op others[] = {
		KOBS_OP_ARG, KOBS_OP_ARG, KOBS_OP_ARG, KOBS_OP_IMM,
		KOBS_OP_HIGH, KOBS_OP_MOVE, KOBS_OP_NEG, KOBS_OP_INVERT,
		KOBS_OP_NOT,
		KOBS_OP_EXTEND, KOBS_OP_JUMP, KOBS_OP_JUMP_ZERO,
		KOBS_OP_JUMP_SET, KOBS_OP_KEY, KOBS_OP_WANT,
		KOBS_OP_FIELD, KOBS_OP_FIELD,
	};
	struct program_step s = { .dst = below(rig, KOBS_PROG_REGS) };

	s.op = others[below(rig, ARRAY_SIZE(others))];
	if (below(rig, 2)) {
		s.op = KOBS_OP_ADD + below(rig, KOBS_OP_READ - KOBS_OP_ADD);
		s.by_imm = below(rig, 2);
	}
	if (s.by_imm || s.op == KOBS_OP_IMM || s.op == KOBS_OP_HIGH)
		s.imm = any(rig);
	else if ((s.op >= KOBS_OP_ADD && s.op != KOBS_OP_FIELD) ||
		 s.op == KOBS_OP_MOVE)
		s.src = below(rig, KOBS_PROG_REGS);
	if (s.op == KOBS_OP_EXTEND || s.op == KOBS_OP_FIELD)
		s.arg = any_type(rig);
	if (s.op == KOBS_OP_FIELD)
		s.imm = below(rig, RECORD_BYTES + 1 - (s.arg & 0xff));
	if (s.op == KOBS_OP_ARG)
		s.arg = below(rig, KOBS_PROG_ARGS);
	if (s.op >= KOBS_OP_JUMP && s.op <= KOBS_OP_WANT) {
		s.src = 0;
		s.imm = s.op == KOBS_OP_WANT ? 0 : below(rig, left + 1);
	}
	if (s.op == KOBS_OP_KEY)
		s.arg = below(rig, KOBS_PROG_KEYS);
	if (s.op == KOBS_OP_KEY || s.op == KOBS_OP_JUMP)
		s.dst = 0;
	return s;
}

/* In the end each register but the last is a number of the hit. */
static void any_program(struct random_rig *rig)
{
	const unsigned int n = 1 + below(rig, STEPS);
	struct program_step *s = rig->steps;
	unsigned int i;

	for (i = 0; i < n; i++)
		*s++ = any_step(rig, n - 1 - i);
	for (i = 0; i < KOBS_PROG_KEYS; i++)
		*s++ = (struct program_step){
			.op = KOBS_OP_KEY, .src = i, .arg = i,
		};
	if (below(rig, 4))
		*s++ = (struct program_step){
			.op = KOBS_OP_VALUE, .src = i, .arg = below(rig, 2),
		};
	*s++ = (struct program_step){ .op = KOBS_OP_END };
	rig->n = s - rig->steps;
	for (i = 0; i < KOBS_PROG_ARGS; i++)
		rig->args[i] = any(rig);
}

static struct random_rig *rig_new(struct kunit *test, u64 seed)
{
	struct random_rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	prandom_seed_state(&rig->rnd, seed);
	return rig;
}

/* A program that is not as expected, for a person to look at. */
static void report(struct kunit *test, struct random_rig *rig, unsigned int i)
{
	unsigned int k;

	KUNIT_FAIL(test, "program %u differs", i);
	for (k = 0; k < rig->n; k++)
		kunit_info(test, "word %u: %#llx", k, encode(&rig->steps[k]));
}

static bool as_expected(const struct program_hit *hit,
			const struct program_expected *e)
{
	unsigned int i;

	if (hit->end != e->end || hit->end != KOBS_PROGRAM_PASS)
		return hit->end == e->end;
	for (i = 0; i < KOBS_PROG_KEYS; i++) {
		if (hit->keys[i] != e->keys[i].v ||
		    (hit->out.faults >> i & 1) != e->keys[i].bad)
			return false;
	}
	return hit->out.value == e->value &&
	       hit->out.is_signed == e->is_signed &&
	       !(hit->out.faults >> KOBS_PROG_KEYS);
}

static void computed_programs(struct kunit *test)
{
	struct random_rig *rig = rig_new(test, 1);
	u64 words[ARRAY_SIZE(rig->steps)];
	unsigned int i, k;

	for (i = 0; i < COMPUTED; i++) {
		any_program(rig);
		for (k = 0; k < rig->n; k++)
			words[k] = encode(&rig->steps[k]);
		program_reference(rig->steps, rig->n, rig->args,
				  &rig->expected);
		program_rig_run(test, words, rig->n, rig->args, &rig->hit);
		if (!as_expected(&rig->hit, &rig->expected)) {
			report(test, rig, i);
			return;
		}
		rig->ends[rig->hit.end]++;
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(rig->ends); i++)
		KUNIT_EXPECT_GT_MSG(test, rig->ends[i], COMPUTED / 50, "end %u",
				    i);
}

/* An instruction that reads, with its literal. Returns the number of words. */
static unsigned int any_read(struct random_rig *rig, u64 *words)
{
	const u8 dst = below(rig, KOBS_PROG_REGS);
	const u8 src = below(rig, KOBS_PROG_REGS);
	const u16 user = below(rig, 8) ? 0 : KOBS_PROG_USER;
	const unsigned int n = 1 + below(rig, KOBS_PROG_LITERAL);
	unsigned int i;

	switch (below(rig, 5)) {
	case 0:
		words[0] = INSN(READ, dst, src, any_type(rig) | user,
				below(rig, 64));
		return 1;
	case 1:
		words[0] = INSN(TEXT, 0, src,
				below(rig, KOBS_PROG_TEXTS) | user, 0);
		return 1;
	case 2:
		words[0] = INSN(CONTEXT, dst, 0, below(rig, KOBS_PROG_CONTEXTS),
				0);
		return 1;
	case 3:
		words[0] = INSN(FIELD_TEXT, dst, 0, below(rig, 20),
				below(rig, RECORD_BYTES - 20));
		return 1;
	default:
		words[0] = INSN(SAME, dst, src, user, n);
		for (i = 1; i < n; i++)
			words[i] = 0x4141414141414141;
		words[n] = below(rig, 4) ? 0x41 : any(rig);
		return 1 + n;
	}
}

/* Words of a program, with up to two that something happened to. */
static unsigned int near_words(struct random_rig *rig, u64 *words)
{
	unsigned int i, n = 0;

	any_program(rig);
	for (i = 0; i < rig->n; i++) {
		if (!below(rig, 6))
			n += any_read(rig, words + n);
		words[n++] = encode(&rig->steps[i]);
	}
	for (i = below(rig, 3); i; i--) {
		const unsigned int at = below(rig, n);

		if (below(rig, 2))
			words[at] ^= BIT_ULL(below(rig, 64));
		else if (below(rig, 2))
			words[at] = words[below(rig, n)];
		else
			words[at] = any(rig);
	}
	return below(rig, 16) ? n : below(rig, n + 1);
}

static unsigned int any_words(struct random_rig *rig, u64 *words)
{
	const u64 likely = 0xffffffff00ff773f;
	const unsigned int n = below(rig, WORDS + 1);
	unsigned int i;

	for (i = 0; i < n; i++)
		words[i] = any(rig) & (below(rig, 2) ? U64_MAX : likely);
	return n;
}

static void expect_texts(struct kunit *test, const struct kobs_program *p,
			 const struct program_hit *hit)
{
	const u64 *words = hit->texts;
	unsigned int i;
	size_t len;

	for (i = 0; i < KOBS_PROG_TEXTS; i++, words += KOBS_PROG_TEXT_WORDS) {
		const char *text = (const char *)words;

		if (words[KOBS_PROG_TEXT_WORDS - 1] == TEXT_BEFORE)
			continue;
		len = strnlen(text, TEXT_BYTES - 1);
		KUNIT_EXPECT_TRUE(test, p->texts & BIT(i));
		KUNIT_EXPECT_NULL(test, memchr_inv(text + len, 0,
						   TEXT_BYTES - len));
	}
	KUNIT_EXPECT_EQ(test, words[0], TEXT_BEFORE);
}

/* Only what was announced is given. */
static void expect_hit(struct kunit *test, const struct kobs_program *p,
		       const struct program_hit *hit)
{
	unsigned int i;

	KUNIT_EXPECT_LE(test, (int)hit->end, (int)KOBS_PROGRAM_FAULT);
	KUNIT_EXPECT_EQ(test, hit->out.faults & ~p->keys, 0);
	for (i = 0; i <= KOBS_PROG_KEYS; i++) {
		if (!(p->keys >> i & 1))
			KUNIT_EXPECT_EQ(test, hit->keys[i], KEY_BEFORE);
		if (hit->out.faults >> i & 1)
			KUNIT_EXPECT_EQ(test, hit->keys[i], 0);
	}
	if (!p->value)
		KUNIT_EXPECT_EQ(test, hit->out.value, VALUE_BEFORE);
	expect_texts(test, p, hit);
}

/* The array ends where its page does: what is read behind it is noticed. */
static void hostile_words(struct kunit *test)
{
	struct random_rig *rig = rig_new(test, 2);
	u64 *words = program_rig_page(test), *page = program_rig_page(test);
	unsigned int i, n, accepted = 0;
	struct kobs_program p;
	char why[80];
	u64 *at;
	int ret;

	for (i = 0; i < HOSTILE; i++) {
		n = below(rig, 8) ? near_words(rig, words) :
				    any_words(rig, words);
		at = page + WORDS - n;
		memcpy(at, words, n * sizeof(u64));
		why[0] = 0;
		ret = kobs_program_check(&p, at, n, KOBS_PROG_ARGS, why,
					 sizeof(why));
		if (ret < 0) {
			KUNIT_EXPECT_EQ(test, ret, -EINVAL);
			KUNIT_EXPECT_GT(test, strlen(why), 10);
			continue;
		}
		KUNIT_EXPECT_LE(test, ret, (int)n);
		KUNIT_ASSERT_EQ(test, at[ret - 1], END);
		/* A hit without so much of a record is lost. */
		if (p.record > RECORD_BYTES)
			continue;
		rig->args[0] = (u64)page;
		rig->args[1] = (u64)page + PAGE_SIZE - below(rig, 64);
		program_rig_hit(&p, rig->args, &rig->hit);
		expect_hit(test, &p, &rig->hit);
		rig->ends[rig->hit.end]++;
		accepted++;
		cond_resched();
	}
	KUNIT_EXPECT_GT(test, accepted, HOSTILE / 5);
	KUNIT_EXPECT_LT(test, accepted, HOSTILE / 5 * 4);
	for (i = 0; i < ARRAY_SIZE(rig->ends); i++)
		KUNIT_EXPECT_GT_MSG(test, rig->ends[i], HOSTILE / 100, "end %u",
				    i);
}

static struct kunit_case random_cases[] = {
	KUNIT_CASE(computed_programs),
	KUNIT_CASE(hostile_words),
	{}
};

static struct kunit_suite random_suite = {
	.name = "kobs_program_random",
	.test_cases = random_cases,
};

kunit_test_suite(random_suite);
