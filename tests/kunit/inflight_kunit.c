// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the in-flight table: begins and ends pair by the whole key; a full
 * table refuses; an iteration returns each lasting entry once and never a torn
 * one; one of several concurrent ends wins; nested interrupts do no harm.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/elapsed.h"
#include "lib/inflight.h"
#include "lib/memory.h"
#include "rig.h"

#define WORDS	3

static struct kobs_inflight_table *inflight_new(struct kunit *test, unsigned int max)
{
	struct kobs_inflight_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kobs_inflight_table_init(t, &rig_memory, max, WORDS));
	test->priv = t;
	return t;
}

static void inflight_exit(struct kunit *test)
{
	struct kobs_inflight_table *t = test->priv;

	if (t)
		kobs_inflight_table_free(t);
}

static struct kobs_inflight *copy_new(struct kunit *test)
{
	struct kobs_inflight *copy = kunit_kzalloc(test, sizeof(*copy) +
					       WORDS * sizeof(u64), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	return copy;
}

/* Data words follow from key and start, so that a copy can be checked. */
static u64 word_of(u64 key0, u64 key1, u64 start, unsigned int i)
{
	return (key0 ^ (key1 << 8) ^ (start << 20)) + i;
}

static bool entry_whole(const struct kobs_inflight *entry)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		if (entry->data[i] != word_of(entry->key[0], entry->key[1],
					      entry->start, i))
			return false;
	}
	return true;
}

static bool begin(struct kobs_inflight_table *t, u64 key0, u64 key1, u64 start)
{
	struct kobs_inflight_ref ref;
	unsigned int i;
	bool ok;

	preempt_disable();
	ok = kobs_inflight_begin(t, key0, key1, &ref) == KOBS_INFLIGHT_BEGUN;
	if (ok) {
		ref.entry->start = start;
		for (i = 0; i < WORDS; i++)
			ref.entry->data[i] = word_of(key0, key1, start, i);
		kobs_inflight_publish(&ref);
	}
	preempt_enable();
	return ok;
}

/* Returns the start of the entry, 0 when there was none, or -1 if torn. */
static s64 end(struct kobs_inflight_table *t, u64 key0, u64 key1)
{
	struct kobs_inflight_ref ref;
	s64 start;

	if (!kobs_inflight_find(t, key0, key1, &ref))
		return 0;
	start = entry_whole(ref.entry) ? ref.entry->start : -1;
	return kobs_inflight_end(&ref) ? start : -1;
}

/* The same, by the only context that may end it. */
static s64 end_own(struct kobs_inflight_table *t, u64 key0, u64 key1)
{
	struct kobs_inflight_ref ref;
	s64 start;

	if (!kobs_inflight_find(t, key0, key1, &ref))
		return 0;
	start = entry_whole(ref.entry) ? ref.entry->start : -1;
	kobs_inflight_end_own(&ref);
	return start;
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

static unsigned int walk(const struct kobs_inflight_table *t, struct kobs_inflight *copy)
{
	unsigned int n = 0;
	u32 place = 0;

	while (kobs_inflight_next(t, &place, copy))
		n++;
	return n;
}

static void memory_is_what_is_said(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 8, 9, 100, 1024, 1025 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 before = kobs_memory_bytes(&rig_memory);
		struct kobs_inflight_table *t = inflight_new(test, sizes[i]);
		size_t slots = (t->mask + 1) * KOBS_INFLIGHT_BUCKET;

		KUNIT_EXPECT_GE(test, slots, 2 * sizes[i]);
		KUNIT_EXPECT_EQ(test, t->stride, 24 + 8 * WORDS);
		KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&rig_memory) - before,
				PAGE_ALIGN(slots * 8) +
				PAGE_ALIGN(slots * t->stride));
		/* KASAN reports it if less was allocated. */
		memset(t->states, 0, slots * 8);
		memset(t->entries, 0, slots * t->stride);
		kobs_inflight_table_free(t);
	}
}

static void ends_pair_with_begins(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 256);
	u64 base = 0xffff888003a10000ULL;
	u64 i;

	KUNIT_EXPECT_EQ(test, end(t, base, 0), 0);
	for (i = 0; i < 256; i++)
		KUNIT_ASSERT_TRUE(test, begin(t, base + i / 4 * 0x1a40, i % 4,
					      i + 1));
	for (i = 256; i-- > 0;) {
		KUNIT_EXPECT_EQ(test, end(t, base + i / 4 * 0x1a40, i % 4),
				i + 1);
		KUNIT_EXPECT_EQ(test, end(t, base + i / 4 * 0x1a40, i % 4), 0);
	}
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

/* A key differs from another in either word, and their order matters. */
static void both_words_count(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 64);
	u64 a = 0x1000;
	u64 b = 0x2000;

	KUNIT_ASSERT_TRUE(test, begin(t, a, b, 1));
	KUNIT_EXPECT_EQ(test, end(t, b, a), 0);
	KUNIT_EXPECT_EQ(test, end(t, a, a), 0);
	KUNIT_EXPECT_EQ(test, end(t, a, 0), 0);
	KUNIT_ASSERT_TRUE(test, begin(t, b, a, 2));
	KUNIT_ASSERT_TRUE(test, begin(t, a, 0, 3));
	KUNIT_EXPECT_EQ(test, end(t, a, b), 1);
	KUNIT_EXPECT_EQ(test, end(t, b, a), 2);
	KUNIT_EXPECT_EQ(test, end(t, a, 0), 3);
}

/* All entries that fit are found, in either bucket. */
static void full_table_refuses(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 64);
	u64 slots = (t->mask + 1) * KOBS_INFLIGHT_BUCKET;
	unsigned long *in = kunit_kcalloc(test, BITS_TO_LONGS(1000),
					  sizeof(long), GFP_KERNEL);
	struct kobs_inflight *copy = copy_new(test);
	unsigned int n = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, in);
	for (i = 0; i < 1000; i++) {
		if (begin(t, 0xffff888000000000ULL + i * 64, 7, i + 1)) {
			__set_bit(i, in);
			n++;
		}
	}
	KUNIT_EXPECT_EQ(test, n, slots);
	KUNIT_EXPECT_EQ(test, walk(t, copy), slots);
	KUNIT_EXPECT_GT(test, away(t), 0);
	KUNIT_EXPECT_FALSE(test, begin(t, 1, 1, 1));
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, end(t, 0xffff888000000000ULL + i * 64, 7),
				test_bit(i, in) ? i + 1 : 0);
	KUNIT_EXPECT_EQ(test, walk(t, copy), 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
	KUNIT_EXPECT_TRUE(test, begin(t, 1, 1, 1));
}

/* Half of all slots, the promised number, practically always fit. */
static void promised_room_is_there(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 8192);
	unsigned int i;

	for (i = 0; i < 8192; i++)
		KUNIT_ASSERT_TRUE(test, begin(t, 0xffff888000000000ULL +
					      (u64)i * 0x2c40, 0, i + 1));
}

static void reused_slot_is_another_span(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 64);
	struct kobs_inflight_ref old;
	struct kobs_inflight_ref ref;

	KUNIT_ASSERT_TRUE(test, begin(t, 5, 6, 1));
	KUNIT_ASSERT_TRUE(test, kobs_inflight_find(t, 5, 6, &old));
	KUNIT_EXPECT_TRUE(test, kobs_inflight_same(&old));
	KUNIT_ASSERT_EQ(test, end(t, 5, 6), 1);
	KUNIT_EXPECT_FALSE(test, kobs_inflight_same(&old));
	KUNIT_ASSERT_TRUE(test, begin(t, 5, 6, 2));
	KUNIT_ASSERT_TRUE(test, kobs_inflight_find(t, 5, 6, &ref));
	/* The same slot and key: told apart by the generation. */
	KUNIT_EXPECT_PTR_EQ(test, ref.entry, old.entry);
	KUNIT_EXPECT_FALSE(test, kobs_inflight_same(&old));
	KUNIT_EXPECT_FALSE(test, kobs_inflight_end(&old));
	KUNIT_EXPECT_TRUE(test, kobs_inflight_end(&ref));
	KUNIT_EXPECT_FALSE(test, kobs_inflight_end(&ref));
	/* Either way of ending changes the generation. */
	KUNIT_ASSERT_TRUE(test, begin(t, 5, 6, 3));
	KUNIT_ASSERT_TRUE(test, kobs_inflight_find(t, 5, 6, &old));
	KUNIT_EXPECT_EQ(test, end_own(t, 5, 6), 3);
	KUNIT_EXPECT_FALSE(test, kobs_inflight_same(&old));
	KUNIT_EXPECT_FALSE(test, kobs_inflight_end(&old));
}

/* An entry that is not published is not found, and its slot stays taken. */
static void claimed_slot_is_passed_over(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 64);
	struct kobs_inflight *copy = copy_new(test);
	struct kobs_inflight_ref outer;
	struct kobs_inflight_ref ref;

	preempt_disable();
	KUNIT_EXPECT_EQ(test, kobs_inflight_begin(t, 5, 6, &outer), KOBS_INFLIGHT_BEGUN);
	preempt_enable();
	KUNIT_EXPECT_FALSE(test, kobs_inflight_find(t, 5, 6, &ref));
	KUNIT_EXPECT_EQ(test, walk(t, copy), 0);
	/* As an interrupt would at this point. */
	KUNIT_EXPECT_TRUE(test, begin(t, 5, 7, 2));
	KUNIT_EXPECT_EQ(test, end(t, 5, 7), 2);
	kobs_inflight_publish(&outer);
	KUNIT_EXPECT_TRUE(test, kobs_inflight_find(t, 5, 6, &ref));
	KUNIT_EXPECT_PTR_EQ(test, ref.entry, outer.entry);
	KUNIT_EXPECT_TRUE(test, kobs_inflight_end(&ref));
}

/* A key with an entry, displaced or not, is found instead of begun. */
static void one_span_of_a_key(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 64);
	struct kobs_inflight *copy = copy_new(test);
	u64 slots = (t->mask + 1) * KOBS_INFLIGHT_BUCKET;
	struct kobs_inflight_ref ref;
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < 1000 && n < slots; i++)
		n += begin(t, i, 7, i + 1);
	KUNIT_ASSERT_EQ(test, n, slots);
	KUNIT_EXPECT_GT(test, away(t), 0);
	for (n = 0; i-- > 0;) {
		enum kobs_inflight_got got = kobs_inflight_begin(t, i, 7, &ref);

		if (got == KOBS_INFLIGHT_FULL)
			continue;
		KUNIT_ASSERT_EQ(test, got, KOBS_INFLIGHT_FOUND);
		KUNIT_EXPECT_EQ(test, ref.entry->start, i + 1);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, slots);
	KUNIT_EXPECT_EQ(test, walk(t, copy), slots);
}

/* The start of an entry that nobody else ends; 0 when there is none. */
static u64 start_of(const struct kobs_inflight_table *t, u64 key0, u64 key1)
{
	const struct kobs_inflight *entry = kobs_inflight_peek(t, key0, key1);

	return entry ? entry->start : 0;
}

/* An entry stays displaced when its own slot becomes free. */
static void what_is_away_is_found(struct kunit *test)
{
	struct kobs_inflight_table *t = inflight_new(test, 64);
	u32 home = kobs_inflight_hash(1, 0) >> t->shift;
	struct kobs_inflight_ref ref;
	u64 other = 2;

	while (kobs_inflight_hash(other, 0) >> t->shift != home)
		other++;
	KUNIT_ASSERT_TRUE(test, begin(t, 1, 0, 1));
	KUNIT_ASSERT_TRUE(test, begin(t, other, 0, 2));
	KUNIT_EXPECT_EQ(test, atomic_read(&t->states[home].displaced), 1);
	KUNIT_EXPECT_EQ(test, start_of(t, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, start_of(t, other, 0), 2);
	KUNIT_EXPECT_EQ(test, start_of(t, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, end_own(t, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, start_of(t, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, start_of(t, other, 0), 2);
	KUNIT_EXPECT_EQ(test, kobs_inflight_begin(t, other, 0, &ref),
			KOBS_INFLIGHT_FOUND);
	KUNIT_EXPECT_EQ(test, ref.entry->start, 2);
	KUNIT_EXPECT_PTR_EQ(test, ref.home, &t->states[home]);
	KUNIT_ASSERT_TRUE(test, begin(t, 1, 0, 3));
	KUNIT_EXPECT_EQ(test, end_own(t, other, 0), 2);
	KUNIT_EXPECT_EQ(test, end(t, other, 0), 0);
	KUNIT_EXPECT_EQ(test, end(t, 1, 0), 3);
	KUNIT_EXPECT_EQ(test, start_of(t, other, 0), 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

#define ROUNDS	20000

/**
 * struct load - a thread of a test with more than one
 * @rig: where it runs
 * @t: table of all
 * @id: first word of its entries' keys
 * @bad: begins and ends that did not work out
 * @irq_bad: the same of its interrupts
 * @wins: entries of others that it ended
 * @seen: entries that another thread saw
 * @stop: tells it to end
 */
struct load {
	struct rig rig;
	struct kobs_inflight_table *t;
	u64 id;
	unsigned int bad;
	unsigned int irq_bad;
	unsigned int wins;
	const unsigned int *seen;
	bool stop;
};

/* Many, and more if another thread had no time to see what it is to see. */
static bool goes_on(u64 round, unsigned int seen)
{
	return round <= ROUNDS || (!seen && round < 1 << 24);
}

/* Nested waits: three keys of one task, ended in another order. */
static void nested_task(struct rig *rig)
{
	struct load *load = rig->data;
	u64 i;

	for (i = 1; goes_on(i, READ_ONCE(*load->seen)); i++) {
		load->bad += !begin(load->t, load->id, 1, 3 * i);
		load->bad += !begin(load->t, load->id, 2, 3 * i + 1);
		if (i % 64 == 0)
			rig_kick(rig);
		load->bad += !begin(load->t, load->id, 3, 3 * i + 2);
		load->bad += end(load->t, load->id, 2) != 3 * i + 1;
		load->bad += end_own(load->t, load->id, 1) != 3 * i;
		load->bad += end(load->t, load->id, 3) != 3 * i + 2;
		load->bad += end(load->t, load->id, 1) != 0;
		cond_resched();
	}
}

static void nested_irq(struct rig *rig)
{
	struct load *load = rig->data;
	u64 start = rig->irqs;

	load->irq_bad += !begin(load->t, load->id, 9, start);
	load->irq_bad += end_own(load->t, load->id, 9) != start;
}

static void nested_entries_pair_under_load(struct kunit *test)
{
	struct load *load = kunit_kcalloc(test, 4, sizeof(*load), GFP_KERNEL);
	struct kobs_inflight_table *t = inflight_new(test, 64);
	struct kobs_inflight *copy = copy_new(test);
	unsigned int torn = 0;
	unsigned int seen = 0;
	unsigned int irqs = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, load);
	for (i = 0; i < 4; i++) {
		load[i].t = t;
		load[i].id = 0xffff888000100000ULL + i * 0x2340;
		load[i].seen = &seen;
		load[i].rig.task = nested_task;
		load[i].rig.irq = nested_irq;
		load[i].rig.data = &load[i];
		rig_start(test, &load[i].rig, i % num_online_cpus());
	}
	while (!completion_done(&load[3].rig.done)) {
		u32 place = 0;

		while (kobs_inflight_next(t, &place, copy)) {
			torn += !entry_whole(copy);
			WRITE_ONCE(seen, seen + 1);
		}
		cond_resched();
	}
	for (i = 0; i < 4; i++) {
		rig_wait(&load[i].rig);
		KUNIT_EXPECT_EQ(test, load[i].bad, 0);
		KUNIT_EXPECT_EQ(test, load[i].irq_bad, 0);
		irqs += load[i].rig.irqs;
	}
	KUNIT_EXPECT_EQ(test, torn, 0);
	KUNIT_EXPECT_GT(test, seen, 0);
	KUNIT_EXPECT_GE(test, irqs, 4 * (ROUNDS / 64) / 2);
	KUNIT_EXPECT_EQ(test, walk(t, copy), 0);
	KUNIT_EXPECT_EQ(test, away(t), 0);
}

/* Ends every entry of the other thread that it finds. */
static void thief_task(struct rig *rig)
{
	struct load *load = rig->data;
	struct kobs_inflight_ref ref;

	while (!READ_ONCE(load->stop)) {
		if (kobs_inflight_find(load->t, load->id, 1, &ref)) {
			bool whole = entry_whole(ref.entry);

			if (kobs_inflight_end(&ref)) {
				load->wins++;
				load->bad += !whole;
			}
		}
		cond_resched();
	}
}

static void one_of_two_enders_wins(struct kunit *test)
{
	struct load *load = kunit_kzalloc(test, sizeof(*load), GFP_KERNEL);
	struct kobs_inflight_table *t = inflight_new(test, 8);
	unsigned int begun = 0;
	unsigned int mine = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, load);
	load->t = t;
	load->id = 77;
	load->rig.task = thief_task;
	load->rig.data = load;
	rig_start(test, &load->rig, num_online_cpus() - 1);
	for (i = 1; goes_on(i, READ_ONCE(load->wins)); i++) {
		struct kobs_inflight_ref ref;

		begun += begin(t, 77, 1, i);
		if (i % 8 == 0)
			cond_resched();
		if (kobs_inflight_find(t, 77, 1, &ref))
			mine += kobs_inflight_end(&ref);
	}
	WRITE_ONCE(load->stop, true);
	rig_wait(&load->rig);
	KUNIT_EXPECT_EQ(test, begun, i - 1);
	KUNIT_EXPECT_EQ(test, mine + load->wins, begun);
	KUNIT_EXPECT_GT(test, load->wins, 0);
	KUNIT_EXPECT_EQ(test, load->bad, 0);
}

static void elapsed_is_never_negative(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kobs_elapsed(5, 12), 7);
	KUNIT_EXPECT_EQ(test, kobs_elapsed(5, 5), 0);
	KUNIT_EXPECT_EQ(test, kobs_elapsed(6, 5), 0);
	KUNIT_EXPECT_EQ(test, kobs_elapsed(U64_MAX, 0), 0);
	KUNIT_EXPECT_EQ(test, kobs_elapsed(0, U64_MAX), U64_MAX);
}

static struct kunit_case span_cases[] = {
	KUNIT_CASE(memory_is_what_is_said),
	KUNIT_CASE(ends_pair_with_begins),
	KUNIT_CASE(both_words_count),
	KUNIT_CASE(full_table_refuses),
	KUNIT_CASE(promised_room_is_there),
	KUNIT_CASE(reused_slot_is_another_span),
	KUNIT_CASE(claimed_slot_is_passed_over),
	KUNIT_CASE(one_span_of_a_key),
	KUNIT_CASE(what_is_away_is_found),
	KUNIT_CASE(nested_entries_pair_under_load),
	KUNIT_CASE(one_of_two_enders_wins),
	KUNIT_CASE(elapsed_is_never_negative),
	{}
};

static struct kunit_suite span_suite = {
	.name = "kobs_inflight",
	.exit = inflight_exit,
	.test_cases = span_cases,
};

kunit_test_suite(span_suite);
