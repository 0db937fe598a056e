// SPDX-License-Identifier: GPL-2.0
/*
 * Which put gives back the reference of which get. Pure.
 *
 * Locking: see ref_pairs.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "lib/hash.h"
#include "lib/memory.h"
#include "lib/ref_pairs.h"

/* In a key: the slot is being filled. Numbers are less than 2^31. */
#define CLAIMED		BIT_ULL(63)

/* The get of a pair that stands for all of a put. */
#define ANY		(S32_MAX - 1)

/* Parts of a score. */
#define OFTEN		15
#define SCORE(ended, less, often, shared)				\
	((u32)(ended) << 28 | (u32)(KOBS_REF_SHARED - (less)) << 16 |	\
	 (u32)(often) << 12 | (u32)(shared))

/**
 * kobs_ref_pairs_init() - allocate pairs
 * @p: pairs, with their operation
 * @m: account of their memory
 * @pairs: about how many there can be
 * @gets: numbers of gets are below this, or those of none
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM, after which kobs_ref_pairs_free() is to be called.
 */
int kobs_ref_pairs_init(struct kobs_ref_pairs *p, struct kobs_memory *m,
			unsigned int pairs, unsigned int gets)
{
	u32 slots = roundup_pow_of_two(max(pairs, KOBS_REF_PROBES) * 2);

	p->mask = slots - 1;
	p->n = gets;
	p->v = kobs_memory_get(m, (u64)slots * sizeof(*p->v), NUMA_NO_NODE);
	p->best = kobs_memory_get(m, (u64)gets * sizeof(*p->best), NUMA_NO_NODE);
	return p->v && p->best ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_init);

/**
 * kobs_ref_pairs_free() - free pairs without users
 * @p: pairs; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_ref_pairs_free(struct kobs_ref_pairs *p)
{
	vfree(p->v);
	vfree(p->best);
	p->v = NULL;
	p->best = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_free);

/* What a get has in common with a put, which may be more than with others. */
static u32 compare_stacks(struct kobs_ref_pairs *p, u32 get, u32 put)
{
	u32 shared;
	u32 best;

	if (get >= p->n || put >= p->n)
		return 0;
	shared = min_t(u32, p->shared(p->arg, get, put),
		       KOBS_REF_SHARED);
	best = READ_ONCE(p->best[get]);
	while (shared > best && !try_cmpxchg(&p->best[get], &best, shared))
		;
	return shared;
}

/* The pair of a get and a put, which is made if there is room; or NULL. */
static struct kobs_ref_pair *find_pair(struct kobs_ref_pairs *p, u32 get, u32 put)
{
	u64 key = (get + 1ULL) << 32 | (put + 1);
	u32 at = (key * KOBS_HASH_FACTOR) >> 32;
	unsigned int i;

	for (i = 0; i < KOBS_REF_PROBES; i++) {
		struct kobs_ref_pair *pair = &p->v[(at + i) & p->mask];
		/* Pairs with the release below. */
		u64 is = smp_load_acquire(&pair->key);

		if (is == key)
			return pair;
		if (is == (key | CLAIMED))
			return NULL;
		if (is || !try_cmpxchg(&pair->key, &is, key | CLAIMED))
			continue;
		pair->shared = compare_stacks(p, get, put);
		/* Pairs with the acquire above. */
		smp_store_release(&pair->key, key);
		return pair;
	}
	return NULL;
}

/* Numbers of what has none of its own are limits. */
static u32 number(u32 n)
{
	return n < S32_MAX - 2 ? n : S32_MAX - 2 - (U32_MAX - n) % 8;
}

static void count(struct kobs_ref_pairs *p, u32 get, u32 put)
{
	struct kobs_ref_pair *pair = find_pair(p, number(get), number(put));

	if (pair)
		atomic_inc(&pair->ended);
}

/**
 * kobs_ref_pairs_learn() - take note of an object that has ended
 * @p: pairs
 * @gets: gets of its references, each once
 * @n_gets: number of @gets
 * @puts: puts that gave them back, each once
 * @n_puts: number of @puts
 *
 * Context: any, NMI included.
 */
void kobs_ref_pairs_learn(struct kobs_ref_pairs *p, const u32 *gets,
			  unsigned int n_gets, const u32 *puts,
			  unsigned int n_puts)
{
	struct kobs_ref_pair *all;
	unsigned int i;
	unsigned int k;

	for (i = 0; i < n_puts; i++) {
		all = find_pair(p, ANY, number(puts[i]));
		if (!all || atomic_read(&all->ended) >= KOBS_REF_ENOUGH)
			continue;
		for (k = 0; k < n_gets; k++)
			count(p, gets[k], puts[i]);
		/* Last, so that no pair is seen more often than its put. */
		atomic_inc(&all->ended);
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_learn);

/**
 * kobs_ref_pairs_score() - how likely it is that a put is of a get's reference
 * @p: pairs
 * @get: get
 * @put: put
 *
 * Context: any, NMI included.
 * Return: a number that is higher for what is more likely.
 */
u32 kobs_ref_pairs_score(struct kobs_ref_pairs *p, u32 get, u32 put)
{
	const struct kobs_ref_pair *pair = find_pair(p, number(get), number(put));
	const struct kobs_ref_pair *all = find_pair(p, ANY, number(put));
	u32 shared = pair ? pair->shared : compare_stacks(p, get, put);
	u32 best = get < p->n ? READ_ONCE(p->best[get]) : 0;
	u64 ended = pair ? atomic_read(&pair->ended) : 0;
	u64 of = all ? atomic_read(&all->ended) : 0;
	u32 often = 0;

	if (of)
		often = min_t(u64, div64_u64(ended * OFTEN + of / 2, of), OFTEN);
	return SCORE(ended > 0, best - min(best, shared), often, shared);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_score);

/**
 * kobs_ref_pairs_begin() - a reader begins to count
 * @p: pairs
 *
 * Context: task, may sleep; one reader at a time.
 */
void kobs_ref_pairs_begin(struct kobs_ref_pairs *p)
{
	u32 i;

	for (i = 0; i <= p->mask; i++) {
		p->v[i].here = 0;
		if (!(i % 4096))
			cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_begin);

/**
 * kobs_ref_pairs_add() - count references that a put gave back, for a reader
 * @p: pairs
 * @get: what holds others of the object
 * @put: what gave them back
 * @n: how many
 *
 * Context: task; one reader at a time. Without room for the pair they do not count.
 */
void kobs_ref_pairs_add(struct kobs_ref_pairs *p, u32 get, u32 put, u32 n)
{
	struct kobs_ref_pair *pair = find_pair(p, number(get), number(put));

	if (pair)
		pair->here += n;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_add);

/**
 * kobs_ref_pairs_next() - iterate over the pairs of gets and puts below @p->n
 * @p: pairs
 * @place: 0 at first; where to go on
 * @seen: set to a pair
 *
 * Context: task, may sleep; handlers may run meanwhile.
 * Return: false after the last.
 */
bool kobs_ref_pairs_next(const struct kobs_ref_pairs *p, unsigned long *place,
			 struct kobs_ref_seen *seen)
{
	while (*place <= p->mask) {
		const struct kobs_ref_pair *pair = &p->v[(*place)++];
		/* Pairs with the release in find_pair(). */
		u64 key = smp_load_acquire(&pair->key);

		if (!(*place % 4096))
			cond_resched();
		if (!key || key & CLAIMED)
			continue;
		*seen = (struct kobs_ref_seen){
			.get = (key >> 32) - 1,
			.put = (u32)key - 1,
			.ended = atomic_read(&pair->ended),
			.here = pair->here,
		};
		if (seen->get < p->n && seen->put < p->n)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_ref_pairs_next);
