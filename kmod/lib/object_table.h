/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Object table: maps the address of a live object to its data, from its
 * allocation to its free. Pure: no tracing or netlink headers.
 *
 * A bucket is a cache line with room for three objects. An address has two
 * candidate buckets, of which the emptier one takes it; when both are full, it
 * goes to one of the KOBS_OBJECT_SPILL buckets after its first, which counts
 * it as displaced.
 *
 * Locking: none. An address has one owner between its allocation and its free,
 * which alone inserts and removes it, from any CPU and any context. A slot is
 * claimed by a cmpxchg from free to busy, filled, and published by a release
 * store; it is removed by a cmpxchg as well, so that an address that is freed
 * twice is removed once. No context waits for a busy slot.
 */
#ifndef KOBS_OBJECT_TABLE_H
#define KOBS_OBJECT_TABLE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include "lib/hash.h"

struct kobs_memory;

#define KOBS_OBJECT_SLOTS		3
/* Probe limit when both buckets of an address are full. */
#define KOBS_OBJECT_SPILL		64

/* States of a slot, in the low bits of the address; 0 is free. */
#define KOBS_OBJECT_BUSY		1ULL
#define KOBS_OBJECT_GIVEN		2ULL
#define KOBS_OBJECT_STATES	8ULL

/**
 * struct kobs_object_bucket - a cache line of objects
 * @key: address and state
 * @group: whose object it is
 * @born: when it was allocated
 * @size: its size
 * @displaced: number of objects with this first bucket that are in a later one
 */
struct kobs_object_bucket {
	u64 key[KOBS_OBJECT_SLOTS];
	u32 group[KOBS_OBJECT_SLOTS];
	u32 born[KOBS_OBJECT_SLOTS];
	u32 size[KOBS_OBJECT_SLOTS];
	atomic_t displaced;
};

static_assert(sizeof(struct kobs_object_bucket) == 64);
static_assert(KOBS_OBJECT_SLOTS == 3);

/**
 * struct kobs_object_table - the table
 * @buckets: the buckets, or NULL
 * @n: how many
 * @who: NULL, or who allocated the object of each slot; fast paths insert nothing
 *	then, and kobs_object_insert_first() must not be called
 * @me: then, tells who allocates
 * @arg: its argument
 */
struct kobs_object_table {
	struct kobs_object_bucket *buckets;
	u32 n;
	u32 *who;
	u32 (*me)(void *arg);
	void *arg;
};

/* In kobs_object_bucket.displaced: the table keeps who allocated. */
#define KOBS_OBJECT_KEEPS_WHO		BIT(30)

/**
 * struct kobs_object - data of a live object
 * @group: whose it is
 * @born: when it was allocated, in the caller's unit
 * @size: its size in bytes
 * @who: in a table that keeps that, who allocated it: 0 for an object that is new;
 *	not set by a removal
 * @given: it was given up, see kobs_object_give_up()
 */
struct kobs_object {
	u32 group;
	u32 born;
	u32 size;
	u32 who;
	bool given;
};

/**
 * enum kobs_object_fate - result of an insert
 * @KOBS_OBJECT_NEW: it was inserted
 * @KOBS_OBJECT_STALE: it replaced an object of the same address, which was
 *	never removed
 * @KOBS_OBJECT_FULL: no slot is free
 */
enum kobs_object_fate {
	KOBS_OBJECT_NEW,
	KOBS_OBJECT_STALE,
	KOBS_OBJECT_FULL
};

int kobs_object_table_init(struct kobs_object_table *t, struct kobs_memory *m,
			   unsigned int objects);
int kobs_object_table_keep_who(struct kobs_object_table *t, struct kobs_memory *m,
			       u32 (*me)(void *arg), void *arg);
void kobs_object_table_free(struct kobs_object_table *t);
enum kobs_object_fate kobs_object_insert_slow(struct kobs_object_table *t, u64 addr,
					      const struct kobs_object *o,
				       struct kobs_object *old);
bool kobs_object_remove_slow(struct kobs_object_table *t, u64 addr, struct kobs_object *o);
bool kobs_object_peek(const struct kobs_object_table *t, u64 addr,
		      struct kobs_object *o);
bool kobs_object_look(const struct kobs_object_table *t, u64 addr,
		      struct kobs_object *o);
bool kobs_object_give_up(struct kobs_object_table *t, u64 addr, struct kobs_object *o);
bool kobs_object_table_next(const struct kobs_object_table *t, unsigned long *place,
			    u64 *addr, struct kobs_object *o);

static __always_inline u64 kobs_object_hash(u64 addr)
{
	return addr * KOBS_HASH_FACTOR;
}

/* The upper half of a product maps a hash to any number of buckets. */
static __always_inline struct kobs_object_bucket *
kobs_object_first(const struct kobs_object_table *t, u64 hash)
{
	return &t->buckets[((hash >> 32) * t->n) >> 32];
}

static __always_inline struct kobs_object_bucket *
kobs_object_second(const struct kobs_object_table *t, u64 hash)
{
	return &t->buckets[((u64)(u32)hash * t->n) >> 32];
}

/* Is a slot's key of this address, in any state? */
static __always_inline bool kobs_object_is(u64 key, u64 addr)
{
	return key - addr < KOBS_OBJECT_STATES;
}

static __always_inline void kobs_object_fill(struct kobs_object_bucket *b,
					     unsigned int slot, u64 addr,
					   const struct kobs_object *o)
{
	b->group[slot] = o->group;
	b->born[slot] = o->born;
	b->size[slot] = o->size;
	/* Pairs with the acquire in kobs_object_table_next(). */
	smp_store_release(&b->key[slot], addr);
}

static __always_inline bool kobs_object_claim(struct kobs_object_bucket *b,
					      unsigned int slot, u64 addr)
{
	u64 free = 0;

	return try_cmpxchg(&b->key[slot], &free, addr | KOBS_OBJECT_BUSY);
}

/**
 * kobs_object_insert_fast() - insert an object (fast path)
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: its data
 *
 * Context: any, NMI included.
 * Return: false when nothing was done: call kobs_object_insert_slow().
 */
static __always_inline bool kobs_object_insert_fast(struct kobs_object_table *t, u64 addr,
						    const struct kobs_object *o)
{
	u64 hash = kobs_object_hash(addr);
	struct kobs_object_bucket *first = kobs_object_first(t, hash);
	struct kobs_object_bucket *second = kobs_object_second(t, hash);
	/* No arrays, which the compiler would clear first. */
	u64 a0 = READ_ONCE(first->key[0]), b0 = READ_ONCE(second->key[0]);
	u64 a1 = READ_ONCE(first->key[1]), b1 = READ_ONCE(second->key[1]);
	u64 a2 = READ_ONCE(first->key[2]), b2 = READ_ONCE(second->key[2]);
	struct kobs_object_bucket *b = first;
	unsigned int slot = 0;

	if (unlikely(atomic_read(&first->displaced)))
		return false;
	/* Most of the table is free most of the time. */
	if (likely(!(a0 | a1 | a2 | b0 | b1 | b2)))
		goto claim;
	if (kobs_object_is(a0, addr) || kobs_object_is(b0, addr) ||
	    kobs_object_is(a1, addr) || kobs_object_is(b1, addr) ||
	    kobs_object_is(a2, addr) || kobs_object_is(b2, addr))
		return false;
	/* Alternating, which nearly always is the emptier one. */
	if (!a0)
		goto claim;
	if (!b0) {
		b = second;
	} else if (!a1) {
		slot = 1;
	} else if (!b1) {
		b = second;
		slot = 1;
	} else if (!a2) {
		slot = 2;
	} else if (!b2) {
		b = second;
		slot = 2;
	} else {
		return false;
	}
claim:
	if (unlikely(!kobs_object_claim(b, slot, addr)))
		return false;
	kobs_object_fill(b, slot, addr, o);
	return true;
}

/**
 * kobs_object_insert_first() - insert an object at its first place
 * @t: table
 * @addr: its address, which is not in the table
 * @o: its data
 *
 * The shortest way, for callers who know that no free of @addr was missed.
 *
 * Context: any, NMI included.
 * Return: false when nothing was done: call kobs_object_insert().
 */
static __always_inline bool
kobs_object_insert_first(struct kobs_object_table *t, u64 addr,
			 const struct kobs_object *o)
{
	struct kobs_object_bucket *b = kobs_object_first(t, kobs_object_hash(addr));

	if (unlikely(READ_ONCE(b->key[0])) ||
	    unlikely(!kobs_object_claim(b, 0, addr)))
		return false;
	kobs_object_fill(b, 0, addr, o);
	return true;
}

/**
 * kobs_object_insert() - insert an object
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: its data
 * @old: set for KOBS_OBJECT_STALE to the data of the replaced object
 *
 * Context: any, NMI included.
 * Return: see enum kobs_object_fate.
 */
static __always_inline enum kobs_object_fate
kobs_object_insert(struct kobs_object_table *t, u64 addr, const struct kobs_object *o,
		   struct kobs_object *old)
{
	if (likely(kobs_object_insert_fast(t, addr, o)))
		return KOBS_OBJECT_NEW;
	return kobs_object_insert_slow(t, addr, o, old);
}

static __always_inline bool kobs_object_remove_at(struct kobs_object_bucket *b,
						  unsigned int slot, u64 key,
					      struct kobs_object *o)
{
	o->group = b->group[slot];
	o->born = b->born[slot];
	o->size = b->size[slot];
	o->given = key & KOBS_OBJECT_GIVEN;
	return try_cmpxchg(&b->key[slot], &key, 0);
}

/**
 * kobs_object_remove_fast() - remove an object (fast path)
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: set to its data; it was not given up
 *
 * Context: any, NMI included.
 * Return: false when nothing was done: call kobs_object_remove_slow().
 */
static __always_inline bool kobs_object_remove_fast(struct kobs_object_table *t, u64 addr,
						    struct kobs_object *o)
{
	u64 hash = kobs_object_hash(addr);
	struct kobs_object_bucket *b = kobs_object_first(t, hash);
	unsigned int i;

#pragma GCC unroll 3
	for (i = 0; i < KOBS_OBJECT_SLOTS; i++) {
		if (READ_ONCE(b->key[i]) == addr)
			return kobs_object_remove_at(b, i, addr, o);
	}
	b = kobs_object_second(t, hash);
#pragma GCC unroll 3
	for (i = 0; i < KOBS_OBJECT_SLOTS; i++) {
		if (READ_ONCE(b->key[i]) == addr)
			return kobs_object_remove_at(b, i, addr, o);
	}
	return false;
}

/**
 * kobs_object_remove_sized() - remove an object if its size is the given one
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @size: size
 * @o: set to its data; it was not given up
 *
 * Context: any, NMI included.
 * Return: false when nothing was done.
 */
static __always_inline bool
kobs_object_remove_sized(struct kobs_object_table *t, u64 addr, u32 size,
			 struct kobs_object *o)
{
	u64 hash = kobs_object_hash(addr);
	struct kobs_object_bucket *b = kobs_object_first(t, hash);
	unsigned int i;

#pragma GCC unroll 3
	for (i = 0; i < KOBS_OBJECT_SLOTS; i++) {
		/* Pairs with kobs_object_fill(): the size is of this key. */
		if (smp_load_acquire(&b->key[i]) == addr)
			return b->size[i] == size &&
			       kobs_object_remove_at(b, i, addr, o);
	}
	b = kobs_object_second(t, hash);
#pragma GCC unroll 3
	for (i = 0; i < KOBS_OBJECT_SLOTS; i++) {
		/* Pairs with kobs_object_fill(): the size is of this key. */
		if (smp_load_acquire(&b->key[i]) == addr)
			return b->size[i] == size &&
			       kobs_object_remove_at(b, i, addr, o);
	}
	return false;
}

/**
 * kobs_object_remove() - remove an object
 * @t: table
 * @addr: its address, a multiple of KOBS_OBJECT_STATES and not 0
 * @o: set to its data
 *
 * Context: any, NMI included.
 * Return: false when it was not found.
 */
static __always_inline bool kobs_object_remove(struct kobs_object_table *t, u64 addr,
					       struct kobs_object *o)
{
	return kobs_object_remove_fast(t, addr, o) ||
	       kobs_object_remove_slow(t, addr, o);
}

#endif /* KOBS_OBJECT_TABLE_H */
