// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the frame cache: rules are kept, replaced and forgotten; an unwind
 * finds the addresses that lie on a stack, ends where it has to, and reads
 * nothing outside.
 */
#include <kunit/test.h>

#include "stack_rig.h"

/* The unwind got stuck at frame n, whose caller's stack pointer is this word. */
static void expect_stuck(struct kunit *test, int got, unsigned int n,
			 const unsigned long *word)
{
	struct stack_rig *b = test->priv;

	KUNIT_EXPECT_EQ(test, got, (int)n);
	KUNIT_EXPECT_TRUE(test, b->end.stuck);
	KUNIT_EXPECT_PTR_EQ(test, (const unsigned long *)b->end.sp, word);
	KUNIT_EXPECT_EQ(test, b->ips[n - 1], word[-1]);
}

static void rules_are_kept(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	u64 rule = kobs_rule(KOBS_RULE_BP, 40000, 200);

	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, stack_rig_ip(1)), 0);
	kobs_frame_cache_put(&b->fc, stack_rig_ip(1), rule);
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, stack_rig_ip(1)), rule | (u32)stack_rig_ip(1));
	KUNIT_EXPECT_EQ(test, kobs_rule_kind(stack_rig_rule(b, stack_rig_ip(1))), KOBS_RULE_BP);
	KUNIT_EXPECT_EQ(test, kobs_rule_words(stack_rig_rule(b, stack_rig_ip(1))), 40000);
	KUNIT_EXPECT_EQ(test, kobs_rule_saved(stack_rig_rule(b, stack_rig_ip(1))), 200);
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, stack_rig_ip(2)), 0);
	/* Put again: one rule per address. */
	stack_rig_know(b, 1, KOBS_RULE_SP, 9, 0);
	KUNIT_EXPECT_EQ(test, kobs_rule_words(stack_rig_rule(b, stack_rig_ip(1))), 9);
}

static void other_addresses_are_not_kept(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned long low = stack_rig_ip(1) & U32_MAX;

	kobs_frame_cache_put(&b->fc, low, kobs_rule(KOBS_RULE_SP, 1, 0));
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, low), 0);
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, stack_rig_ip(1)), 0);
	/* The same lowest 32 bits are not the same address. */
	stack_rig_know(b, 1, KOBS_RULE_SP, 1, 0);
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, low), 0);
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, stack_rig_ip(1) ^ BIT(40)), 0);
	KUNIT_EXPECT_EQ(test, stack_rig_rule(b, 0), 0);
}

/* A full cache returns correct rules only, and always the latest. */
static void full_sets_stay_right(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int found = 0;
	unsigned int n;

	for (n = 1; n <= 10 * RULES; n++) {
		stack_rig_know(b, n, KOBS_RULE_SP, n, 0);
		KUNIT_ASSERT_EQ(test, kobs_rule_words(stack_rig_rule(b, stack_rig_ip(n))), n);
	}
	for (n = 1; n <= 10 * RULES; n++) {
		u64 rule = stack_rig_rule(b, stack_rig_ip(n));

		if (!rule)
			continue;
		found++;
		KUNIT_EXPECT_EQ(test, kobs_rule_words(rule), n);
	}
	KUNIT_EXPECT_LE(test, found, RULES);
	KUNIT_EXPECT_GE(test, found, RULES / 2);
}

static void code_is_forgotten(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int n;

	for (n = 1; n <= 10; n++)
		stack_rig_know(b, n, KOBS_RULE_SP, n, 0);
	kobs_frame_cache_forget(&b->fc, stack_rig_ip(4), stack_rig_ip(5));
	for (n = 1; n <= 10; n++)
		KUNIT_EXPECT_EQ(test, !!stack_rig_rule(b, stack_rig_ip(n)), n < 4 || n > 5);
	kobs_frame_cache_forget(&b->fc, stack_rig_ip(6), ULONG_MAX);
	for (n = 1; n <= 10; n++)
		KUNIT_EXPECT_EQ(test, !!stack_rig_rule(b, stack_rig_ip(n)), n < 4);
	kobs_frame_cache_forget(&b->fc, 0, ULONG_MAX);
	for (n = 1; n <= 10; n++)
		KUNIT_EXPECT_EQ(test, stack_rig_rule(b, stack_rig_ip(n)), 0);
}

static void unwind_to_the_end(struct kunit *test)
{
	struct stack_rig *b = test->priv;

	stack_rig_build(b);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, 5);
	/* Not beyond the maximum; frames after it need no rule. */
	kobs_frame_cache_put(&b->fc, stack_rig_ip(3), kobs_rule(KOBS_RULE_ODD, 0, 0));
	stack_rig_expect_ips(test, stack_rig_unwind(b, 3), 1, 3);
	KUNIT_EXPECT_FALSE(test, b->end.stuck);
	expect_stuck(test, stack_rig_unwind(b, 4), 3, b->stack + 9);
	/* Stuck before the first address: nothing was found. */
	kobs_frame_cache_put(&b->fc, stack_rig_ip(1),
			     kobs_rule(KOBS_RULE_ODD, 0, 0) | KOBS_RULE_HOOK);
	KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 4), -ENOENT);
}

static void unwind_stops_at_unknown_frames(struct kunit *test)
{
	struct stack_rig *b = test->priv;

	stack_rig_build(b);
	b->stack[3] = stack_rig_ip(99);
	KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 20), -ENOENT);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 1), 1, 1);
}

static void hooks_are_left_out_in_front(struct kunit *test)
{
	struct stack_rig *b = test->priv;

	stack_rig_build(b);
	kobs_frame_cache_put(&b->fc, stack_rig_ip(1),
			     kobs_rule(KOBS_RULE_SP, 3, 0) | KOBS_RULE_HOOK);
	kobs_frame_cache_put(&b->fc, stack_rig_ip(3),
			     kobs_rule(KOBS_RULE_SP, 2, 0) | KOBS_RULE_HOOK);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 2, 4);
	b->c.inner = true;
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, 5);
}

static void unwind_by_the_frame_pointer(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int at;

	for (at = 9; at < WORDS - 6; at++) {
		stack_rig_build_bp(b, at);
		stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, 4);
	}
	/* Not saved on the way: it is the cursor's. */
	stack_rig_build_bp(b, 20);
	stack_rig_know(b, 1, KOBS_RULE_SP, 3, 0);
	b->c.bp = (unsigned long)(b->stack + 20);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, 4);
}

static void frame_pointer_outside(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	const unsigned long bad[] = {
		0, 1, (unsigned long)b->mem, (unsigned long)b->stack,
		(unsigned long)(b->stack + 20) + 4,
		(unsigned long)(b->stack + WORDS - 1),
		(unsigned long)(b->stack + WORDS),
		(unsigned long)(b->mem + GUARD + WORDS + GUARD), ULONG_MAX - 7,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		stack_rig_build_bp(b, 20);
		b->stack[2] = bad[i];
		KUNIT_EXPECT_EQ_MSG(test, stack_rig_unwind(b, 20), -ENOENT, "of %lx", bad[i]);
	}
}

static void frames_beyond_the_top(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int words;

	for (words = 1; words < WORDS + GUARD; words++) {
		stack_rig_build(b);
		stack_rig_know(b, 1, KOBS_RULE_SP, words, 0);
		if (words < WORDS)
			b->stack[words] = stack_rig_ip(5);
		else
			b->mem[GUARD + words] = stack_rig_ip(5);
		if (words < WORDS)
			stack_rig_expect_ips(test, stack_rig_unwind(b, 1), 1, 1);
		/* The uppermost word is the end of an interrupt's stack only. */
		if (words == WORDS - 1)
			expect_stuck(test, stack_rig_unwind(b, 20), 2, b->stack + WORDS);
		else
			KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 20) > 0, words < WORDS);
	}
}

static void registers_end_a_stack(struct kunit *test)
{
	struct stack_rig *b = test->priv;

	stack_rig_build_bp(b, 20);
	b->stack[26] = KERNEL_CS;
	expect_stuck(test, stack_rig_unwind(b, 20), 4, b->stack + 22);
	b->c.cut = true;
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, 4);
	/* Registers outside of this stack. */
	stack_rig_know(b, 4, KOBS_RULE_REGS, WORDS - 22, 0);
	KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 20), -ENOENT);
}

static void top_ends_an_interrupt(struct kunit *test)
{
	struct stack_rig *b = test->priv;

	stack_rig_build(b);
	/* Frame 3's caller lies in the uppermost word. */
	stack_rig_know(b, 3, KOBS_RULE_SP, WORDS - 9, 0);
	b->stack[WORDS - 1] = stack_rig_ip(4);
	expect_stuck(test, stack_rig_unwind(b, 20), 4, b->stack + WORDS);
	b->c.cut = true;
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, 4);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rules_are_kept),
	KUNIT_CASE(other_addresses_are_not_kept),
	KUNIT_CASE(full_sets_stay_right),
	KUNIT_CASE(code_is_forgotten),
	KUNIT_CASE(unwind_to_the_end),
	KUNIT_CASE(unwind_stops_at_unknown_frames),
	KUNIT_CASE(hooks_are_left_out_in_front),
	KUNIT_CASE(unwind_by_the_frame_pointer),
	KUNIT_CASE(frame_pointer_outside),
	KUNIT_CASE(frames_beyond_the_top),
	KUNIT_CASE(registers_end_a_stack),
	KUNIT_CASE(top_ends_an_interrupt),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_frame_cache",
	.init = stack_rig_init,
	.exit = stack_rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
