// SPDX-License-Identifier: GPL-2.0
/* Hash tables with open addressing; they only grow. */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"

/** hash_bytes() - FNV-1a, good enough for keys that nobody chooses to hurt. */
uint64_t hash_bytes(const void *p, size_t len, uint64_t seed)
{
	const unsigned char *c = p;
	uint64_t h = 0xcbf29ce484222325ull ^ seed;

	while (len--)
		h = (h ^ *c++) * 0x100000001b3ull;
	return hash_number(h);
}

static char **pool_slot(char **slot, size_t size, const char *s)
{
	size_t i = hash_bytes(s, strlen(s), 0) & (size - 1);

	while (slot[i] && strcmp(slot[i], s))
		i = (i + 1) & (size - 1);
	return &slot[i];
}

/** pool_intern() - Return: the one copy of @s, valid until pool_free(). */
const char *pool_intern(struct pool *p, const char *s)
{
	char **slot;
	size_t i;

	if (p->n * 2 >= p->size) {
		size_t size = p->size ? p->size * 2 : 64;
		char **old = p->slot;

		p->slot = zalloc(size * sizeof(*p->slot));
		for (i = 0; i < p->size; i++)
			if (old[i])
				*pool_slot(p->slot, size, old[i]) = old[i];
		free(old);
		p->size = size;
	}
	slot = pool_slot(p->slot, p->size, s);
	if (!*slot) {
		*slot = copy_string(s);
		p->n++;
	}
	return *slot;
}

void pool_free(struct pool *p)
{
	size_t i;

	for (i = 0; i < p->size; i++)
		free(p->slot[i]);
	free(p->slot);
	memset(p, 0, sizeof(*p));
}

static struct map_slot *map_find(struct map_slot *slot, size_t size, uint64_t key)
{
	size_t i = hash_number(key) & (size - 1);

	while (slot[i].value && slot[i].key != key)
		i = (i + 1) & (size - 1);
	return &slot[i];
}

/** map_get() - Return: what @key was set to, or NULL. */
void *map_get(const struct map *m, uint64_t key)
{
	return m->size ? map_find(m->slot, m->size, key)->value : NULL;
}

/** map_set() - Set @key to @value, which must not be NULL. */
void map_set(struct map *m, uint64_t key, void *value)
{
	struct map_slot *slot;
	size_t i;

	if (m->n * 2 >= m->size) {
		size_t size = m->size ? m->size * 2 : 64;
		struct map_slot *old = m->slot;

		m->slot = zalloc(size * sizeof(*m->slot));
		for (i = 0; i < m->size; i++)
			if (old[i].value)
				*map_find(m->slot, size, old[i].key) = old[i];
		free(old);
		m->size = size;
	}
	slot = map_find(m->slot, m->size, key);
	if (!slot->value)
		m->n++;
	slot->key = key;
	slot->value = value;
}

void map_free(struct map *m, void (*release)(void *))
{
	size_t i;

	for (i = 0; release && i < m->size; i++)
		if (m->slot[i].value)
			release(m->slot[i].value);
	free(m->slot);
	memset(m, 0, sizeof(*m));
}
