/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Name table: names of code addresses. A name is valid as long as the code is
 * there; when the code goes, the addresses that were recorded are replaced by
 * aliases, each of which has an address and the name that it had. An alias is
 * no address: none begins with its bits. Pure.
 *
 * Whoever unloads a module or reads a session makes names, and can be what a
 * session follows: memory is taken in pages, and never of a slab cache.
 *
 * Locking: the caller's.
 */
#ifndef KOBS_NAME_TABLE_H
#define KOBS_NAME_TABLE_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>

#include "lib/memory.h"

/* Maximum number of valid names, and of aliases with a name. */
#define KOBS_NAMES		16384U
#define KOBS_NAMES_BITS		10
/* Maximum bytes of a name. */
#define KOBS_NAME_LEN_MAX	256
/* Memory for a name: a number of these bytes, and the most. */
#define KOBS_NAME_STEP		32
#define KOBS_NAME_STEPS		10
/* Names by number of their alias: in so many pages. */
#define KOBS_NAMES_PER_PAGE	(PAGE_SIZE / sizeof(struct kobs_name *))
#define KOBS_NAMES_PAGES	DIV_ROUND_UP(KOBS_NAMES, KOBS_NAMES_PER_PAGE)

/*
 * The upper 16 bits of an alias with a name, and of one without. What hardware
 * says of branches can be anything: a word is an alias only if the table gave it.
 */
#define KOBS_ALIAS_NAMED	0xa11aULL
#define KOBS_ALIAS_LOST		0xa11bULL
#define KOBS_ALIAS_SHIFT	48

/**
 * struct kobs_name - the name of an address
 * @node: in the table's buckets
 * @address: address
 * @alias: for a valid name the alias that it gets, or 0; else its alias
 * @gone: it is not valid any more
 * @told: it was sent to the reader of a stream
 * @text: the name; empty for an address that has none
 */
struct kobs_name {
	struct hlist_node node;
	u64 address;
	u64 alias;
	bool gone;
	bool told;
	char text[];
};

/**
 * struct kobs_name_table - names
 * @buckets: names by address, or NULL before the first
 * @gone: names by number of their alias, in pages
 * @n_gone: number of them
 * @lost: aliases without a name were given
 * @n_valid: number of valid names
 * @n_empty: of these, the empty ones
 * @memory: account of all memory
 * @pages: pages with names, or NULL
 * @left: bytes left in the first
 * @unused: room that was given back, by size
 */
struct kobs_name_table {
	struct hlist_head *buckets;
	struct kobs_name **gone[KOBS_NAMES_PAGES];
	u32 n_gone;
	bool lost;
	u32 n_valid;
	u32 n_empty;
	struct kobs_memory memory;
	void *pages;
	size_t left;
	void *unused[KOBS_NAME_STEPS];
};

void kobs_name_table_init(struct kobs_name_table *t, struct kobs_memory *m);
void kobs_name_table_free(struct kobs_name_table *t);
struct kobs_name *kobs_name_table_find(const struct kobs_name_table *t,
				       u64 address);
struct kobs_name *kobs_name_table_add(struct kobs_name_table *t, u64 address,
				      const char *text);
u64 kobs_name_table_alias(struct kobs_name_table *t, u64 address,
			  const char *text);
void kobs_name_table_drop(struct kobs_name_table *t, u64 from, u64 size);

/**
 * kobs_is_alias() - does a word stand for an address whose code is gone
 * @t: its table
 * @word: word that is an address or an alias
 *
 * Context: task.
 * Return: true for an alias.
 */
static inline bool kobs_is_alias(const struct kobs_name_table *t, u64 word)
{
	switch (word >> KOBS_ALIAS_SHIFT) {
	case KOBS_ALIAS_NAMED:
		return (word & (BIT_ULL(KOBS_ALIAS_SHIFT) - 1)) < t->n_gone;
	case KOBS_ALIAS_LOST:
		return t->lost;
	default:
		return false;
	}
}

/**
 * kobs_alias_address() - address that an alias stands for
 * @t: its table
 * @alias: alias, see kobs_is_alias()
 * @text: set to the name, or to NULL if it has none
 *
 * Context: task.
 * Return: the address.
 */
static inline u64 kobs_alias_address(const struct kobs_name_table *t, u64 alias,
				     const char **text)
{
	const struct kobs_name *name;
	u32 n = alias;

	*text = NULL;
	/* The upper bits of a kernel address are set. */
	if (alias >> KOBS_ALIAS_SHIFT == KOBS_ALIAS_LOST)
		return alias | ~0ULL << KOBS_ALIAS_SHIFT;
	name = t->gone[n / KOBS_NAMES_PER_PAGE][n % KOBS_NAMES_PER_PAGE];
	*text = name->text;
	return name->address;
}

#endif /* KOBS_NAME_TABLE_H */
