// SPDX-License-Identifier: GPL-2.0
/*
 * A session's table as obsctl holds it: parts of rows, as they come from each
 * CPU, are merged by key; rows whose stacks have other identifiers but the same
 * addresses are merged as well.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "proto/model.h"

/**
 * model_init_table() - Make an empty table.
 * @types: of the key columns
 * @mode: whose rows it will hold; NULL when they have no further numbers
 */
void model_init_table(struct table *t, const uint32_t *types, size_t nr_keys,
		      const struct mode *mode)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->nr_keys = nr_keys;
	t->types = zalloc((nr_keys + 1) * sizeof(*types));
	if (nr_keys)
		memcpy(t->types, types, nr_keys * sizeof(*types));
	t->nr_figures = mode ? mode->nr_figures : 0;
	t->merges = zalloc((t->nr_figures + 1) * sizeof(*t->merges));
	for (i = 0; i < t->nr_figures; i++)
		t->merges[i] = mode->figures[i].merge;
}

/** model_empty_table() - Forget the rows, and keep what they are like. */
void model_empty_table(struct table *t)
{
	struct table old = *t;
	size_t i;

	for (i = 0; i < t->nr_rows; i++)
		free(t->rows[i].buckets);
	free(t->rows);
	free(t->keys);
	free(t->groups);
	free(t->more);
	free(t->index);
	map_free(&t->stacks, free);
	pool_free(&t->texts);
	memset(t, 0, sizeof(*t));
	t->nr_keys = old.nr_keys;
	t->types = old.types;
	t->nr_figures = old.nr_figures;
	t->merges = old.merges;
	t->tell = old.tell;
	t->tell_arg = old.tell_arg;
}

void model_free_table(struct table *t)
{
	model_empty_table(t);
	free(t->types);
	free(t->merges);
	memset(t, 0, sizeof(*t));
}

static uint32_t *index_slot(const struct table *t, const uint64_t *key)
{
	size_t bytes = t->nr_keys * sizeof(*key);
	size_t i = hash_bytes(key, bytes, 0) & (t->index_size - 1);

	while (t->index[i] && memcmp(t->keys + t->rows[t->index[i] - 1].key, key, bytes))
		i = (i + 1) & (t->index_size - 1);
	return &t->index[i];
}

static void index_build(struct table *t, size_t size)
{
	size_t i;

	free(t->index);
	t->index = zalloc(size * sizeof(*t->index));
	t->index_size = size;
	for (i = 0; i < t->nr_rows; i++)
		*index_slot(t, t->keys + t->rows[i].key) = (uint32_t)i + 1;
}

/** table_figures() - Return: the further numbers of a row. */
uint64_t *table_figures(const struct table *t, const struct row *row)
{
	return t->keys + row->key + t->nr_keys;
}

/** table_find() - Return: the row of @key, or NULL if there is none. */
struct row *table_find(const struct table *t, const uint64_t *key)
{
	uint32_t at = t->index_size ? *index_slot(t, key) : 0;

	return at ? &t->rows[at - 1] : NULL;
}

/**
 * table_append() - Return: a new row of @key, also where there is one.
 *
 * For tables in which none is looked up.
 */
struct row *table_append(struct table *t, const uint64_t *key)
{
	size_t words = t->nr_keys + t->nr_figures;
	struct row *row;
	size_t i;

	t->rows = grow(t->rows, &t->cap_rows, t->nr_rows + 1, sizeof(*t->rows));
	t->keys = grow(t->keys, &t->cap_key_words, t->nr_key_words + words + 1,
		       sizeof(*t->keys));
	row = &t->rows[t->nr_rows++];
	memset(row, 0, sizeof(*row));
	row->key = t->nr_key_words;
	memcpy(t->keys + row->key, key, t->nr_keys * sizeof(*key));
	for (i = 0; i < t->nr_figures; i++)
		table_figures(t, row)[i] = t->merges[i] == KOBS_MERGE_LOWEST ? UINT64_MAX : 0;
	t->nr_key_words += words;
	return row;
}

/** table_row() - Return: the row of @key, a new one if there is none. */
struct row *table_row(struct table *t, const uint64_t *key)
{
	uint32_t *slot;

	if (t->nr_rows * 2 >= t->index_size)
		index_build(t, t->index_size ? t->index_size * 2 : 64);
	slot = index_slot(t, key);
	if (*slot)
		return &t->rows[*slot - 1];
	*slot = (uint32_t)t->nr_rows + 1;
	return table_append(t, key);
}

/** table_note_group() - Note a number that the kernel has for a row. */
void table_note_group(struct table *t, const struct row *row, uint32_t group)
{
	t->groups = grow(t->groups, &t->cap_groups, t->nr_groups + 1, sizeof(*t->groups));
	t->groups[t->nr_groups++] = (struct row_group){ group, row->key };
}

/** table_add_more() - Take what the kernel says further of the row with a key. */
void table_add_more(struct table *t, const uint64_t *key, const struct row_more *more,
		    const uint64_t *figures)
{
	size_t words = t->nr_keys + t->nr_figures;
	struct row_more *m;

	t->more = grow(t->more, &t->cap_more, t->nr_more + 1, sizeof(*t->more));
	t->keys = grow(t->keys, &t->cap_key_words, t->nr_key_words + words + 1,
		       sizeof(*t->keys));
	m = &t->more[t->nr_more++];
	*m = *more;
	m->key = t->nr_key_words;
	memcpy(t->keys + m->key, key, t->nr_keys * sizeof(*key));
	memset(t->keys + m->key + t->nr_keys, 0, t->nr_figures * sizeof(*key));
	if (figures)
		memcpy(t->keys + m->key + t->nr_keys, figures, t->nr_figures * sizeof(*key));
	t->nr_key_words += words;
}

/** table_add_bucket() - Add a bucket, keeping them in rising order. */
void table_add_bucket(struct row *row, const struct bucket *b)
{
	size_t i = row->nr_buckets;

	while (i && row->buckets[i - 1].lo > b->lo)
		i--;
	if (i && row->buckets[i - 1].lo == b->lo) {
		row->buckets[i - 1].count += b->count;
		return;
	}
	row->buckets = grow(row->buckets, &row->cap_buckets, row->nr_buckets + 1, sizeof(*b));
	memmove(row->buckets + i + 1, row->buckets + i, (row->nr_buckets - i) * sizeof(*b));
	row->buckets[i] = *b;
	row->nr_buckets++;
}

static uint64_t merge(uint32_t how, uint64_t a, uint64_t b)
{
	switch (how) {
	case KOBS_MERGE_LOWEST:
		return a < b ? a : b;
	case KOBS_MERGE_HIGHEST:
		return a > b ? a : b;
	default:
		return a + b;
	}
}

/**
 * table_add() - Add a part of a row to it.
 * @figures: the part's further numbers, or NULL
 *
 * A part without hits has no values.
 */
void table_add(struct table *t, struct row *row, const struct row *part, const uint64_t *figures)
{
	uint64_t *all = table_figures(t, row);
	size_t i;

	for (i = 0; figures && i < t->nr_figures; i++)
		all[i] = merge(t->merges[i], all[i], figures[i]);
	if (part->count) {
		if (!row->count || part->min < row->min)
			row->min = part->min;
		if (!row->count || part->max > row->max)
			row->max = part->max;
	}
	row->count += part->count;
	row->sum += part->sum;
	for (i = 0; i < part->nr_buckets; i++)
		table_add_bucket(row, &part->buckets[i]);
}

static uint64_t hash_stack(const struct stack *s)
{
	return hash_bytes(s->addr, s->nr * sizeof(*s->addr), s->pid) | 1;
}

static bool same_stack(const struct stack *a, const struct stack *b)
{
	return a->pid == b->pid && a->nr == b->nr &&
	       !memcmp(a->addr, b->addr, a->nr * sizeof(*a->addr));
}

/* The identifier that stands for all that hold the same stack. */
static uint64_t canonical_stack(const struct table *t, struct map *seen, uint64_t id)
{
	struct stack *s = map_get(&t->stacks, id);
	struct stack *other;
	uint64_t hash;

	if (!s)
		return id;
	for (hash = hash_stack(s); (other = map_get(seen, hash)); hash += 2)
		if (same_stack(s, other))
			return other->id;
	map_set(seen, hash, s);
	return id;
}

/* The same of what is said further of rows. */
static void merge_more(struct table *t, struct map *seen)
{
	size_t c;
	size_t i;

	for (i = 0; i < t->nr_more; i++) {
		struct row_more *m = &t->more[i];

		m->stack = canonical_stack(t, seen, m->stack);
		for (c = 0; c < t->nr_keys; c++)
			if (type_is_stack(t->types[c]))
				t->keys[m->key + c] = canonical_stack(t, seen,
								      t->keys[m->key + c]);
	}
}

/** table_merge_stacks() - Merge rows that differ in nothing but identifiers. */
void table_merge_stacks(struct table *t)
{
	struct map seen = {};
	size_t kept = 0;
	size_t c;
	size_t i;

	for (c = 0; c < t->nr_keys; c++)
		for (i = 0; type_is_stack(t->types[c]) && i < t->nr_rows; i++) {
			uint64_t *key = &t->keys[t->rows[i].key + c];

			*key = canonical_stack(t, &seen, *key);
		}
	merge_more(t, &seen);
	map_free(&seen, NULL);
	if (!t->nr_rows)
		return;
	memset(t->index, 0, t->index_size * sizeof(*t->index));
	for (i = 0; i < t->nr_rows; i++) {
		struct row row = t->rows[i];
		uint32_t *slot = index_slot(t, t->keys + row.key);

		if (*slot) {
			table_add(t, &t->rows[*slot - 1], &row, table_figures(t, &row));
			free(row.buckets);
			continue;
		}
		t->rows[kept++] = row;
		*slot = (uint32_t)kept;
	}
	t->nr_rows = kept;
}

/** table_swap_rows() - Swap all that two tables have but their stacks and texts. */
void table_swap_rows(struct table *a, struct table *b)
{
	struct table was = *a;

	*a = *b;
	*b = was;
	b->stacks = a->stacks;
	b->texts = a->texts;
	a->stacks = was.stacks;
	a->texts = was.texts;
	a->has_hist = was.has_hist;
}
