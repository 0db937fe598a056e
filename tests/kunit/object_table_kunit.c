// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the object table: an inserted object is removed once, unchanged;
 * stale and given-up objects; a full table; memory; and writers on two CPUs
 * with nested interrupts.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/memory.h"
#include "lib/object_table.h"
#include "rig.h"

static struct kobs_object_table *live_new(struct kunit *test, unsigned int objects)
{
	struct kobs_object_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, kobs_object_table_init(t, &rig_memory, objects), 0);
	test->priv = t;
	return t;
}

static void live_exit(struct kunit *test)
{
	if (test->priv)
		kobs_object_table_free(test->priv);
}

/* Addresses as of an allocator: close together. */
static u64 address(u32 i)
{
	return 0xffff888100000000ULL + i * 64ULL;
}

static struct kobs_object object(u32 i)
{
	return (struct kobs_object){
		.group = i * 3, .born = i * 5 + 1, .size = i * 7 + 2
	};
}

static bool same(const struct kobs_object *a, u32 i)
{
	struct kobs_object b = object(i);

	return a->group == b.group && a->born == b.born && a->size == b.size &&
	       !a->given;
}

static enum kobs_object_fate put(struct kobs_object_table *t, u32 i)
{
	struct kobs_object o = object(i);
	struct kobs_object old;

	return kobs_object_insert(t, address(i), &o, &old);
}

/* Number of objects that a reader finds, each checked against what was inserted. */
static unsigned int count(struct kunit *test, const struct kobs_object_table *t,
			  u32 most)
{
	struct kobs_object o;
	unsigned long place = 0;
	unsigned int n = 0;
	u64 addr;

	while (kobs_object_table_next(t, &place, &addr, &o)) {
		u32 i = (addr - address(0)) / 64;

		KUNIT_ASSERT_LT(test, i, most);
		KUNIT_ASSERT_TRUE(test, same(&o, i));
		n++;
	}
	return n;
}

static unsigned int away(const struct kobs_object_table *t)
{
	unsigned int sum = 0;
	u32 i;

	for (i = 0; i < t->n; i++)
		sum += atomic_read(&t->buckets[i].displaced);
	return sum;
}

static void in_and_out(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 1000);
	struct kobs_object o;
	u32 i;

	for (i = 0; i < 900; i++)
		KUNIT_ASSERT_EQ(test, put(t, i), KOBS_OBJECT_NEW);
	KUNIT_EXPECT_EQ(test, count(test, t, 900), 900);
	for (i = 0; i < 900; i++) {
		KUNIT_ASSERT_TRUE(test, kobs_object_remove(t, address(i), &o));
		KUNIT_ASSERT_TRUE(test, same(&o, i));
		KUNIT_ASSERT_FALSE(test, kobs_object_remove(t, address(i), &o));
	}
	KUNIT_EXPECT_FALSE(test, kobs_object_remove(t, address(901), &o));
	KUNIT_EXPECT_EQ(test, count(test, t, 900), 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

static void stale_is_replaced(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 1000);
	struct kobs_object o = object(1);
	struct kobs_object old;

	KUNIT_EXPECT_EQ(test, put(t, 0), KOBS_OBJECT_NEW);
	KUNIT_EXPECT_EQ(test, kobs_object_insert(t, address(0), &o, &old),
			KOBS_OBJECT_STALE);
	KUNIT_EXPECT_TRUE(test, same(&old, 0));
	KUNIT_EXPECT_TRUE(test, kobs_object_remove(t, address(0), &o));
	KUNIT_EXPECT_TRUE(test, same(&o, 1));
	KUNIT_EXPECT_FALSE(test, kobs_object_remove(t, address(0), &o));
}

static void given_up(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 1000);
	struct kobs_object o;

	KUNIT_EXPECT_FALSE(test, kobs_object_give_up(t, address(0), &o));
	put(t, 0);
	KUNIT_EXPECT_TRUE(test, kobs_object_give_up(t, address(0), &o));
	KUNIT_EXPECT_TRUE(test, same(&o, 0));
	/* Not live, cannot be given up again, but still in the table. */
	KUNIT_EXPECT_EQ(test, count(test, t, 1), 0);
	KUNIT_EXPECT_FALSE(test, kobs_object_give_up(t, address(0), &o));
	KUNIT_EXPECT_TRUE(test, kobs_object_remove(t, address(0), &o));
	KUNIT_EXPECT_TRUE(test, o.given);
	o.given = false;
	KUNIT_EXPECT_TRUE(test, same(&o, 0));
	KUNIT_EXPECT_FALSE(test, kobs_object_remove(t, address(0), &o));

	/* A given-up object whose free is not seen is no missed free. */
	put(t, 0);
	kobs_object_give_up(t, address(0), &o);
	KUNIT_EXPECT_EQ(test, put(t, 0), KOBS_OBJECT_NEW);
	KUNIT_EXPECT_EQ(test, count(test, t, 1), 1);
}

static u32 me(void *arg)
{
	return *(u32 *)arg;
}

/* Who allocated is kept as long as the object, in whatever slot. */
static void who_allocated(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 1000);
	struct kobs_object o, old;
	u32 who = 0;
	u32 i;

	put(t, 0);
	KUNIT_EXPECT_TRUE(test, kobs_object_look(t, address(0), &o));
	KUNIT_EXPECT_EQ(test, o.who, 0);
	kobs_object_remove(t, address(0), &o);
	KUNIT_ASSERT_EQ(test, kobs_object_table_keep_who(t, &rig_memory, me,
							 &who), 0);
	for (i = 0; i < 1000; i++) {
		o = object(i);
		who = i + 7;
		/* One that moves keeps who it is of. */
		o.who = i % 3 ? 0 : who--;
		KUNIT_ASSERT_NE(test, kobs_object_insert(t, address(i), &o, &old),
				KOBS_OBJECT_FULL);
	}
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_TRUE(test, kobs_object_look(t, address(i), &o));
		KUNIT_ASSERT_TRUE(test, same(&o, i));
		KUNIT_ASSERT_EQ(test, o.who, i + 7);
		KUNIT_ASSERT_TRUE(test, kobs_object_peek(t, address(i), &o));
		KUNIT_ASSERT_EQ(test, o.who, i + 7);
	}
	o.who = 5;
	who = 6;
	KUNIT_EXPECT_EQ(test, kobs_object_insert(t, address(3), &o, &old),
			KOBS_OBJECT_STALE);
	KUNIT_EXPECT_EQ(test, old.who, 10);
	KUNIT_EXPECT_TRUE(test, kobs_object_look(t, address(3), &o));
	KUNIT_EXPECT_EQ(test, o.who, 5);
	/* One that was given up is not live. */
	KUNIT_EXPECT_TRUE(test, kobs_object_give_up(t, address(4), &o));
	KUNIT_EXPECT_FALSE(test, kobs_object_look(t, address(4), &o));
	KUNIT_EXPECT_FALSE(test, kobs_object_look(t, address(1001), &o));
}

/* As many as were asked for, which is nine tenths, in 64 bytes each. */
static void nine_tenths_fit(struct kunit *test)
{
	static const u32 sizes[] = { 1 << 10, 10000, 100000 };
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		u64 before = kobs_memory_bytes(&rig_memory);
		struct kobs_object_table *t = live_new(test, sizes[s]);
		u32 i;

		KUNIT_EXPECT_LE(test, kobs_memory_bytes(&rig_memory) - before,
				PAGE_ALIGN(24ULL * sizes[s]));
		for (i = 0; i < sizes[s]; i++)
			KUNIT_ASSERT_EQ(test, put(t, i), KOBS_OBJECT_NEW);
		KUNIT_EXPECT_EQ(test, count(test, t, sizes[s]), sizes[s]);
		live_exit(test);
	}
}

static void full_table(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 1 << 10);
	u32 slots = t->n * KOBS_OBJECT_SLOTS;
	struct kobs_object o;
	u8 *in = kunit_kzalloc(test, 2 * slots, GFP_KERNEL);
	u32 n = 0;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, in);
	for (i = 0; i < 2 * slots; i++) {
		in[i] = put(t, i) == KOBS_OBJECT_NEW;
		n += in[i];
	}
	KUNIT_EXPECT_GE(test, n, slots * 95 / 100);
	KUNIT_EXPECT_LE(test, n, slots);
	KUNIT_EXPECT_EQ(test, count(test, t, 2 * slots), n);
	/* All inserted objects are intact, and the others are absent. */
	for (i = 0; i < 2 * slots; i++) {
		KUNIT_ASSERT_EQ(test, kobs_object_remove(t, address(i), &o), in[i]);
		if (in[i])
			KUNIT_ASSERT_TRUE(test, same(&o, i));
	}
	KUNIT_EXPECT_EQ(test, count(test, t, 2 * slots), 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

/* Slots of given-up objects are used when no others are free. */
static void given_up_make_room(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 1 << 10);
	u32 slots = t->n * KOBS_OBJECT_SLOTS;
	struct kobs_object o;
	u32 n = 0;
	u32 i;

	for (i = 0; i < 2 * slots; i++) {
		put(t, i);
		kobs_object_give_up(t, address(i), &o);
	}
	KUNIT_EXPECT_EQ(test, count(test, t, 2 * slots), 0);
	for (i = 0; i < slots; i++)
		n += put(t, 2 * slots + i) == KOBS_OBJECT_NEW;
	KUNIT_EXPECT_GE(test, n, slots * 95 / 100);
	KUNIT_EXPECT_EQ(test, count(test, t, 3 * slots), n);
	for (i = 0; i < 3 * slots; i++)
		kobs_object_remove(t, address(i), &o);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

/* Addresses per writer; enough to fill buckets. */
#define OWN		400
#define TURNS		20000

/**
 * struct churn - a writer on a CPU, and interrupts above it
 * @t: table
 * @first: first of its addresses; the interrupts' follow after OWN
 * @rnd: random numbers, of the task and of interrupts
 * @in: for each of its addresses, whether it is in
 * @bad: things that went wrong
 * @full: objects that did not fit
 */
struct churn {
	struct kobs_object_table *t;
	u32 first;
	struct rnd_state rnd[2];
	bool in[2][OWN];
	unsigned int bad;
	unsigned int full;
};

static void churn_one(struct churn *c, unsigned int ctx)
{
	u32 k = prandom_u32_state(&c->rnd[ctx]) % OWN;
	u32 i = c->first + ctx * OWN + k;
	struct kobs_object o;

	if (c->in[ctx][k]) {
		if (!kobs_object_remove(c->t, address(i), &o) || !same(&o, i))
			c->bad++;
		c->in[ctx][k] = false;
		return;
	}
	switch (put(c->t, i)) {
	case KOBS_OBJECT_NEW:
		c->in[ctx][k] = true;
		break;
	case KOBS_OBJECT_FULL:
		c->full++;
		break;
	default:
		c->bad++;
	}
}

static void churn_task(struct rig *rig)
{
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		if (!(i % 16))
			rig_kick(rig);
		churn_one(rig->data, 0);
		if (!(i % 256))
			cond_resched();
	}
}

static void churn_irq(struct rig *rig)
{
	churn_one(rig->data, 1);
}

static void churning(struct kunit *test)
{
	struct kobs_object_table *t = live_new(test, 4 * OWN * 6 / 10);
	unsigned int expected = 0;
	unsigned int irqs = 0;
	struct churn *churn;
	unsigned int n = 0;
	struct rig *rig;
	unsigned int cpu;
	unsigned int i;

	churn = kunit_kcalloc(test, 2, sizeof(*churn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, churn);
	rig = kunit_kcalloc(test, 2, sizeof(*rig), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rig);
	for_each_online_cpu(cpu) {
		if (n == 2)
			break;
		churn[n].t = t;
		churn[n].first = n * 2 * OWN;
		prandom_seed_state(&churn[n].rnd[0], 2 * n + 1);
		prandom_seed_state(&churn[n].rnd[1], 2 * n + 2);
		rig[n] = (struct rig){
			.task = churn_task, .irq = churn_irq, .data = &churn[n]
		};
		rig_start(test, &rig[n], cpu);
		n++;
	}
	while (n--) {
		rig_wait(&rig[n]);
		irqs += rig[n].irqs;
		KUNIT_EXPECT_EQ(test, churn[n].bad, 0);
		for (i = 0; i < 2 * OWN; i++)
			expected += churn[n].in[i / OWN][i % OWN];
	}
	KUNIT_EXPECT_GT(test, irqs, 100);
	KUNIT_EXPECT_GT(test, expected, OWN);
	KUNIT_EXPECT_EQ(test, count(test, t, 4 * OWN), expected);
	for (i = 0; i < 4 * OWN; i++) {
		struct kobs_object o;

		expected -= kobs_object_remove(t, address(i), &o);
	}
	KUNIT_EXPECT_EQ(test, expected, 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(in_and_out),
	KUNIT_CASE(stale_is_replaced),
	KUNIT_CASE(given_up),
	KUNIT_CASE(who_allocated),
	KUNIT_CASE(nine_tenths_fit),
	KUNIT_CASE(full_table),
	KUNIT_CASE(given_up_make_room),
	KUNIT_CASE(churning),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_object_table",
	.exit = live_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
