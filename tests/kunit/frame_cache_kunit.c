// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the frame cache and of the stack cache: facts are kept,
 * replaced and forgotten; a walk finds the addresses that lie on a stack, ends
 * where it has to, and reads nothing outside; a stack is found only while
 * each of its words is what it was.
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "unwind/frame_cache.h"
#include "unwind/stack_cache.h"

#define FACTS		64
#define BASE		0xffffffff81000000UL
/* Words of the stack in use, and of what must not be read on both sides. */
#define WORDS		64
#define GUARD		16
#define USER_CS		0x33
#define KERNEL_CS	0x10
#define ID		7
#define EPOCH		3

/**
 * struct bench - a frame cache, a stack, and the cached stacks
 * @m: frame cache
 * @r: cached stacks
 * @mem: the stack, in the middle
 * @stack: its lowest word
 * @w: a walk along it
 * @end: where that came to
 * @ips: what the walk found
 */
struct bench {
	struct kobs_frame_cache m;
	struct kobs_stack_cache r;
	unsigned long mem[GUARD + WORDS + GUARD];
	unsigned long *stack;
	struct kobs_walk w;
	struct kobs_walk end;
	unsigned long ips[KOBS_STACK_CACHE_WORDS];
};

static unsigned long ip_of(unsigned int n)
{
	return BASE + n * 16;
}

static int bench_init(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	test->priv = b;
	KUNIT_ASSERT_EQ(test, kobs_frame_cache_init(&b->m, FACTS), 0);
	KUNIT_ASSERT_EQ(test, kobs_stack_cache_init(&b->r, NUMA_NO_NODE, 16), 0);
	b->r.nest = 1;
	b->stack = b->mem + GUARD;
	b->w.sp = (unsigned long)(b->stack + 1);
	b->w.top = (unsigned long)(b->stack + WORDS);
	return 0;
}

static void bench_exit(struct kunit *test)
{
	struct bench *b = test->priv;

	if (!b)
		return;
	kobs_frame_cache_free(&b->m);
	kobs_stack_cache_free(&b->r);
}

static u64 get(struct bench *b, unsigned long ip)
{
	return kobs_frame_cache_get(b->m.facts, b->m.shift, ip);
}

static void know(struct bench *b, unsigned int n, enum kobs_fact_kind kind,
		 u16 words, u8 saved)
{
	kobs_frame_cache_put(&b->m, ip_of(n), kobs_fact(kind, words, saved));
}

/* Frames 1 to 4 of 3, 5, 2 and 7 words; 5 is the outermost. */
static void build(struct bench *b)
{
	static const u8 size[] = { 0, 3, 5, 2, 7 };
	unsigned int at = 0;
	unsigned int n;

	for (n = 1; n < ARRAY_SIZE(size); n++) {
		know(b, n, KOBS_FACT_SP, size[n], 0);
		b->stack[at] = ip_of(n);
		at += size[n];
	}
	know(b, n, KOBS_FACT_END, 0, 0);
	b->stack[at] = ip_of(n);
}

/* The frame pointer was saved by frame 1, and frame 3 is addressed by it. */
static void build_bp(struct bench *b, unsigned int at)
{
	memset(b->mem, 0, sizeof(b->mem));
	know(b, 1, KOBS_FACT_SP, 3, 2);
	know(b, 2, KOBS_FACT_SP, 5, 0);
	know(b, 3, KOBS_FACT_BP, 2, 2);
	know(b, 4, KOBS_FACT_REGS, 4, 0);
	b->stack[0] = ip_of(1);
	b->stack[2] = (unsigned long)(b->stack + at);
	b->stack[3] = ip_of(2);
	b->stack[8] = ip_of(3);
	b->stack[at + 1] = ip_of(4);
	b->stack[at + 2 + 4] = USER_CS;
}

static int go(struct bench *b, unsigned int max)
{
	struct kobs_walk w = b->w;
	int n;

	memset(b->ips, 0, sizeof(b->ips));
	n = kobs_frame_cache_walk(&b->m, &w, b->ips, max);
	b->end = w;
	return n;
}

/* Frame n is the last that the frame cache leads to; it begins with this word. */
static void expect_stuck(struct kunit *test, int got, unsigned int n,
			 const unsigned long *word)
{
	struct bench *b = test->priv;

	KUNIT_EXPECT_EQ(test, got, (int)n);
	KUNIT_EXPECT_TRUE(test, b->end.stuck);
	KUNIT_EXPECT_PTR_EQ(test, (const unsigned long *)b->end.sp, word);
	KUNIT_EXPECT_EQ(test, b->ips[n - 1], word[-1]);
}

static void expect_ips(struct kunit *test, int got, unsigned int first,
		       unsigned int n)
{
	struct bench *b = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, got, (int)n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, b->ips[i], ip_of(first + i));
}

static void facts_are_kept(struct kunit *test)
{
	struct bench *b = test->priv;
	u64 fact = kobs_fact(KOBS_FACT_BP, 40000, 200);

	KUNIT_EXPECT_EQ(test, get(b, ip_of(1)), 0);
	kobs_frame_cache_put(&b->m, ip_of(1), fact);
	KUNIT_EXPECT_EQ(test, get(b, ip_of(1)), fact | (u32)ip_of(1));
	KUNIT_EXPECT_EQ(test, kobs_fact_kind(get(b, ip_of(1))), KOBS_FACT_BP);
	KUNIT_EXPECT_EQ(test, kobs_fact_words(get(b, ip_of(1))), 40000);
	KUNIT_EXPECT_EQ(test, kobs_fact_saved(get(b, ip_of(1))), 200);
	KUNIT_EXPECT_EQ(test, get(b, ip_of(2)), 0);
	/* Put again: one fact of an address. */
	know(b, 1, KOBS_FACT_SP, 9, 0);
	KUNIT_EXPECT_EQ(test, kobs_fact_words(get(b, ip_of(1))), 9);
}

static void other_addresses_are_not_kept(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned long low = ip_of(1) & U32_MAX;

	kobs_frame_cache_put(&b->m, low, kobs_fact(KOBS_FACT_SP, 1, 0));
	KUNIT_EXPECT_EQ(test, get(b, low), 0);
	KUNIT_EXPECT_EQ(test, get(b, ip_of(1)), 0);
	/* The same lowest 32 bits are not the same address. */
	know(b, 1, KOBS_FACT_SP, 1, 0);
	KUNIT_EXPECT_EQ(test, get(b, low), 0);
	KUNIT_EXPECT_EQ(test, get(b, ip_of(1) ^ BIT(40)), 0);
	KUNIT_EXPECT_EQ(test, get(b, 0), 0);
}

/* However many are put, each that is found is right, and the last is there. */
static void full_sets_stay_right(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned int found = 0;
	unsigned int n;

	for (n = 1; n <= 10 * FACTS; n++) {
		know(b, n, KOBS_FACT_SP, n, 0);
		KUNIT_ASSERT_EQ(test, kobs_fact_words(get(b, ip_of(n))), n);
	}
	for (n = 1; n <= 10 * FACTS; n++) {
		u64 fact = get(b, ip_of(n));

		if (!fact)
			continue;
		found++;
		KUNIT_EXPECT_EQ(test, kobs_fact_words(fact), n);
	}
	KUNIT_EXPECT_LE(test, found, FACTS);
	KUNIT_EXPECT_GE(test, found, FACTS / 2);
}

static void code_is_forgotten(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned int n;

	for (n = 1; n <= 10; n++)
		know(b, n, KOBS_FACT_SP, n, 0);
	kobs_frame_cache_forget(&b->m, ip_of(4), ip_of(5));
	for (n = 1; n <= 10; n++)
		KUNIT_EXPECT_EQ(test, !!get(b, ip_of(n)), n < 4 || n > 5);
	kobs_frame_cache_forget(&b->m, ip_of(6), ULONG_MAX);
	for (n = 1; n <= 10; n++)
		KUNIT_EXPECT_EQ(test, !!get(b, ip_of(n)), n < 4);
	kobs_frame_cache_forget(&b->m, 0, ULONG_MAX);
	for (n = 1; n <= 10; n++)
		KUNIT_EXPECT_EQ(test, get(b, ip_of(n)), 0);
}

static void walk_to_the_end(struct kunit *test)
{
	struct bench *b = test->priv;

	build(b);
	expect_ips(test, go(b, 20), 1, 5);
	/* No further than asked for; what lies behind need not be known. */
	kobs_frame_cache_put(&b->m, ip_of(3), kobs_fact(KOBS_FACT_ODD, 0, 0));
	expect_ips(test, go(b, 3), 1, 3);
	KUNIT_EXPECT_FALSE(test, b->end.stuck);
	expect_stuck(test, go(b, 4), 3, b->stack + 9);
	/* Where no address was found yet, it was in vain. */
	kobs_frame_cache_put(&b->m, ip_of(1),
			     kobs_fact(KOBS_FACT_ODD, 0, 0) | KOBS_FACT_HOOK);
	KUNIT_EXPECT_EQ(test, go(b, 4), -ENOENT);
}

static void walk_by_the_unknown(struct kunit *test)
{
	struct bench *b = test->priv;

	build(b);
	b->stack[3] = ip_of(99);
	KUNIT_EXPECT_EQ(test, go(b, 20), -ENOENT);
	expect_ips(test, go(b, 1), 1, 1);
}

static void hooks_are_left_out_in_front(struct kunit *test)
{
	struct bench *b = test->priv;

	build(b);
	kobs_frame_cache_put(&b->m, ip_of(1),
			     kobs_fact(KOBS_FACT_SP, 3, 0) | KOBS_FACT_HOOK);
	kobs_frame_cache_put(&b->m, ip_of(3),
			     kobs_fact(KOBS_FACT_SP, 2, 0) | KOBS_FACT_HOOK);
	expect_ips(test, go(b, 20), 2, 4);
	b->w.inner = true;
	expect_ips(test, go(b, 20), 1, 5);
}

static void walk_by_the_frame_pointer(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned int at;

	for (at = 9; at < WORDS - 6; at++) {
		build_bp(b, at);
		expect_ips(test, go(b, 20), 1, 4);
	}
	/* Not saved on the way: it is that of the start. */
	build_bp(b, 20);
	know(b, 1, KOBS_FACT_SP, 3, 0);
	b->w.bp = (unsigned long)(b->stack + 20);
	expect_ips(test, go(b, 20), 1, 4);
}

static void frame_pointer_outside(struct kunit *test)
{
	struct bench *b = test->priv;
	const unsigned long bad[] = {
		0, 1, (unsigned long)b->mem, (unsigned long)b->stack,
		(unsigned long)(b->stack + 20) + 4,
		(unsigned long)(b->stack + WORDS - 1),
		(unsigned long)(b->stack + WORDS),
		(unsigned long)(b->mem + GUARD + WORDS + GUARD), ULONG_MAX - 7,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		build_bp(b, 20);
		b->stack[2] = bad[i];
		KUNIT_EXPECT_EQ_MSG(test, go(b, 20), -ENOENT, "of %lx", bad[i]);
	}
}

static void frames_beyond_the_top(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned int words;

	for (words = 1; words < WORDS + GUARD; words++) {
		build(b);
		know(b, 1, KOBS_FACT_SP, words, 0);
		if (words < WORDS)
			b->stack[words] = ip_of(5);
		else
			b->mem[GUARD + words] = ip_of(5);
		if (words < WORDS)
			expect_ips(test, go(b, 1), 1, 1);
		/* The uppermost word is the end of an interrupt's stack only. */
		if (words == WORDS - 1)
			expect_stuck(test, go(b, 20), 2, b->stack + WORDS);
		else
			KUNIT_EXPECT_EQ(test, go(b, 20) > 0, words < WORDS);
	}
}

static void registers_end_a_stack(struct kunit *test)
{
	struct bench *b = test->priv;

	build_bp(b, 20);
	b->stack[26] = KERNEL_CS;
	expect_stuck(test, go(b, 20), 4, b->stack + 22);
	b->w.cut = true;
	expect_ips(test, go(b, 20), 1, 4);
	/* They do not lie on this stack. */
	know(b, 4, KOBS_FACT_REGS, WORDS - 22, 0);
	KUNIT_EXPECT_EQ(test, go(b, 20), -ENOENT);
}

static void top_ends_an_interrupt(struct kunit *test)
{
	struct bench *b = test->priv;

	build(b);
	/* Frame 3's caller lies in the uppermost word. */
	know(b, 3, KOBS_FACT_SP, WORDS - 9, 0);
	b->stack[WORDS - 1] = ip_of(4);
	expect_stuck(test, go(b, 20), 4, b->stack + WORDS);
	b->w.cut = true;
	expect_ips(test, go(b, 20), 1, 4);
}

/* Record the stack and keep it. */
static u64 keep(struct kunit *test, unsigned long entry)
{
	struct bench *b = test->priv;
	u64 key = kobs_stack_cache_key(&b->m, &b->w, entry);
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->r, key);
	int n = kobs_frame_cache_record(&b->m, &b->w, b->ips, 20, e);

	KUNIT_ASSERT_GT(test, n, 0);
	KUNIT_EXPECT_EQ(test, e->nr % KOBS_STACK_CACHE_STEP, 0);
	KUNIT_EXPECT_EQ(test, e->parts[e->last].end, e->nr);
	kobs_stack_cache_keep(e, key, entry, kobs_stack_cache_state(EPOCH, b->w.cut), ID);
	return key;
}

static u32 find(struct bench *b, u64 key, unsigned long entry, u32 epoch)
{
	const struct kobs_cached_stack *e =
		kobs_stack_cache_find(&b->r, key, entry,
				      kobs_stack_cache_state(epoch, b->w.cut), &b->w);

	return e ? e->id : 0;
}

static void cached_while_equal(struct kunit *test)
{
	struct bench *b = test->priv;
	u64 key;
	unsigned int i;

	build(b);
	key = keep(test, 0);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(1), EPOCH), 0);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH + 1), 0);
	KUNIT_EXPECT_EQ(test, find(b, key + 4, 0, EPOCH), 0);
	b->w.cut = true;
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), 0);
	b->w.cut = false;
	/* A word that is changed counts if it holds an address. */
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
	struct bench *b = test->priv;
	unsigned int at;
	u64 key;

	build_bp(b, 20);
	key = keep(test, ip_of(50));
	/* What is behind the frame pointer moves, as the random offset does. */
	for (at = 9; at < WORDS - 6; at++) {
		build_bp(b, at);
		KUNIT_EXPECT_EQ(test, find(b, key, ip_of(50), EPOCH), ID);
		b->stack[at + 6] = KERNEL_CS;
		KUNIT_EXPECT_EQ(test, find(b, key, ip_of(50), EPOCH), 0);
	}
	build_bp(b, 20);
	b->stack[2] += 4;
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(50), EPOCH), 0);
	b->stack[2] = (unsigned long)(b->stack + WORDS - 6);
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(50), EPOCH), 0);
}

static void not_cached_beyond_the_top(struct kunit *test)
{
	struct bench *b = test->priv;
	u64 key;

	build(b);
	key = keep(test, 0);
	/* The last word lies at 17. */
	b->w.top = (unsigned long)(b->stack + 18);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
	b->w.top -= sizeof(long);
	KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), 0);
}

/* Frames 2 to n are addressed by frame pointers; a part begins at each place. */
static void build_parts(struct bench *b, const u8 *at, unsigned int n)
{
	unsigned int i;

	memset(b->mem, 0, sizeof(b->mem));
	know(b, 1, KOBS_FACT_SP, 3, 2);
	b->stack[0] = ip_of(1);
	b->stack[2] = (unsigned long)(b->stack + at[0]);
	b->stack[3] = ip_of(2);
	for (i = 0; i < n - 1; i++) {
		know(b, i + 2, KOBS_FACT_BP, 2, 2);
		if (i < n - 2)
			b->stack[at[i]] = (unsigned long)(b->stack + at[i + 1]);
		b->stack[at[i] + 1] = ip_of(i + 3);
	}
	know(b, n + 1, KOBS_FACT_END, 0, 0);
}

static void each_part_moves_by_itself(struct kunit *test)
{
	static const u8 at[][KOBS_STACK_CACHE_PARTS - 1] = {
		{ 5, 9, 20 }, { 4, 9, 20 }, { 5, 12, 20 }, { 5, 9, 30 },
		{ 7, 20, 31 },
	};
	struct bench *b = test->priv;
	unsigned int i, word;
	u64 key;

	build_parts(b, at[0], KOBS_STACK_CACHE_PARTS);
	expect_ips(test, go(b, 20), 1, KOBS_STACK_CACHE_PARTS + 1);
	key = keep(test, 0);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		build_parts(b, at[i], KOBS_STACK_CACHE_PARTS);
		KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), ID);
		/* A pointer that leads nowhere, or another address. */
		for (word = 0; word < WORDS; word++) {
			unsigned long old = b->stack[word];

			b->stack[word] += 4;
			KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH),
					old ? 0 : ID);
			b->stack[word] = old;
		}
		/* The last part does not fit any more. */
		b->w.top = (unsigned long)(b->stack + at[i][2] + 1);
		KUNIT_EXPECT_EQ(test, find(b, key, 0, EPOCH), 0);
		b->w.top = (unsigned long)(b->stack + WORDS);
	}
}

/*
 * Code of frame 1 was interrupted: its address is not on the stack, and the
 * word below its stack pointer is nobody's.
 */
static void interrupted_code_has_a_stack(struct kunit *test)
{
	struct bench *b = test->priv;
	u64 key;

	build(b);
	b->stack[0] = ip_of(99);
	b->w.ip = ip_of(1);
	expect_ips(test, go(b, 20), 2, 4);
	expect_ips(test, go(b, 2), 2, 2);
	key = keep(test, ip_of(1) - 1);
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(1) - 1, EPOCH), ID);
	b->stack[0] = 0;
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(1) - 1, EPOCH), ID);
	/* Another instruction is another stack. */
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(1), EPOCH), 0);
	b->stack[3] += 8;
	KUNIT_EXPECT_EQ(test, find(b, key, ip_of(1) - 1, EPOCH), 0);
	/* A frame that the frame cache does not know, or does not lead out of. */
	b->w.ip = ip_of(99);
	KUNIT_EXPECT_EQ(test, go(b, 20), -ENOENT);
	know(b, 99, KOBS_FACT_ODD, 0, 0);
	KUNIT_EXPECT_EQ(test, go(b, 20), -ENOENT);
	/* Nothing called it. */
	know(b, 99, KOBS_FACT_END, 0, 0);
	KUNIT_EXPECT_EQ(test, go(b, 20), 0);
}

static void too_many_parts_are_not_kept(struct kunit *test)
{
	static const u8 at[] = { 5, 9, 12, 20 };
	struct bench *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->r, 8);

	static_assert(ARRAY_SIZE(at) == KOBS_STACK_CACHE_PARTS);
	build_parts(b, at, KOBS_STACK_CACHE_PARTS + 1);
	KUNIT_EXPECT_EQ(test, kobs_frame_cache_record(&b->m, &b->w, b->ips, 20, e),
			KOBS_STACK_CACHE_PARTS + 2);
	KUNIT_EXPECT_EQ(test, e->nr, 0);
	kobs_stack_cache_keep(e, 8, 0, EPOCH, ID);
	KUNIT_EXPECT_EQ(test, find(b, 8, 0, EPOCH), 0);
}

/* A frame pointer that was saved where the part before does not reach. */
static void pointers_from_afar_are_not_kept(struct kunit *test)
{
	static const u8 at[] = { 5, 9, 20 };
	struct bench *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->r, 8);

	build_parts(b, at, KOBS_STACK_CACHE_PARTS);
	/* Frame 2 does not save it: frame 3 goes by that of frame 1. */
	know(b, 2, KOBS_FACT_BP, 2, 0);
	know(b, 3, KOBS_FACT_BP, 5, 0);
	know(b, 4, KOBS_FACT_END, 0, 0);
	b->stack[5 + 4] = ip_of(4);
	KUNIT_EXPECT_EQ(test, kobs_frame_cache_record(&b->m, &b->w, b->ips, 20, e),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, e->nr, 0);
}

static void stuck_walks_are_not_kept(struct kunit *test)
{
	struct bench *b = test->priv;
	struct kobs_cached_stack *e = kobs_stack_cache_new(&b->r, 8);
	struct kobs_walk w = b->w;

	build(b);
	know(b, 4, KOBS_FACT_ODD, 0, 0);
	KUNIT_EXPECT_EQ(test, kobs_frame_cache_record(&b->m, &w, b->ips, 20, e), 4);
	KUNIT_EXPECT_TRUE(test, w.stuck);
	KUNIT_EXPECT_EQ(test, e->nr, 0);
	kobs_stack_cache_keep(e, 8, 0, EPOCH, ID);
	KUNIT_EXPECT_EQ(test, find(b, 8, 0, EPOCH), 0);
}

/* Frames of hooks are not what tells stacks apart. */
static void keys_leave_hooks_out(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned int changed = 0;
	unsigned int frame;
	u64 key;

	for (frame = 1; frame <= 5; frame++) {
		static const u8 at[] = { 0, 0, 3, 8, 10, 17 };

		build(b);
		kobs_frame_cache_put(&b->m, ip_of(1),
				     kobs_fact(KOBS_FACT_SP, 3, 0) | KOBS_FACT_HOOK);
		key = kobs_stack_cache_key(&b->m, &b->w, 0);
		b->stack[at[frame]]++;
		changed += kobs_stack_cache_key(&b->m, &b->w, 0) != key;
	}
	/* The hook's own, and as many behind it as there are in a key. */
	KUNIT_EXPECT_EQ(test, changed, 1 + KOBS_STACK_CACHE_KEY);
}

/* Sets are bounded; what is found is what was put. */
static void stack_cache_is_bounded(struct kunit *test)
{
	struct bench *b = test->priv;
	unsigned int found = 0;
	unsigned int i;

	build(b);
	for (i = 1; i <= 100; i++) {
		u64 key = i * KOBS_HASH_FACTOR;
		struct kobs_cached_stack *e = kobs_stack_cache_new(&b->r, key);

		KUNIT_ASSERT_GE(test, e - b->r.stacks, 0);
		KUNIT_ASSERT_LT(test, e - b->r.stacks, 16);
		kobs_frame_cache_record(&b->m, &b->w, b->ips, 20, e);
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
	KUNIT_CASE(facts_are_kept),
	KUNIT_CASE(other_addresses_are_not_kept),
	KUNIT_CASE(full_sets_stay_right),
	KUNIT_CASE(code_is_forgotten),
	KUNIT_CASE(walk_to_the_end),
	KUNIT_CASE(walk_by_the_unknown),
	KUNIT_CASE(hooks_are_left_out_in_front),
	KUNIT_CASE(walk_by_the_frame_pointer),
	KUNIT_CASE(frame_pointer_outside),
	KUNIT_CASE(frames_beyond_the_top),
	KUNIT_CASE(registers_end_a_stack),
	KUNIT_CASE(top_ends_an_interrupt),
	KUNIT_CASE(cached_while_equal),
	KUNIT_CASE(cached_at_any_place),
	KUNIT_CASE(not_cached_beyond_the_top),
	KUNIT_CASE(each_part_moves_by_itself),
	KUNIT_CASE(interrupted_code_has_a_stack),
	KUNIT_CASE(too_many_parts_are_not_kept),
	KUNIT_CASE(pointers_from_afar_are_not_kept),
	KUNIT_CASE(stuck_walks_are_not_kept),
	KUNIT_CASE(keys_leave_hooks_out),
	KUNIT_CASE(stack_cache_is_bounded),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_frame_cache",
	.init = bench_init,
	.exit = bench_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
