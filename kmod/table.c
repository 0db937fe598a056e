// SPDX-License-Identifier: GPL-2.0
/*
 * Aggregation table of one CPU: memory, claiming a row, reading.
 * The lookup is in table.h, to be inlined into the handlers. Pure.
 *
 * Locking: see table.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "table.h"

static size_t row_bytes(unsigned int words, bool values, bool hist)
{
	size_t n = words;

	if (values)
		n += KOBS_ROW_BUCKETS;
	if (hist)
		n += KOBS_HIST_BUCKETS;
	return sizeof(struct kobs_row) + n * sizeof(u64);
}

/**
 * kobs_table_bytes() - memory of a table
 * @rows: rows asked for
 * @words: words of a key
 * @values: keep sum, min and max
 * @hist: keep a histogram
 *
 * Context: any.
 * Return: bytes that kobs_table_init() would allocate.
 */
size_t kobs_table_bytes(unsigned int rows, unsigned int words, bool values,
			bool hist)
{
	return roundup_pow_of_two(max(rows, 2U)) *
	       row_bytes(words, values, hist);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_bytes);

/**
 * kobs_table_init() - allocate an empty table
 * @t: table
 * @node: memory node of the CPU that will write to it
 * @rows: rows, rounded up to a power of two and at least 2
 * @words: words of a key, 1 to KOBS_KEY_WORDS
 * @values: keep sum, min and max
 * @hist: keep a histogram; needs @values
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_table_init(struct kobs_table *t, int node, unsigned int rows,
		    unsigned int words, bool values, bool hist)
{
	unsigned int n = roundup_pow_of_two(max(rows, 2U));

	memset(t, 0, sizeof(*t));
	t->rows = vzalloc_node(kobs_table_bytes(rows, words, values, hist),
			       node);
	if (!t->rows)
		return -ENOMEM;
	t->mask = n - 1;
	t->shift = 64 - ilog2(n);
	t->stride = row_bytes(words, values, hist);
	t->words = words;
	t->values = values;
	t->hist = hist;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_init);

/**
 * kobs_table_free() - free a table that has no writers any more
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_table_free(struct kobs_table *t)
{
	vfree(t->rows);
	t->rows = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_free);

/**
 * kobs_table_claim() - make a free row the row of a key
 * @row: row that was seen free
 * @key: words of the key
 * @hash: hash of the key
 * @t: table of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: false when an interrupt claimed the row first.
 */
bool kobs_table_claim(struct kobs_row *row, const u64 *key, u64 hash,
		      struct kobs_table *t)
{
	/* Against nested contexts of this CPU only: others never write. */
	if (cmpxchg_local(&row->state, KOBS_ROW_FREE, KOBS_ROW_CLAIMED) !=
	    KOBS_ROW_FREE)
		return false;
	memcpy(row->data, key, t->words * sizeof(u64));
	if (t->values)
		local64_set(&kobs_row_value(t, row)[KOBS_ROW_MIN], U64_MAX);
	local64_inc(&t->used);
	/* Pairs with the acquire in kobs_table_next(). */
	smp_store_release(&row->state, hash);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_claim);

struct kobs_row *kobs_table_next(const struct kobs_table *t, u32 *place)
{
	while (t->rows && *place <= t->mask) {
		struct kobs_row *row = kobs_table_row(t, (*place)++);

		/* Pairs with the release in kobs_table_claim(). */
		if (smp_load_acquire(&row->state) >= KOBS_ROW_HASH &&
		    local64_read(&row->count))
			return row;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_next);
