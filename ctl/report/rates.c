// SPDX-License-Identifier: GPL-2.0
/*
 * Rates per interval. Rows of two reports are matched by the content of their
 * keys: texts and stacks have other pointers and identifiers in each.
 */

#include <string.h>

#include "report/rates.h"

static uint64_t row_hash(const struct report *r, const struct row *row)
{
	const struct table *t = r->table;
	uint64_t hash = 0;
	size_t c;

	for (c = 0; c < t->nr_keys; c++) {
		uint64_t key = t->keys[row->key + c];
		const struct stack *s = type_is_stack(t->types[c]) ? map_get(&t->stacks, key) :
								     NULL;
		const char *text = (const char *)(uintptr_t)key;

		if (s)
			/* Two processes can have the same addresses. */
			hash = hash_bytes(s->addr, s->nr * sizeof(*s->addr), hash ^ s->pid);
		else if (t->types[c] == KOBS_TYPE_TEXT)
			hash = hash_bytes(text, strlen(text), hash + 1);
		else
			hash = hash_bytes(&key, sizeof(key), hash);
	}
	return hash | 1;
}

/**
 * rates_of() - Hits of a row per second: in an interim report since the one
 * before, in the last report over the whole session.
 */
double rates_of(const struct rates *x, const struct report *r, const struct row *row)
{
	uint64_t before = (uintptr_t)map_get(&x->before, row_hash(r, row));
	uint64_t duration = r->session->duration;

	if (!r->interim)
		return duration ? (double)row->count * 1e9 / (double)duration : 0;
	if (duration <= x->duration || row->count < before)
		return 0;
	return (double)(row->count - before) * 1e9 / (double)(duration - x->duration);
}

/** rates_take() - Keep the counts of a report for the next one. */
void rates_take(struct rates *x, const struct report *r)
{
	size_t i;

	map_free(&x->before, NULL);
	for (i = 0; i < r->table->nr_rows; i++) {
		const struct row *row = &r->table->rows[i];

		map_set(&x->before, row_hash(r, row), (void *)(uintptr_t)row->count);
	}
	x->duration = r->session->duration;
}

void rates_free(struct rates *x)
{
	map_free(&x->before, NULL);
}
