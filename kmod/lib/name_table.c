// SPDX-License-Identifier: GPL-2.0
/*
 * Name table: adding and finding names, aliases. Pure.
 *
 * Locking: see name_table.h.
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "lib/name_table.h"

#define BUCKETS		BIT(KOBS_NAMES_BITS)
#define BUCKETS_ORDER	get_order(BUCKETS * sizeof(struct hlist_head))
/* Names take a multiple of that: what one gives back suits others. */
#define STEP		KOBS_NAME_STEP

static_assert(offsetof(struct kobs_name, text) + KOBS_NAME_LEN_MAX <=
	      KOBS_NAME_STEPS * STEP);

/**
 * kobs_name_table_init() - make an empty table
 * @t: table
 * @m: account of its memory; its control group is charged
 *
 * Context: any.
 */
void kobs_name_table_init(struct kobs_name_table *t, struct kobs_memory *m)
{
	memset(t, 0, sizeof(*t));
	t->memory.part_of = m;
	t->memory.memcg = m->memcg;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_init);

/**
 * kobs_name_table_free() - free all names
 * @t: table; may be zeroed memory, which it is afterwards
 *
 * Context: task, may sleep.
 */
void kobs_name_table_free(struct kobs_name_table *t)
{
	unsigned int i;
	void *page;

	while ((page = t->pages)) {
		t->pages = *(void **)page;
		free_page((unsigned long)page);
	}
	for (i = 0; i < KOBS_NAMES_PAGES; i++)
		free_page((unsigned long)t->gone[i]);
	free_pages((unsigned long)t->buckets, BUCKETS_ORDER);
	kobs_memory_close(&t->memory);
	memset(t, 0, sizeof(*t));
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_free);

static size_t name_bytes(size_t len)
{
	return ALIGN(offsetof(struct kobs_name, text) + len + 1, STEP);
}

/* Room for a name; not zeroed. A page begins with the place of the one before. */
static struct kobs_name *room_take(struct kobs_name_table *t, size_t bytes)
{
	void **unused = &t->unused[bytes / STEP - 1];
	void *p = *unused;

	if (p) {
		*unused = *(void **)p;
		return p;
	}
	if (t->left < bytes) {
		p = kobs_memory_pages(&t->memory, 0);
		if (!p)
			return NULL;
		*(void **)p = t->pages;
		t->pages = p;
		t->left = PAGE_SIZE - STEP;
	}
	p = t->pages + PAGE_SIZE - t->left;
	t->left -= bytes;
	return p;
}

static void room_give(struct kobs_name_table *t, void *p, size_t bytes)
{
	void **unused = &t->unused[bytes / STEP - 1];

	*(void **)p = *unused;
	*unused = p;
}

static struct hlist_head *bucket_of(const struct kobs_name_table *t, u64 address)
{
	return &t->buckets[hash_64(address, KOBS_NAMES_BITS)];
}

/**
 * kobs_name_table_find() - the valid name of an address
 * @t: table
 * @address: address
 *
 * Context: task.
 * Return: the name, or NULL.
 */
struct kobs_name *kobs_name_table_find(const struct kobs_name_table *t,
				       u64 address)
{
	struct kobs_name *name;

	if (!t->buckets)
		return NULL;
	hlist_for_each_entry(name, bucket_of(t, address), node) {
		if (name->address == address && !name->gone)
			return name;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_find);

static struct kobs_name *name_new(struct kobs_name_table *t, u64 address,
				  const char *text)
{
	size_t len = strnlen(text, KOBS_NAME_LEN_MAX - 1);
	struct kobs_name *name;

	if (!t->buckets)
		t->buckets = kobs_memory_pages(&t->memory, BUCKETS_ORDER);
	name = t->buckets ? room_take(t, name_bytes(len)) : NULL;
	if (!name)
		return NULL;
	*name = (struct kobs_name){ .address = address };
	memcpy(name->text, text, len);
	name->text[len] = '\0';
	hlist_add_head(&name->node, bucket_of(t, address));
	return name;
}

/**
 * kobs_name_table_add() - add a valid name
 * @t: table
 * @address: address that has none in the table
 * @text: its name, or an empty text to keep that it has none
 *
 * The latter have half of the room: where modules share a part of the address
 * space with the kernel, each of its addresses is such a one.
 *
 * Context: task, may sleep.
 * Return: the name, or NULL without memory or room.
 */
struct kobs_name *kobs_name_table_add(struct kobs_name_table *t, u64 address,
				      const char *text)
{
	struct kobs_name *name;

	if (t->n_valid == KOBS_NAMES || (!*text && t->n_empty == KOBS_NAMES / 2))
		return NULL;
	name = name_new(t, address, text);
	if (!name)
		return NULL;
	t->n_valid++;
	t->n_empty += !*text;
	return name;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_add);

/* Where the next alias has its name, or NULL without memory or room. */
static struct kobs_name **alias_room(struct kobs_name_table *t)
{
	struct kobs_name ***page;

	if (t->n_gone == KOBS_NAMES)
		return NULL;
	page = &t->gone[t->n_gone / KOBS_NAMES_PER_PAGE];
	if (!*page)
		*page = kobs_memory_pages(&t->memory, 0);
	return *page ? *page + t->n_gone % KOBS_NAMES_PER_PAGE : NULL;
}

/**
 * kobs_name_table_alias() - the alias of an address whose code goes
 * @t: table
 * @address: address
 * @text: its name; empty if it has none
 *
 * Equal addresses of equal names have one alias, so that a module that comes
 * and goes again and again takes no more room.
 *
 * Context: task, may sleep.
 * Return: the alias; one without a name if there is no memory or room for it.
 */
u64 kobs_name_table_alias(struct kobs_name_table *t, u64 address,
			  const char *text)
{
	const u64 lost = KOBS_ALIAS_LOST << KOBS_ALIAS_SHIFT |
			 (address & (BIT_ULL(KOBS_ALIAS_SHIFT) - 1));
	struct kobs_name *name, **place;

	if (!*text) {
		t->lost = true;
		return lost;
	}
	if (t->buckets) {
		hlist_for_each_entry(name, bucket_of(t, address), node) {
			if (name->address == address && name->gone &&
			    !strcmp(name->text, text))
				return name->alias;
		}
	}
	place = alias_room(t);
	name = place ? name_new(t, address, text) : NULL;
	if (!name) {
		t->lost = true;
		return lost;
	}
	name->gone = true;
	name->alias = KOBS_ALIAS_NAMED << KOBS_ALIAS_SHIFT | t->n_gone;
	*place = name;
	t->n_gone++;
	return name->alias;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_alias);

/**
 * kobs_name_table_drop() - forget the valid names of code that goes
 * @t: table
 * @from: its first address
 * @size: bytes
 *
 * Context: task, may sleep.
 */
void kobs_name_table_drop(struct kobs_name_table *t, u64 from, u64 size)
{
	struct hlist_node *next;
	struct kobs_name *name;
	unsigned int i;

	for (i = 0; t->n_valid && i < BUCKETS; i++) {
		hlist_for_each_entry_safe(name, next, &t->buckets[i], node) {
			if (name->gone || name->address - from >= size)
				continue;
			hlist_del(&name->node);
			t->n_valid--;
			t->n_empty -= !*name->text;
			room_give(t, name, name_bytes(strlen(name->text)));
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_drop);
