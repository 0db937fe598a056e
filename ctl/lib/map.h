/* SPDX-License-Identifier: GPL-2.0 */
/* Maps from numbers, sets of strings, and the hash of both. */
#ifndef OBSCTL_MAP_H
#define OBSCTL_MAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Strings kept once each: equal strings have equal pointers, so that a text
 * can be part of a key as a number.
 */
struct pool {
	char	**slot;
	size_t	n;
	size_t	size;
};

const char *pool_intern(struct pool *p, const char *s);
void pool_free(struct pool *p);

/* A map from a number to a pointer; never forgets. */
struct map {
	struct map_slot {
		uint64_t key;
		void	*value;
	} *slot;
	size_t	n;
	size_t	size;
};

void *map_get(const struct map *m, uint64_t key);
void map_set(struct map *m, uint64_t key, void *value);
void map_free(struct map *m, void (*release)(void *));

uint64_t hash_bytes(const void *p, size_t len, uint64_t seed);

static inline uint64_t hash_number(uint64_t v)
{
	v ^= v >> 32;
	v *= 0x9e3779b97f4a7c15ull;
	return v ^ (v >> 29);
}

#endif
