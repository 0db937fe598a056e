// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: what a call called, by function. Pure; see
 * slow_children.h.
 *
 * Locking: see slow_children.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/string.h>

#include "sources/func/slow_children.h"

/* Calls of which there is no entry. */
static void children_rest(struct kobs_slow_children *c, const u64 *word)
{
	c->rest += word[KOBS_SLOW_CHILD_SELF];
	c->rest_calls += word[KOBS_SLOW_CHILD_CALLS];
}

/* The entry with the least time. */
static u64 *children_least(struct kobs_slow_children *c)
{
	u64 *least = c->child[0].word;
	unsigned int i;

	for (i = 1; i < c->n; i++) {
		if (c->child[i].word[KOBS_SLOW_CHILD_NS] <
		    least[KOBS_SLOW_CHILD_NS])
			least = c->child[i].word;
	}
	return least;
}

static u64 *children_find(struct kobs_slow_children *c, u64 func)
{
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		if (c->child[i].word[KOBS_SLOW_CHILD_FUNC] == func)
			return c->child[i].word;
	}
	return NULL;
}

static void children_merge(u64 *to, const u64 *from)
{
	to[KOBS_SLOW_CHILD_CALLS] += from[KOBS_SLOW_CHILD_CALLS];
	to[KOBS_SLOW_CHILD_NS] += from[KOBS_SLOW_CHILD_NS];
	to[KOBS_SLOW_CHILD_SELF] += from[KOBS_SLOW_CHILD_SELF];
	if (to[KOBS_SLOW_CHILD_LONGEST] < from[KOBS_SLOW_CHILD_LONGEST])
		to[KOBS_SLOW_CHILD_LONGEST] = from[KOBS_SLOW_CHILD_LONGEST];
}

/**
 * kobs_slow_children_add() - add a call that has returned
 * @c: those of the call around it
 * @word: the call, as an entry of its own
 *
 * Context: any.
 */
void kobs_slow_children_add(struct kobs_slow_children *c, const u64 *word)
{
	u64 *to = children_find(c, word[KOBS_SLOW_CHILD_FUNC]);

	if (to) {
		children_merge(to, word);
		return;
	}
	if (c->n < SLOW_CHILDREN_KEPT) {
		to = c->child[c->n++].word;
	} else {
		to = children_least(c);
		if (to[KOBS_SLOW_CHILD_NS] >= word[KOBS_SLOW_CHILD_NS]) {
			children_rest(c, word);
			return;
		}
		children_rest(c, to);
	}
	memcpy(to, word, KOBS_SLOW_CHILD * sizeof(*to));
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_children_add);

/**
 * kobs_slow_children_trim() - leave as many functions as a record has, and the rest
 * @c: those of a call that has ended
 *
 * Context: any.
 */
void kobs_slow_children_trim(struct kobs_slow_children *c)
{
	while (c->n > KOBS_SLOW_CHILDREN) {
		u64 *least = children_least(c);

		children_rest(c, least);
		memmove(least, c->child[--c->n].word, sizeof(c->child[0]));
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_children_trim);
