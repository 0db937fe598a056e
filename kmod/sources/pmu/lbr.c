// SPDX-License-Identifier: GPL-2.0
/*
 * Branch stacks: folding into rows, and conversion to a call chain. Pure.
 *
 * Locking: see lbr.h.
 */
#include <kunit/visibility.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/string.h>

#include "lib/table_hist.h"
#include "sources/pmu/lbr.h"

/* Lowest bits of an entry's third word: see struct perf_branch_entry. */
#define INFO_MISPREDICTED	1
#define INFO_PREDICTION		3
#define INFO_CYCLES_SHIFT	4

/* The third word of an entry: cheaper than its bit fields. */
static __always_inline u64 info_of(const struct perf_branch_entry *e)
{
	u64 info;

	BUILD_BUG_ON(sizeof(*e) != 3 * sizeof(u64));
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_CPU_LITTLE_ENDIAN) &&
		     !IS_ENABLED(CONFIG_X86) && !IS_ENABLED(CONFIG_ARM64));
	memcpy(&info, (const u64 *)e + 2, sizeof(info));
	return info;
}

/* Update minimum and maximum. */
static noinline void row_extreme(local64_t *at, u64 value, bool least)
{
	u64 old = local64_read(at);

	while (least ? value < old : value > old) {
		u64 seen = local64_cmpxchg(at, old, value);

		if (seen == old)
			break;
		old = seen;
	}
}

static __always_inline u64 cycles_of(u64 info)
{
	return (u16)(info >> INFO_CYCLES_SHIFT);
}

/*
 * The row's value is at @value and its fields at @field. The check for an extreme
 * reads memory that a nested handler may change meanwhile; row_extreme() checks
 * again.
 */
static __always_inline void row_add(struct kobs_row *row, u64 *value,
				    u64 *field, u64 info)
{
	local64_t *v = (local64_t *)value;
	u64 cycles = cycles_of(info);

	local64_inc(&row->count);
	local64_add(cycles, &v[KOBS_ROW_SUM]);
	if (unlikely(cycles < value[KOBS_ROW_MIN]))
		row_extreme(&v[KOBS_ROW_MIN], cycles, true);
	if (unlikely(cycles > value[KOBS_ROW_MAX]))
		row_extreme(&v[KOBS_ROW_MAX], cycles, false);
	if (info & INFO_MISPREDICTED)
		local64_inc((local64_t *)&field[KOBS_LBR_MISPREDICTED]);
}

/**
 * struct kobs_pmu_fold - a branch stack that is being folded
 * @t: table
 * @where: indices of a branch's words in the key
 * @key: key
 * @lost: entries without a row
 */
struct kobs_pmu_fold {
	struct kobs_table *t;
	const struct kobs_lbr_key *where;
	u64 *key;
	unsigned int lost;
};

/* Any key, with or without a histogram. */
static noinline void fold_entry(struct kobs_pmu_fold *f, u64 from, u64 to, u64 end,
				u64 info)
{
	struct kobs_row *row;

	if (f->where->from >= 0)
		f->key[f->where->from] = from;
	if (f->where->to >= 0)
		f->key[f->where->to] = to;
	if (f->where->end >= 0)
		f->key[f->where->end] = end;
	row = kobs_table_find(f->t, f->key);
	if (likely(row) && (!f->t->hist ||
			    kobs_row_count_bucket(f->t, row, cycles_of(info))))
		row_add(row, &row->data[f->t->words],
			&row->data[f->t->field_at], info);
	else
		f->lost++;
}

static void fold_any(struct kobs_pmu_fold *f, const struct perf_branch_entry *br,
		     unsigned int n)
{
	/* 0: the run after the newest branch is unknown. */
	u64 next = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		fold_entry(f, br[i].from, br[i].to,
			   kobs_lbr_run(br[i].to, next), info_of(&br[i]));
		next = br[i].from;
	}
}

/*
 * The usual keys (fast path): from, to and optionally end are the last words,
 * after at most one other. @before and @ends are constants. Probes one row only,
 * else calls kobs_table_find(); if the whole key is equal, the hash need not be
 * compared.
 */
static __always_inline void fold_fast(struct kobs_pmu_fold *f,
				      const struct perf_branch_entry *br,
				      unsigned int n, bool before, bool ends)
{
	const struct perf_branch_entry *past = br + n;
	const unsigned int words = before + 2 + ends;
	const u64 first = before ? f->key[0] : 0;
	const u64 start = before ? first * KOBS_HASH_FACTOR : 0;
	const u32 shift = f->t->shift;
	const u64 stride = f->t->stride;
	void *rows = f->t->rows;
	u64 next = 0;

	do {
		u64 info = info_of(br);
		u64 from = br->from;
		u64 to = br->to;
		u64 end = ends ? kobs_lbr_run(to, next) : 0;
		u64 hash = (start ^ from) * KOBS_HASH_FACTOR;
		struct kobs_row *row;

		hash = (hash ^ to) * KOBS_HASH_FACTOR;
		if (ends)
			hash = (hash ^ end) * KOBS_HASH_FACTOR;
		row = rows + (hash >> shift) * stride;
		/* A plain access: only nested contexts write it. */
		if (likely(row->state >= KOBS_ROW_HASH &&
			   row->data[before] == from &&
			   row->data[before + 1] == to &&
			   (!ends || row->data[before + 2] == end) &&
			   (!before || row->data[0] == first)))
			row_add(row, &row->data[words],
				&row->data[words + KOBS_ROW_VALUES], info);
		else
			fold_entry(f, from, to, end, info);
		next = from;
	} while (++br < past);
}

#define FOLD(name, before, ends)					\
static noinline void name(struct kobs_pmu_fold *f,				\
			  const struct perf_branch_entry *br,		\
			  unsigned int n)				\
{									\
	fold_fast(f, br, n, before, ends);				\
}

FOLD(fold_edges, false, false)
FOLD(fold_runs, false, true)
FOLD(fold_edges_by, true, false)
FOLD(fold_runs_by, true, true)

static void fold(struct kobs_pmu_fold *f, const struct perf_branch_entry *br,
		 unsigned int n)
{
	const struct kobs_lbr_key *where = f->where;
	unsigned int before = where->from;
	bool ends = where->end >= 0;

	if (f->t->hist || before > 1 || where->to != where->from + 1 ||
	    (ends && where->end != where->to + 1) ||
	    f->t->words != before + 2 + ends ||
	    f->t->field_at != f->t->words + KOBS_ROW_VALUES)
		fold_any(f, br, n);
	else if (before)
		ends ? fold_runs_by(f, br, n) : fold_edges_by(f, br, n);
	else
		ends ? fold_runs(f, br, n) : fold_edges(f, br, n);
}

/**
 * kobs_lbr_fold() - fold a branch stack into rows
 * @t: table of this CPU, initialised with values and KOBS_LBR_FIELDS fields
 * @where: indices of a branch's words in a key
 * @key: a key; all other words are filled in. Its branch words change
 * @br: the entries, newest first
 * @nr: claimed number of entries; at most KOBS_LBR_DEPTH are used
 * @sum: totals of this CPU
 *
 * The value of a branch is the cycles since the branch before it, or 0 where the
 * CPU does not report them.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of entries without a row, because the table is full.
 */
unsigned int kobs_lbr_fold(struct kobs_table *t,
			   const struct kobs_lbr_key *where, u64 *key,
			   const struct perf_branch_entry *br, u64 nr,
			   struct kobs_lbr_sum *sum)
{
	struct kobs_pmu_fold f = { .t = t, .where = where, .key = key };
	unsigned int n = kobs_lbr_clip(nr);

	local64_inc(&sum->samples);
	if (unlikely(!n)) {
		local64_inc(&sum->empty);
		return 0;
	}
	if (unlikely(n != nr))
		local64_inc(&sum->truncated);
	if (unlikely(n > local64_read(&sum->deepest)))
		local64_set(&sum->deepest, n);
	fold(&f, br, n);
	local64_add(n, &sum->entries);
	if (unlikely(f.lost))
		local64_add(f.lost, &sum->lost_entries);
	if (likely(info_of(br) & INFO_PREDICTION))
		local64_inc(&sum->predictions);
	return f.lost;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_lbr_fold);

/**
 * kobs_lbr_callchain() - call chain from an LBR call stack
 * @ip: address of the sample
 * @br: the calls that have not returned, newest first
 * @nr: claimed number of calls
 * @ips: set to the frames, leaf first
 * @max: maximum number of frames, at least 1
 *
 * Context: any, NMI included.
 * Return: number of frames.
 */
unsigned int kobs_lbr_callchain(unsigned long ip,
				const struct perf_branch_entry *br, u64 nr,
				unsigned long *ips, unsigned int max)
{
	unsigned int n = kobs_lbr_clip(nr);
	unsigned int frames = 0;
	unsigned int i;

	ips[frames++] = ip;
	for (i = 0; i < n && frames < max && br[i].from; i++)
		ips[frames++] = br[i].from;
	return frames;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_lbr_callchain);
