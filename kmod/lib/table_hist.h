/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values of an aggregation table's rows: sum, min, max, and histograms. Pure.
 *
 * A histogram has a chunk of buckets for each octave that its values are in,
 * from the table's pool. A row has the numbers of its chunks, 0 for none. A
 * chunk is taken by counting the pool up, and belongs to the row by a cmpxchg of
 * its number; an interrupt that gives the row a chunk for the same octave in
 * between wastes one. A hit for which no chunk is left is lost, and
 * changes no number; a row that it claimed stays without hits.
 *
 * Locking: see lib/table.h.
 */
#ifndef KOBS_TABLE_HIST_H
#define KOBS_TABLE_HIST_H

#include <asm/local64.h>
#include <linux/compiler.h>
#include <linux/math.h>
#include <linux/types.h>
#include "lib/hist.h"
#include "lib/table.h"

u32 kobs_table_take_chunk(struct kobs_table *t, u32 *number);

/* The number of an octave's chunk, in a row whose key has @words words. */
static __always_inline u32 *kobs_row_chunk(const struct kobs_row *row,
					   unsigned int words,
					   unsigned int octave)
{
	return (u32 *)&row->data[words + KOBS_ROW_VALUES] + octave;
}

static __always_inline local64_t *kobs_chunk_bucket(const struct kobs_table *t,
						    u32 chunk, unsigned int sub)
{
	return &t->chunks[(size_t)chunk * KOBS_HIST_SUB + sub];
}

/**
 * kobs_row_count_bucket() - count a value in a row's histogram
 * @t: table of this CPU, with histograms
 * @row: row
 * @value: value
 *
 * Context: any, NMI included; preemption off.
 * Return: false when no chunk is left and nothing was recorded.
 */
static __always_inline bool kobs_row_count_bucket(struct kobs_table *t,
						  struct kobs_row *row,
						  u64 value)
{
	unsigned int sub;
	u32 *number = kobs_row_chunk(row, t->words,
				     kobs_hist_octave(value, &sub));
	u32 chunk = READ_ONCE(*number);

	if (unlikely(!chunk)) {
		chunk = kobs_table_take_chunk(t, number);
		if (!chunk)
			return false;
	}
	local64_inc(kobs_chunk_bucket(t, chunk, sub));
	return true;
}

/**
 * kobs_row_bucket() - read a bucket of a row's histogram
 * @t: table of any CPU, with histograms
 * @row: row
 * @bucket: bucket
 *
 * Context: any; writers may run meanwhile.
 * Return: number of values.
 */
static inline u64 kobs_row_bucket(const struct kobs_table *t,
				  const struct kobs_row *row,
				  unsigned int bucket)
{
	u32 chunk = READ_ONCE(*kobs_row_chunk(row, t->words,
					      bucket / KOBS_HIST_SUB));

	return chunk ? local64_read(kobs_chunk_bucket(t, chunk,
						      bucket % KOBS_HIST_SUB)) : 0;
}

/**
 * kobs_row_next_bucket() - skip buckets of octaves without values
 * @t: table of any CPU, with histograms
 * @row: row
 * @bucket: where to begin, at most KOBS_HIST_BUCKETS
 *
 * Context: any; writers may run meanwhile.
 * Return: the first bucket from @bucket on that can have values, or
 * KOBS_HIST_BUCKETS.
 */
static inline unsigned int kobs_row_next_bucket(const struct kobs_table *t,
						const struct kobs_row *row,
						unsigned int bucket)
{
	while (bucket < KOBS_HIST_BUCKETS &&
	       !READ_ONCE(*kobs_row_chunk(row, t->words,
					  bucket / KOBS_HIST_SUB)))
		bucket = round_down(bucket, KOBS_HIST_SUB) + KOBS_HIST_SUB;
	return bucket;
}

/**
 * kobs_row_sum() - kobs_row_add() without the histogram
 * @row: row of the hit's key
 * @words: words of a key in its table
 * @value: value to add to sum, min and max
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_row_sum(struct kobs_row *row,
					 unsigned int words, u64 value)
{
	local64_t *v = (local64_t *)&row->data[words];

	local64_inc(&row->count);
	local64_add(value, &v[KOBS_ROW_SUM]);
	kobs_lower(&v[KOBS_ROW_MIN], value);
	kobs_raise(&v[KOBS_ROW_MAX], value);
}

/**
 * kobs_row_field_at() - kobs_row_field() where there are values, and no histogram
 * @row: row
 * @words: words of a key in its table; a constant
 * @i: index of the field in the mode
 *
 * Context: any, NMI included.
 * Return: the number.
 */
static __always_inline local64_t *kobs_row_field_at(struct kobs_row *row,
						    unsigned int words,
						    unsigned int i)
{
	return (local64_t *)&row->data[words + KOBS_ROW_VALUES + i];
}

/**
 * kobs_row_add() - count a hit and its value in its row
 * @t: table of this CPU, initialised with values
 * @row: row of the hit's key
 * @value: value to add to sum, min, max and the histogram
 *
 * Context: any, NMI included; preemption off.
 * Return: false when no chunk of a histogram is left and nothing was recorded.
 */
static __always_inline bool kobs_row_add(struct kobs_table *t,
					 struct kobs_row *row, u64 value)
{
	if (t->hist && unlikely(!kobs_row_count_bucket(t, row, value)))
		return false;
	kobs_row_sum(row, t->words, value);
	return true;
}

/**
 * kobs_row_add_usual() - kobs_row_add() when the value has its chunk
 * @t: table of this CPU, initialised with values
 * @row: row of the hit's key
 * @words: words of a key in @t; a constant
 * @value: value to add to sum, min, max and the histogram
 *
 * For handlers that must be cheap: there is no call in it.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when nothing was recorded: call kobs_row_add().
 */
static __always_inline bool kobs_row_add_usual(struct kobs_table *t,
					       struct kobs_row *row,
					       unsigned int words, u64 value)
{
	if (t->hist) {
		unsigned int sub;
		unsigned int octave = kobs_hist_octave(value, &sub);
		u32 chunk = READ_ONCE(*kobs_row_chunk(row, words, octave));

		if (unlikely(!chunk))
			return false;
		local64_inc(kobs_chunk_bucket(t, chunk, sub));
	}
	kobs_row_sum(row, words, value);
	return true;
}

/**
 * kobs_table_add() - count a hit and its value
 * @t: table of this CPU, initialised with values
 * @key: words of the key
 * @value: value to add to sum, min, max and the histogram
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the table is full and nothing was recorded.
 */
static __always_inline bool kobs_table_add(struct kobs_table *t,
					   const u64 *key, u64 value)
{
	struct kobs_row *row = kobs_table_find(t, key);

	return likely(row) && kobs_row_add(t, row, value);
}

#endif /* KOBS_TABLE_HIST_H */
