// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the stack table: a stack has one number, different stacks have
 * different numbers, a full table refuses and keeps its stacks, also with
 * interrupts and on two CPUs at once.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/memory.h"
#include "lib/stack_table.h"
#include "lib/table.h"
#include "rig.h"

static struct kobs_stack_table *stacks_new(struct kunit *test, unsigned int max)
{
	struct kobs_stack_table *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, st);
	KUNIT_ASSERT_EQ(test, kobs_stack_table_init(st, &rig_memory, max), 0);
	test->priv = st;
	return st;
}

static void stacks_exit(struct kunit *test)
{
	struct kobs_stack_table *st = test->priv;

	if (st)
		kobs_stack_table_free(st);
}

/* The stack with a number: its length and frames follow from the number. */
static unsigned int make(unsigned long *ips, u32 seed, unsigned int most)
{
	unsigned int nr = 1 + (seed * 7919) % most;
	unsigned int i;

	for (i = 0; i < nr; i++)
		ips[i] = 0xffffffff81000000UL + seed * 4096UL + i * 16;
	return nr;
}

static bool holds(const struct kobs_stack_table *st, u32 id, u32 pid,
		  const unsigned long *ips, unsigned int nr)
{
	const struct kobs_stack *s = kobs_stack_table_get(st, id);

	return s && s->pid == pid && s->nr == nr &&
	       s->start + nr <= st->nr_words &&
	       !memcmp(&st->words[s->start], ips, nr * sizeof(*ips));
}

static void same_stack_same_number(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 256);
	unsigned long ips[KOBS_STACK_DEPTH];
	u32 ids[200];
	unsigned int words = 0;
	unsigned int round;
	unsigned int i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(ids); i++) {
			unsigned int nr = make(ips, i, 30);
			u32 id = kobs_stack_table_intern(st, i % 3, ips, nr);

			KUNIT_ASSERT_NE(test, id, 0);
			KUNIT_ASSERT_TRUE(test, holds(st, id, i % 3, ips, nr));
			if (round)
				KUNIT_ASSERT_EQ(test, id, ids[i]);
			else
				words += nr;
			ids[i] = id;
		}
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), ARRAY_SIZE(ids));
	KUNIT_EXPECT_EQ(test, atomic_read(&st->words_used), words);
}

struct differ_case {
	const char *desc;
	unsigned int frame;
	unsigned int nr;
	u32 pid;
};

static const struct differ_case differ_cases[] = {
	{ "first frame", 0, 20, 7 },
	{ "frame in the middle", 11, 20, 7 },
	{ "last frame", 19, 20, 7 },
	{ "one frame less", 50, 19, 7 },
	{ "one frame more", 50, 21, 7 },
	{ "one frame", 50, 1, 7 },
	{ "other process", 50, 20, 8 },
	{ "kernel", 50, 20, 0 },
};

KUNIT_ARRAY_PARAM_DESC(differ, differ_cases, desc);

static void different_stack_different_number(struct kunit *test)
{
	const struct differ_case *c = test->param_value;
	struct kobs_stack_table *st = stacks_new(test, 16);
	unsigned long ips[KOBS_STACK_DEPTH];
	unsigned long other[KOBS_STACK_DEPTH];
	unsigned int i;
	u32 a;
	u32 b;

	for (i = 0; i < KOBS_STACK_DEPTH; i++)
		ips[i] = 0xffffffff81000000UL + i;
	memcpy(other, ips, sizeof(ips));
	other[c->frame]++;
	a = kobs_stack_table_intern(st, 7, ips, 20);
	b = kobs_stack_table_intern(st, c->pid, other, c->nr);
	KUNIT_EXPECT_NE(test, a, 0);
	KUNIT_EXPECT_NE(test, b, 0);
	KUNIT_EXPECT_NE(test, a, b);
	KUNIT_EXPECT_TRUE(test, holds(st, a, 7, ips, 20));
	KUNIT_EXPECT_TRUE(test, holds(st, b, c->pid, other, c->nr));
	KUNIT_EXPECT_EQ(test, kobs_stack_table_intern(st, 7, ips, 20), a);
	KUNIT_EXPECT_EQ(test, kobs_stack_table_intern(st, c->pid, other, c->nr), b);
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), 2);
}

/* Forked processes have their code at the same addresses. */
static void same_stack_of_many_processes(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 1024);
	unsigned long ips[] = { 0x55d0deadb000, 0x7f0012345678 };
	u32 pid;

	for (pid = 1000; pid < 1500; pid++) {
		u32 id = kobs_stack_table_intern(st, pid, ips, ARRAY_SIZE(ips));

		KUNIT_ASSERT_NE_MSG(test, id, 0, "after %d of 1024 stacks",
				    atomic_read(&st->used));
		KUNIT_ASSERT_TRUE(test, holds(st, id, pid, ips,
					      ARRAY_SIZE(ips)));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), 500);
}

static void full_by_stacks(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 2, 3, 16, 100 };
	unsigned long ips[KOBS_STACK_DEPTH];
	unsigned int s;
	unsigned int i;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct kobs_stack_table *st = stacks_new(test, sizes[s]);
		unsigned int got = 0;

		for (i = 0; i < sizes[s] + 50; i++) {
			unsigned int nr = make(ips, i, 4);

			got += !!kobs_stack_table_intern(st, 0, ips, nr);
			/* Until then, none may be refused. */
			KUNIT_ASSERT_EQ(test, got, min(i + 1, sizes[s]));
		}
		KUNIT_EXPECT_EQ(test, atomic_read(&st->used), sizes[s]);
		for (i = 0; i < sizes[s]; i++) {
			unsigned int nr = make(ips, i, 4);
			u32 id = kobs_stack_table_intern(st, 0, ips, nr);

			KUNIT_EXPECT_TRUE(test, holds(st, id, 0, ips, nr));
		}
		KUNIT_EXPECT_EQ(test, atomic_read(&st->used), sizes[s]);
		kobs_stack_table_free(st);
	}
}

static void full_by_words(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 16);
	unsigned long ips[KOBS_STACK_DEPTH] = {};
	u32 ids[4];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, st->nr_words, 4 * KOBS_STACK_DEPTH);
	for (i = 0; i < 4; i++) {
		ips[0] = i + 1;
		ids[i] = kobs_stack_table_intern(st, 0, ips, KOBS_STACK_DEPTH);
		KUNIT_ASSERT_NE(test, ids[i], 0);
	}
	for (i = 4; i < 8; i++) {
		ips[0] = i + 1;
		KUNIT_EXPECT_EQ(test, 0, kobs_stack_table_intern(st, 0, ips,
								 KOBS_STACK_DEPTH));
		KUNIT_EXPECT_EQ(test, 0, kobs_stack_table_intern(st, 0, ips, 1));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&st->words_used), st->nr_words);
	for (i = 0; i < 4; i++) {
		ips[0] = i + 1;
		KUNIT_EXPECT_TRUE(test, holds(st, ids[i], 0, ips,
					      KOBS_STACK_DEPTH));
		KUNIT_EXPECT_EQ(test, ids[i],
				kobs_stack_table_intern(st, 0, ips,
							KOBS_STACK_DEPTH));
	}
}

/* A stack that does not fit takes no words from others. */
static void room_left_stays_usable(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 16);
	unsigned long ips[KOBS_STACK_DEPTH] = {};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ips[0] = i + 1;
		KUNIT_ASSERT_NE(test, 0, kobs_stack_table_intern(st, 0, ips, 94));
	}
	ips[0] = 100;
	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, 0, kobs_stack_table_intern(st, 0, ips,
								 KOBS_STACK_DEPTH));
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&st->words_used), 4 * 94);
	for (i = 0; i < 4; i++) {
		ips[0] = 200 + i;
		KUNIT_EXPECT_NE(test, 0, kobs_stack_table_intern(st, 0, ips, 2));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&st->words_used), st->nr_words);
}

static void bad_numbers(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 16);
	struct kobs_stack_table none = {};
	unsigned long ips[] = { 1, 2, 3 };
	u32 id = kobs_stack_table_intern(st, 0, ips, ARRAY_SIZE(ips));
	u32 i;

	KUNIT_ASSERT_NE(test, id, 0);
	KUNIT_EXPECT_NULL(test, kobs_stack_table_get(st, 0));
	KUNIT_EXPECT_NULL(test, kobs_stack_table_get(st, st->mask + 2));
	KUNIT_EXPECT_NULL(test, kobs_stack_table_get(st, U32_MAX));
	for (i = 1; i <= st->mask + 1; i++)
		KUNIT_EXPECT_EQ(test, !!kobs_stack_table_get(st, i), i == id);
	KUNIT_EXPECT_NULL(test, kobs_stack_table_get(&none, 1));
}

/* A context that is interrupted while it fills its slot. */
static void claimed_slot_is_passed_over(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 16);
	unsigned long ips[] = { 10, 20, 30 };
	u32 id = kobs_stack_table_intern(st, 0, ips, ARRAY_SIZE(ips));
	u64 hash;
	u32 second;

	KUNIT_ASSERT_NE(test, id, 0);
	hash = st->slots[id - 1].state;
	st->slots[id - 1].state = KOBS_ROW_CLAIMED;
	KUNIT_EXPECT_NULL(test, kobs_stack_table_get(st, id));
	second = kobs_stack_table_intern(st, 0, ips, ARRAY_SIZE(ips));
	KUNIT_EXPECT_NE(test, second, 0);
	KUNIT_EXPECT_NE(test, second, id);
	KUNIT_EXPECT_TRUE(test, holds(st, second, 0, ips, ARRAY_SIZE(ips)));
	KUNIT_EXPECT_EQ(test, second,
			kobs_stack_table_intern(st, 0, ips, ARRAY_SIZE(ips)));
	/* It goes on and publishes: both numbers are good. */
	st->slots[id - 1].state = hash;
	KUNIT_EXPECT_TRUE(test, holds(st, id, 0, ips, ARRAY_SIZE(ips)));
	KUNIT_EXPECT_TRUE(test, holds(st, second, 0, ips, ARRAY_SIZE(ips)));
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), 2);
}

static void memory_is_what_is_said(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 2, 3, 1000, 1024, 1025 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 before = kobs_memory_bytes(&rig_memory);
		struct kobs_stack_table *st = stacks_new(test, sizes[i]);

		KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&rig_memory) - before,
				PAGE_ALIGN((st->mask + 1UL) * sizeof(*st->slots)) +
				PAGE_ALIGN(st->nr_words * sizeof(*st->words)));
		/* KASAN reports it if less was allocated. */
		st->slots[st->mask].pid = 1;
		st->words[st->nr_words - 1] = 1;
		kobs_stack_table_free(st);
	}
}

static void free_takes_nothing(struct kunit *test)
{
	struct kobs_stack_table st = {};

	kobs_stack_table_free(&st);
	KUNIT_EXPECT_NULL(test, st.slots);
	KUNIT_EXPECT_NULL(test, st.words);
}

#define STACKS	4000
#define ROUNDS	3

/**
 * struct interner - one of the threads that intern at the same time
 * @rig: thread and interrupts
 * @st: table they share
 * @next: stack the thread is at
 * @rnd: random numbers of the interrupts
 * @lost: refused, by thread and by interrupts
 * @wrong: number whose stack is another, likewise
 */
struct interner {
	struct rig rig;
	struct kobs_stack_table *st;
	u32 next;
	struct rnd_state rnd;
	unsigned int lost[2];
	unsigned int wrong[2];
};

static void intern_one(struct interner *in, u32 which, bool irq)
{
	unsigned long ips[40];
	unsigned int nr = make(ips, which, ARRAY_SIZE(ips));
	u32 id = kobs_stack_table_intern(in->st, 0, ips, nr);

	in->lost[irq] += !id;
	in->wrong[irq] += id && !holds(in->st, id, 0, ips, nr);
}

static void intern_irq(struct rig *rig)
{
	struct interner *in = rig->data;

	/* The same stack that the thread may be adding. */
	intern_one(in, READ_ONCE(in->next), true);
	intern_one(in, prandom_u32_state(&in->rnd) % STACKS, true);
}

static void intern_task(struct rig *rig)
{
	struct interner *in = rig->data;
	unsigned int i;

	for (i = 0; i < ROUNDS * STACKS; i++) {
		WRITE_ONCE(in->next, i % STACKS);
		if (i % 4 == 0)
			rig_kick(rig);
		intern_one(in, i % STACKS, false);
	}
}

static unsigned int second_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_next(cpumask_first(cpu_online_mask),
					cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return cpu;
}

static struct interner *interners_run(struct kunit *test,
				      struct kobs_stack_table *st, u32 seed,
				      void (*task)(struct rig *rig),
				      void (*irq)(struct rig *rig))
{
	unsigned int cpu[2] = { cpumask_first(cpu_online_mask),
				second_cpu(test) };
	struct interner *in;
	unsigned int i;

	in = kunit_kcalloc(test, 2, sizeof(*in), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, in);
	for (i = 0; i < 2; i++) {
		in[i].st = st;
		prandom_seed_state(&in[i].rnd, seed + i);
		in[i].rig.task = task;
		in[i].rig.irq = irq;
		in[i].rig.data = &in[i];
		rig_start(test, &in[i].rig, cpu[i]);
	}
	for (i = 0; i < 2; i++)
		rig_wait(&in[i].rig);
	return in;
}

/* No two stacks share a word, and none has words beyond the end. */
static void expect_apart(struct kunit *test, const struct kobs_stack_table *st)
{
	unsigned int published = 0;
	unsigned int words = 0;
	u8 *owned;
	u32 id;

	owned = kunit_kzalloc(test, st->nr_words, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, owned);
	for (id = 1; id <= st->mask + 1; id++) {
		const struct kobs_stack *s = kobs_stack_table_get(st, id);
		unsigned int i;

		if (!s)
			continue;
		published++;
		words += s->nr;
		KUNIT_ASSERT_LE(test, s->start + s->nr, st->nr_words);
		for (i = 0; i < s->nr; i++)
			KUNIT_ASSERT_EQ(test, owned[s->start + i]++, 0);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&st->used), published);
	KUNIT_EXPECT_EQ(test, atomic_read(&st->words_used), words);
	kunit_kfree(test, owned);
}

static void concurrent_contents_are_right(struct kunit *test)
{
	struct kobs_stack_table *st = stacks_new(test, 8192);
	struct interner *in = interners_run(test, st, 1, intern_task,
					    intern_irq);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, in[i].lost[0], 0);
		KUNIT_EXPECT_EQ(test, in[i].lost[1], 0);
		KUNIT_EXPECT_EQ(test, in[i].wrong[0], 0);
		KUNIT_EXPECT_EQ(test, in[i].wrong[1], 0);
		KUNIT_EXPECT_GT(test, in[i].rig.irqs, 100);
	}
	KUNIT_EXPECT_GE(test, atomic_read(&st->used), STACKS);
	/* Duplicates are to be rare. */
	KUNIT_EXPECT_LT(test, atomic_read(&st->used), 2 * STACKS);
	kunit_info(test, "%d stacks for %d, %u and %u interrupts\n",
		   atomic_read(&st->used), STACKS, in[0].rig.irqs,
		   in[1].rig.irqs);
	expect_apart(test, st);
}

/* Deep stacks that do not fit, and flat ones that do while there is room. */
static void scramble(struct interner *in, bool irq)
{
	unsigned long ips[KOBS_STACK_DEPTH] = {};
	u32 random = prandom_u32_state(&in->rnd);
	unsigned int nr = random & 1 ? KOBS_STACK_DEPTH : 1 + random / 2 % 5;
	u32 id;

	ips[0] = random;
	id = kobs_stack_table_intern(in->st, 0, ips, nr);
	in->wrong[irq] += id && !holds(in->st, id, 0, ips, nr);
}

static void scramble_irq(struct rig *rig)
{
	struct interner *in = rig->data;

	/* The thread's random numbers must not be torn. */
	scramble(in + 2, true);
}

static void scramble_task(struct rig *rig)
{
	struct interner *in = rig->data;
	unsigned int i;

	for (i = 0; i < 40; i++) {
		rig_kick(rig);
		scramble(in, false);
	}
}

/* The last words go to one stack each, under contention. */
static void concurrent_end_of_room(struct kunit *test)
{
	unsigned int cpu[2] = { cpumask_first(cpu_online_mask),
				second_cpu(test) };
	unsigned long ips[KOBS_STACK_DEPTH] = {};
	struct interner *in;
	unsigned int round;
	unsigned int i;

	/* The upper two are the interrupts'. */
	in = kunit_kcalloc(test, 4, sizeof(*in), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, in);
	for (round = 0; round < 100; round++) {
		struct kobs_stack_table *st = stacks_new(test, 64);

		for (i = 0; i < 16; i++) {
			ips[0] = ~0UL - i;
			kobs_stack_table_intern(st, 0, ips, KOBS_STACK_DEPTH - 2);
		}
		for (i = 0; i < 4; i++) {
			in[i].st = st;
			prandom_seed_state(&in[i].rnd, round * 4 + i);
		}
		for (i = 0; i < 2; i++) {
			in[i].rig.task = scramble_task;
			in[i].rig.irq = scramble_irq;
			in[i].rig.data = &in[i];
			rig_start(test, &in[i].rig, cpu[i]);
		}
		for (i = 0; i < 2; i++)
			rig_wait(&in[i].rig);
		expect_apart(test, st);
		kobs_stack_table_free(st);
	}
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, in[i].wrong[0], 0);
		KUNIT_EXPECT_EQ(test, in[i].wrong[1], 0);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(same_stack_same_number),
	KUNIT_CASE_PARAM(different_stack_different_number, differ_gen_params),
	KUNIT_CASE(same_stack_of_many_processes),
	KUNIT_CASE(full_by_stacks),
	KUNIT_CASE(full_by_words),
	KUNIT_CASE(room_left_stays_usable),
	KUNIT_CASE(bad_numbers),
	KUNIT_CASE(claimed_slot_is_passed_over),
	KUNIT_CASE(memory_is_what_is_said),
	KUNIT_CASE(free_takes_nothing),
	KUNIT_CASE(concurrent_contents_are_right),
	KUNIT_CASE_SLOW(concurrent_end_of_room),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_stack_table",
	.exit = stacks_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
