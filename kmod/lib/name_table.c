// SPDX-License-Identifier: GPL-2.0
/*
 * Name table: adding and finding names, aliases. Pure.
 *
 * Locking: see name_table.h.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/name_table.h"

#define BUCKETS		BIT(KOBS_NAMES_BITS)
/* First room for aliases. */
#define ROOM		64U

/**
 * kobs_name_table_free() - free all names
 * @t: table; may be zeroed memory, which it is afterwards
 *
 * Context: task, may sleep.
 */
void kobs_name_table_free(struct kobs_name_table *t)
{
	struct hlist_node *next;
	struct kobs_name *name;
	unsigned int i;

	for (i = 0; t->buckets && i < BUCKETS; i++) {
		hlist_for_each_entry_safe(name, next, &t->buckets[i], node)
			kfree(name);
	}
	kvfree(t->buckets);
	kvfree(t->gone);
	memset(t, 0, sizeof(*t));
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_free);

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

	if (!t->buckets) {
		t->buckets = kvcalloc(BUCKETS, sizeof(*t->buckets), GFP_KERNEL);
		if (!t->buckets)
			return NULL;
		t->bytes += BUCKETS * sizeof(*t->buckets);
	}
	name = kzalloc(struct_size(name, text, len + 1), GFP_KERNEL);
	if (!name)
		return NULL;
	name->address = address;
	memcpy(name->text, text, len);
	hlist_add_head(&name->node, bucket_of(t, address));
	t->bytes += struct_size(name, text, len + 1);
	return name;
}

/**
 * kobs_name_table_add() - add a valid name
 * @t: table
 * @address: address that has none in the table
 * @text: its name, or an empty text to keep that it has none
 *
 * Context: task, may sleep.
 * Return: the name, or NULL without memory or room.
 */
struct kobs_name *kobs_name_table_add(struct kobs_name_table *t, u64 address,
				      const char *text)
{
	struct kobs_name *name;

	if (t->n_valid == KOBS_NAMES)
		return NULL;
	name = name_new(t, address, text);
	if (name)
		t->n_valid++;
	return name;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_add);

/* Room for another alias. */
static bool alias_room(struct kobs_name_table *t)
{
	u32 room = min(max(2 * t->room, ROOM), KOBS_NAMES);
	struct kobs_name **gone;

	if (t->n_gone < t->room)
		return true;
	if (t->n_gone == KOBS_NAMES)
		return false;
	gone = kvmalloc_array(room, sizeof(*gone), GFP_KERNEL);
	if (!gone)
		return false;
	if (t->n_gone)
		memcpy(gone, t->gone, t->n_gone * sizeof(*gone));
	kvfree(t->gone);
	t->gone = gone;
	t->bytes += (room - t->room) * sizeof(*gone);
	t->room = room;
	return true;
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
	struct kobs_name *name;

	if (!*text)
		return lost;
	if (t->buckets) {
		hlist_for_each_entry(name, bucket_of(t, address), node) {
			if (name->address == address && name->gone &&
			    !strcmp(name->text, text))
				return name->alias;
		}
	}
	if (!alias_room(t))
		return lost;
	name = name_new(t, address, text);
	if (!name)
		return lost;
	name->gone = true;
	name->alias = KOBS_ALIAS_NAMED << KOBS_ALIAS_SHIFT | t->n_gone;
	t->gone[t->n_gone++] = name;
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
			t->bytes -= struct_size(name, text,
						strlen(name->text) + 1);
			t->n_valid--;
			kfree(name);
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_name_table_drop);
