// SPDX-License-Identifier: GPL-2.0
/*
 * Live-object table: what is not on the shortest way. Pure.
 *
 * Locking: see live.h.
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
		     KOBS_LIVE_SPILL + 1);
}

/**
 * kobs_live_bytes() - memory of a table
 * @objects: objects it is made for
 *
 * Context: any.
 * Return: bytes that kobs_live_init() would allocate.
 */
size_t kobs_live_bytes(unsigned int objects)
{
	return (size_t)buckets_of(objects) * sizeof(struct kobs_live_bucket);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_live_bytes);

/**
 * kobs_live_init() - allocate an empty table
 * @t: table
 * @objects: objects it is made for, which fill nine tenths of it
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_live_init(struct kobs_live *t, unsigned int objects)
{
	t->n = buckets_of(objects);
	/* Whole pages: buckets begin where cache lines do. */
	t->buckets = vzalloc(kobs_live_bytes(objects));
	return t->buckets ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_live_init);

/**
 * kobs_live_free() - free a table that has no writers any more
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_live_free(struct kobs_live *t)
{
	vfree(t->buckets);
	t->buckets = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_live_free);

/* Buckets that an address can be in: its two, then those behind the first. */
#define PLACES		(2 + KOBS_LIVE_SPILL)

static struct kobs_live_bucket *place_of(const struct kobs_live *t, u64 addr,
					 unsigned int i)
{
	u64 hash = kobs_live_hash(addr);
	struct kobs_live_bucket *first = kobs_live_first(t, hash);

	if (i == 0)
		return first;
	if (i == 1)
		return kobs_live_second(t, hash);
	first += i - 1;
	if (first >= t->buckets + t->n)
		first -= t->n;
	return first;
}

/* Whether an address in this bucket counts as being away. */
static bool is_away(const struct kobs_live *t, u64 addr,
		    const struct kobs_live_bucket *b)
{
	return b != place_of(t, addr, 0) && b != place_of(t, addr, 1);
}

static void come_back(struct kobs_live *t, u64 key,
		      const struct kobs_live_bucket *b)
{
	u64 addr = key & ~(KOBS_LIVE_STATES - 1);

	if (is_away(t, addr, b))
		atomic_dec(&place_of(t, addr, 0)->away);
}

/* Where an address is, in a state that is not busy; sets its key. */
static struct kobs_live_bucket *find(const struct kobs_live *t, u64 addr,
				     unsigned int *slot, u64 *key)
{
	unsigned int n = atomic_read(&place_of(t, addr, 0)->away) ? PLACES : 2;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct kobs_live_bucket *b = place_of(t, addr, i);

		for (*slot = 0; *slot < KOBS_LIVE_SLOTS; ++*slot) {
			*key = READ_ONCE(b->key[*slot]);
			if (kobs_live_is(*key, addr) &&
			    !(*key & KOBS_LIVE_BUSY))
				return b;
		}
	}
	return NULL;
}

/* Claim a slot of a bucket that is free or, if told so, given up. */
static bool claim_in(struct kobs_live *t, struct kobs_live_bucket *b,
		     u64 addr, bool given, unsigned int *slot)
{
	for (*slot = 0; *slot < KOBS_LIVE_SLOTS; ++*slot) {
		u64 key = READ_ONCE(b->key[*slot]);

		if (given ? !(key & KOBS_LIVE_GIVEN) : key)
			continue;
		if (!try_cmpxchg(&b->key[*slot], &key, addr | KOBS_LIVE_BUSY))
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
static bool replace(struct kobs_live *t, u64 addr, const struct kobs_object *o,
		    struct kobs_object *old, enum kobs_live_fate *fate)
{
	struct kobs_live_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b)
		return false;
	old->group = b->group[slot];
	old->born = b->born[slot];
	old->size = b->size[slot];
	old->given = key & KOBS_LIVE_GIVEN;
	if (!try_cmpxchg(&b->key[slot], &key, addr | KOBS_LIVE_BUSY))
		return false;
	kobs_live_fill(b, slot, addr, o);
	*fate = old->given ? KOBS_LIVE_NEW : KOBS_LIVE_STALE;
	return true;
}

/**
 * kobs_live_put_slow() - put an object in, when it is not as easy as usual
 * @t: table
 * @addr: its address
 * @o: what is known of it
 * @old: set for KOBS_LIVE_STALE to what was known of the one before
 *
 * Context: any, NMI included.
 * Return: what became of it.
 */
enum kobs_live_fate kobs_live_put_slow(struct kobs_live *t, u64 addr,
				       const struct kobs_object *o,
				       struct kobs_object *old)
{
	atomic_t *away = &place_of(t, addr, 0)->away;
	enum kobs_live_fate fate = KOBS_LIVE_NEW;
	unsigned int slot;
	unsigned int pass;
	unsigned int i;

	if (replace(t, addr, o, old, &fate))
		return fate;
	/* Free slots are better than slots of objects that were given up. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < PLACES; i++) {
			struct kobs_live_bucket *b = place_of(t, addr, i);
			bool out = is_away(t, addr, b);

			/* Before it can be looked for. */
			if (out)
				atomic_inc(away);
			if (claim_in(t, b, addr, pass, &slot)) {
				kobs_live_fill(b, slot, addr, o);
				return KOBS_LIVE_NEW;
			}
			if (out)
				atomic_dec(away);
		}
	}
	return KOBS_LIVE_FULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_live_put_slow);

/**
 * kobs_live_take_slow() - take an object out that is not where it should be
 * @t: table
 * @addr: its address
 * @o: set to what was known of it
 *
 * Context: any, NMI included.
 * Return: false when it was not in.
 */
bool kobs_live_take_slow(struct kobs_live *t, u64 addr, struct kobs_object *o)
{
	struct kobs_live_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || !kobs_live_take_at(b, slot, key, o))
		return false;
	come_back(t, addr, b);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_live_take_slow);

/**
 * kobs_live_give() - note that an object was given up, and will be freed
 * @t: table
 * @addr: its address, a multiple of KOBS_LIVE_STATES and not 0
 * @o: set to what is known of it
 *
 * It is not live any more, but kept until it is taken out, until its address
 * is put in again, or until its slot is needed.
 *
 * Context: any, NMI included.
 * Return: false when it was not in, or given up before.
 */
bool kobs_live_give(struct kobs_live *t, u64 addr, struct kobs_object *o)
{
	struct kobs_live_bucket *b;
	unsigned int slot;
	u64 key;

	b = find(t, addr, &slot, &key);
	if (!b || (key & KOBS_LIVE_GIVEN))
		return false;
	o->group = b->group[slot];
	o->born = b->born[slot];
	o->size = b->size[slot];
	o->given = false;
	return try_cmpxchg(&b->key[slot], &key, addr | KOBS_LIVE_GIVEN);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_live_give);

/**
 * kobs_live_next() - the next live object
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
bool kobs_live_next(const struct kobs_live *t, unsigned long *place,
		    u64 *addr, struct kobs_object *o)
{
	unsigned long end = (unsigned long)t->n * KOBS_LIVE_SLOTS;

	while (*place < end) {
		struct kobs_live_bucket *b =
			&t->buckets[*place / KOBS_LIVE_SLOTS];
		unsigned int slot = (*place)++ % KOBS_LIVE_SLOTS;
		/* Pairs with the release in kobs_live_fill(). */
		u64 key = smp_load_acquire(&b->key[slot]);

		if (!key || key & (KOBS_LIVE_BUSY | KOBS_LIVE_GIVEN))
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
EXPORT_SYMBOL_IF_KUNIT(kobs_live_next);
