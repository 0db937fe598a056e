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
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/table.h"
#include "lib/table_hist.h"

/* The row of tables without memory: not free, and without a key. */
static struct kobs_row no_row = { .state = KOBS_ROW_CLAIMED };

#define CHUNK_BYTES	(KOBS_HIST_SUB * sizeof(local64_t))

static unsigned int rows_of(unsigned int rows)
{
	return roundup_pow_of_two(max(rows, 2U));
}

static u32 row_bytes(const struct kobs_table *t)
{
	return sizeof(struct kobs_row) +
	       (t->field_at + t->fields) * sizeof(u64);
}

/* A single row, at least, has room for all octaves. */
static u32 chunks_of(unsigned int rows)
{
	return rows_of(rows) * KOBS_TABLE_CHUNKS + KOBS_HIST_OCTAVES;
}

/* The pool follows the rows, in cache lines of its own. */
static u64 all_rows_bytes(const struct kobs_table *t, unsigned int rows)
{
	u64 bytes = (u64)rows_of(rows) * row_bytes(t);

	return t->hist ? ALIGN(bytes, CHUNK_BYTES) : bytes;
}

/**
 * kobs_table_init() - initialise a table without memory
 * @t: table
 * @shape: contents of its rows
 *
 * Context: any.
 */
void kobs_table_init(struct kobs_table *t, const struct kobs_shape *shape)
{
	*t = (struct kobs_table){
		.rows = &no_row,
		.shift = 63,
		.words = shape->words,
		.values = shape->values,
		.hist = shape->hist,
		.fields = shape->fields,
		.field_at = shape->words +
			    (shape->values ? KOBS_ROW_VALUES : 0) +
			    (shape->hist ? KOBS_ROW_CHUNKS : 0),
		.lowest = shape->lowest,
	};
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_init);

/**
 * kobs_table_bytes() - memory that a table takes
 * @t: table, with or without memory
 * @rows: requested number of rows
 *
 * Context: any.
 * Return: bytes that kobs_table_prepare() would allocate.
 */
u64 kobs_table_bytes(const struct kobs_table *t, unsigned int rows)
{
	u64 bytes = all_rows_bytes(t, rows);

	return t->hist ? bytes + (chunks_of(rows) + 1ULL) * CHUNK_BYTES : bytes;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_bytes);

/**
 * kobs_table_prepare() - give a table its memory, unless it has it
 * @t: table, whose CPU does not run or writes nothing yet
 * @m: account
 * @node: memory node of that CPU
 * @rows: rows, rounded up to a power of two and at least 2
 *
 * Context: task, may sleep; readers may run meanwhile.
 * Return: 0, or -ENOMEM.
 */
int kobs_table_prepare(struct kobs_table *t, struct kobs_memory *m, int node,
		       unsigned int rows)
{
	unsigned int n = rows_of(rows);
	void *p;

	if (kobs_table_ready(t))
		return 0;
	p = kobs_memory_get(m, kobs_table_bytes(t, rows), node);
	if (!p)
		return -ENOMEM;
	t->rows = p;
	if (t->hist) {
		t->chunks = p + all_rows_bytes(t, rows);
		t->n_chunks = chunks_of(rows);
	}
	t->shift = 64 - ilog2(n);
	t->stride = row_bytes(t);
	/* Last: pairs with the acquire in kobs_table_next(). */
	smp_store_release(&t->mask, n - 1);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_prepare);

/**
 * kobs_table_free() - free a table without users
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_table_free(struct kobs_table *t)
{
	if (t->rows != &no_row)
		vfree(t->rows);
	t->rows = NULL;
	t->mask = 0;
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

/**
 * kobs_table_take_chunk() - take a chunk of the pool for a row
 * @t: table of this CPU
 * @number: where the row has the number of the chunk, which was seen 0
 *
 * Context: any, NMI included; preemption off.
 * Return: the number that the row has now; 0 when no chunk is left.
 */
u32 kobs_table_take_chunk(struct kobs_table *t, u32 *number)
{
	u64 chunk = local64_inc_return(&t->chunks_used);
	u32 old;

	if (chunk > t->n_chunks) {
		local64_dec(&t->chunks_used);
		return READ_ONCE(*number);
	}
	/* Only nested contexts of this CPU compete. */
	old = cmpxchg_local(number, 0, (u32)chunk);
	return old ?: chunk;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_take_chunk);

struct kobs_row *kobs_table_next(const struct kobs_table *t, u32 *place)
{
	/* Pairs with the release in kobs_table_prepare(). */
	u32 mask = smp_load_acquire(&t->mask);

	while (mask && *place <= mask) {
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
 * The row of a replaced key is not found any more, but reported; it is found
 * again when the words are put back.
 *
 * Context: task, may sleep; see replace.h.
 */
void kobs_table_replace(struct kobs_table *t, const struct kobs_replace *r)
{
	/* Pairs with the release in kobs_table_prepare(). */
	u32 mask = smp_load_acquire(&t->mask);
	u32 place;

	if (!mask || !local64_read(&t->used))
		return;
	for (place = 0; place <= mask; place++) {
		struct kobs_row *row = kobs_table_row(t, place);

		/* Pairs with the release in kobs_table_claim(). */
		if (smp_load_acquire(&row->state) >= KOBS_ROW_HASH)
			kobs_replace_key(r, row->data);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_table_replace);
