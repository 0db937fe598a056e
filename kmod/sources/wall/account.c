// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: the account of a thread's time. Pure; see account.h.
 *
 * Locking: see account.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "sources/wall/account.h"

/**
 * kobs_wall_begin() - open the account of a thread
 * @a: account
 * @now: time, ns
 * @state: class that the thread is in, or WALL_UNKNOWN
 *
 * Context: any.
 */
void kobs_wall_begin(struct kobs_wall_account *a, u64 now, u8 state)
{
	unsigned int i;

	memset(a, 0, sizeof(*a));
	a->begin = now;
	a->since = now;
	a->state = state;
	a->guess = WALL_UNKNOWN;
	for (i = 0; i < WALL_CLASSES; i++)
		a->of[i].min = U64_MAX;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_wall_begin);

/* What a thread did up to its first event. */
static u8 state_before(const struct kobs_wall_account *a, u8 event)
{
	switch (event) {
	case WALL_OUT:
	case WALL_ENTER:
		return a->guess == WALL_SYSTEM ? WALL_SYSTEM : WALL_RUN;
	case WALL_LEAVE:
		return WALL_SYSTEM;
	case WALL_IN:
		return kobs_wall_runnable(a->guess) ? a->guess : WALL_WOKEN;
	default:
		return a->guess == WALL_UNKNOWN ? WALL_WOKEN : a->guess;
	}
}

/* Time before the session counts for nothing: the account begins with it. */
static void skip_before(struct kobs_wall_account *a, u64 zero, u64 now)
{
	u64 from = min(zero, now);

	a->begin = from;
	a->since = max(a->since, from);
}

/**
 * kobs_wall_change() - take an event into account
 * @a: account
 * @c: the event
 *
 * A wake-up of a thread that can run already, and events of one that has ended,
 * change nothing.
 *
 * Context: any.
 * Return: true when an interval of the session has ended; with irq_ns there are
 * two.
 */
bool kobs_wall_change(struct kobs_wall_account *a, struct kobs_wall_change *c)
{
	u64 now = max(c->now, a->since);
	bool known = a->state != WALL_UNKNOWN;
	u8 state = known ? a->state : state_before(a, c->event);
	bool runs = known && kobs_wall_runs(state);
	u64 ns;

	if (state == WALL_GONE ||
	    (c->event == WALL_WAKE && known && kobs_wall_runnable(state)))
		return false;
	/* It does not follow: one before it was not seen. */
	if (known && !(BIT(state) & kobs_wall_before(c->event)))
		a->missed++;
	/* It was in this call when it began to be followed. */
	if (runs && c->event == WALL_LEAVE)
		state = WALL_SYSTEM;
	if (a->begin < c->zero)
		skip_before(a, c->zero, now);
	ns = now - a->since;
	a->since = now;
	a->state = c->next;
	c->ended = state;
	if (c->zero == U64_MAX)
		return false;
	kobs_wall_end(a, c, state, ns);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_wall_change);

/**
 * kobs_wall_settle() - make a copy of an account ready to be read
 * @a: copy of an account
 * @zero: begin of the session, ns
 * @now: time, ns
 * @end: set to the end of the thread's time: the sum of its classes is the time
 *	between begin and since, and its state lasts from since up to this end
 *
 * Context: any.
 */
void kobs_wall_settle(struct kobs_wall_account *a, u64 zero, u64 now, u64 *end)
{
	if (a->begin < zero)
		a->begin = zero;
	a->since = max(a->since, a->begin);
	if (a->state == WALL_UNKNOWN)
		a->state = a->guess == WALL_UNKNOWN ? WALL_RUN : a->guess;
	*end = a->state == WALL_GONE ? a->since : max(now, a->since);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_wall_settle);
