/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source wall: the account of a thread's time. Each event of the scheduler ends an
 * interval, whose time is added to exactly one class, and begins the next one at
 * the same time: what is in the classes adds up to the time from the thread's
 * begin to its last event. Pure: no tracing or netlink headers.
 *
 * A thread that exists when the session begins is in an unknown state, until its
 * first event tells which one it was in: only a thread that runs is switched out,
 * for instance.
 *
 * Locking: events of a thread are serialized by the caller.
 */
#ifndef KOBS_WALL_ACCOUNT_H
#define KOBS_WALL_ACCOUNT_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * enum kobs_wall_class - what a thread does, and states that are no class
 * @WALL_RUN: it runs; where system calls are told apart, outside of them
 * @WALL_SYSTEM: it runs in a system call
 * @WALL_IRQ: it would run, but an interrupt is handled on its CPU
 * @WALL_WOKEN: it can run since a wake-up, or since it was created
 * @WALL_PREEMPTED: it can run, and another thread does
 * @WALL_SLEEP: it is blocked, interruptibly
 * @WALL_DISK: it is blocked, uninterruptibly
 * @WALL_IDLE: a kernel thread that waits for work
 * @WALL_LOCK: it is blocked by a spinlock, on PREEMPT_RT
 * @WALL_STOPPED: it is stopped, or traced
 * @WALL_OTHER: it is blocked in another way
 * @WALL_CLASSES: number of classes
 * @WALL_UNKNOWN: no event was seen yet
 * @WALL_GONE: it has ended
 */
enum kobs_wall_class {
	WALL_RUN,
	WALL_SYSTEM,
	WALL_IRQ,
	WALL_WOKEN,
	WALL_PREEMPTED,
	WALL_SLEEP,
	WALL_DISK,
	WALL_IDLE,
	WALL_LOCK,
	WALL_STOPPED,
	WALL_OTHER,
	WALL_CLASSES,
	WALL_UNKNOWN = WALL_CLASSES,
	WALL_GONE
};

/**
 * enum kobs_wall_event - events of the scheduler
 * @WALL_OUT: the thread is switched out
 * @WALL_IN: it is switched in
 * @WALL_WAKE: it is woken up, and does not run
 * @WALL_ENTER: it runs, and enters a system call
 * @WALL_LEAVE: it runs, and leaves a system call
 */
enum kobs_wall_event {
	WALL_OUT,
	WALL_IN,
	WALL_WAKE,
	WALL_ENTER,
	WALL_LEAVE
};

/**
 * struct kobs_wall_sum - intervals of a class
 * @ns: their time
 * @count: number of them
 * @min: the shortest; U64_MAX without any
 * @max: the longest
 */
struct kobs_wall_sum {
	u64 ns;
	u64 count;
	u64 min;
	u64 max;
};

/**
 * struct kobs_wall_account - account of a thread
 * @begin: when it began, ns
 * @since: when its last event was, ns
 * @missed: events that did not follow the one before: one was not seen
 * @state: enum kobs_wall_class
 * @guess: while @state is unknown: what it is if no event comes; or WALL_GONE
 * @of: intervals that have ended, per class
 */
struct kobs_wall_account {
	u64 begin;
	u64 since;
	u32 missed;
	u8 state;
	u8 guess;
	struct kobs_wall_sum of[WALL_CLASSES];
};

/**
 * struct kobs_wall_change - an event, and what it ended
 * @now: time of the event, ns
 * @zero: begin of the session, ns; U64_MAX before
 * @stolen: part of the interval that interrupts took if the thread ran, ns
 * @event: enum kobs_wall_event
 * @next: class or state that begins
 * @ended: set to the class of the interval
 * @ns: set to its time, in that class
 * @irq_ns: set to the part of it that is in class WALL_IRQ
 */
struct kobs_wall_change {
	u64 now;
	u64 zero;
	u64 stolen;
	u8 event;
	u8 next;
	u8 ended;
	u64 ns;
	u64 irq_ns;
};

static inline bool kobs_wall_runs(u8 state)
{
	return state == WALL_RUN || state == WALL_SYSTEM;
}

static inline bool kobs_wall_blocked(u8 state)
{
	return state >= WALL_SLEEP && state < WALL_CLASSES;
}

static inline bool kobs_wall_runnable(u8 state)
{
	return state == WALL_WOKEN || state == WALL_PREEMPTED;
}

/* Has the thread ended, as far as it is known? */
static inline bool kobs_wall_is_gone(const struct kobs_wall_account *a)
{
	return a->state == WALL_GONE ||
	       (a->state == WALL_UNKNOWN && a->guess == WALL_GONE);
}

/* The states that an event follows, a bit each. */
static __always_inline u32 kobs_wall_before(u8 event)
{
	if (event == WALL_IN)
		return BIT(WALL_WOKEN) | BIT(WALL_PREEMPTED);
	if (event == WALL_WAKE)
		return GENMASK(WALL_CLASSES - 1, WALL_SLEEP);
	return BIT(WALL_RUN) | BIT(WALL_SYSTEM);
}

static __always_inline void kobs_wall_add(struct kobs_wall_sum *sum, u64 ns)
{
	sum->ns += ns;
	sum->count++;
	sum->min = min(sum->min, ns);
	sum->max = max(sum->max, ns);
}

/* An interval of the session ends, and was in this class. */
static __always_inline void kobs_wall_end(struct kobs_wall_account *a,
					  struct kobs_wall_change *c, u8 class,
					  u64 ns)
{
	u64 stolen = kobs_wall_runs(class) ? min(c->stolen, ns) : 0;

	c->ended = class;
	c->ns = ns - stolen;
	c->irq_ns = stolen;
	kobs_wall_add(&a->of[class], c->ns);
	if (unlikely(stolen))
		kobs_wall_add(&a->of[WALL_IRQ], stolen);
}

/**
 * kobs_wall_step() - kobs_wall_change() of an event that follows the one before
 * @a: account
 * @c: the event; its kind is a constant
 *
 * Context: any.
 * Return: false when it does not, or the account begins with the session:
 * nothing was done.
 */
static __always_inline bool kobs_wall_step(struct kobs_wall_account *a,
					   struct kobs_wall_change *c)
{
	u8 state = a->state;
	u64 since = a->since;

	if (unlikely(!(BIT(state) & kobs_wall_before(c->event)) ||
		     a->begin < c->zero || c->now < since))
		return false;
	/* It can have been in this call when it began to be followed. */
	if (c->event == WALL_LEAVE && unlikely(state != WALL_SYSTEM))
		return false;
	a->since = c->now;
	a->state = c->next;
	kobs_wall_end(a, c, state, c->now - since);
	return true;
}

void kobs_wall_begin(struct kobs_wall_account *a, u64 now, u8 state);
bool kobs_wall_change(struct kobs_wall_account *a, struct kobs_wall_change *c);
void kobs_wall_settle(struct kobs_wall_account *a, u64 zero, u64 now, u64 *end);

#endif /* KOBS_WALL_ACCOUNT_H */
