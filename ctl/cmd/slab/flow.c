// SPDX-License-Identifier: GPL-2.0
/*
 * What caches gained and freed. A site whose objects outlive the session looks
 * like a leak; a cache that frees as many objects from before the session as it
 * gains in it does not grow.
 */

#include "cmd/slab/flow.h"
#include "lib/buf.h"

static struct flow *find(const struct flows *f, uint64_t cache)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->v[i].cache == cache)
			return &f->v[i];
	return NULL;
}

static struct flow *flow_of(struct flows *f, uint64_t cache)
{
	struct flow *found = find(f, cache);

	if (found)
		return found;
	f->v = grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n] = (struct flow){ .cache = cache };
	return &f->v[f->n++];
}

/** flows_gain() - Add live objects that were allocated in the session. */
void flows_gain(struct flows *f, uint64_t cache, uint64_t objects)
{
	flow_of(f, cache)->gained += objects;
}

/** flows_free() - Add older objects that @site freed, @freed_by the end of each part. */
void flows_free(struct flows *f, uint64_t cache, uint64_t site, const uint64_t *freed_by)
{
	uint64_t objects = freed_by[VERDICT_PARTS];
	struct flow *flow = flow_of(f, cache);
	size_t k;

	for (k = 0; k <= VERDICT_PARTS; k++)
		flow->freed_by[k] += freed_by[k];
	flow->freed += objects;
	if (objects > flow->site_freed) {
		flow->site_freed = objects;
		flow->site = site;
	}
}

/** flows_find() - Return: a cache, NULL if nothing is known of it. */
const struct flow *flows_find(const struct flows *f, uint64_t cache)
{
	return find(f, cache);
}
