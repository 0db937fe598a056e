// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: calls of the tree that end. See slow_tree.h.
 *
 * Locking: see slow_tree.h.
 */
#include "sources/func/slow_tree.h"

/* The innermost call of the same function that one is in, plus 1; 0 for none. */
static u32 inner_again(const struct kobs_slow_inner *inner, u32 place)
{
	u32 i = place;

	while (i && inner[i - 1].ip != inner[place].ip)
		i--;
	return i;
}

/**
 * kobs_slow_inner_pop() - a call of the tree ends
 * @d: session
 * @t: record of its thread, which says when
 * @place: its place; those above it, whose return was not seen, are over, too
 *
 * The time of one in another call of the same function is in that one's, unless a root
 * began in between, for which it is the outer one.
 *
 * Context: any; nobody else changes the calls in progress.
 */
void kobs_slow_inner_pop(const struct kobs_slow *d, struct kobs_slow_task *t,
			 u32 place)
{
	struct kobs_slow_inner *inner = slow_inner(d, t);
	struct kobs_slow_below *below = slow_below(d, t);
	u64 ns = t->since - inner[place].begin;
	u64 word[KOBS_SLOW_CHILD] = {
		[KOBS_SLOW_CHILD_FUNC] = inner[place].ip,
		[KOBS_SLOW_CHILD_CALLS] = 1,
		[KOBS_SLOW_CHILD_SELF] = ns - inner[place].inside,
		[KOBS_SLOW_CHILD_LONGEST] = ns,
	};
	u32 again = inner_again(inner, place);
	u32 i;

	for (i = t->depth; i--;) {
		if (unlikely(below[i].base > place))
			continue;
		word[KOBS_SLOW_CHILD_NS] = again > below[i].base ? 0 : ns;
		kobs_slow_children_add(&below[i].children, word);
	}
	if (place)
		inner[place - 1].inside += ns;
	t->inner = place;
}

/**
 * kobs_slow_tree_finish() - calls of the tree that have not returned end
 * @d: session none of whose handlers runs any more
 * @t: record of a thread that is in roots
 * @pc: part of a CPU that counts them
 *
 * If there is a record of the first of the roots, else they stay in flight as it does.
 *
 * Context: task; preemption off.
 */
void kobs_slow_tree_finish(struct kobs_slow *d, struct kobs_slow_task *t,
			   struct kobs_cpu *pc)
{
	if (t->since - t->frame[0].begin < d->over)
		return;
	while (t->inner) {
		u32 place = t->inner - 1;

		if (!slow_inner(d, t)[place].root) {
			local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
			kobs_count(&pc->counters, KOBS_N_FILTERED);
			this_cpu_inc(*d->inner);
		}
		kobs_slow_inner_pop(d, t, place);
	}
}
