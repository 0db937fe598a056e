// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of branch stacks: folding equals a plain count of the same entries, for
 * every key and for arbitrary entries.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "lib/table_hist.h"
#include "rig.h"
#include "sources/pmu/lbr.h"

#define ROWS		1024
#define WORDS		4
#define STACKS		300

struct row_seen {
	u64 key[WORDS];
	u64 count;
	u64 sum;
	u64 min;
	u64 max;
	u64 mispredicted;
};

struct layout {
	const char *desc;
	struct kobs_lbr_key where;
	u8 words;
	bool hist;
};

/* The first four take the fast path. */
static const struct layout layouts[] = {
	{ "from, to", { 0, 1, -1 }, 2, false },
	{ "from, to, end", { 0, 1, 2 }, 3, false },
	{ "pid, from, to", { 1, 2, -1 }, 3, false },
	{ "pid, from, to, end", { 1, 2, 3 }, 4, false },
	{ "from, to, end with a histogram", { 0, 1, 2 }, 3, true },
	{ "end, to, from", { 2, 1, 0 }, 3, false },
	{ "pid, cpu, from, to", { 2, 3, -1 }, 4, false },
	{ "from, to, pid", { 0, 1, -1 }, 3, false },
	{ "to", { -1, 0, -1 }, 1, false },
	{ "pid", { -1, -1, -1 }, 1, false },
};

KUNIT_ARRAY_PARAM_DESC(layout, layouts, desc);

struct lbr_rig {
	struct kobs_table table;
	struct kobs_lbr_sum sum;
	struct rnd_state rnd;
	struct row_seen seen[ROWS];
	unsigned int n_seen;
	struct perf_branch_entry br[KOBS_LBR_DEPTH + 8];
};

static struct lbr_rig *rig_new(struct kunit *test, unsigned int rows,
			       unsigned int words, bool hist)
{
	struct kobs_shape shape = {
		.words = words,
		.fields = KOBS_LBR_FIELDS,
		.values = true,
		.hist = hist,
	};
	struct lbr_rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	kobs_table_init(&rig->table, &shape);
	KUNIT_ASSERT_EQ(test, kobs_table_prepare(&rig->table, &rig_memory,
						 NUMA_NO_NODE, rows), 0);
	prandom_seed_state(&rig->rnd, 3);
	test->priv = rig;
	return rig;
}

static void lbr_exit(struct kunit *test)
{
	struct lbr_rig *rig = test->priv;

	if (rig)
		kobs_table_free(&rig->table);
}

/* Few addresses, so that rows repeat; runs of all kinds between them. */
static u64 some_address(struct rnd_state *rnd)
{
	static const u64 bases[] = {
		0x401000, 0x402000, 0xffffffff81000000, 0, U64_MAX - 100,
	};

	return bases[prandom_u32_state(rnd) % ARRAY_SIZE(bases)] +
	       prandom_u32_state(rnd) % 3 * 16;
}

static unsigned int some_stack(struct lbr_rig *rig)
{
	unsigned int n = prandom_u32_state(&rig->rnd) % 40;
	unsigned int i;

	memset(rig->br, 0, sizeof(rig->br));
	for (i = 0; i < n; i++) {
		rig->br[i].from = some_address(&rig->rnd);
		rig->br[i].to = some_address(&rig->rnd);
		rig->br[i].mispred = prandom_u32_state(&rig->rnd) % 4 == 0;
		rig->br[i].predicted = !rig->br[i].mispred;
		rig->br[i].cycles = prandom_u32_state(&rig->rnd);
		rig->br[i].type = prandom_u32_state(&rig->rnd);
		/* Often the same branch, as in a loop. */
		if (i && prandom_u32_state(&rig->rnd) % 2)
			rig->br[i] = rig->br[i - 1];
	}
	return n;
}

static void count_plainly(struct kunit *test, const struct layout *l, u64 word)
{
	struct lbr_rig *rig = test->priv;
	unsigned int n = some_stack(rig);
	u64 key[WORDS] = { word, word, word, word };
	unsigned int lost;
	unsigned int i;
	unsigned int k;

	lost = kobs_lbr_fold(&rig->table, &l->where, key, rig->br, n,
			     &rig->sum);
	KUNIT_ASSERT_EQ(test, lost, 0);
	for (i = 0; i < n; i++) {
		const struct perf_branch_entry *e = &rig->br[i];
		u64 want[WORDS] = { word, word, word, word };
		struct row_seen *r;

		if (l->where.from >= 0)
			want[l->where.from] = e->from;
		if (l->where.to >= 0)
			want[l->where.to] = e->to;
		if (l->where.end >= 0) {
			want[l->where.end] = 0;
			if (i && e[-1].from - e->to < 65536)
				want[l->where.end] = e[-1].from;
		}
		for (k = 0; k < rig->n_seen; k++)
			if (!memcmp(rig->seen[k].key, want, l->words * 8))
				break;
		KUNIT_ASSERT_LT(test, k, ROWS);
		r = &rig->seen[k];
		if (k == rig->n_seen) {
			rig->n_seen++;
			memcpy(r->key, want, sizeof(want));
			r->min = U64_MAX;
		}
		r->count++;
		r->sum += e->cycles;
		r->min = min_t(u64, r->min, e->cycles);
		r->max = max_t(u64, r->max, e->cycles);
		r->mispredicted += e->mispred;
	}
}

static u64 buckets_of(const struct lbr_rig *rig, struct kobs_row *row)
{
	u64 n = 0;
	unsigned int b;

	for (b = 0; b < KOBS_HIST_BUCKETS; b++)
		n += kobs_row_bucket(&rig->table, row, b);
	return n;
}

static void folding_is_counting(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct lbr_rig *rig = rig_new(test, 4 * ROWS, l->words, l->hist);
	struct kobs_row *row;
	unsigned int rows = 0;
	unsigned int i;
	u32 place = 0;

	for (i = 0; i < STACKS; i++)
		count_plainly(test, l, i % 2);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.samples), STACKS);
	while ((row = kobs_table_next(&rig->table, &place))) {
		local64_t *v = kobs_row_value(&rig->table, row);
		local64_t *f = kobs_row_field(&rig->table, row, 0);
		struct row_seen *r = NULL;

		for (i = 0; !r && i < rig->n_seen; i++)
			if (!memcmp(rig->seen[i].key, row->data, l->words * 8))
				r = &rig->seen[i];
		KUNIT_ASSERT_NOT_NULL(test, r);
		rows++;
		KUNIT_EXPECT_EQ(test, local64_read(&row->count), r->count);
		KUNIT_EXPECT_EQ(test, local64_read(&v[KOBS_ROW_SUM]), r->sum);
		KUNIT_EXPECT_EQ(test, local64_read(&v[KOBS_ROW_MIN]), r->min);
		KUNIT_EXPECT_EQ(test, local64_read(&v[KOBS_ROW_MAX]), r->max);
		KUNIT_EXPECT_EQ(test, local64_read(&f[KOBS_LBR_MISPREDICTED]),
				r->mispredicted);
		if (l->hist)
			KUNIT_EXPECT_EQ(test, buckets_of(rig, row), r->count);
	}
	KUNIT_EXPECT_EQ(test, rows, rig->n_seen);
	KUNIT_EXPECT_GT(test, rows, 1);
}

static void empty_stack(struct kunit *test)
{
	struct lbr_rig *rig = rig_new(test, 16, 2, false);
	const struct kobs_lbr_key where = { 0, 1, -1 };
	u64 key[2];

	KUNIT_EXPECT_EQ(test, kobs_lbr_fold(&rig->table, &where, key, NULL, 0,
					    &rig->sum), 0);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.samples), 1);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.empty), 1);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.entries), 0);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.deepest), 0);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->table.used), 0);
}

/* Entries beyond the depth are not read. */
static void too_many_entries(struct kunit *test)
{
	static const u64 claims[] = { KOBS_LBR_DEPTH, KOBS_LBR_DEPTH + 1, 1000,
				      1ULL << 32, U64_MAX };
	struct lbr_rig *rig = rig_new(test, 16, 2, false);
	const struct kobs_lbr_key where = { 0, 1, -1 };
	struct kobs_row *row;
	u32 place = 0;
	u64 key[2];
	unsigned int i;

	for (i = KOBS_LBR_DEPTH; i < ARRAY_SIZE(rig->br); i++)
		rig->br[i].from = 1;
	for (i = 0; i < ARRAY_SIZE(claims); i++)
		KUNIT_EXPECT_EQ(test, kobs_lbr_fold(&rig->table, &where, key,
						    rig->br, claims[i],
						    &rig->sum), 0);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.truncated), 4);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.deepest), KOBS_LBR_DEPTH);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.entries),
			5 * KOBS_LBR_DEPTH);
	row = kobs_table_next(&rig->table, &place);
	KUNIT_ASSERT_NOT_NULL(test, row);
	KUNIT_EXPECT_EQ(test, row->data[0], 0);
	KUNIT_EXPECT_EQ(test, local64_read(&row->count), 5 * KOBS_LBR_DEPTH);
	KUNIT_EXPECT_NULL(test, kobs_table_next(&rig->table, &place));
}

static void full_table(struct kunit *test)
{
	struct lbr_rig *rig = rig_new(test, 16, 2, false);
	const struct kobs_lbr_key where = { 0, 1, -1 };
	struct kobs_row *row;
	unsigned int lost = 0;
	u64 recorded = 0;
	u32 place = 0;
	u64 key[2];
	unsigned int i;
	unsigned int k;

	for (i = 0; i < 10; i++) {
		for (k = 0; k < 8; k++)
			rig->br[k].from = 8 * i + k;
		lost += kobs_lbr_fold(&rig->table, &where, key, rig->br, 8,
				      &rig->sum);
	}
	while ((row = kobs_table_next(&rig->table, &place)))
		recorded += local64_read(&row->count);
	KUNIT_EXPECT_EQ(test, recorded, 16);
	KUNIT_EXPECT_EQ(test, lost, 64);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.lost_entries), 64);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.entries), 80);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.deepest), 8);
}

static void predictions(struct kunit *test)
{
	struct lbr_rig *rig = rig_new(test, 16, 2, false);
	const struct kobs_lbr_key where = { 0, 1, -1 };
	u64 key[2];

	kobs_lbr_fold(&rig->table, &where, key, rig->br, 2, &rig->sum);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.predictions), 0);
	rig->br[0].predicted = 1;
	kobs_lbr_fold(&rig->table, &where, key, rig->br, 2, &rig->sum);
	rig->br[0].predicted = 0;
	rig->br[0].mispred = 1;
	kobs_lbr_fold(&rig->table, &where, key, rig->br, 2, &rig->sum);
	KUNIT_EXPECT_EQ(test, local64_read(&rig->sum.predictions), 2);
}

struct run_case {
	const char *desc;
	u64 to;
	u64 next;
	u64 end;
};

static const struct run_case run_cases[] = {
	{ "a block", 0x1000, 0x1010, 0x1010 },
	{ "one instruction", 0x1000, 0x1000, 0x1000 },
	{ "the longest", 0x1000, 0x10fff, 0x10fff },
	{ "too long", 0x1000, 0x11000, 0 },
	{ "backwards", 0x1000, 0xfff, 0 },
	{ "into the kernel", 0x1000, 0xffffffff81000000, 0 },
	{ "around the end", U64_MAX, 1, 1 },
	{ "nothing", 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(run, run_cases, desc);

static void run_has_end(struct kunit *test)
{
	const struct run_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, kobs_lbr_run(c->to, c->next), c->end);
}

static void call_chain(struct kunit *test)
{
	struct lbr_rig *rig = rig_new(test, 16, 2, false);
	unsigned long ips[KOBS_LBR_DEPTH + 2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rig->br); i++)
		rig->br[i].from = 100 + i;
	KUNIT_EXPECT_EQ(test, kobs_lbr_callchain(7, rig->br, 0, ips, 10), 1);
	KUNIT_EXPECT_EQ(test, ips[0], 7);
	KUNIT_EXPECT_EQ(test, kobs_lbr_callchain(7, rig->br, 3, ips, 10), 4);
	KUNIT_EXPECT_EQ(test, ips[1], 100);
	KUNIT_EXPECT_EQ(test, ips[3], 102);
	KUNIT_EXPECT_EQ(test, kobs_lbr_callchain(7, rig->br, 9, ips, 4), 4);
	KUNIT_EXPECT_EQ(test, kobs_lbr_callchain(7, rig->br, 9, ips, 1), 1);
	KUNIT_EXPECT_EQ(test, kobs_lbr_callchain(7, rig->br, U64_MAX, ips,
						 ARRAY_SIZE(ips)),
			KOBS_LBR_DEPTH + 1);
	rig->br[2].from = 0;
	KUNIT_EXPECT_EQ(test, kobs_lbr_callchain(7, rig->br, 9, ips, 10), 3);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(folding_is_counting, layout_gen_params),
	KUNIT_CASE(empty_stack),
	KUNIT_CASE(too_many_entries),
	KUNIT_CASE(full_table),
	KUNIT_CASE(predictions),
	KUNIT_CASE_PARAM(run_has_end, run_gen_params),
	KUNIT_CASE(call_chain),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_lbr",
	.exit = lbr_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
