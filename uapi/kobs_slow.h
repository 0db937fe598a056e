/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the time of a slow call went to: what the records of func's mode slow have in
 * the attribute data of an event, beside their columns.
 *
 * The columns run, irq, woken, preempted and blocked add up to the column duration.
 * The data tell what blocked is made of: an array of 64-bit words, enum
 * kobs_slow_word, followed by parts of KOBS_SLOW_PART words each. A part is intervals
 * that were blocked in one way, with one stack, and by one lock with one owner: all of
 * these where the rest is empty, else there may be others in it. The times of the
 * parts and
 * KOBS_SLOW_REST add up to blocked, as their numbers of intervals do to
 * KOBS_SLOW_WAITS.
 *
 * Behind the parts are KOBS_SLOW_FUNCS functions of the parameter tree that were called
 * in the call, of KOBS_SLOW_CHILD words each. Where KOBS_SLOW_FUNCS_REST_CALLS is not
 * 0, calls of these functions can be among those, too. The times KOBS_SLOW_CHILD_SELF and
 * KOBS_SLOW_FUNCS_REST add up to what all of these calls took.
 */
#ifndef _UAPI_LINUX_KOBS_SLOW_H
#define _UAPI_LINUX_KOBS_SLOW_H

#include <linux/types.h>

/* Arguments of a call that are kept: as many as there are registers for on x86_64. */
#define KOBS_SLOW_ARGS		6
/* Maximum number of parts. */
#define KOBS_SLOW_PARTS		8
/* Maximum number of events that are counted in a call. */
#define KOBS_SLOW_EVENTS	4
/* Maximum number of functions that are called in a call. */
#define KOBS_SLOW_CHILDREN	16

/**
 * enum kobs_slow_word - words of the data
 * @KOBS_SLOW_FLAGS: bits of enum kobs_slow_flag
 * @KOBS_SLOW_BEGIN: monotonic time of the entry, ns
 * @KOBS_SLOW_WAITS: number of blocked intervals
 * @KOBS_SLOW_REST: time of those that are in no part, ns
 * @KOBS_SLOW_REST_WAITS: their number
 * @KOBS_SLOW_ARG: arguments
 * @KOBS_SLOW_EVENT: what was counted of each event, in their order
 * @KOBS_SLOW_FUNCS: number of functions that were called in it
 * @KOBS_SLOW_FUNCS_REST: time of calls of functions that are not among these, without
 *	calls of others in them, ns
 * @KOBS_SLOW_FUNCS_REST_CALLS: their number
 * @KOBS_SLOW_HEAD: number of words before the parts
 */
enum kobs_slow_word {
	KOBS_SLOW_FLAGS,
	KOBS_SLOW_BEGIN,
	KOBS_SLOW_WAITS,
	KOBS_SLOW_REST,
	KOBS_SLOW_REST_WAITS,
	KOBS_SLOW_ARG,
	KOBS_SLOW_EVENT = KOBS_SLOW_ARG + KOBS_SLOW_ARGS,
	KOBS_SLOW_FUNCS = KOBS_SLOW_EVENT + KOBS_SLOW_EVENTS,
	KOBS_SLOW_FUNCS_REST,
	KOBS_SLOW_FUNCS_REST_CALLS,
	KOBS_SLOW_HEAD
};

/**
 * enum kobs_slow_flag - what is said of a call
 * @KOBS_SLOW_INTERRUPT: it was made in an interrupt, or by the scheduler while it
 *	switches a thread out, which no thread's time is for: all of it is in the
 *	column run
 * @KOBS_SLOW_OPEN: it had not returned when the session ended
 * @KOBS_SLOW_COUNTED: the events were counted all the time that it ran
 */
enum kobs_slow_flag {
	KOBS_SLOW_INTERRUPT = 1,
	KOBS_SLOW_OPEN = 2,
	KOBS_SLOW_COUNTED = 4
};

/**
 * enum kobs_slow_part - words of a part
 * @KOBS_SLOW_NS: time, ns
 * @KOBS_SLOW_COUNT: number of intervals
 * @KOBS_SLOW_LONGEST: the longest of them, ns
 * @KOBS_SLOW_STATE: enum kobs_slow_state, and in the upper half the number of the
 *	stack; 0 without one
 * @KOBS_SLOW_HELD: number by which the stack table has the lock that blocked the
 *	thread, and who held it, as kobs_held.h has it; 0 where that is not known
 * @KOBS_SLOW_WAKER: thread that ended the longest one, and in the upper half its
 *	process; 0 when it was not seen, or an interrupt
 * @KOBS_SLOW_WAKER_COMM: its name, in two words; "[interrupt]" for an interrupt
 * @KOBS_SLOW_OWNER_STACK: number of the stack of the lock's owner as the longest one
 *	began; 0 when the owner was not blocked, or is not known
 * @KOBS_SLOW_PART: number of words
 */
enum kobs_slow_part {
	KOBS_SLOW_NS,
	KOBS_SLOW_COUNT,
	KOBS_SLOW_LONGEST,
	KOBS_SLOW_STATE,
	KOBS_SLOW_HELD,
	KOBS_SLOW_WAKER,
	KOBS_SLOW_WAKER_COMM,
	KOBS_SLOW_OWNER_STACK = KOBS_SLOW_WAKER_COMM + 2,
	KOBS_SLOW_PART
};

/**
 * enum kobs_slow_child - words of a function that was called in a call
 * @KOBS_SLOW_CHILD_FUNC: its address
 * @KOBS_SLOW_CHILD_CALLS: number of calls
 * @KOBS_SLOW_CHILD_NS: time from their entries to their returns, ns; that of one in
 *	another call of the same function is in the other one's
 * @KOBS_SLOW_CHILD_SELF: time in which no other call of a function of the tree was in
 *	progress in them, ns
 * @KOBS_SLOW_CHILD_LONGEST: the longest of them from entry to return, ns
 * @KOBS_SLOW_CHILD: number of words
 */
enum kobs_slow_child {
	KOBS_SLOW_CHILD_FUNC,
	KOBS_SLOW_CHILD_CALLS,
	KOBS_SLOW_CHILD_NS,
	KOBS_SLOW_CHILD_SELF,
	KOBS_SLOW_CHILD_LONGEST,
	KOBS_SLOW_CHILD
};

/**
 * enum kobs_slow_state - how a thread was blocked
 * @KOBS_SLOW_SLEEP: interruptibly
 * @KOBS_SLOW_DISK: uninterruptibly
 * @KOBS_SLOW_IDLE: a kernel thread that waits for work
 * @KOBS_SLOW_LOCK: by a spinlock, on PREEMPT_RT
 * @KOBS_SLOW_STOPPED: stopped, or traced
 * @KOBS_SLOW_OTHER: in another way
 * @KOBS_SLOW_STATES: number of these
 */
enum kobs_slow_state {
	KOBS_SLOW_SLEEP,
	KOBS_SLOW_DISK,
	KOBS_SLOW_IDLE,
	KOBS_SLOW_LOCK,
	KOBS_SLOW_STOPPED,
	KOBS_SLOW_OTHER,
	KOBS_SLOW_STATES
};

#endif /* _UAPI_LINUX_KOBS_SLOW_H */
