// SPDX-License-Identifier: GPL-2.0
/* Named amounts of memory: readings, and which of them surely grow. */

#include <stdlib.h>
#include <string.h>

#include "cmd/mem/series.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"

/** series_begin() - Begin a reading. */
void series_begin(struct series *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->v[i].bytes = 0;
}

/** series_add() - Add to the amount of a name in this reading. */
void series_add(struct series *s, const char *name, uint64_t bytes)
{
	const char *key = pool_intern(&s->names, name);
	uintptr_t index = (uintptr_t)map_get(&s->by_name, (uint64_t)(uintptr_t)key);
	struct series_item *item;

	if (!index) {
		s->v = grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
		item = &s->v[s->n++];
		memset(item, 0, sizeof(*item));
		item->name = key;
		index = s->n;
		map_set(&s->by_name, (uint64_t)(uintptr_t)key, (void *)index);
		/* One that is new had nothing before. */
		if (s->readings)
			trend_add(&item->trend, s->last, 0);
	}
	s->v[index - 1].bytes += bytes;
}

/** series_end() - End a reading, which was taken at @now. */
void series_end(struct series *s, uint64_t now)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		trend_add(&s->v[i].trend, now, s->v[i].bytes);
	s->readings++;
	s->last = now;
}

static int faster(const void *a, const void *b)
{
	const struct series_item *x = *(const struct series_item *const *)a;
	const struct series_item *y = *(const struct series_item *const *)b;
	double p = trend_rate(&x->trend);
	double q = trend_rate(&y->trend);

	if (p != q)
		return p < q ? 1 : -1;
	return strcmp(x->name, y->name);
}

/**
 * series_growing() - What surely grows, the fastest first.
 * @n: set to their number
 *
 * Return: an array for free(), of pointers into @s.
 */
const struct series_item **series_growing(const struct series *s, size_t *n)
{
	const struct series_item **found = zalloc((s->n + 1) * sizeof(*found));
	size_t i;

	*n = 0;
	for (i = 0; i < s->n; i++)
		if (trend_rate(&s->v[i].trend) > 0 &&
		    trend_confidence(&s->v[i].trend) >= SLAB_SURE)
			found[(*n)++] = &s->v[i];
	if (*n)
		qsort(found, *n, sizeof(*found), faster);
	return found;
}

/** series_free() - Free all of it. */
void series_free(struct series *s)
{
	map_free(&s->by_name, NULL);
	pool_free(&s->names);
	free(s->v);
	memset(s, 0, sizeof(*s));
}
