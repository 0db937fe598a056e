/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block table: live blocks of pages, on top of the object table. A block is
 * 1 << order pages, aligned to that. What is freed or moved may be a part of a
 * block (the kernel splits without a word): the record becomes those of its
 * buddies then. Pure: no tracing or netlink headers.
 *
 * Locking: what finds a record of just the block in question takes no lock: the
 * block has one owner, who alone inserts and removes it. Whatever splits or moves
 * records runs between kobs_block_lock() and kobs_block_unlock(), as does a
 * lookup of a block that was not found: meanwhile it could be a part of another
 * one, which is not in the table while it is split. kobs_block_absent() does without
 * the lock where nobody had it meanwhile. Interrupts are off there, so that only an
 * NMI can find the lock taken by its own CPU: it does not wait.
 */
#ifndef KOBS_BLOCK_TABLE_H
#define KOBS_BLOCK_TABLE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/types.h>
#include "lib/object_table.h"

struct kobs_memory;

/* Orders of blocks: 0 to this. */
#define KOBS_BLOCK_ORDER	15

/**
 * struct kobs_block_table - the table
 * @t: records; their size is in pages
 * @orders: orders of the blocks that were inserted, a bit for each
 * @turn: odd while somebody has the lock
 */
struct kobs_block_table {
	struct kobs_object_table t;
	atomic_t orders;
	atomic_t turn;
};

/* Maximum number of lookups per hold of the lock: a block can be of 1 GiB. */
#define KOBS_BLOCK_STEPS	256

/**
 * struct kobs_block_missed - records that are gone without the free of their pages
 * @fn: NULL, or called for them
 * @arg: its argument
 * @full: number of pages is added whose records found no room; others were
 *	replaced, as their free was missed
 */
struct kobs_block_missed {
	void (*fn)(void *arg, u32 group, u32 pages);
	void *arg;
	u32 full;
};

/**
 * struct kobs_block_walk - a block whose records are removed one by one
 * @pfn: first page
 * @order: its order
 * @at: where to go on, in pages from the first
 * @left: number of lookups until the lock has to be given up for a moment
 */
struct kobs_block_walk {
	u64 pfn;
	unsigned int order;
	u32 at;
	u32 left;
};

int kobs_block_table_init(struct kobs_block_table *b, struct kobs_memory *m,
			  unsigned int blocks);
void kobs_block_table_free(struct kobs_block_table *b);
bool kobs_block_lock(struct kobs_block_table *b, bool wait, unsigned long *flags);
void kobs_block_unlock(struct kobs_block_table *b, unsigned long flags);
bool kobs_block_absent(const struct kobs_block_table *b, u64 pfn,
		       unsigned int order);
bool kobs_block_take(struct kobs_block_table *b, u64 pfn, unsigned int order,
		     struct kobs_object *o, struct kobs_block_missed *missed);
bool kobs_block_next(struct kobs_block_table *b, struct kobs_block_walk *w,
		     struct kobs_object *o, struct kobs_block_missed *missed);
u32 kobs_block_move(struct kobs_block_table *b, u64 from, u64 to,
		    unsigned int order, u32 left,
		    struct kobs_block_missed *missed);

/* The key of a record: never 0, a multiple of KOBS_OBJECT_STATES. */
static __always_inline u64 kobs_block_key(u64 pfn)
{
	return (pfn + 1) * KOBS_OBJECT_STATES;
}

/* The first page of a record. */
static __always_inline u64 kobs_block_pfn(u64 key)
{
	return key / KOBS_OBJECT_STATES - 1;
}

/* Remember the order of a block: parts of it may be freed. */
static __always_inline void kobs_block_note(struct kobs_block_table *b,
					    unsigned int order)
{
	if (order && unlikely(!(atomic_read(&b->orders) & BIT(order))))
		atomic_or(BIT(order), &b->orders);
}

/**
 * kobs_block_insert_first() - insert a block at its first place
 * @b: table
 * @pfn: its first page, with which no block is in the table
 * @o: its data, with 1 << order pages as its size
 * @order: its order, KOBS_BLOCK_ORDER at most
 *
 * Context: any, NMI included.
 * Return: false when nothing was inserted: call kobs_block_insert().
 */
static __always_inline bool kobs_block_insert_first(struct kobs_block_table *b,
						    u64 pfn,
						    const struct kobs_object *o,
						    unsigned int order)
{
	kobs_block_note(b, order);
	return kobs_object_insert_first(&b->t, kobs_block_key(pfn), o);
}

/**
 * kobs_block_insert() - insert a block
 * @b: table
 * @pfn: its first page
 * @o: its data, with 1 << order pages as its size
 * @order: its order, KOBS_BLOCK_ORDER at most
 * @old: set for KOBS_OBJECT_STALE to the data of a block with the same first
 *	page that was never removed
 *
 * Context: any, NMI included.
 * Return: see enum kobs_object_fate.
 */
static inline enum kobs_object_fate
kobs_block_insert(struct kobs_block_table *b, u64 pfn,
		  const struct kobs_object *o, unsigned int order,
		  struct kobs_object *old)
{
	kobs_block_note(b, order);
	return kobs_object_insert(&b->t, kobs_block_key(pfn), o, old);
}

/**
 * kobs_block_remove_fast() - remove a block as a whole
 * @b: table
 * @pfn: its first page
 * @order: its order
 * @o: set to its data
 *
 * Context: any, NMI included.
 * Return: false when nothing was done: call kobs_block_take().
 */
static __always_inline bool kobs_block_remove_fast(struct kobs_block_table *b,
						   u64 pfn, unsigned int order,
						   struct kobs_object *o)
{
	return kobs_object_remove_sized(&b->t, kobs_block_key(pfn), 1U << order,
					o);
}

#endif /* KOBS_BLOCK_TABLE_H */
