// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the in-flight table where begins of one key come in any order: of
 * several, the last one is left, each of the others is counted once, and keys that
 * are looked up by the same two words are told apart by all of their words.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "lib/inflight.h"
#include "lib/memory.h"
#include "rig.h"

/* The words of a long key, and a word of the entry. */
#define MORE	3
#define WORDS	(MORE + 1)

static struct kobs_inflight_table *table_new(struct kunit *test, unsigned int max)
{
	struct kobs_inflight_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kobs_inflight_table_init(t, &rig_memory, max, WORDS));
	test->priv = t;
	return t;
}

static void last_exit(struct kunit *test)
{
	struct kobs_inflight_table *t = test->priv;

	if (t)
		kobs_inflight_table_free(t);
}

static struct kobs_inflight_key key_of(u64 word)
{
	return (struct kobs_inflight_key){ .word = { word, 1 } };
}

static void fill(struct kobs_inflight_ref *ref, const struct kobs_inflight_key *key,
		 u64 start)
{
	ref->entry->start = start;
	if (key->n)
		memcpy(ref->entry->data, key->more, key->n * sizeof(u64));
	ref->entry->data[key->n] = ~start;
}

/* Returns how many entries were ended by it, or -1 without room. */
static int begin(struct kobs_inflight_table *t, struct kobs_inflight_key key, u64 start)
{
	struct kobs_inflight_ref ref;
	int ended = -1;

	preempt_disable();
	if (kobs_inflight_claim(t, &key, &ref)) {
		fill(&ref, &key, start);
		ended = kobs_inflight_publish_last(t, &ref, &key, start);
	}
	preempt_enable();
	return ended;
}

/* Returns the start of the entry, 0 when there was none, or -1 when it was lost. */
static s64 end(struct kobs_inflight_table *t, struct kobs_inflight_key key)
{
	struct kobs_inflight_ref ref;
	s64 start;

	if (!kobs_inflight_find(t, key.word[0], key.word[1], &ref))
		return 0;
	start = ref.entry->start;
	return kobs_inflight_end(&ref) ? start : -1;
}

static unsigned int left(const struct kobs_inflight_table *t)
{
	struct {
		struct kobs_inflight entry;
		u64 data[WORDS];
	} copy;
	unsigned int n = 0;
	u32 place = 0;

	while (kobs_inflight_next(t, &place, &copy.entry))
		n++;
	return n;
}

/* Number of displaced entries, as counted by their slots. */
static int away(const struct kobs_inflight_table *t)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < (t->mask + 1) * KOBS_INFLIGHT_BUCKET; i++)
		n += atomic_read(&t->states[i].displaced);
	return n;
}

static void last_begin_is_left(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	u64 i;

	KUNIT_EXPECT_EQ(test, begin(t, key_of(5), 1), 0);
	for (i = 2; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, begin(t, key_of(5), i), 1);
		KUNIT_ASSERT_EQ(test, left(t), 1);
	}
	KUNIT_EXPECT_EQ(test, end(t, key_of(5)), 999);
	KUNIT_EXPECT_EQ(test, end(t, key_of(5)), 0);
	KUNIT_EXPECT_EQ(test, left(t), 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

/* The start tells, and not which one is published last. */
static void older_one_ends_itself(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	struct kobs_inflight_key key = key_of(5);
	struct kobs_inflight_ref older, newer;

	preempt_disable();
	KUNIT_EXPECT_TRUE(test, kobs_inflight_claim(t, &key, &older));
	KUNIT_EXPECT_TRUE(test, kobs_inflight_claim(t, &key, &newer));
	fill(&older, &key, 3);
	fill(&newer, &key, 4);
	KUNIT_EXPECT_EQ(test, kobs_inflight_publish_last(t, &newer, &key, 4), 0);
	KUNIT_EXPECT_EQ(test, kobs_inflight_publish_last(t, &older, &key, 3), 1);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, left(t), 1);
	KUNIT_EXPECT_EQ(test, end(t, key), 4);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

static void one_of_equals_is_left(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, begin(t, key_of(5), 7), 0);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, begin(t, key_of(5), 7), 1);
		KUNIT_EXPECT_EQ(test, left(t), 1);
	}
	KUNIT_EXPECT_EQ(test, end(t, key_of(5)), 7);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

/* An entry that has ended before the older one looks for it is not ended again. */
static void ended_meanwhile(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	struct kobs_inflight_key key = key_of(5);
	struct kobs_inflight_ref ref;

	KUNIT_EXPECT_EQ(test, begin(t, key, 1), 0);
	preempt_disable();
	KUNIT_EXPECT_TRUE(test, kobs_inflight_claim(t, &key, &ref));
	fill(&ref, &key, 2);
	KUNIT_EXPECT_EQ(test, end(t, key), 1);
	KUNIT_EXPECT_EQ(test, kobs_inflight_publish_last(t, &ref, &key, 2), 0);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, end(t, key), 2);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

static void other_keys_of_the_slot_stay(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	u32 home = kobs_inflight_hash(1, 1) >> t->shift;
	unsigned int n = 1;
	u64 word;

	KUNIT_ASSERT_EQ(test, begin(t, key_of(1), 1), 0);
	for (word = 2; n < 6; word++) {
		if (kobs_inflight_hash(word, 1) >> t->shift != home)
			continue;
		n++;
		KUNIT_EXPECT_EQ(test, begin(t, key_of(word), word), 0);
	}
	KUNIT_EXPECT_EQ(test, left(t), n);
	KUNIT_EXPECT_EQ(test, begin(t, key_of(1), 1000), 1);
	KUNIT_EXPECT_EQ(test, left(t), n);
	KUNIT_EXPECT_EQ(test, end(t, key_of(1)), 1000);
}

static void all_words_of_a_key_count(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 64);
	u64 words[2][MORE] = { { 1, 2, 3 }, { 1, 2, 4 } };
	struct kobs_inflight_key keys[2] = {
		{ { 9, 9 }, words[0], MORE }, { { 9, 9 }, words[1], MORE },
	};

	KUNIT_EXPECT_EQ(test, begin(t, keys[0], 1), 0);
	KUNIT_EXPECT_EQ(test, begin(t, keys[1], 2), 0);
	KUNIT_EXPECT_EQ(test, left(t), 2);
	KUNIT_EXPECT_EQ(test, begin(t, keys[0], 3), 1);
	KUNIT_EXPECT_EQ(test, begin(t, keys[1], 4), 1);
	KUNIT_EXPECT_EQ(test, left(t), 2);
}

static void full_table_refuses(struct kunit *test)
{
	struct kobs_inflight_table *t = table_new(test, 16);
	u64 slots = (t->mask + 1) * KOBS_INFLIGHT_BUCKET;
	u64 begun = 0;
	u64 i;

	for (i = 0; i < 1000; i++)
		begun += !begin(t, key_of(i), i + 1);
	KUNIT_EXPECT_GE(test, begun, 16);
	KUNIT_EXPECT_LE(test, begun, slots);
	KUNIT_EXPECT_EQ(test, left(t), begun);
	for (i = 0; i < 1000; i++)
		begun -= end(t, key_of(i)) > 0;
	KUNIT_EXPECT_EQ(test, begun, 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

#define ROUNDS	20000
#define KEYS	3

/**
 * struct load - a thread of several that begin and end the same keys
 * @rig: where it runs
 * @t: table of all
 * @begun: its begins, with those of its interrupts
 * @replaced: entries that these ended
 * @ended: entries that its ends, with those of its interrupts, took out
 */
struct load {
	struct rig rig;
	struct kobs_inflight_table *t;
	unsigned int begun;
	unsigned int replaced;
	unsigned int ended;
};

/* The thread's interrupts change the same numbers: they must not come between. */
static void step(struct load *load, u64 word, bool begins)
{
	unsigned long flags;
	int n;

	n = begins ? begin(load->t, key_of(word), ktime_get_mono_fast_ns()) :
		     end(load->t, key_of(word)) > 0;
	local_irq_save(flags);
	if (begins && n >= 0) {
		load->begun++;
		load->replaced += n;
	} else if (!begins) {
		load->ended += n;
	}
	local_irq_restore(flags);
}

static void same_task(struct rig *rig)
{
	struct load *load = rig->data;
	u64 i;

	for (i = 0; i < ROUNDS; i++) {
		step(load, i % KEYS, true);
		if (i % 64 == 0)
			rig_kick(rig);
		step(load, i / 2 % KEYS, false);
		cond_resched();
	}
}

static void same_irq(struct rig *rig)
{
	struct load *load = rig->data;

	step(load, rig->irqs % KEYS, true);
	step(load, rig->irqs / 2 % KEYS, false);
}

static void each_begin_ends_once_under_load(struct kunit *test)
{
	struct load *load = kunit_kcalloc(test, 4, sizeof(*load), GFP_KERNEL);
	struct kobs_inflight_table *t = table_new(test, 64);
	unsigned int begun = 0, replaced = 0, ended = 0;
	unsigned int i;

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
		begun += load[i].begun;
		replaced += load[i].replaced;
		ended += load[i].ended;
	}
	KUNIT_EXPECT_GE(test, begun, 4 * ROUNDS);
	KUNIT_EXPECT_GT(test, replaced, 0);
	KUNIT_EXPECT_EQ(test, begun, replaced + ended + left(t));
	KUNIT_EXPECT_LE(test, left(t), KEYS);
	for (i = 0; i < KEYS; i++) {
		end(t, key_of(i));
		KUNIT_EXPECT_EQ(test, end(t, key_of(i)), 0);
	}
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

static struct kunit_case last_cases[] = {
	KUNIT_CASE(last_begin_is_left),
	KUNIT_CASE(older_one_ends_itself),
	KUNIT_CASE(one_of_equals_is_left),
	KUNIT_CASE(ended_meanwhile),
	KUNIT_CASE(other_keys_of_the_slot_stay),
	KUNIT_CASE(all_words_of_a_key_count),
	KUNIT_CASE(full_table_refuses),
	KUNIT_CASE(each_begin_ends_once_under_load),
	{}
};

static struct kunit_suite last_suite = {
	.name = "kobs_inflight_last",
	.exit = last_exit,
	.test_cases = last_cases,
};

kunit_test_suite(last_suite);
