// SPDX-License-Identifier: GPL-2.0
/*
 * Live-object table: what is not on the shortest way. Pure.
 *
 * Locking: see object_table.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/vmalloc.h>

#include "lib/object_table.h"

/* Three slots of which nine in ten may be used. */
static u32 buckets_of(unsigned int objects)
{
	return max_t(u64, DIV_ROUND_UP_ULL((u64)objects * 10, 27),
		     KOBS_OBJECT_SPILL + 1);
}

/**
 * kobs_object_table_bytes() - memory of a table
 * @objects: objects it is made for
 *
 * Context: any.
 * Return: bytes that kobs_object_table_init() would allocate.
 */
size_t kobs_object_table_bytes(unsigned int objects)
{
	return (size_t)buckets_of(objects) * sizeof(struct kobs_object_bucket);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_bytes);

/**
 * kobs_object_table_init() - allocate an empty table
 * @t: table
 * @objects: objects it is made for, which fill nine tenths of it
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_object_table_init(struct kobs_object_table *t, unsigned int objects)
{
	t->n = buckets_of(objects);
	/* Whole pages: buckets begin where cache lines do. */
	t->buckets = vzalloc(kobs_object_table_bytes(objects));
	return t->buckets ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_init);

/**
 * kobs_object_table_free() - free a table that has no writers any more
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_object_table_free(struct kobs_object_table *t)
{
	vfree(t->buckets);
	t->buckets = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_free);

/* Buckets that an address can be in: its two, then those behind the first. */
#define PLACES		(2 + KOBS_OBJECT_SPILL)

static struct kobs_object_bucket *place_of(const struct kobs_object_table *t, u64 addr,
					   unsigned int i)
{
	u64 hash = kobs_object_hash(addr);
	struct kobs_object_bucket *first = kobs_object_first(t, hash);

	if (i == 0)
		return first;
	if (i == 1)
		return kobs_object_second(t, hash);
	first += i - 1;
	if (first >= t->buckets + t->n)
		first -= t->n;
	return first;
}

/* Whether an address in this bucket counts as being away. */
static bool is_away(const struct kobs_object_table *t, u64 addr,
		    const struct kobs_object_bucket *b)
{
	return b != place_of(t, addr, 0) && b != place_of(t, addr, 1);
}

static void come_back(struct kobs_object_table *t, u64 key,
		      const struct kobs_object_bucket *b)
{
	u64 addr = key & ~(KOBS_OBJECT_STATES - 1);

	if (is_away(t, addr, b))
		atomic_dec(&place_of(t, addr, 0)->displaced);
}

/* Where an address is, in a state that is not busy; sets its key. */
static struct kobs_object_bucket *find(const struct kobs_object_table *t, u64 addr,
				       unsigned int *slot, u64 *key)
{
	unsigned int n = atomic_read(&place_of(t, addr, 0)->displaced) ? PLACES : 2;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct kobs_object_bucket *b = place_of(t, addr, i);

		for (*slot = 0; *slot < KOBS_OBJECT_SLOTS; ++*slot) {
			*key = READ_ONCE(b->key[*slot]);
			if (kobs_object_is(*key, addr) &&
			    !(*key & KOBS_OBJECT_BUSY))
				return b;
		}
	}
	return NULL;
}

/* Claim a slot of a bucket that is free or, if told so, given up. */
static bool claim_in(struct kobs_object_table *t, struct kobs_object_bucket *b,
		     u64 addr, bool given, unsigned int *slot)
{
	for (*slot = 0; *slot < KOBS_OBJECT_SLOTS; ++*slot) {
		u64 key = READ_ONCE(b->key[*slot]);

		if (given ? !(key & KOBS_OBJECT_GIVEN) : key)
			continue;
		if (!try_cmpxchg(&b->key[*slot], &key, addr | KOBS_OBJECT_BUSY))
			continue;
		if (key)
			come_back(t, key, b);
		return true;
	}
	return false;
}

/*
 * An object that is in already and was not taken out makes room for the new
 * one. Returns false when somebody else was faster.
 */
static bool replace(struct kobs_object_table *t, u64 addr, const struct kobs_object *o,
		    struct kobs_object *old, enum kobs_object_fate *fate)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b)
		return false;
	old->group = b->group[slot];
	old->born = b->born[slot];
	old->size = b->size[slot];
	old->given = key & KOBS_OBJECT_GIVEN;
	if (!try_cmpxchg(&b->key[slot], &key, addr | KOBS_OBJECT_BUSY))
		return false;
	kobs_object_fill(b, slot, addr, o);
	*fate = old->given ? KOBS_OBJECT_NEW : KOBS_OBJECT_STALE;
	return true;
}

/**
 * kobs_object_insert_slow() - put an object in, when it is not as easy as usual
 * @t: table
 * @addr: its address
 * @o: what is known of it
 * @old: set for KOBS_OBJECT_STALE to what was known of the one before
 *
 * Context: any, NMI included.
 * Return: what became of it.
 */
enum kobs_object_fate kobs_object_insert_slow(struct kobs_object_table *t, u64 addr,
					      const struct kobs_object *o,
				       struct kobs_object *old)
{
	atomic_t *away = &place_of(t, addr, 0)->displaced;
	enum kobs_object_fate fate = KOBS_OBJECT_NEW;
	unsigned int slot;
	unsigned int pass;
	unsigned int i;

	if (replace(t, addr, o, old, &fate))
		return fate;
	/* Free slots are better than slots of objects that were given up. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < PLACES; i++) {
			struct kobs_object_bucket *b = place_of(t, addr, i);
			bool out = is_away(t, addr, b);

			/* Before it can be looked for. */
			if (out)
				atomic_inc(away);
			if (claim_in(t, b, addr, pass, &slot)) {
				kobs_object_fill(b, slot, addr, o);
				return KOBS_OBJECT_NEW;
			}
			if (out)
				atomic_dec(away);
		}
	}
	return KOBS_OBJECT_FULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_insert_slow);

/**
 * kobs_object_remove_slow() - take an object out that is not where it should be
 * @t: table
 * @addr: its address
 * @o: set to what was known of it
 *
 * Context: any, NMI included.
 * Return: false when it was not in.
 */
bool kobs_object_remove_slow(struct kobs_object_table *t, u64 addr, struct kobs_object *o)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || !kobs_object_remove_at(b, slot, key, o))
		return false;
	come_back(t, addr, b);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_remove_slow);

/**
 * kobs_object_give_up() - note that an object was given up, and will be freed
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: set to what is known of it
 *
 * It is not live any more, but kept until it is taken out, until its address
 * is put in again, or until its slot is needed.
 *
 * Context: any, NMI included.
 * Return: false when it was not in, or given up before.
 */
bool kobs_object_give_up(struct kobs_object_table *t, u64 addr, struct kobs_object *o)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || (key & KOBS_OBJECT_GIVEN))
		return false;
	o->group = b->group[slot];
	o->born = b->born[slot];
	o->size = b->size[slot];
	o->given = false;
	return try_cmpxchg(&b->key[slot], &key, addr | KOBS_OBJECT_GIVEN);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_give_up);

/**
 * kobs_object_table_next() - the next live object
 * @t: table
 * @place: where to start, at first 0; left behind the object
 * @addr: set to its address
 * @o: set to what is known of it
 *
 * Context: any; writers may run meanwhile. An object that is taken out and
 * whose address is put in again at the same moment can be told with parts of
 * both.
 * Return: false after the last.
 */
bool kobs_object_table_next(const struct kobs_object_table *t, unsigned long *place,
			    u64 *addr, struct kobs_object *o)
{
	unsigned long end = (unsigned long)t->n * KOBS_OBJECT_SLOTS;

	while (*place < end) {
		struct kobs_object_bucket *b =
			&t->buckets[*place / KOBS_OBJECT_SLOTS];
		unsigned int slot = (*place)++ % KOBS_OBJECT_SLOTS;
		/* Pairs with the release in kobs_object_fill(). */
		u64 key = smp_load_acquire(&b->key[slot]);

		if (!key || key & (KOBS_OBJECT_BUSY | KOBS_OBJECT_GIVEN))
			continue;
		o->group = READ_ONCE(b->group[slot]);
		o->born = READ_ONCE(b->born[slot]);
		o->size = READ_ONCE(b->size[slot]);
		o->given = false;
		/* Read all of it before the key again. */
		smp_rmb();
		if (READ_ONCE(b->key[slot]) != key)
			continue;
		*addr = key;
		return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_next);
