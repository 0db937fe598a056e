/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source wall: what its handlers share, inlined.
 *
 * Locking: see probes.c. A thread's record is changed by one handler at a time.
 */
#ifndef KOBS_WALL_HIT_H
#define KOBS_WALL_HIT_H

#include "core/hit.h"
#include "core/stolen.h"
#include "sources/wall/wall.h"

/**
 * struct kobs_wall_hit - what a handler needs
 * @d: session
 * @pc: its part of this CPU
 * @t0: when the hit began that is timed, or 0
 * @now: time, ns
 * @zero: begin of the session, ns
 */
struct kobs_wall_hit {
	struct kobs_wall *d;
	struct kobs_cpu *pc;
	u64 t0;
	u64 now;
	u64 zero;
};

/* Do events count? They do from before the session is armed, but not after. */
static __always_inline bool wall_counts(const struct kobs_session *s)
{
	return likely(READ_ONCE(s->armed)) ||
	       (!READ_ONCE(s->stopped) && !READ_ONCE(s->guard_cost));
}

/* A handler begins; @pc: as kobs_hit_enter() returned it. */
static __always_inline void wall_begin(struct kobs_wall_hit *h,
				       struct kobs_wall *d, struct kobs_cpu *pc)
{
	h->d = d;
	h->pc = pc;
	h->t0 = 0;
}

static __always_inline void wall_time(struct kobs_wall_hit *h)
{
	h->zero = READ_ONCE(h->d->zero);
	h->now = ktime_get_mono_fast_ns();
}

/* Interrupts are off, and no NMI has a hit. */
static __always_inline void wall_raise(local64_t *n, u64 to)
{
	if (to > (u64)local64_read(n))
		local64_set(n, to);
}

/* Look up the group of an interval. */
static noinline u32 wall_group_slow(struct kobs_wall *d,
				    const struct kobs_wall_thread *t, u64 who)
{
	u64 key[WALL_K_WORDS];

	key[WALL_K_WHO] = who;
	key[WALL_K_DETAIL] = t->detail[0];
	key[WALL_K_DETAIL + 1] = t->detail[1];
	/* Not part of the key where it is not asked for. */
	key[WALL_K_WAKER] = t->waker[0];
	key[WALL_K_WAKER + 1] = t->waker[1];
	return kobs_group_table_find(&d->groups, key);
}

/* Whether that is the group. */
static __always_inline bool wall_group_is(const struct kobs_wall *d, u32 group,
					  const struct kobs_wall_thread *t,
					  u64 who)
{
	const u64 *key = kobs_group_table_key(&d->groups, group);

	return key && key[WALL_K_WHO] == who &&
	       key[WALL_K_DETAIL] == t->detail[0] &&
	       key[WALL_K_DETAIL + 1] == t->detail[1] &&
	       (!d->wakers || (key[WALL_K_WAKER] == t->waker[0] &&
			       key[WALL_K_WAKER + 1] == t->waker[1]));
}

/* The group of an interval: usually the one that the last of its kind was in. */
static __always_inline u32 wall_group(struct kobs_wall *d,
				      struct kobs_wall_thread *t, u8 class)
{
	u32 *last = &t->groups[kobs_wall_blocked(class)];
	u64 who = wall_who(t->number, class, t->held);
	u32 group = *last;

	if (likely(wall_group_is(d, group, t, who)))
		return group;
	group = wall_group_slow(d, t, who);
	if (group != KOBS_GROUP_NONE)
		*last = group;
	return group;
}

/* Add an interval to its group. Returns what becomes of the hit. */
static __always_inline enum kobs_counter
wall_keep(struct kobs_wall *d, struct kobs_wall_thread *t,
	  const struct kobs_wall_change *c)
{
	local64_t *n;
	u32 group;

	if (!wall_has_details(d, c->ended))
		return KOBS_N_RECORDED;
	if (unlikely(t->fate != KOBS_N_RECORDED))
		return t->fate;
	group = wall_group(d, t, c->ended);
	if (unlikely(group == KOBS_GROUP_NONE))
		return KOBS_N_TABLE_FULL;
	n = kobs_group_table_counts(&d->groups, group);
	if (unlikely(!n))
		return KOBS_N_NO_TABLE;
	local64_add(c->ns, &n[WALL_G_NS]);
	local64_inc(&n[WALL_G_COUNT]);
	wall_raise(&n[WALL_G_MAX], c->ns);
	wall_raise(&n[WALL_G_ABOVE], U64_MAX - c->ns);
	return KOBS_N_RECORDED;
}

static __always_inline void wall_count(struct kobs_wall_hit *h,
				       enum kobs_counter fate)
{
	if (unlikely(kobs_hit_count(h->pc)))
		h->t0 = h->now;
	kobs_count(&h->pc->counters, fate);
}

/* No hit: neither is followed. A call to be timed looks for them once more. */
static __always_inline void wall_call(const struct kobs_wall_hit *h,
				      const struct task_struct *prev,
				      const struct task_struct *next)
{
	u64 t0 = kobs_hit_call_begin(h->d->s, h->pc);

	if (likely(!t0))
		return;
	wall_find(h->d, prev);
	if (next)
		wall_find(h->d, next);
	kobs_hit_call_end(h->d->s, h->pc, t0);
}

/* wall_event() of an event that does not follow, or that ends two intervals. */
static noinline void wall_event_slow(struct kobs_wall_hit *h,
				     struct kobs_wall_thread *t,
				     struct kobs_wall_change *c, bool done)
{
	if (!done && !kobs_wall_change(&t->account, c))
		return;
	wall_count(h, wall_keep(h->d, t, c));
	if (c->irq_ns)
		wall_count(h, KOBS_N_RECORDED);
}

/*
 * An interval of a thread ends, and another begins, without details so far. The
 * kind of the event is a constant.
 */
static __always_inline void wall_event(struct kobs_wall_hit *h,
				       struct kobs_wall_thread *t, u8 event,
				       u8 next, u64 stolen)
{
	struct kobs_wall_change c = {
		.now = h->now,
		.zero = h->zero,
		.stolen = stolen,
		.event = event,
		.next = next,
	};
	bool done = kobs_wall_step(&t->account, &c);

	if (likely(done && !c.irq_ns)) {
		/* Of time in which it ran there are no details. */
		wall_count(h, kobs_wall_before(event) & BIT(WALL_RUN) ?
			      KOBS_N_RECORDED : wall_keep(h->d, t, &c));
	} else {
		/* A copy: the event itself stays in registers. */
		struct kobs_wall_change slow = c;

		wall_event_slow(h, t, &slow, done);
	}
	t->detail[0] = 0;
	t->detail[1] = 0;
	t->waker[0] = 0;
	t->waker[1] = 0;
	t->held = 0;
	t->fate = KOBS_N_RECORDED;
	t->placed = false;
}

/*
 * What interrupts took since the thread runs, or since this was asked last. The
 * thread is current; @now is what they took on its CPU in all.
 */
static __always_inline u64 wall_stolen(struct kobs_wall_thread *t, u64 now)
{
	u64 stolen = t->stolen == WALL_NO_STOLEN ? 0 : now - t->stolen;

	t->stolen = now;
	return stolen;
}

#endif /* KOBS_WALL_HIT_H */
