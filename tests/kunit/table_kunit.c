// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the aggregation table: exact figures for each key, a full table
 * refuses and keeps its rows, and nothing is lost or counted twice when
 * interrupts nest in a writer and when a reader runs on another CPU.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/table.h"
#include "lib/table_hist.h"
#include "rig.h"

/* Expected numbers of a key. */
struct figures {
	u64 count;
	u64 sum;
	u64 min;
	u64 max;
};

static void figures_add(struct figures *f, u64 value)
{
	f->min = f->count ? min(f->min, value) : value;
	f->max = f->count ? max(f->max, value) : value;
	f->count++;
	f->sum += value;
}

static void figures_merge(struct figures *f, const struct figures *other)
{
	if (!other->count)
		return;
	f->min = f->count ? min(f->min, other->min) : other->min;
	f->max = f->count ? max(f->max, other->max) : other->max;
	f->count += other->count;
	f->sum += other->sum;
}

static bool figures_equal(const struct figures *a, const struct figures *b)
{
	return a->count == b->count && a->sum == b->sum && a->min == b->min &&
	       a->max == b->max;
}

static struct figures *figures_new(struct kunit *test, unsigned int n)
{
	struct figures *f = kunit_kcalloc(test, n, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static void row_figures(const struct kobs_table *t, struct kobs_row *row,
			struct figures *f)
{
	local64_t *v = kobs_row_value(t, row);

	memset(f, 0, sizeof(*f));
	f->count = local64_read(&row->count);
	if (!t->values)
		return;
	f->sum = local64_read(&v[KOBS_ROW_SUM]);
	f->min = local64_read(&v[KOBS_ROW_MIN]);
	f->max = local64_read(&v[KOBS_ROW_MAX]);
}

static struct kobs_table *table_new(struct kunit *test, unsigned int rows,
				    unsigned int words, bool values, bool hist)
{
	const struct kobs_shape shape = {
		.words = words, .values = values, .hist = hist,
	};
	struct kobs_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	kobs_table_init(t, &shape);
	KUNIT_ASSERT_EQ(test, 0, kobs_table_prepare(t, &rig_memory,
						    NUMA_NO_NODE, rows));
	test->priv = t;
	return t;
}

static void table_exit(struct kunit *test)
{
	struct kobs_table *t = test->priv;

	if (t)
		kobs_table_free(t);
}

static bool count(struct kobs_table *t, const u64 *key)
{
	bool ok;

	preempt_disable();
	ok = kobs_table_count(t, key);
	preempt_enable();
	return ok;
}

static bool add(struct kobs_table *t, const u64 *key, u64 value)
{
	bool ok;

	preempt_disable();
	ok = kobs_table_add(t, key, value);
	preempt_enable();
	return ok;
}

/* The hits of a key, over all its rows; nr_rows is set to their number. */
static u64 hits(const struct kobs_table *t, const u64 *key,
		unsigned int *nr_rows)
{
	struct kobs_row *row;
	u32 place = 0;
	u64 sum = 0;

	*nr_rows = 0;
	while ((row = kobs_table_next(t, &place))) {
		if (kobs_words_equal(row->data, key, t->words)) {
			sum += local64_read(&row->count);
			++*nr_rows;
		}
	}
	return sum;
}

static struct kobs_row *home(const struct kobs_table *t, const u64 *key,
			     unsigned int further)
{
	u32 place = kobs_hash(key, t->words) >> t->shift;

	return kobs_table_row(t, (place + further) & t->mask);
}

struct shape_case {
	const char *desc;
	unsigned int rows;
	unsigned int keys;
	unsigned int words;
	bool values;
	bool hist;
};

static const struct shape_case shape_cases[] = {
	{ "one word", 4096, 1500, 1 },
	{ "one word with values", 4096, 1500, 1, true },
	{ "one word with histogram", 1024, 100, 1, true, true },
	{ "two words", 4096, 1500, 2 },
	{ "five words with values", 4096, 1500, 5, true },
	{ "all words", 4096, 1500, KOBS_KEY_WORDS },
	{ "all words with values", 4096, 1500, KOBS_KEY_WORDS, true },
	{ "all words with histogram", 1024, 100, KOBS_KEY_WORDS, true, true },
};

KUNIT_ARRAY_PARAM_DESC(shape, shape_cases, desc);

/*
 * Keys that have most words in common, the last one apart: it has the key's
 * number in its lower bits.
 */
static void shape_key(u64 *key, unsigned int words, u32 which)
{
	unsigned int i;

	for (i = 0; i < words; i++)
		key[i] = 0xffff888000000000ULL + i;
	key[words / 2] += which / 16 * 64;
	key[words - 1] = 0xffffffff81000000ULL + ((u64)which << 20);
}

static u32 shape_which(const struct kobs_table *t, const struct kobs_row *row)
{
	return (row->data[t->words - 1] - 0xffffffff81000000ULL) >> 20;
}

static void shape_fill(struct kunit *test, struct kobs_table *t,
		       const struct shape_case *c, struct figures *want,
		       u64 *hist)
{
	u64 key[KOBS_KEY_WORDS];
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 2);
	for (i = 0; i < 30000; i++) {
		u32 which = prandom_u32_state(&rnd) % c->keys;
		u64 value = (u64)prandom_u32_state(&rnd) << 20;

		value >>= prandom_u32_state(&rnd) % 52;
		shape_key(key, c->words, which);
		if (c->values)
			KUNIT_ASSERT_TRUE(test, add(t, key, value));
		else
			KUNIT_ASSERT_TRUE(test, count(t, key));
		figures_add(&want[which], c->values ? value : 0);
		if (c->hist)
			hist[which * KOBS_HIST_BUCKETS +
			     kobs_hist_bucket(value)]++;
	}
}

static bool hist_equal(const struct kobs_table *t, const struct kobs_row *row,
		       const u64 *want)
{
	unsigned int next = kobs_row_next_bucket(t, row, 0);
	unsigned int b;

	for (b = 0; b < KOBS_HIST_BUCKETS; b++) {
		if (kobs_row_bucket(t, row, b) != want[b])
			return false;
		if (b == next)
			next = kobs_row_next_bucket(t, row, b + 1);
		else if (want[b])
			return false;
	}
	return next == KOBS_HIST_BUCKETS;
}

static void figures_are_exact(struct kunit *test)
{
	const struct shape_case *c = test->param_value;
	struct kobs_table *t = table_new(test, c->rows, c->words, c->values,
					 c->hist);
	struct figures *want = figures_new(test, c->keys);
	u64 key[KOBS_KEY_WORDS];
	struct kobs_row *row;
	u64 *hist = NULL;
	u32 place = 0;
	unsigned int i;

	if (c->hist) {
		hist = kunit_kcalloc(test, c->keys,
				     KOBS_HIST_BUCKETS * sizeof(*hist),
				     GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, hist);
	}
	shape_fill(test, t, c, want, hist);
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), c->keys);
	while ((row = kobs_table_next(t, &place))) {
		u32 which = shape_which(t, row);
		struct figures got;

		KUNIT_ASSERT_LT(test, which, c->keys);
		shape_key(key, c->words, which);
		KUNIT_ASSERT_MEMEQ(test, row->data, key, c->words * 8);
		row_figures(t, row, &got);
		KUNIT_ASSERT_TRUE_MSG(test, figures_equal(&got, &want[which]),
				      "key %u", which);
		if (c->hist)
			KUNIT_ASSERT_TRUE(test, hist_equal(t, row,
							   &hist[which * KOBS_HIST_BUCKETS]));
		/* Each key has one row only, when nothing nests. */
		want[which].count = 0;
	}
	for (i = 0; i < c->keys; i++)
		KUNIT_ASSERT_EQ(test, want[i].count, 0);
}

static void memory_is_what_is_said(struct kunit *test)
{
	const struct shape_case *c = test->param_value;
	static const unsigned int sizes[] = { 1, 2, 3, 100, 128, 129 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kobs_table *t = table_new(test, sizes[i], c->words,
						 c->values, c->hist);
		u64 bytes = kobs_table_bytes(t, sizes[i]);

		KUNIT_EXPECT_GE(test, t->mask + 1, sizes[i]);
		KUNIT_EXPECT_EQ(test, t->stride, 16 + 8 * c->words +
				(c->values ? 24 : 0) + (c->hist ? 248 : 0));
		KUNIT_EXPECT_EQ(test, t->n_chunks, c->hist ?
				8 * (t->mask + 1) + KOBS_HIST_OCTAVES : 0);
		KUNIT_EXPECT_EQ(test, bytes,
				c->hist ? ALIGN((t->mask + 1ULL) * t->stride, 128) +
					  (t->n_chunks + 1ULL) * 128 :
					  (t->mask + 1ULL) * t->stride);
		if (c->hist)
			KUNIT_EXPECT_PTR_EQ(test, t->rows + bytes, (void *)
					    &t->chunks[(t->n_chunks + 1ULL) * 16]);
		/* KASAN reports it if less was allocated. */
		memset(t->rows, 0, bytes);
		kobs_table_free(t);
	}
}

static void extreme_values(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 16, 1, true, true);
	static const u64 values[] = { U64_MAX, 0, 1, 1ULL << 62, 1ULL << 63 };
	struct figures want = {};
	struct figures got;
	u64 key = 5;
	u32 place = 0;
	struct kobs_row *row;
	unsigned int i;

	/* The sum wraps, as sums of u64 do. */
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		KUNIT_ASSERT_TRUE(test, add(t, &key, values[i]));
		figures_add(&want, values[i]);
		place = 0;
		row = kobs_table_next(t, &place);
		KUNIT_ASSERT_NOT_NULL(test, row);
		row_figures(t, row, &got);
		KUNIT_EXPECT_EQ(test, got.min, want.min);
		KUNIT_EXPECT_EQ(test, got.max, want.max);
		KUNIT_EXPECT_EQ(test, got.sum, want.sum);
		KUNIT_EXPECT_EQ(test, got.count, want.count);
		KUNIT_EXPECT_EQ(test, 1,
				kobs_row_bucket(t, row, kobs_hist_bucket(values[i])));
	}
	KUNIT_EXPECT_NULL(test, kobs_table_next(t, &place));
}

/* As in the column comm: a text in two words. */
static void texts_are_keys(struct kunit *test)
{
	static const char names[][16] = {
		"", "a", "kworker/0:1", "kworker/0:1H", "kworker/0:1I",
		"kworker/1:1", "abcdefghijklmno", "abcdefghijklmnp",
	};
	struct kobs_table *t = table_new(test, 64, 3, false, false);
	unsigned int nr_rows;
	u64 key[3];
	u32 pid;
	u32 n;
	u32 i;

	for (pid = 1; pid < 3; pid++) {
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			key[0] = pid;
			memcpy(&key[1], names[i], 16);
			for (n = 0; n < i + pid; n++)
				KUNIT_ASSERT_TRUE(test, count(t, key));
		}
	}
	for (pid = 1; pid < 3; pid++) {
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			key[0] = pid;
			memcpy(&key[1], names[i], 16);
			KUNIT_EXPECT_EQ(test, hits(t, key, &nr_rows), i + pid);
			KUNIT_EXPECT_EQ(test, nr_rows, 1);
		}
	}
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), 2 * ARRAY_SIZE(names));
}

/* Is there a row for the key, or room for one? */
static bool has_room(const struct kobs_table *t, const u64 *key)
{
	unsigned int i;

	for (i = 0; i < min(KOBS_TABLE_PROBES, t->mask + 1); i++) {
		struct kobs_row *row = home(t, key, i);

		if (row->state == KOBS_ROW_FREE ||
		    kobs_words_equal(row->data, key, t->words))
			return true;
	}
	return false;
}

struct full_case {
	const char *desc;
	unsigned int rows;
	unsigned int keys;
};

static const struct full_case full_cases[] = {
	{ "two rows", 2, 10 },
	{ "eight rows", 8, 50 },
	{ "as many rows as probes", KOBS_TABLE_PROBES, 500 },
	{ "more rows than probes", 256, 2000 },
	{ "many rows", 2048, 6000 },
};

KUNIT_ARRAY_PARAM_DESC(full, full_cases, desc);

static void full_table_refuses(struct kunit *test)
{
	const struct full_case *c = test->param_value;
	struct kobs_table *t = table_new(test, c->rows, 1, true, false);
	struct figures *want = figures_new(test, c->keys);
	u64 recorded = 0;
	u64 lost = 0;
	u64 kept = 0;
	struct kobs_row *row;
	struct figures got;
	u32 place = 0;
	unsigned int round;
	u64 key;

	for (round = 0; round < 2; round++) {
		for (key = 0; key < c->keys; key++) {
			bool room = has_room(t, &key);

			KUNIT_ASSERT_EQ(test, room, add(t, &key, key + round));
			if (!room) {
				lost++;
				continue;
			}
			recorded++;
			figures_add(&want[key], key + round);
		}
	}
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), c->rows);
	KUNIT_EXPECT_GT(test, lost, 0);
	KUNIT_EXPECT_EQ(test, recorded + lost, 2 * c->keys);
	/* A table up to the probe limit can be filled completely. */
	if (c->rows <= KOBS_TABLE_PROBES)
		KUNIT_EXPECT_EQ(test, recorded, 2 * c->rows);
	while ((row = kobs_table_next(t, &place))) {
		KUNIT_ASSERT_LT(test, row->data[0], c->keys);
		row_figures(t, row, &got);
		KUNIT_ASSERT_TRUE_MSG(test, figures_equal(&got,
							  &want[row->data[0]]),
				      "key %llu", row->data[0]);
		kept += got.count;
	}
	KUNIT_EXPECT_EQ(test, kept, recorded);
}

/* A writer that is interrupted before its row is complete. */
static void claimed_row_is_passed_over(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 64, 2, true, false);
	u64 key[] = { 0xabcd, 0x1234 };
	struct kobs_row *first = home(t, key, 0);
	unsigned int nr_rows;
	unsigned int i;

	first->state = KOBS_ROW_CLAIMED;
	first->data[0] = key[0];
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_TRUE(test, add(t, key, 10 + i));
	KUNIT_EXPECT_EQ(test, first->state, KOBS_ROW_CLAIMED);
	KUNIT_EXPECT_EQ(test, first->data[1], 0);
	KUNIT_EXPECT_EQ(test, local64_read(&first->count), 0);
	KUNIT_EXPECT_EQ(test, hits(t, key, &nr_rows), 5);
	KUNIT_EXPECT_EQ(test, nr_rows, 1);
	/* It goes on: the key has two rows, and hits go to the first. */
	first->data[1] = key[1];
	local64_set(&kobs_row_value(t, first)[KOBS_ROW_MIN], U64_MAX);
	local64_inc(&t->used);
	first->state = kobs_hash(key, 2);
	KUNIT_EXPECT_EQ(test, hits(t, key, &nr_rows), 5);
	KUNIT_EXPECT_EQ(test, nr_rows, 1);
	KUNIT_EXPECT_TRUE(test, add(t, key, 99));
	KUNIT_EXPECT_EQ(test, local64_read(&first->count), 1);
	KUNIT_EXPECT_EQ(test, hits(t, key, &nr_rows), 6);
	KUNIT_EXPECT_EQ(test, nr_rows, 2);
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), 2);
}

static void claim_once(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 4, 1, true, false);
	struct kobs_row *row = kobs_table_row(t, 0);
	u64 other = 8;
	u64 key = 7;

	KUNIT_EXPECT_TRUE(test, kobs_table_claim(row, &key, 100, t));
	KUNIT_EXPECT_FALSE(test, kobs_table_claim(row, &other, 200, t));
	KUNIT_EXPECT_EQ(test, row->state, 100);
	KUNIT_EXPECT_EQ(test, row->data[0], 7);
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), 1);
	row->state = KOBS_ROW_CLAIMED;
	KUNIT_EXPECT_FALSE(test, kobs_table_claim(row, &other, 200, t));
	KUNIT_EXPECT_EQ(test, row->state, KOBS_ROW_CLAIMED);
}

static void no_room_beside_claimed_rows(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 4, 1, false, false);
	unsigned int nr_rows;
	u64 key = 7;
	u32 i;

	for (i = 0; i < 4; i++)
		kobs_table_row(t, i)->state = KOBS_ROW_CLAIMED;
	KUNIT_EXPECT_FALSE(test, count(t, &key));
	KUNIT_EXPECT_EQ(test, hits(t, &key, &nr_rows), 0);
	home(t, &key, 3)->state = KOBS_ROW_FREE;
	KUNIT_EXPECT_TRUE(test, count(t, &key));
	KUNIT_EXPECT_EQ(test, hits(t, &key, &nr_rows), 1);
}

/* Two keys of one hash: the words decide. */
static void equal_hash_is_no_equal_key(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 64, 2, false, false);
	u64 a[] = { 1, 2 };
	u64 b[] = { 3, (1 * KOBS_HASH_FACTOR) ^ (3 * KOBS_HASH_FACTOR) ^ 2 };
	unsigned int nr_rows;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, kobs_hash(a, 2), kobs_hash(b, 2));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, count(t, a));
		KUNIT_EXPECT_TRUE(test, count(t, b));
		KUNIT_EXPECT_TRUE(test, count(t, b));
	}
	KUNIT_EXPECT_EQ(test, hits(t, a, &nr_rows), 3);
	KUNIT_EXPECT_EQ(test, hits(t, b, &nr_rows), 6);
}

/* Initial values of fields follow from merge; fields are the last words. */
static void fields_stand_apart(struct kunit *test)
{
	const struct kobs_shape shape = {
		.words = 2, .values = true, .hist = true,
		.fields = KOBS_FIELDS, .lowest = BIT(1) | BIT(KOBS_FIELDS - 1),
	};
	struct kobs_table t;
	struct kobs_row *row;
	unsigned int i, n;
	u64 key[2] = {};

	kobs_table_init(&t, &shape);
	KUNIT_ASSERT_EQ(test, 0, kobs_table_prepare(&t, &rig_memory,
						    NUMA_NO_NODE, 64));
	KUNIT_EXPECT_EQ(test, kobs_table_bytes(&t, 64),
			64 * (16 + 8 * (2 + 3 + 31 + KOBS_FIELDS)) +
			128 * (64 * 8 + KOBS_HIST_OCTAVES + 1));
	preempt_disable();
	for (n = 0; n < 64; n++) {
		key[1] = n;
		kobs_table_add(&t, key, U64_MAX);
		row = kobs_table_find(&t, key);
		if (!row)
			continue;
		for (i = 0; i < KOBS_FIELDS; i++) {
			u64 start = shape.lowest & BIT(i) ? U64_MAX : 0;

			if (local64_read(kobs_row_field(&t, row, i)) != start)
				break;
			kobs_lower(kobs_row_field(&t, row, i), 100 * n + i);
			kobs_raise(kobs_row_field(&t, row, i), 100 * n + i);
		}
		if (i < KOBS_FIELDS)
			break;
	}
	preempt_enable();
	KUNIT_EXPECT_EQ(test, n, 64);
	for (n = 0; n < 64; n++) {
		key[1] = n;
		row = kobs_table_find(&t, key);
		KUNIT_ASSERT_NOT_NULL(test, row);
		KUNIT_EXPECT_EQ(test, local64_read(&row->count), 1);
		KUNIT_EXPECT_EQ(test, 1,
				kobs_row_bucket(&t, row, KOBS_HIST_BUCKETS - 1));
		for (i = 0; i < KOBS_FIELDS; i++)
			KUNIT_EXPECT_EQ(test, 100 * n + i,
					local64_read(kobs_row_field(&t, row,
								    i)));
	}
	kobs_table_free(&t);
}

/* The fast path finds the same row as the slow path, or none. */
static void peek_agrees_with_find(struct kunit *test)
{
	struct kobs_table *one = table_new(test, 1024, 1, false, false);
	const struct kobs_shape shape = { .words = 2 };
	struct kobs_table two;
	struct kobs_row *row;
	unsigned int found[2] = {};
	u64 key[2];
	u32 i;

	kobs_table_init(&two, &shape);
	KUNIT_ASSERT_EQ(test, 0, kobs_table_prepare(&two, &rig_memory,
						    NUMA_NO_NODE, 1024));
	for (i = 0; i < 400; i++) {
		key[0] = 0xffffffff81000000ULL + i / 2 * 16;
		key[1] = i;
		preempt_disable();
		kobs_table_find(&two, key);
		kobs_table_find(one, key);
		preempt_enable();
	}
	for (i = 0; i < 500; i++) {
		key[0] = 0xffffffff81000000ULL + i / 2 * 16;
		key[1] = i;
		row = kobs_table_peek(one, key[0], ~0ULL, 1);
		found[0] += !!row;
		KUNIT_EXPECT_TRUE(test, !row || row->data[0] == key[0]);
		KUNIT_EXPECT_TRUE(test, !row || row == home(one, key, 0));
		KUNIT_EXPECT_TRUE(test, !row || i < 400);
		row = kobs_table_peek(&two, key[0], key[1], 2);
		found[1] += !!row;
		KUNIT_EXPECT_TRUE(test, !row ||
				  kobs_words_equal(row->data, key, 2));
		KUNIT_EXPECT_TRUE(test, !row || row == home(&two, key, 0));
		KUNIT_EXPECT_TRUE(test, !row || i < 400);
	}
	/* Most are in their first place. */
	KUNIT_EXPECT_GT(test, found[0], 200);
	KUNIT_EXPECT_GT(test, found[1], 200);
	kobs_table_free(&two);
}

static void peek_passes_over_a_claimed_row(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 16, 2, false, false);
	u64 key[] = { 1, 2 };
	struct kobs_row *first = home(t, key, 0);

	KUNIT_EXPECT_NULL(test, kobs_table_peek(t, 1, 2, 2));
	KUNIT_ASSERT_TRUE(test, count(t, key));
	KUNIT_EXPECT_PTR_EQ(test, kobs_table_peek(t, 1, 2, 2), first);
	KUNIT_EXPECT_NULL(test, kobs_table_peek(t, 1, 3, 2));
	KUNIT_EXPECT_NULL(test, kobs_table_peek(t, 2, 2, 2));
	first->state = KOBS_ROW_CLAIMED;
	KUNIT_EXPECT_NULL(test, kobs_table_peek(t, 1, 2, 2));
}

/* A key of 32 bits is known by its hash, and found where peek finds it. */
static void peek_by_hash(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 1024, 1, false, false);
	unsigned int found = 0;
	u64 key;

	for (key = 1; key <= 400; key++) {
		preempt_disable();
		kobs_table_find(t, &key);
		preempt_enable();
	}
	for (key = 1; key <= 2000; key++) {
		struct kobs_row *row = kobs_table_peek_hash(t, kobs_hash(&key, 1));

		KUNIT_EXPECT_PTR_EQ(test, row, kobs_table_peek(t, key, 0, 1));
		found += !!row;
	}
	KUNIT_EXPECT_GT(test, found, 200);
	key = 1;
	home(t, &key, 0)->state = KOBS_ROW_CLAIMED;
	KUNIT_EXPECT_NULL(test, kobs_table_peek_hash(t, kobs_hash(&key, 1)));
}

static void hash_is_no_state(struct kunit *test)
{
	u64 key[2] = {};
	u32 i;

	KUNIT_EXPECT_GE(test, kobs_hash(key, 1), KOBS_ROW_HASH);
	for (i = 0; i < 10000; i++) {
		key[0] = i;
		KUNIT_ASSERT_GE(test, kobs_hash(key, 1), KOBS_ROW_HASH);
		KUNIT_ASSERT_GE(test, kobs_hash(key, 2), KOBS_ROW_HASH);
	}
}

static void empty_and_absent_tables(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 16, 1, false, false);
	struct kobs_table none = {};
	u32 place = 0;

	KUNIT_EXPECT_NULL(test, kobs_table_next(t, &place));
	KUNIT_EXPECT_NULL(test, kobs_table_next(t, &place));
	place = U32_MAX;
	KUNIT_EXPECT_NULL(test, kobs_table_next(t, &place));
	place = 0;
	KUNIT_EXPECT_NULL(test, kobs_table_next(&none, &place));
	kobs_table_free(&none);
	kobs_table_free(&none);
}

/*
 * The table of a CPU that has not been online: no row for any key, for writers
 * and for readers; with memory, it is a table as any other.
 */
static void table_without_memory(struct kunit *test)
{
	const struct kobs_shape shape = {
		.words = 2, .values = true, .hist = true, .fields = 1,
	};
	struct kobs_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int nr_rows;
	u64 key[2] = {};
	void *rows;
	u32 place;

	KUNIT_ASSERT_NOT_NULL(test, t);
	kobs_table_init(t, &shape);
	test->priv = t;
	KUNIT_EXPECT_FALSE(test, kobs_table_ready(t));
	for (key[0] = 0; key[0] < 1000; key[0]++) {
		KUNIT_EXPECT_FALSE(test, add(t, key, key[0]));
		KUNIT_EXPECT_NULL(test, kobs_table_peek(t, key[0], 0, 2));
		KUNIT_EXPECT_NULL(test, kobs_table_peek3(t, key[0], 0, 0));
	}
	for (place = 0; place < 2; place++)
		KUNIT_EXPECT_NULL(test, kobs_table_next(t, &place));
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), 0);
	KUNIT_ASSERT_EQ(test, 0, kobs_table_prepare(t, &rig_memory,
						    NUMA_NO_NODE, 64));
	KUNIT_EXPECT_TRUE(test, kobs_table_ready(t));
	key[0] = 1;
	KUNIT_EXPECT_TRUE(test, add(t, key, 5));
	/* A CPU that comes back keeps its rows. */
	rows = t->rows;
	KUNIT_ASSERT_EQ(test, 0, kobs_table_prepare(t, &rig_memory,
						    NUMA_NO_NODE, 64));
	KUNIT_EXPECT_PTR_EQ(test, t->rows, rows);
	KUNIT_EXPECT_EQ(test, hits(t, key, &nr_rows), 1);
}

/* A value of each octave. */
static u64 octave_value(unsigned int octave)
{
	return kobs_hist_lo(octave * KOBS_HIST_SUB);
}

/*
 * One row takes a chunk per octave. When the pool is empty, a value of a new
 * octave is refused and changes nothing; those of others go on.
 */
static void chunks_run_out(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 2, 1, true, true);
	const unsigned int left = 2 * KOBS_TABLE_CHUNKS;
	struct figures want = {};
	struct figures got;
	struct kobs_row *row;
	u64 key = 1;
	unsigned int i;

	for (i = 0; i < 3 * KOBS_HIST_OCTAVES; i++)
		KUNIT_ASSERT_TRUE(test, add(t, &key,
					    octave_value(i % KOBS_HIST_OCTAVES)));
	KUNIT_EXPECT_EQ(test, local64_read(&t->chunks_used), KOBS_HIST_OCTAVES);
	KUNIT_EXPECT_EQ(test, t->n_chunks, KOBS_HIST_OCTAVES + left);
	key = 2;
	for (i = 0; i < KOBS_HIST_OCTAVES; i++) {
		KUNIT_ASSERT_EQ(test, i < left, add(t, &key, octave_value(i)));
		if (i < left)
			figures_add(&want, octave_value(i));
	}
	KUNIT_EXPECT_EQ(test, local64_read(&t->chunks_used), t->n_chunks);
	KUNIT_ASSERT_TRUE(test, add(t, &key, octave_value(3)));
	figures_add(&want, octave_value(3));
	row = kobs_table_find(t, &key);
	KUNIT_ASSERT_NOT_NULL(test, row);
	row_figures(t, row, &got);
	KUNIT_EXPECT_TRUE(test, figures_equal(&got, &want));
	for (i = 0; i < KOBS_HIST_OCTAVES; i++)
		KUNIT_EXPECT_EQ(test, kobs_row_bucket(t, row, i * KOBS_HIST_SUB),
				(i < left) + (i == 3));
	KUNIT_EXPECT_EQ(test, kobs_row_next_bucket(t, row, left * KOBS_HIST_SUB - 1),
			left * KOBS_HIST_SUB - 1);
	KUNIT_EXPECT_EQ(test, kobs_row_next_bucket(t, row, left * KOBS_HIST_SUB),
			KOBS_HIST_BUCKETS);
}

#define NEST_WORDS	3

/**
 * struct nest - a writer in a rig
 * @rig: thread and interrupts
 * @t: table
 * @keys: how many keys
 * @hits: how many times the thread hits, the least number before it has begun
 * @passes: how often it has been read, which has to be twice; or NULL
 * @next: key the thread is at
 * @rnd: random numbers of the interrupts
 * @want: what was recorded, by the thread and by interrupts, for each key
 * @lost: what was refused, likewise
 */
struct nest {
	struct rig rig;
	struct kobs_table *t;
	u32 keys;
	u32 hits;
	const unsigned int *passes;
	u32 next;
	struct rnd_state rnd;
	struct figures *want[2];
	u64 lost[2];
};

static void nest_key(u64 *key, u64 which)
{
	key[0] = which;
	key[1] = ~which;
	key[2] = which * 0x10001;
}

static void nest_hit(struct nest *n, u32 which, u64 value, bool irq)
{
	u64 key[NEST_WORDS];

	nest_key(key, which);
	if (add(n->t, key, value))
		figures_add(&n->want[irq][which], value);
	else
		n->lost[irq]++;
}

static void nest_irq(struct rig *rig)
{
	struct nest *n = rig->data;
	u32 random = prandom_u32_state(&n->rnd);

	/* The same key that the thread may be claiming a row for. */
	nest_hit(n, READ_ONCE(n->next), random >> 8, true);
	nest_hit(n, random % n->keys, random, true);
}

static void nest_task(struct rig *rig)
{
	struct nest *n = rig->data;
	u32 least = n->hits;
	u32 i;

	/* More if the reader had no time. */
	for (i = 0; i < least || (n->passes && i < 1 << 24 &&
				  READ_ONCE(*n->passes) < 2); i++) {
		u32 which = i % n->keys;

		WRITE_ONCE(n->next, which);
		if (i % 4 == 0)
			rig_kick(rig);
		nest_hit(n, which, i, false);
		if (i % 256 == 0)
			cond_resched();
	}
	n->hits = i;
}

static struct nest *nest_new(struct kunit *test, struct kobs_table *t,
			     u32 keys, u32 hits)
{
	struct nest *n = kunit_kzalloc(test, sizeof(*n), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	n->t = t;
	n->keys = keys;
	n->hits = hits;
	n->want[0] = figures_new(test, keys);
	n->want[1] = figures_new(test, keys);
	prandom_seed_state(&n->rnd, 3);
	n->rig.task = nest_task;
	n->rig.irq = nest_irq;
	n->rig.data = n;
	return n;
}

static u64 row_buckets(const struct kobs_table *t, const struct kobs_row *row)
{
	unsigned int b;
	u64 n = 0;

	for (b = 0; b < KOBS_HIST_BUCKETS; b++)
		n += kobs_row_bucket(t, row, b);
	return n;
}

/* Every hit, by thread and interrupt, is in the table or counted as lost. */
static void nest_expect_exact(struct kunit *test, struct nest *n)
{
	struct figures *got = figures_new(test, n->keys);
	u64 recorded = 0;
	unsigned int rows = 0;
	struct kobs_row *row;
	u32 place = 0;
	u32 i;

	while ((row = kobs_table_next(n->t, &place))) {
		u64 key[NEST_WORDS];
		struct figures f;

		KUNIT_ASSERT_LT(test, row->data[0], n->keys);
		nest_key(key, row->data[0]);
		KUNIT_ASSERT_MEMEQ(test, row->data, key, sizeof(key));
		row_figures(n->t, row, &f);
		if (n->t->hist)
			KUNIT_ASSERT_EQ(test, f.count, row_buckets(n->t, row));
		figures_merge(&got[row->data[0]], &f);
		recorded += f.count;
		rows++;
	}
	for (i = 0; i < n->keys; i++) {
		figures_merge(&n->want[0][i], &n->want[1][i]);
		KUNIT_ASSERT_TRUE_MSG(test, figures_equal(&got[i],
							  &n->want[0][i]),
				      "key %u: %llu hits, %llu in the table",
				      i, n->want[0][i].count, got[i].count);
	}
	KUNIT_EXPECT_EQ(test, n->hits + 2 * (u64)n->rig.irqs,
			recorded + n->lost[0] + n->lost[1]);
	/* A row whose only hits found no chunk counts none. */
	KUNIT_EXPECT_GE(test, local64_read(&n->t->used), rows);
	KUNIT_EXPECT_LE(test, local64_read(&n->t->chunks_used), n->t->n_chunks);
	if (!n->t->hist)
		KUNIT_EXPECT_EQ(test, local64_read(&n->t->used), rows);
	KUNIT_EXPECT_GT(test, n->rig.irqs, 100);
	kunit_info(test, "%u rows for %u keys, %u interrupts, %llu lost\n",
		   rows, n->keys, n->rig.irqs, n->lost[0] + n->lost[1]);
}

static void nested_writers(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 65536, NEST_WORDS, true, false);
	struct nest *n = nest_new(test, t, 20000, 40000);

	rig_start(test, &n->rig, cpumask_first(cpu_online_mask));
	rig_wait(&n->rig);
	nest_expect_exact(test, n);
	KUNIT_EXPECT_EQ(test, n->lost[0], 0);
	KUNIT_EXPECT_EQ(test, n->lost[1], 0);
}

static void nested_writers_in_full_table(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 256, NEST_WORDS, true, false);
	struct nest *n = nest_new(test, t, 1000, 20000);

	rig_start(test, &n->rig, cpumask_first(cpu_online_mask));
	rig_wait(&n->rig);
	nest_expect_exact(test, n);
	KUNIT_EXPECT_GT(test, n->lost[0], 0);
	KUNIT_EXPECT_EQ(test, local64_read(&t->used), 256);
}

/* Interrupts take chunks for the row and the octave that the thread does. */
static void nested_histograms(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 4096, NEST_WORDS, true, true);
	struct nest *n = nest_new(test, t, 1000, 20000);

	rig_start(test, &n->rig, cpumask_first(cpu_online_mask));
	rig_wait(&n->rig);
	nest_expect_exact(test, n);
	KUNIT_EXPECT_EQ(test, n->lost[0], 0);
	KUNIT_EXPECT_EQ(test, n->lost[1], 0);
}

static void nested_histograms_without_chunks(struct kunit *test)
{
	struct kobs_table *t = table_new(test, 64, NEST_WORDS, true, true);
	struct nest *n;

	/* Four octaves per key are left. */
	local64_set(&t->chunks_used, t->n_chunks - 256);
	n = nest_new(test, t, 64, 20000);
	rig_start(test, &n->rig, cpumask_first(cpu_online_mask));
	rig_wait(&n->rig);
	nest_expect_exact(test, n);
	KUNIT_EXPECT_GT(test, n->lost[0] + n->lost[1], 0);
	KUNIT_EXPECT_EQ(test, local64_read(&t->chunks_used), t->n_chunks);
}

/* One pass: the total, and whether all rows were whole. */
static u64 read_all(const struct kobs_table *t, u32 keys, bool *whole)
{
	struct kobs_row *row;
	u32 place = 0;
	u64 sum = 0;

	while ((row = kobs_table_next(t, &place))) {
		u64 key[NEST_WORDS];

		nest_key(key, row->data[0]);
		if (row->data[0] >= keys ||
		    !kobs_words_equal(row->data, key, NEST_WORDS))
			*whole = false;
		sum += local64_read(&row->count);
	}
	return sum;
}

/* The reader sees complete keys only, and totals that never decrease. */
static void read_while_written(struct kunit *test)
{
	unsigned int cpu = cpumask_next(cpumask_first(cpu_online_mask),
					cpu_online_mask);
	unsigned int passes = 0;
	bool whole = true;
	bool rises = true;
	struct kobs_table *t;
	struct nest *n;
	u64 last = 0;

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	t = table_new(test, 8192, NEST_WORDS, true, false);
	n = nest_new(test, t, 3000, 40000);
	n->passes = &passes;
	rig_start(test, &n->rig, cpu);
	while (!completion_done(&n->rig.done)) {
		u64 sum = read_all(t, n->keys, &whole);

		rises = rises && sum >= last;
		last = sum;
		WRITE_ONCE(passes, passes + 1);
		cond_resched();
	}
	rig_wait(&n->rig);
	KUNIT_EXPECT_TRUE(test, whole);
	KUNIT_EXPECT_TRUE(test, rises);
	KUNIT_EXPECT_GT(test, passes, 1);
	nest_expect_exact(test, n);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(figures_are_exact, shape_gen_params),
	KUNIT_CASE_PARAM(memory_is_what_is_said, shape_gen_params),
	KUNIT_CASE(extreme_values),
	KUNIT_CASE(texts_are_keys),
	KUNIT_CASE_PARAM(full_table_refuses, full_gen_params),
	KUNIT_CASE(claimed_row_is_passed_over),
	KUNIT_CASE(claim_once),
	KUNIT_CASE(no_room_beside_claimed_rows),
	KUNIT_CASE(equal_hash_is_no_equal_key),
	KUNIT_CASE(fields_stand_apart),
	KUNIT_CASE(peek_agrees_with_find),
	KUNIT_CASE(peek_passes_over_a_claimed_row),
	KUNIT_CASE(peek_by_hash),
	KUNIT_CASE(hash_is_no_state),
	KUNIT_CASE(empty_and_absent_tables),
	KUNIT_CASE(table_without_memory),
	KUNIT_CASE(chunks_run_out),
	KUNIT_CASE(nested_histograms),
	KUNIT_CASE(nested_histograms_without_chunks),
	KUNIT_CASE(nested_writers),
	KUNIT_CASE(nested_writers_in_full_table),
	KUNIT_CASE(read_while_written),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_table",
	.exit = table_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
