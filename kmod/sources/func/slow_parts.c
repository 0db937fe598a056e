// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: the blocked intervals of a call, by their kinds. Pure; see
 * slow_parts.h.
 *
 * Locking: see slow_parts.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/string.h>

#include "sources/func/slow_parts.h"

/* Time of which there is no part. */
static void parts_rest(struct kobs_slow_parts *p, const u64 *word)
{
	p->rest += word[KOBS_SLOW_NS];
	p->rest_waits += word[KOBS_SLOW_COUNT];
}

/* The part with the least time. */
static u64 *parts_least(struct kobs_slow_parts *p)
{
	u64 *least = p->part[0].word;
	unsigned int i;

	for (i = 1; i < p->n; i++) {
		if (p->part[i].word[KOBS_SLOW_NS] < least[KOBS_SLOW_NS])
			least = p->part[i].word;
	}
	return least;
}

/* The part of an interval's kind, or NULL. */
static u64 *parts_find(struct kobs_slow_parts *p, const u64 *kind)
{
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		u64 *word = p->part[i].word;

		if (word[KOBS_SLOW_STATE] == kind[KOBS_SLOW_STATE] &&
		    word[KOBS_SLOW_HELD] == kind[KOBS_SLOW_HELD])
			return word;
	}
	return NULL;
}

static void parts_merge(u64 *to, const u64 *from)
{
	to[KOBS_SLOW_NS] += from[KOBS_SLOW_NS];
	to[KOBS_SLOW_COUNT] += from[KOBS_SLOW_COUNT];
	if (to[KOBS_SLOW_LONGEST] >= from[KOBS_SLOW_LONGEST])
		return;
	/* With who ended it, and where the lock's owner was. */
	memcpy(&to[KOBS_SLOW_LONGEST], &from[KOBS_SLOW_LONGEST],
	       (KOBS_SLOW_PART - KOBS_SLOW_LONGEST) * sizeof(*to));
}

/* Add to the part of its kind, or to a new one, or to the rest. */
static void parts_put(struct kobs_slow_parts *p, const u64 *word)
{
	u64 *to = parts_find(p, word);

	if (to) {
		parts_merge(to, word);
		return;
	}
	if (p->n < KOBS_SLOW_PARTS) {
		to = p->part[p->n++].word;
	} else {
		to = parts_least(p);
		if (to[KOBS_SLOW_NS] >= word[KOBS_SLOW_NS]) {
			parts_rest(p, word);
			return;
		}
		parts_rest(p, to);
	}
	memcpy(to, word, KOBS_SLOW_PART * sizeof(*to));
}

/**
 * kobs_slow_parts_add() - add a blocked interval that has ended
 * @p: those of a call
 * @word: the interval, as a part of its own
 *
 * Context: any.
 */
void kobs_slow_parts_add(struct kobs_slow_parts *p, const u64 *word)
{
	p->waits += word[KOBS_SLOW_COUNT];
	parts_put(p, word);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_parts_add);

/**
 * kobs_slow_parts_fold() - add the blocked intervals of another call
 * @to: those of a call
 * @from: those of one that it has made
 *
 * Context: any.
 */
void kobs_slow_parts_fold(struct kobs_slow_parts *to,
			  const struct kobs_slow_parts *from)
{
	unsigned int i;

	to->waits += from->waits;
	to->rest += from->rest;
	to->rest_waits += from->rest_waits;
	for (i = 0; i < from->n; i++)
		parts_put(to, from->part[i].word);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_parts_fold);

/**
 * kobs_slow_parts_stack() - where a call was blocked for the longest time
 * @p: its blocked intervals
 *
 * Context: any.
 * Return: number of the stack of the part with the most time; 0 for none.
 */
u64 kobs_slow_parts_stack(const struct kobs_slow_parts *p)
{
	unsigned int most = 0;
	unsigned int i;

	for (i = 1; i < p->n; i++) {
		if (p->part[i].word[KOBS_SLOW_NS] >
		    p->part[most].word[KOBS_SLOW_NS])
			most = i;
	}
	return p->n ? p->part[most].word[KOBS_SLOW_STATE] >> 32 : 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_parts_stack);
