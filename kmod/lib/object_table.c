// SPDX-License-Identifier: GPL-2.0
/*
 * Object table: memory, iteration, and the slow paths. Pure.
 *
 * Locking: see object_table.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/vmalloc.h>

#include "lib/memory.h"
#include "lib/object_table.h"

/* Three slots per bucket, used up to 90 %. */
static u32 buckets_of(unsigned int objects)
{
	return max_t(u64, DIV_ROUND_UP_ULL((u64)objects * 10, 27),
		     KOBS_OBJECT_SPILL + 1);
}

/**
 * kobs_object_table_init() - allocate an empty table
 * @t: table
 * @m: account of its memory
 * @objects: maximum number of objects, at which it is 90 % full
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_object_table_init(struct kobs_object_table *t, struct kobs_memory *m,
			   unsigned int objects)
{
	t->n = buckets_of(objects);
	/* Page-aligned: each bucket is one cache line. */
	t->buckets = kobs_memory_get(m, (u64)t->n * sizeof(*t->buckets),
				     NUMA_NO_NODE);
	return t->buckets ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_init);

/**
 * kobs_object_table_keep_who() - have a table keep who allocated its objects
 * @t: table, in which there is no object yet
 * @m: account of its memory
 * @me: tells who allocates, which is not 0, in any context
 * @arg: its argument
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_object_table_keep_who(struct kobs_object_table *t, struct kobs_memory *m,
			       u32 (*me)(void *arg), void *arg)
{
	u32 i;

	t->who = kobs_memory_get(m, (u64)t->n * KOBS_OBJECT_SLOTS * sizeof(*t->who),
				 NUMA_NO_NODE);
	if (!t->who)
		return -ENOMEM;
	t->me = me;
	t->arg = arg;
	/* What fast paths look at in any case. */
	for (i = 0; i < t->n; i++)
		atomic_set(&t->buckets[i].displaced, KOBS_OBJECT_KEEPS_WHO);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_keep_who);

/**
 * kobs_object_table_free() - free a table without users
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_object_table_free(struct kobs_object_table *t)
{
	vfree(t->who);
	vfree(t->buckets);
	t->who = NULL;
	t->buckets = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_table_free);

/* Who allocated the object in a slot; NULL in a table that does not keep it. */
static u32 *who_of(const struct kobs_object_table *t,
		   const struct kobs_object_bucket *b, unsigned int slot)
{
	return t->who ? &t->who[(b - t->buckets) * KOBS_OBJECT_SLOTS + slot] : NULL;
}

/* Fill a slot that was claimed, and publish it. */
static void fill(struct kobs_object_table *t, struct kobs_object_bucket *b,
		 unsigned int slot, u64 addr, const struct kobs_object *o)
{
	u32 *who = who_of(t, b, slot);

	if (who)
		WRITE_ONCE(*who, o->who ?: t->me(t->arg));
	kobs_object_fill(b, slot, addr, o);
}

/* The data of a slot with a key. */
static void read_slot(const struct kobs_object_table *t,
		      const struct kobs_object_bucket *b, unsigned int slot, u64 key,
		      struct kobs_object *o)
{
	const u32 *who = who_of(t, b, slot);

	o->group = READ_ONCE(b->group[slot]);
	o->born = READ_ONCE(b->born[slot]);
	o->size = READ_ONCE(b->size[slot]);
	o->who = who ? READ_ONCE(*who) : 0;
	o->given = key & KOBS_OBJECT_GIVEN;
}

/* Candidate buckets of an address: its two, then those after the first. */
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

/* Does an address in this bucket count as displaced? */
static bool is_displaced(const struct kobs_object_table *t, u64 addr,
			 const struct kobs_object_bucket *b)
{
	return b != place_of(t, addr, 0) && b != place_of(t, addr, 1);
}

static void not_displaced(struct kobs_object_table *t, u64 key,
			  const struct kobs_object_bucket *b)
{
	u64 addr = key & ~(KOBS_OBJECT_STATES - 1);

	if (is_displaced(t, addr, b))
		atomic_dec(&place_of(t, addr, 0)->displaced);
}

/* Find an address in a slot that is not busy; sets its slot and key. */
static struct kobs_object_bucket *find(const struct kobs_object_table *t, u64 addr,
				       unsigned int *slot, u64 *key)
{
	int displaced = atomic_read(&place_of(t, addr, 0)->displaced);
	unsigned int n = displaced & ~KOBS_OBJECT_KEEPS_WHO ? PLACES : 2;
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

/* Claim a slot of a bucket: a free one, or with @given one of a given-up object. */
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
			not_displaced(t, key, b);
		return true;
	}
	return false;
}

/*
 * Replace an object of the same address, whose free was missed. Returns false
 * when another context was faster.
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
	read_slot(t, b, slot, key, old);
	if (!try_cmpxchg(&b->key[slot], &key, addr | KOBS_OBJECT_BUSY))
		return false;
	fill(t, b, slot, addr, o);
	*fate = old->given ? KOBS_OBJECT_NEW : KOBS_OBJECT_STALE;
	return true;
}

/**
 * kobs_object_insert_slow() - insert an object (slow path)
 * @t: table
 * @addr: its address
 * @o: its data
 * @old: set for KOBS_OBJECT_STALE to the data of the replaced object
 *
 * Context: any, NMI included.
 * Return: see enum kobs_object_fate.
 */
enum kobs_object_fate kobs_object_insert_slow(struct kobs_object_table *t, u64 addr,
					      const struct kobs_object *o,
				       struct kobs_object *old)
{
	atomic_t *displaced = &place_of(t, addr, 0)->displaced;
	enum kobs_object_fate fate = KOBS_OBJECT_NEW;
	unsigned int slot;
	unsigned int pass;
	unsigned int i;

	if (replace(t, addr, o, old, &fate))
		return fate;
	/* Prefer free slots to slots of objects that were given up. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < PLACES; i++) {
			struct kobs_object_bucket *b = place_of(t, addr, i);
			bool out = is_displaced(t, addr, b);

			/* Before a lookup can find it. */
			if (out)
				atomic_inc(displaced);
			if (claim_in(t, b, addr, pass, &slot)) {
				fill(t, b, slot, addr, o);
				return KOBS_OBJECT_NEW;
			}
			if (out)
				atomic_dec(displaced);
		}
	}
	return KOBS_OBJECT_FULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_insert_slow);

/**
 * kobs_object_remove_slow() - remove an object (slow path)
 * @t: table
 * @addr: its address
 * @o: set to its data
 *
 * Context: any, NMI included.
 * Return: false when it was not found.
 */
bool kobs_object_remove_slow(struct kobs_object_table *t, u64 addr, struct kobs_object *o)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || !kobs_object_remove_at(b, slot, key, o))
		return false;
	not_displaced(t, addr, b);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_remove_slow);

/**
 * kobs_object_peek() - look an object up
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: set to its data
 *
 * Context: any, NMI included; its owner is the caller, or cannot change it.
 * Return: false when it was not found.
 */
bool kobs_object_peek(const struct kobs_object_table *t, u64 addr,
		      struct kobs_object *o)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b)
		return false;
	read_slot(t, b, slot, key, o);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_peek);

/**
 * kobs_object_look() - look an object up that others can change
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: set to its data
 *
 * Context: any; writers may run meanwhile, see kobs_object_table_next().
 * Return: false when it was not found, or given up.
 */
bool kobs_object_look(const struct kobs_object_table *t, u64 addr,
		      struct kobs_object *o)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || key & KOBS_OBJECT_GIVEN)
		return false;
	smp_rmb(); /* Pairs with the release in kobs_object_fill(). */
	read_slot(t, b, slot, key, o);
	smp_rmb(); /* All of it before the key again. */
	return READ_ONCE(b->key[slot]) == key;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_look);

/**
 * kobs_object_give_up() - mark an object as given up: it will be freed later
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: set to its data
 *
 * It does not count as live any more, but is kept until it is removed, its
 * address is inserted again, or its slot is needed.
 *
 * Context: any, NMI included.
 * Return: false when it was not found, or given up before.
 */
bool kobs_object_give_up(struct kobs_object_table *t, u64 addr, struct kobs_object *o)
{
	struct kobs_object_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || (key & KOBS_OBJECT_GIVEN))
		return false;
	read_slot(t, b, slot, key, o);
	return try_cmpxchg(&b->key[slot], &key, addr | KOBS_OBJECT_GIVEN);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_object_give_up);

/**
 * kobs_object_table_next() - the next live object
 * @t: table
 * @place: where to start, 0 at first; set to the place after the object
 * @addr: set to its address
 * @o: set to its data
 *
 * Context: any; writers may run meanwhile. If an object is removed and its
 * address inserted again at the same moment, the data can be mixed of both.
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
		read_slot(t, b, slot, key, o);
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
