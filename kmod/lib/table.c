// SPDX-License-Identifier: GPL-2.0
/*
 * Aggregation table of one CPU: memory, claiming a row, reading.
 * Lookup is in table.h, to be inlined into the handlers. Pure.
 *
 * Locking: see table.h.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/table.h"

/* Words of a row before its fields. */
static unsigned int field_at(const struct kobs_shape *shape)
{
	return shape->words + (shape->values ? KOBS_ROW_BUCKETS : 0) +
	       (shape->hist ? KOBS_HIST_BUCKETS : 0);
}

static size_t row_bytes(const struct kobs_shape *shape)
{
	return sizeof(struct kobs_row) +
	       (field_at(shape) + shape->fields) * sizeof(u64);
}

/**
 * kobs_table_bytes() - memory of a table
 * @rows: requested number of rows
 * @shape: their contents
 *
 * Context: any.
 * Return: bytes that kobs_table_init() would allocate.
 */
size_t kobs_table_bytes(unsigned int rows, const struct kobs_shape *shape)
{
	return roundup_pow_of_two(max(rows, 2U)) * row_bytes(shape);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_bytes);

/**
 * kobs_table_init() - allocate an empty table
 * @t: table
 * @node: memory node of the CPU that will write to it
 * @rows: rows, rounded up to a power of two and at least 2
 * @shape: their contents
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_table_init(struct kobs_table *t, int node, unsigned int rows,
		    const struct kobs_shape *shape)
{
	unsigned int n = roundup_pow_of_two(max(rows, 2U));

	memset(t, 0, sizeof(*t));
	t->rows = vzalloc_node(kobs_table_bytes(rows, shape), node);
	if (!t->rows)
		return -ENOMEM;
	t->mask = n - 1;
	t->shift = 64 - ilog2(n);
	t->stride = row_bytes(shape);
	t->words = shape->words;
	t->values = shape->values;
	t->hist = shape->hist;
	t->fields = shape->fields;
	t->field_at = field_at(shape);
	t->lowest = shape->lowest;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_init);

/**
 * kobs_table_free() - free a table without users
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
 * kobs_table_claim() - claim a free row for a key
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
	unsigned int i;

	/* Only nested contexts of this CPU compete: others never write. */
	if (cmpxchg_local(&row->state, KOBS_ROW_FREE, KOBS_ROW_CLAIMED) !=
	    KOBS_ROW_FREE)
		return false;
	memcpy(row->data, key, t->words * sizeof(u64));
	if (t->values)
		local64_set(&kobs_row_value(t, row)[KOBS_ROW_MIN], U64_MAX);
	for (i = 0; t->lowest >> i; i++) {
		if (t->lowest & BIT(i))
			local64_set(kobs_row_field(t, row, i), U64_MAX);
	}
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

/**
 * kobs_table_replace() - replace words of keys
 * @t: table of any CPU
 * @r: what to replace
 *
 * The row of a replaced key is not found any more, but reported.
 *
 * Context: task; see replace.h.
 */
void kobs_table_replace(struct kobs_table *t, const struct kobs_replace *r)
{
	u32 place;

	if (!t->rows || !local64_read(&t->used))
		return;
	for (place = 0; place <= t->mask; place++) {
		struct kobs_row *row = kobs_table_row(t, place);

		/* Pairs with the release in kobs_table_claim(). */
		if (smp_load_acquire(&row->state) >= KOBS_ROW_HASH)
			kobs_replace_key(r, row->data);
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_replace);
