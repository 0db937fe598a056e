// SPDX-License-Identifier: GPL-2.0
/*
 * Types of BTF by their names: a hash table, of the one BTF that was searched last.
 * It takes as many instructions to make as a few searches through all types, of which
 * most commands need one or two, and a list of all tracepoints a thousand.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/macros.h"
#include "symbols/btf_index.h"

/* Searches without it before it is made. */
#define SEARCHES	8

#define CHAINS		(1u << 16)

static struct {
	const struct btf	*btf;
	unsigned int	searches;
	uint32_t	*first;		/* of each chain, the place in the search; 0: none */
	uint32_t	*next;		/* in the chain, by place */
} index_of;

static uint32_t chain(const char *name)
{
	uint32_t hash = 2166136261u;

	/* FNV-1a. */
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ hash >> 16) % CHAINS;
}

static void make(const struct btf *btf)
{
	uint32_t place;

	index_of.first = zalloc(CHAINS * sizeof(*index_of.first));
	index_of.next = zalloc(((size_t)kbtf_last(btf) + 1) * sizeof(*index_of.next));
	/* The last one first: a chain begins with what is to be found first. */
	for (place = kbtf_last(btf); place; place--) {
		const char *name = kbtf_name(btf, kbtf_place(btf, place));
		uint32_t n = chain(name);

		if (!*name)
			continue;
		index_of.next[place] = index_of.first[n];
		index_of.first[n] = place;
	}
}

/**
 * btf_index_first() - The first place to search for a name.
 * Return: a place for kbtf_place(), and 0 if there is none.
 */
uint32_t btf_index_first(const struct btf *btf, const char *name)
{
	if (index_of.btf != btf)
		btf_index_forget();
	index_of.btf = btf;
	if (!index_of.first && index_of.searches++ == SEARCHES)
		make(btf);
	return index_of.first ? index_of.first[chain(name)] : kbtf_last(btf) ? 1 : 0;
}

/** btf_index_next() - The place to search after @place, or 0. */
uint32_t btf_index_next(const struct btf *btf, uint32_t place)
{
	if (index_of.first)
		return index_of.next[place];
	return place < kbtf_last(btf) ? place + 1 : 0;
}

/** btf_index_forget() - Free the table; a BTF is being freed. */
void btf_index_forget(void)
{
	free(index_of.first);
	free(index_of.next);
	memset(&index_of, 0, sizeof(index_of));
}
