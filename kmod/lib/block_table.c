// SPDX-License-Identifier: GPL-2.0
/*
 * Block table: memory, and what splits and moves records. Pure.
 *
 * Locking: see block_table.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/processor.h>

#include "lib/block_table.h"

/*
 * How long to wait for another CPU: it has interrupts off, and needs
 * microseconds. Only a virtual CPU that does not run is slower.
 */
#define PATIENCE	1000000

/* Maximum number of lookups for a block that moves: twice those of a huge page. */
#define MOVES		1024

/**
 * kobs_block_table_init() - allocate an empty table
 * @b: table
 * @m: account of its memory
 * @blocks: maximum number of blocks, at which it is 90 % full
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_block_table_init(struct kobs_block_table *b, struct kobs_memory *m,
			  unsigned int blocks)
{
	atomic_set(&b->orders, 0);
	atomic_set(&b->turn, 0);
	return kobs_object_table_init(&b->t, m, blocks);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_table_init);

/**
 * kobs_block_table_free() - free a table without users
 * @b: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_block_table_free(struct kobs_block_table *b)
{
	kobs_object_table_free(&b->t);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_table_free);

/**
 * kobs_block_lock() - exclude others that split or move records
 * @b: table
 * @wait: wait for another CPU; not in an NMI
 * @flags: set to the interrupt flags
 *
 * Context: any, NMI included. Turns interrupts off.
 * Return: false when the lock could not be taken: nothing was done.
 */
bool kobs_block_lock(struct kobs_block_table *b, bool wait, unsigned long *flags)
{
	unsigned int left = wait ? PATIENCE : 0;
	int turn;

	raw_local_irq_save(*flags);
	/* All of it in order: kobs_block_absent() must see the turn first. */
	while ((turn = atomic_read(&b->turn)) & 1 ||
	       atomic_cmpxchg(&b->turn, turn, turn + 1) != turn) {
		if (!left--) {
			raw_local_irq_restore(*flags);
			return false;
		}
		cpu_relax();
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_lock);

/**
 * kobs_block_unlock() - undo kobs_block_lock()
 * @b: table
 * @flags: as kobs_block_lock() has set them
 *
 * Context: any, NMI included.
 */
void kobs_block_unlock(struct kobs_block_table *b, unsigned long flags)
{
	atomic_set_release(&b->turn, atomic_read(&b->turn) + 1);
	raw_local_irq_restore(flags);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_unlock);

static void miss(struct kobs_block_missed *missed, const struct kobs_object *o)
{
	if (missed->fn)
		missed->fn(missed->arg, o->group, o->size);
}

/* Insert a part of a block. */
static void insert_part(struct kobs_block_table *b, u64 pfn, unsigned int order,
			const struct kobs_object *whole,
			struct kobs_block_missed *missed)
{
	struct kobs_object part = *whole;
	struct kobs_object old;

	part.size = 1U << order;
	switch (kobs_block_insert(b, pfn, &part, order, &old)) {
	case KOBS_OBJECT_FULL:
		missed->full += part.size;
		miss(missed, &part);
		break;
	case KOBS_OBJECT_STALE:
		miss(missed, &old);
		break;
	case KOBS_OBJECT_NEW:
		break;
	}
}

/*
 * The record that a page is in: that with @pfn as its first page, else of a
 * larger block around it. Sets its first page.
 */
static bool find(const struct kobs_block_table *b, u64 pfn, unsigned int order,
		 u64 *head, struct kobs_object *o)
{
	unsigned long larger = atomic_read(&b->orders) >> order >> 1;

	*head = pfn;
	if (kobs_object_peek(&b->t, kobs_block_key(pfn), o))
		return true;
	for (order++; larger; order++, larger >>= 1) {
		u64 start = pfn & ~(u64)(BIT(order) - 1);

		if (!(larger & 1) || start == *head)
			continue;
		*head = start;
		if (kobs_object_peek(&b->t, kobs_block_key(start), o) &&
		    o->size > pfn - start)
			return true;
	}
	return false;
}

/**
 * kobs_block_absent() - whether kobs_block_take() would find none, without the lock
 * @b: table
 * @pfn: its first page
 * @order: its order
 *
 * Frees of blocks that are not followed can be most of all frees.
 *
 * Context: any, NMI included; the caller owns the block.
 * Return: false also while records are split or moved: take the lock then.
 */
bool kobs_block_absent(const struct kobs_block_table *b, u64 pfn,
		       unsigned int order)
{
	int turn = atomic_read_acquire(&b->turn);
	struct kobs_object o;
	u64 head;

	if (turn & 1 || find(b, pfn, order, &head, &o))
		return false;
	smp_rmb(); /* The turn is read again after the table. */
	return atomic_read(&b->turn) == turn;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_absent);

/**
 * kobs_block_take() - remove a block that may be a part of a larger one
 * @b: table
 * @pfn: its first page
 * @order: its order
 * @o: set to its data; the size is less than that of the block where the record
 *	is: the caller goes on behind it
 * @missed: what becomes of records that find no room, or are replaced
 *
 * What is left of a larger block stays, as records of buddies.
 *
 * Context: any, NMI included; the lock is held.
 * Return: false when there is none.
 */
bool kobs_block_take(struct kobs_block_table *b, u64 pfn, unsigned int order,
		     struct kobs_object *o, struct kobs_block_missed *missed)
{
	struct kobs_object whole;
	unsigned int k;
	u64 head;

	if (!find(b, pfn, order, &head, &whole) ||
	    !kobs_object_remove(&b->t, kobs_block_key(head), &whole))
		return false;
	*o = whole;
	if (whole.size <= 1U << order)
		return true;
	for (k = ilog2(whole.size); k-- > order;) {
		u64 upper = head + BIT(k);

		if (pfn >= upper) {
			insert_part(b, head, k, &whole, missed);
			head = upper;
		} else {
			insert_part(b, upper, k, &whole, missed);
		}
	}
	o->size = 1U << order;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_take);

/**
 * kobs_block_next() - remove the next record of a block
 * @b: table
 * @w: where to go on; its @left is set by the caller when it takes the lock
 * @o: set to the record's data
 * @missed: what becomes of records that find no room, or are replaced
 *
 * Context: any, NMI included; the lock is held.
 * Return: false when there is none up to the end of the block, or the lookups
 * are used up: @w tells which.
 */
bool kobs_block_next(struct kobs_block_table *b, struct kobs_block_walk *w,
		     struct kobs_object *o, struct kobs_block_missed *missed)
{
	while (w->at < BIT(w->order) && w->left) {
		unsigned int order = w->at ? min_t(u32, w->order, __ffs(w->at)) :
					     w->order;

		w->left--;
		if (kobs_block_take(b, w->pfn + w->at, order, o, missed)) {
			w->at += o->size;
			return true;
		}
		w->at++;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_next);

/* Remove what is in the way of a block: records of pages whose free was missed. */
static void clear_way(struct kobs_block_table *b, struct kobs_block_walk *w,
		      struct kobs_block_missed *missed)
{
	struct kobs_object o;

	while (kobs_block_next(b, w, &o, missed))
		miss(missed, &o);
}

/**
 * kobs_block_move() - move the record of a block to another one
 * @b: table
 * @from: first page of the block
 * @to: first page of the other one, whose record comes back in exchange
 * @order: order of both
 * @left: group of a record that takes the place if the other one has none: its
 *	free is to be expected
 * @missed: what becomes of records that find no room, or are replaced
 *
 * Without a record of the block, the other one's goes to it. Of an other one that
 * was not allocated as a whole, the free was missed. What is beyond the maximum of
 * lookups stays where it is: blocks that move are not that large.
 *
 * Context: any, NMI included; the lock is held.
 * Return: number of pages whose records were moved.
 */
u32 kobs_block_move(struct kobs_block_table *b, u64 from, u64 to,
		    unsigned int order, u32 left,
		    struct kobs_block_missed *missed)
{
	struct kobs_block_walk there = {
		.pfn = to, .order = order, .left = MOVES
	};
	struct kobs_block_walk here = {
		.pfn = from, .order = order, .left = MOVES
	};
	struct kobs_object back = { .group = left };
	struct kobs_object o;
	bool had, moves;
	u32 moved = 0;

	moves = kobs_block_take(b, from, order, &o, missed);
	had = kobs_block_take(b, to, order, &back, missed);
	if (!had && !moves)
		return 0;
	if (!had || back.size != BIT(order)) {
		there.at = had ? back.size : 1;
		if (had)
			miss(missed, &back);
		clear_way(b, &there, missed);
		back = (struct kobs_object){ .group = left };
		had = false;
	}
	if (moves) {
		here.at = o.size;
		do {
			insert_part(b, to + here.at - o.size, ilog2(o.size),
				    &o, missed);
			moved += o.size;
		} while (kobs_block_next(b, &here, &o, missed));
	}
	if (had || moved)
		insert_part(b, from, order, &back, missed);
	return moved;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_block_move);
