// SPDX-License-Identifier: GPL-2.0
/*
 * Reference table: objects, their gets and puts. Pure.
 *
 * Locking: see ref_table.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lib/hash.h"
#include "lib/memory.h"
#include "lib/ref_table.h"

/* Hashes are not even: a part has room for more than its share. */
static u32 part_objects(unsigned int objects)
{
	u32 share = objects / KOBS_REF_PARTS;

	return share + share / 4 + 16;
}

static void part_init(struct kobs_ref_table *t, unsigned int i)
{
	struct kobs_ref_part *p = &t->part[i];
	u32 *heads = t->memory + (u64)KOBS_REF_PARTS * t->n * sizeof(*p->objects);
	u32 k;

	raw_spin_lock_init(&p->lock);
	p->objects = (struct kobs_ref_object *)t->memory + (u64)i * t->n;
	p->heads = heads + (u64)i * (t->mask + 1);
	memset(p->heads, 0xff, (t->mask + 1) * sizeof(*p->heads));
	for (k = 0; k < t->n; k++)
		p->objects[k].next = k + 1 < t->n ? k + 1 : KOBS_REF_NONE;
	p->free = 0;
}

/**
 * kobs_ref_table_init() - allocate an empty table
 * @t: table, whose pairs are allocated
 * @m: account of its memory
 * @objects: number of objects that there is room for
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_ref_table_init(struct kobs_ref_table *t, struct kobs_memory *m,
			unsigned int objects)
{
	unsigned int i;

	t->n = part_objects(objects);
	t->mask = roundup_pow_of_two(t->n) - 1;
	t->memory = kobs_memory_get(m, KOBS_REF_PARTS *
				    ((u64)t->n * sizeof(struct kobs_ref_object) +
				     (t->mask + 1ULL) * sizeof(u32)),
				    NUMA_NO_NODE);
	if (!t->memory)
		return -ENOMEM;
	for (i = 0; i < KOBS_REF_PARTS; i++) {
		part_init(t, i);
		cond_resched();
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_table_init);

/**
 * kobs_ref_table_free() - free a table without users
 * @t: table; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_ref_table_free(struct kobs_ref_table *t)
{
	vfree(t->memory);
	t->memory = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_table_free);

static struct kobs_ref_part *part_of(struct kobs_ref_table *t, u64 hash)
{
	return &t->part[hash >> 58];
}

/* The link to an object in its chain, or to its end. */
static u32 *find_link(struct kobs_ref_table *t, struct kobs_ref_part *p, u64 hash,
		      u64 address)
{
	u32 *link = &p->heads[(u32)(hash >> 26) & t->mask];

	while (*link != KOBS_REF_NONE && p->objects[*link].address != address)
		link = &p->objects[*link].next;
	return link;
}

/* An object of this address, without references; NULL: no room. */
static struct kobs_ref_object *add_object(struct kobs_ref_part *p, u32 *link,
					  u64 address)
{
	u32 i = p->free;
	struct kobs_ref_object *o = &p->objects[i];

	if (i == KOBS_REF_NONE)
		return NULL;
	p->free = o->next;
	o->address = address;
	o->next = KOBS_REF_NONE;
	o->held = 0;
	o->forgets = false;
	/* Of slots that were not used, only that they are free. */
	for (; o->used; o->used--)
		o->slot[o->used - 1].n = 0;
	*link = i;
	return o;
}

static void remove_object(struct kobs_ref_part *p, u32 *link)
{
	struct kobs_ref_object *o = &p->objects[*link];
	u32 i = *link;

	*link = o->next;
	o->address = 0;
	o->next = p->free;
	p->free = i;
}

static struct kobs_ref_slot *find_slot(struct kobs_ref_object *o, u32 get, u32 put)
{
	unsigned int i;

	for (i = 0; i < o->used; i++) {
		struct kobs_ref_slot *s = &o->slot[i];

		if (s->n && s->get == get && s->put == put)
			return s;
	}
	return NULL;
}

/* A free slot, or that of the pair that was not seen for longest; NULL: neither. */
static struct kobs_ref_slot *take_slot(struct kobs_ref_object *o, u32 now)
{
	struct kobs_ref_slot *oldest = NULL;
	unsigned int i;

	for (i = 0; i < o->used; i++) {
		struct kobs_ref_slot *s = &o->slot[i];

		if (!s->n)
			return s;
		if (s->put != KOBS_REF_HELD &&
		    (!oldest || now - s->last > now - oldest->last))
			oldest = s;
	}
	if (o->used < KOBS_REF_SLOTS)
		return &o->slot[o->used++];
	if (oldest)
		o->forgets = true;
	return oldest;
}

/* Count references in a slot of theirs; false: there is no room for it. */
static bool add_to_slot(struct kobs_ref_object *o, u32 get, u32 put, u32 now)
{
	struct kobs_ref_slot *s = find_slot(o, get, put);

	if (!s) {
		s = take_slot(o, now);
		if (!s)
			return false;
		*s = (struct kobs_ref_slot){
			.get = get, .put = put, .first = now,
		};
	}
	s->n++;
	s->last = now;
	return true;
}

static enum kobs_ref_fate get_locked(struct kobs_ref_table *t,
				     struct kobs_ref_part *p, u64 hash,
				     u64 address, u32 get, u32 now)
{
	u32 *link = find_link(t, p, hash, address);
	struct kobs_ref_object *o;

	if (*link != KOBS_REF_NONE)
		o = &p->objects[*link];
	else
		o = add_object(p, link, address);
	if (!o)
		return KOBS_REF_FULL;
	if (!add_to_slot(o, get, KOBS_REF_HELD, now))
		return KOBS_REF_CROWDED;
	o->held++;
	return KOBS_REF_DONE;
}

/**
 * kobs_ref_get() - a reference is taken
 * @t: table
 * @address: address of the object, not 0
 * @get: what takes it
 * @now: the time
 *
 * Context: any, NMI included.
 * Return: see enum kobs_ref_fate.
 */
enum kobs_ref_fate kobs_ref_get(struct kobs_ref_table *t, u64 address, u32 get,
				u32 now)
{
	u64 hash = address * KOBS_HASH_FACTOR;
	struct kobs_ref_part *p = part_of(t, hash);
	enum kobs_ref_fate fate;
	unsigned long flags;

	if (in_nmi())
		return KOBS_REF_NMI;
	raw_spin_lock_irqsave(&p->lock, flags);
	fate = get_locked(t, p, hash, address, get, now);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return fate;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_get);

/* The held slot whose reference a put gives back; of equal ones, the last. */
static struct kobs_ref_slot *choose_slot(struct kobs_ref_table *t,
					 struct kobs_ref_object *o, u32 put,
					 u32 now, bool *chosen)
{
	struct kobs_ref_slot *best = NULL;
	u32 most = 0;
	unsigned int i;

	*chosen = false;
	for (i = 0; i < o->used; i++) {
		struct kobs_ref_slot *s = &o->slot[i];
		u32 score;

		if (!s->n || s->put != KOBS_REF_HELD)
			continue;
		if (!best) {
			best = s;
			continue;
		}
		if (!*chosen)
			most = kobs_ref_pairs_score(&t->pairs, best->get, put);
		*chosen = true;
		score = kobs_ref_pairs_score(&t->pairs, s->get, put);
		if (score > most ||
		    (score == most && now - s->last <= now - best->last)) {
			best = s;
			most = score;
		}
	}
	return best;
}

static unsigned int add_once(u32 *v, unsigned int n, u32 word)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (v[i] == word)
			return n;
	v[n] = word;
	return n + 1;
}

static void learn(struct kobs_ref_table *t, const struct kobs_ref_object *o)
{
	u32 gets[KOBS_REF_SLOTS], puts[KOBS_REF_SLOTS];
	unsigned int n_gets = 0;
	unsigned int n_puts = 0;
	unsigned int i;

	for (i = 0; i < o->used; i++) {
		const struct kobs_ref_slot *s = &o->slot[i];

		if (!s->n)
			continue;
		n_gets = add_once(gets, n_gets, s->get);
		n_puts = add_once(puts, n_puts, s->put);
	}
	kobs_ref_pairs_learn(&t->pairs, gets, n_gets, puts, n_puts);
}

static enum kobs_ref_fate put_locked(struct kobs_ref_table *t,
				     struct kobs_ref_part *p, u64 hash,
				     u64 address, u32 put, u32 now,
				     struct kobs_ref_given *given)
{
	u32 *link = find_link(t, p, hash, address);
	struct kobs_ref_object *o;
	struct kobs_ref_slot *s;

	if (*link == KOBS_REF_NONE)
		return KOBS_REF_UNKNOWN;
	o = &p->objects[*link];
	s = choose_slot(t, o, put, now, &given->chosen);
	if (!s)
		return KOBS_REF_UNKNOWN;
	given->get = s->get;
	s->n--;
	o->held--;
	if (!add_to_slot(o, given->get, put, now))
		o->forgets = true;
	if (o->held)
		return KOBS_REF_DONE;
	if (!o->forgets)
		learn(t, o);
	remove_object(p, link);
	return KOBS_REF_DONE;
}

/**
 * kobs_ref_put() - a reference is given back
 * @t: table
 * @address: address of the object, not 0
 * @put: what gives it back
 * @now: the time
 * @given: set to the reference, for KOBS_REF_DONE
 *
 * Context: any, NMI included.
 * Return: see enum kobs_ref_fate.
 */
enum kobs_ref_fate kobs_ref_put(struct kobs_ref_table *t, u64 address, u32 put,
				u32 now, struct kobs_ref_given *given)
{
	u64 hash = address * KOBS_HASH_FACTOR;
	struct kobs_ref_part *p = part_of(t, hash);
	enum kobs_ref_fate fate;
	unsigned long flags;

	if (in_nmi())
		return KOBS_REF_NMI;
	raw_spin_lock_irqsave(&p->lock, flags);
	fate = put_locked(t, p, hash, address, put, now, given);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return fate;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_put);

/**
 * kobs_ref_end() - an object is over, whatever references are held
 * @t: table
 * @address: its address, not 0
 * @was: set to what it was, for KOBS_REF_DONE
 *
 * Context: any, NMI included.
 * Return: see enum kobs_ref_fate.
 */
enum kobs_ref_fate kobs_ref_end(struct kobs_ref_table *t, u64 address,
				struct kobs_ref_object *was)
{
	u64 hash = address * KOBS_HASH_FACTOR;
	struct kobs_ref_part *p = part_of(t, hash);
	enum kobs_ref_fate fate = KOBS_REF_UNKNOWN;
	unsigned long flags;
	u32 *link;

	if (in_nmi())
		return KOBS_REF_NMI;
	raw_spin_lock_irqsave(&p->lock, flags);
	link = find_link(t, p, hash, address);
	if (*link != KOBS_REF_NONE) {
		*was = p->objects[*link];
		remove_object(p, link);
		fate = KOBS_REF_DONE;
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return fate;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_end);

/**
 * kobs_ref_next() - iterate over the objects
 * @t: table
 * @place: 0 at first; where to go on
 * @o: set to a copy of an object
 *
 * Context: task, may sleep.
 * Return: false after the last.
 */
bool kobs_ref_next(struct kobs_ref_table *t, unsigned long *place,
		   struct kobs_ref_object *o)
{
	return kobs_ref_settle_next(t, place, o, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_next);
