// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the group table: a key has one number, per-CPU counters are summed,
 * and a full table refuses.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/slab.h>

#include "lib/group_table.h"
#include "lib/memory.h"
#include "rig.h"

static struct kobs_group_table *groups_new(struct kunit *test, unsigned int groups,
					   unsigned int words)
{
	struct kobs_group_table *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, g);
	KUNIT_ASSERT_EQ(test, kobs_group_table_init(g, &rig_memory, groups,
						    words), 0);
	test->priv = g;
	for_each_online_cpu(cpu)
		KUNIT_ASSERT_EQ(test, kobs_group_table_prepare(g, &rig_memory,
							       cpu), 0);
	return g;
}

static void groups_exit(struct kunit *test)
{
	if (test->priv)
		kobs_group_table_free(test->priv);
}

static void same_key_same_group(struct kunit *test)
{
	struct kobs_group_table *g = groups_new(test, 256, 3);
	unsigned int round;
	u32 group[100];
	u64 i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(group); i++) {
			u64 key[] = { i, i / 2, 7 };
			u32 got = kobs_group_table_find(g, key);

			KUNIT_ASSERT_LE(test, got, g->mask);
			if (round)
				KUNIT_ASSERT_EQ(test, got, group[i]);
			group[i] = got;
			KUNIT_ASSERT_EQ(test, memcmp(kobs_group_table_key(g, got),
						     key, sizeof(key)), 0);
		}
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&g->used), ARRAY_SIZE(group));
}

static void full(struct kunit *test)
{
	struct kobs_group_table *g = groups_new(test, 16, 1);
	u64 i;

	KUNIT_EXPECT_EQ(test, g->mask + 1, 16);
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_NE(test, kobs_group_table_find(g, &i), KOBS_GROUP_NONE);
	for (; i < 32; i++)
		KUNIT_ASSERT_EQ(test, kobs_group_table_find(g, &i), KOBS_GROUP_NONE);
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_NE(test, kobs_group_table_find(g, &i), KOBS_GROUP_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&g->used), 16);
}

#define KEYS	64
#define TURNS	20000

struct counting {
	struct kobs_group_table *g;
	unsigned int turn;
	unsigned int lost;
};

static void counting_one(struct counting *c)
{
	u64 key = c->turn++ % KEYS;
	u32 group;

	preempt_disable();
	group = kobs_group_table_find(c->g, &key);
	if (group == KOBS_GROUP_NONE)
		c->lost++;
	else
		local64_inc(&kobs_group_table_counts(c->g, group)[1]);
	preempt_enable();
}

static void counting_task(struct rig *rig)
{
	struct counting *c = rig->data;
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		if (!(i % 64))
			rig_kick(rig);
		counting_one(&c[0]);
		if (!(i % 256))
			cond_resched();
	}
}

static void counting_irq(struct rig *rig)
{
	struct counting *c = rig->data;

	counting_one(&c[1]);
}

static void counters_add_up(struct kunit *test)
{
	struct kobs_group_table *g = groups_new(test, 1024, 1);
	struct counting c[2][2] = {};
	unsigned int turns = 0;
	unsigned int n = 0;
	struct rig *rig;
	unsigned int cpu;
	u64 sum = 0;
	u32 i;

	rig = kunit_kcalloc(test, 2, sizeof(*rig), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rig);
	for_each_online_cpu(cpu) {
		if (n == 2)
			break;
		c[n][0].g = g;
		c[n][1].g = g;
		rig[n] = (struct rig){
			.task = counting_task, .irq = counting_irq,
			.data = c[n]
		};
		rig_start(test, &rig[n], cpu);
		n++;
	}
	while (n--) {
		rig_wait(&rig[n]);
		KUNIT_EXPECT_EQ(test, c[n][0].lost + c[n][1].lost, 0);
		KUNIT_EXPECT_EQ(test, c[n][0].turn, TURNS);
		turns += c[n][0].turn + c[n][1].turn;
	}
	for (i = 0; i <= g->mask; i++) {
		sum += kobs_group_table_sum(g, i, 1);
		KUNIT_EXPECT_EQ(test, kobs_group_table_sum(g, i, 0), 0);
	}
	KUNIT_EXPECT_EQ(test, sum, turns);
	/* Rarely two groups per key: two contexts added it at once. */
	KUNIT_EXPECT_LE(test, atomic_read(&g->used), 2 * KEYS);
}

/* A CPU that was never prepared has no counters, and adds nothing to sums. */
static void cpu_without_counters(struct kunit *test)
{
	struct kobs_group_table *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	unsigned int here;
	u64 key = 5;
	local64_t *n;
	u32 group;

	KUNIT_ASSERT_NOT_NULL(test, g);
	KUNIT_ASSERT_EQ(test, kobs_group_table_init(g, &rig_memory, 16, 1), 0);
	test->priv = g;
	group = kobs_group_table_find(g, &key);
	KUNIT_ASSERT_NE(test, group, KOBS_GROUP_NONE);
	here = get_cpu();
	n = kobs_group_table_counts(g, group);
	put_cpu();
	KUNIT_EXPECT_NULL(test, n);
	KUNIT_EXPECT_EQ(test, kobs_group_table_sum(g, group, 0), 0);
	KUNIT_ASSERT_EQ(test, kobs_group_table_prepare(g, &rig_memory, here), 0);
	n = (*per_cpu_ptr(g->counts, here))[group].n;
	KUNIT_ASSERT_NOT_NULL(test, n);
	local64_set(n, 7);
	KUNIT_EXPECT_EQ(test, kobs_group_table_sum(g, group, 0), 7);
	/* A CPU that comes back keeps what it counted. */
	KUNIT_ASSERT_EQ(test, kobs_group_table_prepare(g, &rig_memory, here), 0);
	KUNIT_EXPECT_EQ(test, kobs_group_table_sum(g, group, 0), 7);
}

/* Objects of counter 0 that are in none of the counters 2 and 3. */
static void what_is_left(struct kunit *test)
{
	struct kobs_group_table *g = groups_new(test, 16, 1);
	unsigned long gone = BIT(2) | BIT(3);
	unsigned int cpu;
	u64 key = 1;
	u32 group = kobs_group_table_find(g, &key);
	u64 made = 0;

	for_each_online_cpu(cpu) {
		local64_t *n = (*per_cpu_ptr(g->counts, cpu))[group].n;

		made += 10;
		local64_set(&n[0], 10);
		local64_set(&n[1], 1000);
	}
	cpu = cpumask_first(cpu_online_mask);
	local64_set(&(*per_cpu_ptr(g->counts, cpu))[group].n[2], made - 3);
	local64_set(&(*per_cpu_ptr(g->counts, cpu))[group].n[3], 1);
	KUNIT_EXPECT_EQ(test, kobs_group_table_left(g, group, 0, gone), 2);
	KUNIT_EXPECT_EQ(test, kobs_group_table_left(g, group, 0, 0), made);
	/* As a pass can see it that runs beside allocations and frees. */
	local64_set(&(*per_cpu_ptr(g->counts, cpu))[group].n[3], 5);
	KUNIT_EXPECT_EQ(test, kobs_group_table_left(g, group, 0, gone), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(cpu_without_counters),
	KUNIT_CASE(same_key_same_group),
	KUNIT_CASE(full),
	KUNIT_CASE(counters_add_up),
	KUNIT_CASE(what_is_left),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_group_table",
	.exit = groups_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
