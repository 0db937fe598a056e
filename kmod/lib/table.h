/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Aggregation table of one CPU: key words to count, sum, min, max and, on
 * request, a log-linear histogram. Pure: no tracing or netlink headers.
 *
 * What counts hits with a value, and histograms, is in table_hist.h.
 *
 * Locking: none. Only code that runs on the table's CPU with preemption off
 * writes to it; interrupts and NMIs nest freely. A row is claimed by a
 * cmpxchg on its state and published by a release store; a nested writer that
 * meets a claimed row takes the next free one, so that one key can own several
 * rows; readers add up rows of equal key. Numbers are changed by local
 * atomic operations. Readers, on any CPU, never stop writers.
 *
 * A table without memory, that of a CPU that was offline so far, has no row for
 * any key. It gets its memory before the CPU runs.
 */
#ifndef KOBS_TABLE_H
#define KOBS_TABLE_H

#include <asm/local64.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include "lib/hash.h"
#include "lib/hist.h"
#include "lib/memory.h"
#include "lib/replace.h"

/* Maximum number of words per key. */
#define KOBS_KEY_WORDS		20
/* Maximum number of further numbers per row. */
#define KOBS_FIELDS		12
/* Probe limit; beyond it the hit counts as lost. */
#define KOBS_TABLE_PROBES	64
/* Chunks of histograms per row of the table, on average. */
#define KOBS_TABLE_CHUNKS	8

/* States of a row below the smallest hash. */
#define KOBS_ROW_FREE		0ULL
#define KOBS_ROW_CLAIMED	1ULL
#define KOBS_ROW_HASH		2ULL

/**
 * struct kobs_row - one row
 * @state: KOBS_ROW_FREE, KOBS_ROW_CLAIMED, or the hash of its key
 * @count: hits
 * @data: the key's words; then, with values, sum, min, max; then, with a
 *        histogram, the numbers of its chunks; then the fields
 */
struct kobs_row {
	u64 state;
	local64_t count;
	u64 data[];
};

/* Words after the key when the table keeps values. */
enum { KOBS_ROW_SUM, KOBS_ROW_MIN, KOBS_ROW_MAX, KOBS_ROW_VALUES };

/* Words of a row for the numbers of its chunks. */
#define KOBS_ROW_CHUNKS		((KOBS_HIST_OCTAVES + 1) / 2)

/**
 * struct kobs_shape - contents of a table's rows
 * @words: words of a key, 1 to KOBS_KEY_WORDS
 * @fields: further numbers, up to KOBS_FIELDS
 * @values: sum, min and max
 * @hist: a histogram; requires @values
 * @lowest: fields whose initial value is U64_MAX instead of 0, one bit per field
 */
struct kobs_shape {
	u8 words;
	u8 fields;
	bool values;
	bool hist;
	u32 lowest;
};

/**
 * struct kobs_table - the table of one CPU
 * @rows: the rows; without memory, one that is never free
 * @mask: number of rows less one; the number is a power of two; 0 without
 *        memory
 * @shift: bits to shift a hash right to get a row's place
 * @stride: bytes of a row
 * @words: words of a key
 * @values: rows keep sum, min and max
 * @hist: rows keep a histogram
 * @fields: further numbers of a row
 * @field_at: where they begin in a row's data
 * @lowest: fields whose initial value is U64_MAX, one bit per field
 * @used: rows claimed
 * @chunks: the pool of chunks, or NULL; there is no chunk 0
 * @n_chunks: number of chunks
 * @chunks_used: chunks taken
 */
struct kobs_table {
	void *rows;
	u32 mask;
	u32 shift;
	u32 stride;
	u8 words;
	bool values;
	bool hist;
	u8 fields;
	u16 field_at;
	u32 lowest;
	local64_t used;
	local64_t *chunks;
	u32 n_chunks;
	local64_t chunks_used;
};

void kobs_table_init(struct kobs_table *t, const struct kobs_shape *shape);
u64 kobs_table_bytes(const struct kobs_table *t, unsigned int rows);
int kobs_table_prepare(struct kobs_table *t, struct kobs_memory *m, int node,
		       unsigned int rows);
void kobs_table_free(struct kobs_table *t);
bool kobs_table_claim(struct kobs_row *row, const u64 *key, u64 hash,
		      struct kobs_table *t);
void kobs_table_replace(struct kobs_table *t, const struct kobs_replace *r);

/**
 * kobs_table_ready() - check for memory
 * @t: table
 *
 * Context: any.
 * Return: false when the table has no memory.
 */
static inline bool kobs_table_ready(const struct kobs_table *t)
{
	return READ_ONCE(t->mask);
}

/**
 * kobs_hash() - hash of an array of words
 * @key: the words
 * @n: number of words
 *
 * Multiplicative hashing: use the upper bits.
 *
 * Context: any.
 * Return: a hash of at least KOBS_ROW_HASH.
 */
static __always_inline u64 kobs_hash(const u64 *key, unsigned int n)
{
	u64 h = 0;
	unsigned int i = 0;

	do {
		h = (h ^ key[i]) * KOBS_HASH_FACTOR;
	} while (++i < n);
	return h | KOBS_ROW_HASH;
}

static __always_inline struct kobs_row *
kobs_table_row(const struct kobs_table *t, size_t place)
{
	struct kobs_row *row = t->rows + place * t->stride;

	/* Spares callers the test for NULL. */
	if (!row)
		__builtin_unreachable();
	return row;
}

static __always_inline bool kobs_words_equal(const u64 *a, const u64 *b,
					     unsigned int n)
{
	unsigned int i = 0;

	do {
		if (a[i] != b[i])
			return false;
	} while (++i < n);
	return true;
}

/**
 * kobs_table_peek() - look up the row of one or two words (fast path)
 * @t: table of this CPU
 * @key0: first word
 * @key1: second word
 * @n: number of words, 1 or 2; a constant
 *
 * Takes the words by value and probes one row only, for handlers that must be
 * cheap.
 *
 * Context: any, NMI included; preemption off.
 * Return: the row, or NULL: call kobs_table_find().
 */
static __always_inline struct kobs_row *
kobs_table_peek(const struct kobs_table *t, u64 key0, u64 key1, unsigned int n)
{
	u64 hash = key0 * KOBS_HASH_FACTOR;
	struct kobs_row *row;

	if (n == 2)
		hash = (hash ^ key1) * KOBS_HASH_FACTOR;
	hash |= KOBS_ROW_HASH;
	row = kobs_table_row(t, hash >> t->shift);
	if (likely(READ_ONCE(row->state) == hash && row->data[0] == key0 &&
		   (n == 1 || row->data[1] == key1)))
		return row;
	return NULL;
}

/**
 * kobs_table_peek3() - kobs_table_peek() for a key of three words
 * @t: table of this CPU
 * @key0: first word
 * @key1: second word
 * @key2: third word
 *
 * Context: any, NMI included; preemption off.
 * Return: the row, or NULL: call kobs_table_find().
 */
static __always_inline struct kobs_row *
kobs_table_peek3(const struct kobs_table *t, u64 key0, u64 key1, u64 key2)
{
	u64 hash = (key0 * KOBS_HASH_FACTOR ^ key1) * KOBS_HASH_FACTOR;
	struct kobs_row *row;

	hash = ((hash ^ key2) * KOBS_HASH_FACTOR) | KOBS_ROW_HASH;
	row = kobs_table_row(t, hash >> t->shift);
	if (likely(READ_ONCE(row->state) == hash && row->data[0] == key0 &&
		   row->data[1] == key1 && row->data[2] == key2))
		return row;
	return NULL;
}

/**
 * kobs_table_peek_hash() - kobs_table_peek() for a key of one word of 32 bits
 * @t: table of this CPU
 * @hash: kobs_hash() of the key; two such keys never have the same
 *
 * Context: any, NMI included; preemption off.
 * Return: the row, or NULL: call kobs_table_find().
 */
static __always_inline struct kobs_row *
kobs_table_peek_hash(const struct kobs_table *t, u64 hash)
{
	struct kobs_row *row = kobs_table_row(t, hash >> t->shift);

	return likely(READ_ONCE(row->state) == hash) ? row : NULL;
}

/**
 * kobs_table_find() - look up the row of a key, or claim one
 * @t: table of this CPU
 * @key: words of the key, t->words of them
 *
 * Context: any, NMI included; preemption off.
 * Return: the row, or NULL when the probe limit was reached.
 */
static __always_inline struct kobs_row *kobs_table_find(struct kobs_table *t,
							const u64 *key)
{
	u64 hash = kobs_hash(key, t->words);
	u32 place = hash >> t->shift;
	unsigned int probes = 0;

	do {
		struct kobs_row *row = kobs_table_row(t, place & t->mask);
		u64 state = READ_ONCE(row->state);

		if (likely(state == hash &&
			   kobs_words_equal(row->data, key, t->words)))
			return row;
		if (state == KOBS_ROW_FREE &&
		    kobs_table_claim(row, key, hash, t))
			return row;
		place++;
	} while (++probes < KOBS_TABLE_PROBES && probes <= t->mask);
	return NULL;
}

/**
 * kobs_table_count() - count a hit without a value
 * @t: table of this CPU
 * @key: words of the key
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the table is full and nothing was recorded.
 */
static __always_inline bool kobs_table_count(struct kobs_table *t,
					     const u64 *key)
{
	struct kobs_row *row = kobs_table_find(t, key);

	if (unlikely(!row))
		return false;
	local64_inc(&row->count);
	return true;
}

static __always_inline local64_t *kobs_row_value(const struct kobs_table *t,
						 struct kobs_row *row)
{
	return (local64_t *)&row->data[t->words];
}

/**
 * kobs_row_field() - a further number of a row
 * @t: its table
 * @row: row
 * @i: index of the field in the mode
 *
 * Changed with local64_*() on the table's CPU, with preemption off. A row
 * is reported once its count is not 0.
 *
 * Context: any, NMI included.
 * Return: the number.
 */
static __always_inline local64_t *kobs_row_field(const struct kobs_table *t,
						 struct kobs_row *row,
						 unsigned int i)
{
	return (local64_t *)&row->data[t->field_at + i];
}

/**
 * kobs_lower() - lower a number of a row to a value
 * @n: the number
 * @value: value; a greater one changes nothing
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_lower(local64_t *n, u64 value)
{
	u64 old = local64_read(n);

	while (unlikely(value < old)) {
		u64 seen = local64_cmpxchg(n, old, value);

		if (seen == old)
			break;
		old = seen;
	}
}

/**
 * kobs_raise() - raise a number of a row to a value
 * @n: the number
 * @value: value; a lesser one changes nothing
 *
 * Context: any, NMI included; preemption off.
 */
static __always_inline void kobs_raise(local64_t *n, u64 value)
{
	u64 old = local64_read(n);

	while (unlikely(value > old)) {
		u64 seen = local64_cmpxchg(n, old, value);

		if (seen == old)
			break;
		old = seen;
	}
}

/**
 * kobs_table_next() - the next row with hits
 * @t: table of any CPU
 * @place: place to start at; set to the place after the returned row
 *
 * Context: any; writers may run meanwhile.
 * Return: a row whose key is complete, or NULL after the last.
 */
struct kobs_row *kobs_table_next(const struct kobs_table *t, u32 *place);

#endif /* KOBS_TABLE_H */
