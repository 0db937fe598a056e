// SPDX-License-Identifier: GPL-2.0
/*
 * Which objects of a list point to others of it, as chains: each link is in one, and a chain
 * goes on through an object's first link. The others begin chains of their own.
 */

#include <stdlib.h>

#include "cmd/mem/dump.h"
#include "lib/buf.h"

/**
 * dump_target() - Find the object of the list that an address is in.
 * @at: set to where in it
 *
 * Return: its number; SIZE_MAX for none.
 */
size_t dump_target(const struct dump *d, uint64_t value, uint64_t *at)
{
	size_t i;

	for (i = 0; i < d->all.n; i++) {
		const struct object *o = &d->all.v[i];

		if (o->state != KOBS_CONTENTS_GONE && value - o->address < o->size) {
			*at = value - o->address;
			return i;
		}
	}
	return SIZE_MAX;
}

/* Links by their object; first[i] to first[i + 1] are those of object i. */
static size_t *find_all(const struct dump *d, struct dump_links *all, bool *reached)
{
	size_t *first = zalloc((d->all.n + 1) * sizeof(*first));
	size_t i, k;

	for (i = 0; i < d->all.n; i++) {
		const struct object *o = &d->all.v[i];

		first[i] = all->n;
		for (k = 0; k < o->nr_pointers; k++) {
			uint64_t at = 0;
			size_t to = dump_target(d, o->pointers[k].value, &at);

			if (to == SIZE_MAX || to == i)
				continue;
			all->v = grow(all->v, &all->cap, all->n + 1, sizeof(*all->v));
			all->v[all->n++] = (struct dump_link){
				.from = i, .offset = o->pointers[k].offset, .to = to, .at = at,
			};
			reached[to] = true;
		}
	}
	first[i] = all->n;
	return first;
}

static void add_link(struct dump_links *to, const struct dump_link *l, bool begins, bool known)
{
	to->v = grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n] = *l;
	to->v[to->n].begins = begins;
	to->v[to->n++].known = known;
}

/* Add the chains that begin with an object: @turn holds the links with which others begin. */
static void add_chains(size_t object, const struct dump_links *all, const size_t *first,
		       bool *seen, size_t *turn, struct dump_links *out)
{
	size_t done = 0;
	size_t n = 0;
	size_t k;

	seen[object] = true;
	for (k = first[object]; k < first[object + 1]; k++)
		turn[n++] = k;
	for (; done < n; done++) {
		const struct dump_link *l = &all->v[turn[done]];
		bool begins = true;

		for (;;) {
			bool known = seen[l->to];

			add_link(out, l, begins, known);
			begins = false;
			if (known || first[l->to] == first[l->to + 1])
				break;
			seen[l->to] = true;
			for (k = first[l->to] + 1; k < first[l->to + 1]; k++)
				turn[n++] = k;
			l = &all->v[first[l->to]];
		}
		seen[l->to] = true;
	}
}

/** dump_find_links() - Find all chains; what is in a circle begins with its first object. */
void dump_find_links(const struct dump *d, struct dump_links *links)
{
	bool *reached = zalloc(d->all.n + 1);
	bool *seen = zalloc(d->all.n + 1);
	struct dump_links all = {};
	size_t *first = find_all(d, &all, reached);
	size_t *turn = zalloc((all.n + 1) * sizeof(*turn));
	size_t i;

	for (i = 0; i < d->all.n; i++)
		if (!reached[i])
			add_chains(i, &all, first, seen, turn, links);
	for (i = 0; i < d->all.n; i++)
		if (!seen[i])
			add_chains(i, &all, first, seen, turn, links);
	free(turn);
	free(first);
	free(all.v);
	free(seen);
	free(reached);
}
