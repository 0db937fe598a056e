// SPDX-License-Identifier: GPL-2.0
/*
 * Reference table: choosing again which references of an object were given back, by
 * what was learned since. Pure.
 *
 * Locking: see ref_table.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "lib/ref_table.h"

/* Gets or puts of an object, each once, and their references. */
struct kobs_ref_side {
	u32 who[KOBS_REF_SLOTS];
	u32 n[KOBS_REF_SLOTS];
	u32 first[KOBS_REF_SLOTS];
	u32 last[KOBS_REF_SLOTS];
	unsigned int used;
};

static void add_side(struct kobs_ref_side *side, u32 who, const struct kobs_ref_slot *s)
{
	unsigned int i;

	for (i = 0; i < side->used && side->who[i] != who; i++)
		;
	if (i == side->used) {
		side->used++;
		side->who[i] = who;
		side->n[i] = 0;
		side->first[i] = s->first;
		side->last[i] = s->first;
	}
	side->n[i] += s->n;
	if (s->put == KOBS_REF_HELD) {
		side->first[i] = s->first;
		side->last[i] = s->last;
	}
}

static void take_sides(const struct kobs_ref_object *o, struct kobs_ref_side *gets,
		       struct kobs_ref_side *puts)
{
	unsigned int i;

	gets->used = 0;
	puts->used = 0;
	for (i = 0; i < KOBS_REF_SLOTS; i++) {
		const struct kobs_ref_slot *s = &o->slot[i];

		if (!s->n)
			continue;
		add_side(gets, s->get, s);
		if (s->put != KOBS_REF_HELD)
			add_side(puts, s->put, s);
	}
}

/* The get and the put with references left that go best with each other. */
static bool best_pair(struct kobs_ref_pairs *p, const struct kobs_ref_side *gets,
		      const struct kobs_ref_side *puts, unsigned int *get,
		      unsigned int *put)
{
	bool found = false;
	u32 most = 0;
	unsigned int i;
	unsigned int k;

	for (k = 0; k < puts->used; k++) {
		for (i = 0; i < gets->used && puts->n[k]; i++) {
			u32 score;

			if (!gets->n[i])
				continue;
			score = kobs_ref_pairs_score(p, gets->who[i], puts->who[k]);
			if (found && score < most)
				continue;
			found = true;
			most = score;
			*get = i;
			*put = k;
		}
	}
	return found;
}

/* References that a get has given back, by an object's slots. */
static s32 given_by(const struct kobs_ref_object *o, u32 get)
{
	unsigned int i;
	s32 sum = 0;

	for (i = 0; i < KOBS_REF_SLOTS; i++)
		if (o->slot[i].n && o->slot[i].get == get &&
		    o->slot[i].put != KOBS_REF_HELD)
			sum += o->slot[i].n;
	return sum;
}

/**
 * kobs_ref_settle() - choose again which references of an object were given back
 * @p: what was learned
 * @o: object, whose slots change
 * @more: per slot, set to how many references more its get has given back now, in
 *	the first slot of each get
 *
 * Context: any.
 * Return: false when nothing changed, or the object had no room for that.
 */
bool kobs_ref_settle(struct kobs_ref_pairs *p, struct kobs_ref_object *o, s32 *more)
{
	struct kobs_ref_slot slot[KOBS_REF_SLOTS] = {};
	struct kobs_ref_object was = *o;
	struct kobs_ref_side gets, puts;
	unsigned int n = 0;
	unsigned int get, put;
	bool changed = false;
	unsigned int i;

	take_sides(o, &gets, &puts);
	if (gets.used < 2 || !puts.used)
		return false;
	while (best_pair(p, &gets, &puts, &get, &put)) {
		u32 both = min(gets.n[get], puts.n[put]);

		if (n == KOBS_REF_SLOTS)
			return false;
		slot[n++] = (struct kobs_ref_slot){
			.get = gets.who[get], .put = puts.who[put], .n = both,
			.first = puts.first[put], .last = puts.last[put],
		};
		gets.n[get] -= both;
		puts.n[put] -= both;
	}
	for (i = 0; i < gets.used; i++) {
		if (!gets.n[i])
			continue;
		if (n == KOBS_REF_SLOTS)
			return false;
		slot[n++] = (struct kobs_ref_slot){
			.get = gets.who[i], .put = KOBS_REF_HELD, .n = gets.n[i],
			.first = gets.first[i], .last = gets.last[i],
		};
	}
	memcpy(o->slot, slot, sizeof(slot));
	o->used = n;
	memset(more, 0, KOBS_REF_SLOTS * sizeof(*more));
	for (i = 0; i < gets.used; i++) {
		s32 d = given_by(o, gets.who[i]) - given_by(&was, gets.who[i]);

		for (n = 0; d && o->slot[n].get != gets.who[i]; n++)
			;
		more[n] = d ?: more[n];
		changed |= d;
	}
	return changed;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_settle);

/**
 * kobs_ref_settle_next() - settle the next object
 * @t: table
 * @place: 0 at first; where to go on
 * @o: set to a copy of an object, once it is settled
 * @more: as for kobs_ref_settle(), or 0; NULL: the object stays as it is
 *
 * Context: task, may sleep.
 * Return: false after the last.
 */
bool kobs_ref_settle_next(struct kobs_ref_table *t, unsigned long *place,
			  struct kobs_ref_object *o, s32 *more)
{
	while (*place < (unsigned long)t->n * KOBS_REF_PARTS) {
		struct kobs_ref_part *p = &t->part[*place / t->n];
		struct kobs_ref_object *from = &p->objects[*place % t->n];
		unsigned long flags;
		bool used;

		/* Most places are empty. */
		if (!(++*place % 4096))
			cond_resched();
		if (!READ_ONCE(from->address))
			continue;
		raw_spin_lock_irqsave(&p->lock, flags);
		used = from->address;
		if (used && more && !kobs_ref_settle(&t->pairs, from, more))
			memset(more, 0, KOBS_REF_SLOTS * sizeof(*more));
		*o = *from;
		raw_spin_unlock_irqrestore(&p->lock, flags);
		if (used)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_settle_next);

/**
 * kobs_ref_is_certain() - whether it is known which references of an object are held
 * @o: object
 *
 * Context: any.
 * Return: true when all are of one get, or none was given back.
 */
bool kobs_ref_is_certain(const struct kobs_ref_object *o)
{
	struct kobs_ref_side gets, puts;

	take_sides(o, &gets, &puts);
	return !o->forgets && (gets.used < 2 || !puts.used);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_is_certain);
