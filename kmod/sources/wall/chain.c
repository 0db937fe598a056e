// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: chains of wakers. Who ends a blocked interval is its first link; the
 * next ones are those of the chain that ended the waker's own last blocked interval,
 * if that ended since the interval in question began: a thread that has run all the
 * time has not waited for anybody. So each link is read from the record of the waker,
 * which is current: a chain costs a copy of another one.
 *
 * Chains are kept in the stack table: the same links have the same number.
 *
 * Locking: see probes.c. The record of current changes in its own events only.
 */
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <uapi/kobs_wall.h>

#include "sources/wall/wall.h"

const union kobs_wall_name wall_interrupt = { "[interrupt]" };

static void chain_put(unsigned long *link, const u64 *name, u32 tid, u32 stack,
		      enum kobs_wall_end end)
{
	u64 top = name[0] >> 63;

	link[KOBS_WALL_LINK_NAME] = name[0] & ~BIT_ULL(63);
	link[KOBS_WALL_LINK_NAME2] = name[1];
	link[KOBS_WALL_LINK_WHO] = tid | (u64)end << 32 |
				   top << KOBS_WALL_LINK_TOP;
	link[KOBS_WALL_LINK_STACK] = stack;
}

static void chain_end(unsigned long *link, enum kobs_wall_end end)
{
	link[KOBS_WALL_LINK_WHO] &= ~(0xffULL << 32);
	link[KOBS_WALL_LINK_WHO] |= (u64)end << 32;
}

/* Copy the links of a chain, as far as there is room. Returns how many there are. */
static unsigned int chain_copy(const struct kobs_stack_table *st, u32 chain,
			       unsigned long *links)
{
	const struct kobs_stack *from = kobs_stack_table_get(st, chain);
	const unsigned int room = KOBS_WALL_LINKS - 1;
	unsigned int n;

	if (!from)
		return 0;
	n = from->nr / KOBS_WALL_LINK_WORDS;
	memcpy(links, &st->words[from->start],
	       min(n, room) * KOBS_WALL_LINK_WORDS * sizeof(*links));
	if (n > room)
		chain_end(&links[(room - 1) * KOBS_WALL_LINK_WORDS],
			  KOBS_WALL_LIMIT);
	return min(n, room);
}

/*
 * Why the chain ends with a waker that is followed, or that it does not: then it has
 * no further link only where it was not seen who woke the waker up.
 */
static enum kobs_wall_end chain_after(const struct kobs_wall_thread *w, u64 since)
{
	if (!w->woken)
		return KOBS_WALL_START;
	return w->woken < since ? KOBS_WALL_RAN : KOBS_WALL_MORE;
}

/**
 * wall_chain_none() - note that a blocked interval ends, by an unknown thread
 * @d: session
 * @t: the thread
 * @now: time, ns
 *
 * Context: any; interrupts off.
 */
void wall_chain_none(struct kobs_wall *d, struct kobs_wall_thread *t, u64 now)
{
	t->chain = 0;
	t->woken = now;
	t->slept = d->stacks ? t->detail[0] : 0;
}

/**
 * wall_chain() - note the chain that ends a thread's blocked interval
 * @d: session
 * @t: the thread, which current wakes up, or an interrupt
 * @now: time, ns
 *
 * Context: any; interrupts off.
 */
void wall_chain(struct kobs_wall *d, struct kobs_wall_thread *t, u64 now)
{
	unsigned long links[KOBS_WALL_LINKS * KOBS_WALL_LINK_WORDS];
	const u64 since = t->account.since;
	enum kobs_wall_end end;
	struct kobs_wall_thread *w;
	unsigned int n = 1;
	u32 chain;

	w = in_task() ? wall_find(d, current) : NULL;
	if (!in_task()) {
		chain_put(links, wall_interrupt.words, 0, 0,
			  KOBS_WALL_INTERRUPT);
	} else if (!w) {
		chain_put(links, (const u64 *)current->comm, current->pid, 0,
			  KOBS_WALL_FOREIGN);
	} else {
		end = chain_after(w, since);
		chain_put(links, (const u64 *)current->comm, current->pid,
			  end == KOBS_WALL_MORE ? w->slept : 0, end);
		if (end == KOBS_WALL_MORE)
			n += chain_copy(&d->s->stacks, w->chain,
					links + KOBS_WALL_LINK_WORDS);
	}
	chain = kobs_stack_table_intern(&d->s->stacks, 0, links,
					n * KOBS_WALL_LINK_WORDS);
	if (!chain)
		t->fate = KOBS_N_STACK_FULL;
	wall_chain_none(d, t, now);
	t->chain = chain;
}

/**
 * wall_chain_waker() - the name of a chain's first link
 * @st: stack table
 * @chain: number of the chain, or 0
 * @name: set to the two words of the name, if there is one
 *
 * Context: any.
 */
void wall_chain_waker(const struct kobs_stack_table *st, u32 chain, u64 *name)
{
	const struct kobs_stack *stack = kobs_stack_table_get(st, chain);
	const u64 *link;

	if (!stack || stack->nr < KOBS_WALL_LINK_WORDS)
		return;
	link = &st->words[stack->start];
	name[0] = link[KOBS_WALL_LINK_NAME] |
		  (link[KOBS_WALL_LINK_WHO] >> KOBS_WALL_LINK_TOP & 1) << 63;
	name[1] = link[KOBS_WALL_LINK_NAME2];
}
