/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reference table: objects, and the references to them that gets took and puts gave
 * back. A get and a put are numbers, those of their stacks. Pure: no tracing or
 * netlink headers.
 *
 * An object has KOBS_REF_SLOTS slots. One is of a get, with the number of its
 * references that are held, or of a get and a put, with the number of references that
 * this put has given back. An object without held references ends, and its pairs are
 * learned (ref_pairs.h). A slot that is needed is taken from the oldest pair, which
 * the object then no longer knows of.
 *
 * Objects are in parts, by the hash of their address, each with a lock of its own.
 *
 * Locking: kobs_ref_part.lock, with interrupts off. An NMI can have interrupted its
 * owner, and so changes nothing.
 */
#ifndef KOBS_REF_TABLE_H
#define KOBS_REF_TABLE_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include "lib/ref_pairs.h"

struct kobs_memory;

#define KOBS_REF_SLOTS		11
#define KOBS_REF_PARTS		64
/* No put. */
#define KOBS_REF_HELD		U32_MAX
/* No object. */
#define KOBS_REF_NONE		U32_MAX

/**
 * struct kobs_ref_slot - references of an object
 * @get: what took them
 * @put: what gave them back; KOBS_REF_HELD: they are held
 * @n: how many; 0: the slot is free
 * @first: when the first of them was taken, in the caller's unit
 * @last: when the last one was taken; of a pair, when it was given back
 */
struct kobs_ref_slot {
	u32 get;
	u32 put;
	u32 n;
	u32 first;
	u32 last;
};

/**
 * struct kobs_ref_object - an object
 * @address: its address; 0: there is none
 * @next: next one in its chain, or KOBS_REF_NONE
 * @held: references held
 * @forgets: some pair is no longer known
 * @used: no slot from this one on was used
 * @slot: its references
 */
struct kobs_ref_object {
	u64 address;
	u32 next;
	u32 held;
	bool forgets;
	u8 used;
	struct kobs_ref_slot slot[KOBS_REF_SLOTS];
};

/**
 * struct kobs_ref_part - a part of the objects
 * @lock: protects the part
 * @heads: chains of objects by the hash of their address
 * @objects: objects
 * @free: first free one, or KOBS_REF_NONE
 */
struct kobs_ref_part {
	raw_spinlock_t lock; /* see above */
	u32 *heads;
	struct kobs_ref_object *objects;
	u32 free;
};

/**
 * struct kobs_ref_table - the table
 * @part: its parts
 * @memory: of all of them, or NULL
 * @n: objects of a part
 * @mask: chains of a part less one
 * @pairs: what was learned
 */
struct kobs_ref_table {
	struct kobs_ref_part part[KOBS_REF_PARTS];
	void *memory;
	u32 n;
	u32 mask;
	struct kobs_ref_pairs pairs;
};

/**
 * enum kobs_ref_fate - what became of a get or a put
 * @KOBS_REF_DONE: the object has one reference more, or less
 * @KOBS_REF_UNKNOWN: no reference of this object is held
 * @KOBS_REF_FULL: no room for another object
 * @KOBS_REF_CROWDED: no room for another get of this object
 * @KOBS_REF_NMI: nothing can be changed in an NMI
 */
enum kobs_ref_fate {
	KOBS_REF_DONE,
	KOBS_REF_UNKNOWN,
	KOBS_REF_FULL,
	KOBS_REF_CROWDED,
	KOBS_REF_NMI
};

/**
 * struct kobs_ref_given - a reference that was given back
 * @get: what took it
 * @chosen: the get was chosen among several
 */
struct kobs_ref_given {
	u32 get;
	bool chosen;
};

int kobs_ref_table_init(struct kobs_ref_table *t, struct kobs_memory *m,
			unsigned int objects);
void kobs_ref_table_free(struct kobs_ref_table *t);
enum kobs_ref_fate kobs_ref_get(struct kobs_ref_table *t, u64 address, u32 get,
				u32 now);
enum kobs_ref_fate kobs_ref_put(struct kobs_ref_table *t, u64 address, u32 put,
				u32 now, struct kobs_ref_given *given);
enum kobs_ref_fate kobs_ref_end(struct kobs_ref_table *t, u64 address,
				struct kobs_ref_object *was);
bool kobs_ref_next(struct kobs_ref_table *t, unsigned long *place,
		   struct kobs_ref_object *o);

/* ref_settle.c */
bool kobs_ref_settle(struct kobs_ref_pairs *p, struct kobs_ref_object *o,
		     s32 *more);
bool kobs_ref_settle_next(struct kobs_ref_table *t, unsigned long *place,
			  struct kobs_ref_object *o, s32 *more);
bool kobs_ref_is_certain(const struct kobs_ref_object *o);

#endif /* KOBS_REF_TABLE_H */
