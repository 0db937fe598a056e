// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the stack cache: a stack is found only while each of its words is
 * what it was; stacks that cannot be compared completely are not recorded.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "stack_rig.h"

#define ID		7
#define EPOCH		3

/* Unwind the stack and record it; returns whether it was recorded. */
static bool record(struct stack_rig *b, int *n, struct kobs_cached_stack *e)
{
	*n = stack_rig_unwind(b, 20);
	return kobs_stack_cache_record(e, &b->fc, &b->c, b->ips, max(*n, 0), 20);
}

/* Record the stack and keep it. */
static u64 keep(struct kunit *test, unsigned long entry)
{
	struct stack_rig *b = test->priv;
	u64 key = kobs_stack_cache_key(&b->fc, &b->c, entry);
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->sc, key);
	int n;

	KUNIT_ASSERT_TRUE(test, record(b, &n, e));
	KUNIT_ASSERT_GT(test, n, 0);
	KUNIT_EXPECT_EQ(test, e->nr % KOBS_STACK_CACHE_STEP, 0);
	KUNIT_EXPECT_EQ(test, e->parts[e->last].end, e->nr);
	kobs_stack_cache_keep(e, key, entry, kobs_stack_cache_state(EPOCH, b->c.cut), ID);
	return key;
}

static u32 find(struct stack_rig *b, u64 key, unsigned long entry, u32 epoch)
{
	const struct kobs_cached_stack *e =
		kobs_stack_cache_find(&b->sc, key, entry,
				      kobs_stack_cache_state(epoch, b->c.cut), &b->c);

	return e ? e->id : 0;
}

static void cached_while_equal(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	u64 key;
	unsigned int i;

	stack_rig_build(b);
	key = keep(test, 0);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(1), EPOCH), 0);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH + 1), 0);
	KUNIT_EXPECT_EQ(test, find(b, key + 4, 0, EPOCH), 0);
	b->c.cut = true;
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), 0);
	b->c.cut = false;
	/* Only words with an address matter. */
	for (i = 0; i < WORDS; i++) {
		bool frame = b->stack[i];

		b->stack[i] += 8;
		KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), frame ? 0 : ID);
		b->stack[i] -= 8;
	}
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
}

static void cached_at_any_place(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int at;
	u64 key;

	stack_rig_build_bp(b, 20);
	key = keep(test, stack_rig_ip(50));
	/* The part after the frame pointer moves, as by the random offset. */
	for (at = 9; at < WORDS - 6; at++) {
		stack_rig_build_bp(b, at);
		KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(50), EPOCH), ID);
		b->stack[at + 6] = KERNEL_CS;
		KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(50), EPOCH), 0);
	}
	stack_rig_build_bp(b, 20);
	b->stack[2] += 4;
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(50), EPOCH), 0);
	b->stack[2] = (unsigned long)(b->stack + WORDS - 6);
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(50), EPOCH), 0);
}

static void not_cached_beyond_the_top(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	u64 key;

	stack_rig_build(b);
	key = keep(test, 0);
	/* The last word lies at 17. */
	b->c.top = (unsigned long)(b->stack + 18);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
	b->c.top -= sizeof(long);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), 0);
}

/* Frames 2 to n are addressed by frame pointers; a part begins at each place. */
static void build_parts(struct stack_rig *b, const u8 *at, unsigned int n)
{
	unsigned int i;

	memset(b->mem, 0, sizeof(b->mem));
	stack_rig_know(b, 1, KOBS_RULE_SP, 3, 2);
	b->stack[0] = stack_rig_ip(1);
	b->stack[2] = (unsigned long)(b->stack + at[0]);
	b->stack[3] = stack_rig_ip(2);
	for (i = 0; i < n - 1; i++) {
		stack_rig_know(b, i + 2, KOBS_RULE_BP, 2, 2);
		if (i < n - 2)
			b->stack[at[i]] = (unsigned long)(b->stack + at[i + 1]);
		b->stack[at[i] + 1] = stack_rig_ip(i + 3);
	}
	stack_rig_know(b, n + 1, KOBS_RULE_END, 0, 0);
}

static void each_part_moves_by_itself(struct kunit *test)
{
	static const u8 at[][KOBS_STACK_CACHE_PARTS - 1] = {
		{ 5, 9, 20 }, { 4, 9, 20 }, { 5, 12, 20 }, { 5, 9, 30 },
		{ 7, 20, 31 },
	};
	struct stack_rig *b = test->priv;
	unsigned int i, word;
	u64 key;

	build_parts(b, at[0], KOBS_STACK_CACHE_PARTS);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 1, KOBS_STACK_CACHE_PARTS + 1);
	key = keep(test, 0);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		build_parts(b, at[i], KOBS_STACK_CACHE_PARTS);
		KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
		/* A changed pointer, or a changed address. */
		for (word = 0; word < WORDS; word++) {
			unsigned long old = b->stack[word];

			b->stack[word] += 4;
			KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH),
					old ? 0 : ID);
			b->stack[word] = old;
		}
		/* The last part exceeds the stack. */
		b->c.top = (unsigned long)(b->stack + at[i][2] + 1);
		KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), 0);
		b->c.top = (unsigned long)(b->stack + WORDS);
	}
}

/*
 * Code of frame 1 was interrupted: its address is not on the stack, and the
 * word below its stack pointer is nobody's.
 */
static void interrupted_code_has_a_stack(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	u64 key;

	stack_rig_build(b);
	b->stack[0] = stack_rig_ip(99);
	b->c.ip = stack_rig_ip(1);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 20), 2, 4);
	stack_rig_expect_ips(test, stack_rig_unwind(b, 2), 2, 2);
	key = keep(test, stack_rig_ip(1) - 1);
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(1) - 1, EPOCH), ID);
	b->stack[0] = 0;
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(1) - 1, EPOCH), ID);
	/* Another instruction is another stack. */
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(1), EPOCH), 0);
	b->stack[3] += 8;
	KUNIT_EXPECT_EQ(test, find(b, key, stack_rig_ip(1) - 1, EPOCH), 0);
	/* A frame without a rule, or without a usable one. */
	b->c.ip = stack_rig_ip(99);
	KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 20), -ENOENT);
	stack_rig_know(b, 99, KOBS_RULE_ODD, 0, 0);
	KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 20), -ENOENT);
	/* Nothing called it. */
	stack_rig_know(b, 99, KOBS_RULE_END, 0, 0);
	KUNIT_EXPECT_EQ(test, stack_rig_unwind(b, 20), 0);
}

static void too_many_parts_are_not_kept(struct kunit *test)
{
	static const u8 at[] = { 5, 9, 12, 20 };
	struct stack_rig *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->sc, 8);
	int n;

	static_assert(ARRAY_SIZE(at) == KOBS_STACK_CACHE_PARTS);
	build_parts(b, at, KOBS_STACK_CACHE_PARTS + 1);
	KUNIT_EXPECT_FALSE(test, record(b, &n, e));
	KUNIT_EXPECT_EQ(test, n, KOBS_STACK_CACHE_PARTS + 2);
}

/* A frame pointer that was saved beyond the part before. */
static void pointers_from_afar_are_not_kept(struct kunit *test)
{
	static const u8 at[] = { 5, 9, 20 };
	struct stack_rig *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->sc, 8);
	int n;

	build_parts(b, at, KOBS_STACK_CACHE_PARTS);
	/* Frame 2 does not save it: frame 3 uses that of frame 1. */
	stack_rig_know(b, 2, KOBS_RULE_BP, 2, 0);
	stack_rig_know(b, 3, KOBS_RULE_BP, 5, 0);
	stack_rig_know(b, 4, KOBS_RULE_END, 0, 0);
	b->stack[5 + 4] = stack_rig_ip(4);
	KUNIT_EXPECT_FALSE(test, record(b, &n, e));
	KUNIT_EXPECT_EQ(test, n, -ENOENT);
}

static void stuck_unwinds_are_not_kept(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->sc, 8);
	int n;

	stack_rig_build(b);
	stack_rig_know(b, 4, KOBS_RULE_ODD, 0, 0);
	KUNIT_EXPECT_FALSE(test, record(b, &n, e));
	KUNIT_EXPECT_EQ(test, n, 4);
	KUNIT_EXPECT_TRUE(test, b->end.stuck);
}

/* The second pass must come to the addresses that were unwound. */
static void other_addresses_are_not_recorded(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->sc, 8);
	unsigned int i;
	int n;

	stack_rig_build(b);
	KUNIT_EXPECT_TRUE(test, record(b, &n, e));
	KUNIT_ASSERT_EQ(test, n, 5);
	for (i = 0; i < 5; i++) {
		b->ips[i]++;
		KUNIT_EXPECT_FALSE(test, kobs_stack_cache_record(e, &b->fc,
								 &b->c, b->ips,
								 5, 20));
		b->ips[i]--;
	}
	/* Fewer are a stack of their own only where the unwind stopped. */
	KUNIT_EXPECT_FALSE(test, kobs_stack_cache_record(e, &b->fc, &b->c,
							 b->ips, 4, 20));
	KUNIT_EXPECT_TRUE(test, kobs_stack_cache_record(e, &b->fc, &b->c,
							b->ips, 4, 4));
	/* A rule that is gone. */
	kobs_frame_cache_forget(&b->fc, stack_rig_ip(3), stack_rig_ip(3));
	KUNIT_EXPECT_FALSE(test, kobs_stack_cache_record(e, &b->fc, &b->c,
							 b->ips, 5, 20));
}

/* Frames of hooks do not tell stacks apart. */
static void keys_leave_hooks_out(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int changed = 0;
	unsigned int frame;
	u64 key;

	for (frame = 1; frame <= 5; frame++) {
		static const u8 at[] = { 0, 0, 3, 8, 10, 17 };

		stack_rig_build(b);
		kobs_frame_cache_put(&b->fc, stack_rig_ip(1),
				     kobs_rule(KOBS_RULE_SP, 3, 0) | KOBS_RULE_HOOK);
		key = kobs_stack_cache_key(&b->fc, &b->c, 0);
		b->stack[at[frame]]++;
		changed += kobs_stack_cache_key(&b->fc, &b->c, 0) != key;
	}
	/* The hook's own, and the number of addresses in a key after it. */
	KUNIT_EXPECT_EQ(test, changed, 1 + KOBS_STACK_CACHE_KEY);
}

/* Sets are bounded; each stack that is found is correct. */
static void stack_cache_is_bounded(struct kunit *test)
{
	struct stack_rig *b = test->priv;
	unsigned int found = 0;
	unsigned int i;
	int n;

	stack_rig_build(b);
	for (i = 1; i <= 100; i++) {
		u64 key = i * KOBS_HASH_FACTOR;
		struct kobs_cached_stack *e = kobs_stack_cache_new(&b->sc, key);

		KUNIT_ASSERT_GE(test, e - b->sc.stacks, 0);
		KUNIT_ASSERT_LT(test, e - b->sc.stacks, 16);
		KUNIT_ASSERT_TRUE(test, record(b, &n, e));
		kobs_stack_cache_keep(e, key, 0, kobs_stack_cache_state(EPOCH, false),
				      i);
		KUNIT_ASSERT_EQ(test, find(b, key, 0, EPOCH), i);
	}
	for (i = 1; i <= 100; i++) {
		u32 id = find(b, i * KOBS_HASH_FACTOR, 0, EPOCH);

		if (!id)
			continue;
		found++;
		KUNIT_EXPECT_EQ(test, id, i);
	}
	KUNIT_EXPECT_EQ(test, found, 16);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(cached_while_equal),
	KUNIT_CASE(cached_at_any_place),
	KUNIT_CASE(not_cached_beyond_the_top),
	KUNIT_CASE(each_part_moves_by_itself),
	KUNIT_CASE(interrupted_code_has_a_stack),
	KUNIT_CASE(too_many_parts_are_not_kept),
	KUNIT_CASE(pointers_from_afar_are_not_kept),
	KUNIT_CASE(stuck_unwinds_are_not_kept),
	KUNIT_CASE(other_addresses_are_not_recorded),
	KUNIT_CASE(keys_leave_hooks_out),
	KUNIT_CASE(stack_cache_is_bounded),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_stack_cache",
	.init = stack_rig_init,
	.exit = stack_rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
