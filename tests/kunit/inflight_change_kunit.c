// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the in-flight table where entries change: one caller changes an entry at
 * a time, an end meanwhile has it as it was, no begin is ended twice or never, and no
 * slot is left behind.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "lib/inflight.h"
#include "lib/memory.h"
#include "rig.h"

/* Words that change, and what an entry has: two copies of them. */
#define CHANGING	3
#define WORDS		(2 * CHANGING)

static struct kobs_inflight_table *table_new(struct kunit *test, unsigned int max)
{
	struct kobs_inflight_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kobs_inflight_table_init(t, &rig_memory, max, WORDS));
	test->priv = t;
	return t;
}

static void change_exit(struct kunit *test)
{
	struct kobs_inflight_table *t = test->priv;

	if (t)
		kobs_inflight_table_free(t);
}

static struct kobs_inflight_key key_of(u64 word)
{
	return (struct kobs_inflight_key){ .word = { word, 1 } };
}

/* The copy of an entry that holds, or the other one. */
static u64 *copy_of(const struct kobs_inflight_ref *ref, bool other)
{
	return ref->entry->data + (kobs_inflight_second(ref) != other ? CHANGING : 0);
}

static void fill(u64 *copy, u64 value)
{
	unsigned int i;

	for (i = 0; i < CHANGING; i++)
		copy[i] = value * (i + 1);
}

/* What was filled in, or 0 if it is torn. */
static u64 value_of(const u64 *copy)
{
	unsigned int i;

	for (i = 1; i < CHANGING; i++)
		if (copy[i] != copy[0] * (i + 1))
			return 0;
	return copy[0];
}

/* Returns how many entries were ended by it, or -1 without room. */
static int begin(struct kobs_inflight_table *t, u64 word, u64 start, u64 value)
{
	struct kobs_inflight_key key = key_of(word);
	struct kobs_inflight_ref ref;
	int ended = -1;

	preempt_disable();
	if (kobs_inflight_claim(t, &key, &ref)) {
		ref.entry->start = start;
		fill(copy_of(&ref, false), value);
		ended = kobs_inflight_publish_last(t, &ref, &key, start);
	}
	preempt_enable();
	return ended;
}

static bool find(struct kobs_inflight_table *t, u64 word, struct kobs_inflight_ref *ref)
{
	struct kobs_inflight_key key = key_of(word);

	return kobs_inflight_find(t, key.word[0], key.word[1], ref);
}

/* Returns the value of the entry that it ended; 0 when there was none; -1: torn. */
static s64 end(struct kobs_inflight_table *t, u64 word)
{
	struct kobs_inflight_ref ref;
	u64 value;

	do {
		if (!find(t, word, &ref))
			return 0;
		value = value_of(copy_of(&ref, false));
	} while (!kobs_inflight_end_changing(&ref));
	return value ?: -1;
}

/* Slots that are not free, and entries that are displaced. */
static int used(const struct kobs_inflight_table *t)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < (t->mask + 1) * KOBS_INFLIGHT_BUCKET; i++)
		n += !!(t->states[i].use & KOBS_INFLIGHT_BUSY) +
		     atomic_read(&t->states[i].displaced);
	return n;
}

static void a_change_holds_when_it_is_done(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	struct kobs_inflight_ref ref, other;
	u64 i;

	KUNIT_ASSERT_EQ(test, begin(t, 5, 1, 100), 0);
	for (i = 101; i < 110; i++) {
		KUNIT_ASSERT_TRUE(test, find(t, 5, &ref));
		preempt_disable();
		KUNIT_EXPECT_TRUE(test, kobs_inflight_change(&ref));
		fill(copy_of(&ref, true), i);
		KUNIT_EXPECT_TRUE(test, find(t, 5, &other));
		KUNIT_EXPECT_EQ(test, value_of(copy_of(&other, false)), i - 1);
		KUNIT_EXPECT_FALSE(test, kobs_inflight_change(&other));
		KUNIT_EXPECT_TRUE(test, kobs_inflight_changed(&ref));
		preempt_enable();
		KUNIT_EXPECT_FALSE(test, kobs_inflight_same(&other));
		KUNIT_EXPECT_FALSE(test, kobs_inflight_end_changing(&other));
		KUNIT_EXPECT_TRUE(test, find(t, 5, &other));
		KUNIT_EXPECT_EQ(test, value_of(copy_of(&other, false)), i);
		KUNIT_EXPECT_EQ(test, other.entry->start, 1);
	}
	KUNIT_EXPECT_EQ(test, end(t, 5), 109);
	KUNIT_EXPECT_EQ(test, end(t, 5), 0);
	KUNIT_EXPECT_EQ(test, used(t), 0);
}

static void an_end_meanwhile_has_it_as_it_was(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	struct kobs_inflight_ref ref;

	KUNIT_ASSERT_EQ(test, begin(t, 5, 1, 100), 0);
	KUNIT_ASSERT_TRUE(test, find(t, 5, &ref));
	preempt_disable();
	KUNIT_EXPECT_TRUE(test, kobs_inflight_change(&ref));
	KUNIT_EXPECT_EQ(test, end(t, 5), 100);
	KUNIT_EXPECT_EQ(test, end(t, 5), 0);
	/* The slot is not free: the next begin of the key takes another one. */
	KUNIT_EXPECT_EQ(test, used(t), 1);
	KUNIT_EXPECT_EQ(test, begin(t, 5, 2, 200), 0);
	fill(copy_of(&ref, true), 101);
	KUNIT_EXPECT_FALSE(test, kobs_inflight_changed(&ref));
	preempt_enable();
	KUNIT_EXPECT_EQ(test, end(t, 5), 200);
	KUNIT_EXPECT_EQ(test, used(t), 0);
	KUNIT_EXPECT_EQ(test, begin(t, 5, 3, 300), 0);
	KUNIT_EXPECT_EQ(test, end(t, 5), 300);
	KUNIT_EXPECT_EQ(test, used(t), 0);
}

static void the_next_begin_replaces_one_that_changes(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	struct kobs_inflight_ref ref;

	KUNIT_ASSERT_EQ(test, begin(t, 5, 1, 100), 0);
	KUNIT_ASSERT_TRUE(test, find(t, 5, &ref));
	preempt_disable();
	KUNIT_EXPECT_TRUE(test, kobs_inflight_change(&ref));
	KUNIT_EXPECT_EQ(test, begin(t, 5, 2, 200), 1);
	fill(copy_of(&ref, true), 101);
	KUNIT_EXPECT_FALSE(test, kobs_inflight_changed(&ref));
	preempt_enable();
	KUNIT_EXPECT_EQ(test, end(t, 5), 200);
	KUNIT_EXPECT_EQ(test, used(t), 0);
}

/* One that began earlier, and looks for others when it was changed itself. */
static void an_older_one_that_has_changed_ends_itself(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	struct kobs_inflight_key key = key_of(5);
	struct kobs_inflight_ref older, newer, ref;

	preempt_disable();
	KUNIT_EXPECT_TRUE(test, kobs_inflight_claim(t, &key, &newer));
	KUNIT_EXPECT_TRUE(test, kobs_inflight_claim(t, &key, &older));
	newer.entry->start = 2;
	fill(copy_of(&newer, false), 200);
	older.entry->start = 1;
	fill(copy_of(&older, false), 100);
	kobs_inflight_publish(&older);
	ref = older;
	KUNIT_EXPECT_TRUE(test, kobs_inflight_change(&ref));
	fill(copy_of(&ref, true), 101);
	KUNIT_EXPECT_TRUE(test, kobs_inflight_changed(&ref));
	kobs_inflight_publish(&newer);
	KUNIT_EXPECT_EQ(test, kobs_inflight_settle(t, &older, &key, 1), 1);
	KUNIT_EXPECT_EQ(test, kobs_inflight_settle(t, &newer, &key, 2), 0);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, end(t, 5), 200);
	KUNIT_EXPECT_EQ(test, end(t, 5), 0);
	KUNIT_EXPECT_EQ(test, used(t), 0);
}

#define ROUNDS	20000
#define KEYS	3

/**
 * struct load - a thread of several that begin, change and end the same keys
 * @rig: where it runs
 * @t: table of all
 * @begun: its begins, with those of its interrupts
 * @replaced: entries that these ended
 * @ended: entries that its ends, with those of its interrupts, took out
 * @changed: changes that hold, likewise
 * @torn: entries whose words were not those of one begin or change
 */
struct load {
	struct rig rig;
	struct kobs_inflight_table *t;
	unsigned int begun;
	unsigned int replaced;
	unsigned int ended;
	unsigned int changed;
	unsigned int torn;
};

static bool change(struct kobs_inflight_table *t, u64 word, u64 value)
{
	struct kobs_inflight_ref ref;
	bool done = false;

	preempt_disable();
	if (find(t, word, &ref) && kobs_inflight_change(&ref)) {
		fill(copy_of(&ref, true), value);
		done = kobs_inflight_changed(&ref);
	}
	preempt_enable();
	return done;
}

/* The thread's interrupts change the same numbers: they must not come between. */
static void step(struct load *load, u64 word, char what, u64 value)
{
	unsigned long flags;
	s64 got;

	got = what == 'b' ? begin(load->t, word, ktime_get_mono_fast_ns(), value) :
	      what == 'c' ? change(load->t, word, value) : end(load->t, word);
	local_irq_save(flags);
	if (what == 'c') {
		load->changed += got;
	} else if (what == 'e') {
		load->ended += !!got;
		load->torn += got < 0;
	} else if (got >= 0) {
		load->begun++;
		load->replaced += got;
	}
	local_irq_restore(flags);
}

static void same_task(struct rig *rig)
{
	struct load *load = rig->data;
	u64 i;

	for (i = 1; i <= ROUNDS; i++) {
		step(load, i % KEYS, 'b', i);
		step(load, i / 3 % KEYS, 'c', i);
		if (i % 64 == 0)
			rig_kick(rig);
		step(load, i / 5 % KEYS, 'c', i + 1);
		step(load, i / 2 % KEYS, 'e', 0);
		cond_resched();
	}
}

static void same_irq(struct rig *rig)
{
	struct load *load = rig->data;

	step(load, rig->irqs % KEYS, 'c', rig->irqs + 1);
	step(load, rig->irqs % KEYS, 'b', rig->irqs + 1);
	step(load, rig->irqs / 2 % KEYS, 'e', 0);
}

static void each_begin_ends_once_under_load(struct kunit *test)
{
	struct load *load = kunit_kcalloc(test, 4, sizeof(*load), GFP_KERNEL);
	struct kobs_inflight_table *t = table_new(test, 64);
	struct load sum = {};
	unsigned int i, left = 0;

	KUNIT_ASSERT_NOT_NULL(test, load);
	for (i = 0; i < 4; i++) {
		load[i].t = t;
		load[i].rig.task = same_task;
		load[i].rig.irq = same_irq;
		load[i].rig.data = &load[i];
		rig_start(test, &load[i].rig, i % num_online_cpus());
	}
	for (i = 0; i < 4; i++) {
		rig_wait(&load[i].rig);
		sum.begun += load[i].begun;
		sum.replaced += load[i].replaced;
		sum.ended += load[i].ended;
		sum.changed += load[i].changed;
		sum.torn += load[i].torn;
	}
	for (i = 0; i < KEYS; i++) {
		s64 got = end(t, i);

		left += !!got;
		sum.torn += got < 0;
		KUNIT_EXPECT_EQ(test, end(t, i), 0);
	}
	KUNIT_EXPECT_GE(test, sum.begun, 4 * ROUNDS);
	KUNIT_EXPECT_GT(test, sum.changed, 0);
	KUNIT_EXPECT_EQ(test, sum.torn, 0);
	KUNIT_EXPECT_EQ(test, sum.begun, sum.replaced + sum.ended + left);
	KUNIT_EXPECT_EQ(test, used(t), 0);
}

static struct kunit_case change_cases[] = {
	KUNIT_CASE(a_change_holds_when_it_is_done),
	KUNIT_CASE(an_end_meanwhile_has_it_as_it_was),
	KUNIT_CASE(the_next_begin_replaces_one_that_changes),
	KUNIT_CASE(an_older_one_that_has_changed_ends_itself),
	KUNIT_CASE(each_begin_ends_once_under_load),
	{}
};

static struct kunit_suite change_suite = {
	.name = "kobs_inflight_change",
	.exit = change_exit,
	.test_cases = change_cases,
};

kunit_test_suite(change_suite);
