// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: rows: the references that are held, by what took them.
 *
 * When a reader begins, it is chosen again for every object which of its references
 * were given back: what other objects have taught since can be better than what was
 * known at the put. The counters follow.
 *
 * With the parameter puts, what is known of puts comes after them: of a group with
 * references held, and a stack that gave some back, how many it gave back on the
 * objects on which they are held (the count), how many objects that have ended had both
 * (allocated), and of how many objects that hold them some puts are not known any more
 * (objects).
 *
 * Locking: the session's lock; handlers run meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "sources/refs/refs.h"

/* Parts of the references of a slot, evenly spread between its first and last. */
#define PARTS	8U

static void settle(struct kobs_refs *r)
{
	struct kobs_ref_object o;
	s32 more[KOBS_REF_SLOTS];
	unsigned long place = 0;
	unsigned int i, n = 0;

	while (kobs_ref_settle_next(&r->table, &place, &o, more)) {
		preempt_disable();
		for (i = 0; i < KOBS_REF_SLOTS; i++)
			if (more[i])
				kobs_refs_add(r, o.slot[i].get,
					      KOBS_CENSUS_FREED, more[i]);
		preempt_enable();
		if (!(++n % 1024))
			cond_resched();
	}
}

/* Whether the oldest references of a slot are old enough to count. */
static bool is_old(const struct kobs_census *c, const struct kobs_ref_slot *slot)
{
	u32 now = READ_ONCE(c->stopped) ?: jiffies;
	u32 old = max_t(s32, now - slot->first, 0);

	return old >= msecs_to_jiffies(c->least_ms);
}

/* What gave references back of an object on which a group holds some. */
static void count_puts(struct kobs_refs *r, const struct kobs_ref_object *o, u32 group)
{
	unsigned int i;

	r->forgot[group] += o->forgets;
	for (i = 0; i < KOBS_REF_SLOTS; i++)
		if (o->slot[i].n && o->slot[i].put != KOBS_REF_HELD)
			kobs_ref_pairs_add(&r->table.pairs, group, o->slot[i].put,
					   o->slot[i].n);
}

static void count_object(struct kobs_refs *r, const struct kobs_ref_object *o)
{
	bool certain = kobs_ref_is_certain(o);
	unsigned int i;

	for (i = 0; i < KOBS_REF_SLOTS; i++) {
		const struct kobs_ref_slot *slot = &o->slot[i];

		if (!slot->n || slot->put != KOBS_REF_HELD ||
		    !kobs_census_is_group(slot->get) || !is_old(&r->census, slot))
			continue;
		r->objects[slot->get]++;
		if (certain)
			r->certain[slot->get] += slot->n;
		if (r->puts)
			count_puts(r, o, slot->get);
	}
}

/* The next slot of held references; false: the object has no more. */
static bool next_slot(struct kobs_refs_walk *w)
{
	for (; w->slot < KOBS_REF_SLOTS; w->slot++) {
		const struct kobs_ref_slot *slot = &w->object.slot[w->slot];

		if (slot->n && slot->put == KOBS_REF_HELD)
			return true;
	}
	return false;
}

/**
 * kobs_refs_next() - the next held references, see struct kobs_census
 * @c: census of a session
 * @place: 0 at first; where to go on
 * @o: set to them
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: false after the last.
 */
bool kobs_refs_next(struct kobs_census *c, unsigned long *place,
		    struct kobs_object *o)
{
	struct kobs_refs *r = container_of(c, struct kobs_refs, census);
	struct kobs_refs_walk *w = &r->walk;
	const struct kobs_ref_slot *slot;
	unsigned int parts;

	if (!*place)
		w->slot = KOBS_REF_SLOTS;
	while (!next_slot(w)) {
		if (!kobs_ref_next(&r->table, place, &w->object))
			return false;
		count_object(r, &w->object);
		w->slot = 0;
		w->part = 0;
	}
	slot = &w->object.slot[w->slot];
	parts = min(slot->n, PARTS);
	*o = (struct kobs_object){
		.group = slot->get,
		.size = slot->n / parts + (w->part < slot->n % parts),
		.born = slot->first +
			(slot->last - slot->first) / max(parts - 1, 1U) * w->part,
	};
	/* One that is left can be the first. */
	if (++w->part == parts) {
		w->part = 0;
		w->slot++;
	}
	return true;
}

/**
 * kobs_refs_sum() - sum of a counter over all CPUs
 * @r: session
 * @member: its offset in struct kobs_refs_cpu
 *
 * Context: any.
 * Return: the sum.
 */
u64 kobs_refs_sum(const struct kobs_refs *r, size_t member)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += local64_read((local64_t *)((char *)per_cpu_ptr(r->cpu, cpu) +
						  member));
	return sum;
}

static void fill(struct kobs_refs *r)
{
	size_t bytes = (r->groups.mask + 1ULL) * sizeof(*r->objects);

	settle(r);
	memset(r->objects, 0, bytes);
	memset(r->certain, 0, bytes);
	memset(r->forgot, 0, bytes);
	if (r->puts)
		kobs_ref_pairs_begin(&r->table.pairs);
	kobs_census_fill(&r->census);
}

/* The next put; false after the last. */
static bool put_row(struct kobs_refs *r, unsigned long *place, struct kobs_row_out *out)
{
	const struct kobs_group_table *g = &r->groups;
	struct kobs_ref_seen seen;

	while (kobs_ref_pairs_next(&r->table.pairs, place, &seen)) {
		const u64 *get = kobs_group_table_key(g, seen.get);
		const u64 *put = kobs_group_table_key(g, seen.put);

		if (!get || !put || !put[r->stack_word] || !r->objects[seen.get] ||
		    (!seen.here && !seen.ended))
			continue;
		*out = (struct kobs_row_out){
			.count = seen.here,
			.min = U64_MAX,
			.stack = put[r->stack_word],
			.fields[KOBS_FIELD_ALLOCATED] = seen.ended,
			.fields[KOBS_FIELD_BYTES] = r->forgot[seen.get],
		};
		memcpy(out->key, get, g->words * sizeof(*get));
		return true;
	}
	return false;
}

/**
 * kobs_refs_rows() - the next row, see struct kobs_source
 * @s: session
 * @at: 0, then 1 + the group to go on with, then that of the pair of a put
 * @out: the row
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: false after the last.
 */
bool kobs_refs_rows(struct kobs_session *s, unsigned long *at,
		    struct kobs_row_out *out)
{
	struct kobs_refs *r = s->priv;
	unsigned long slots = r->groups.mask + 1UL;
	unsigned long place;
	u32 group;
	bool found;

	if (s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at) {
		fill(r);
		*at = 1;
		*out = (struct kobs_row_out){
			.min = U64_MAX,
			.fields[KOBS_FIELD_UNKNOWN] =
				kobs_refs_sum(r, offsetof(struct kobs_refs_cpu,
							  unknown)),
		};
		return true;
	}
	while (*at <= slots) {
		group = (*at)++ - 1;
		if (kobs_census_row(&r->census, group, out)) {
			out->fields[KOBS_FIELD_BYTES] = r->objects[group];
			out->fields[KOBS_FIELD_LIVE_BYTES] =
				min_t(u64, r->certain[group], out->count);
			out->group = 0;
			return true;
		}
		cond_resched();
	}
	if (!r->puts)
		return false;
	place = *at - 1 - slots;
	found = put_row(r, &place, out);
	*at = 1 + slots + place;
	return found;
}
