/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, mode slow: what its files share. What a hit is: see slow.c.
 *
 *	slow.c		handlers of calls
 *	slow_count.c	counts of events in a call
 *	slow_lock.c	locks that block threads
 *	slow_parts.c	blocked intervals of a call
 *	slow_children.c	what a call called
 *	slow_roles.c	which functions are roots, and which are the tree's
 *	slow_tree.c	calls in a call
 *	slow_record.c	records
 *	slow_time.c	handlers of the scheduler's events
 *	slow_setup.c	memory, start and stop
 *
 * Locking: a task's record is changed by its own handlers, and by those of whoever
 * wakes it up while it is blocked; see slow_time.c.
 */
#ifndef KOBS_FUNC_SLOW_H
#define KOBS_FUNC_SLOW_H

#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "core/counting.h"
#include "core/hit.h"
#include "core/stolen.h"
#include "hooks/tracepoint.h"
#include "lib/inflight.h"
#include "sources/func/func.h"
#include "sources/func/slow_children.h"
#include "sources/func/slow_parts.h"
#include "sources/func/slow_roles.h"

/**
 * enum kobs_slow_class - what a thread does in a call
 * @SLOW_RUN: it runs
 * @SLOW_IRQ: it would run, but an interrupt is handled on its CPU
 * @SLOW_WOKEN: it can run since a wake-up
 * @SLOW_PREEMPTED: it can run, and another thread does
 * @SLOW_BLOCKED: it is blocked
 * @SLOW_CLASSES: number of classes
 */
enum kobs_slow_class {
	SLOW_RUN,
	SLOW_IRQ,
	SLOW_WOKEN,
	SLOW_PREEMPTED,
	SLOW_BLOCKED,
	SLOW_CLASSES
};

/**
 * struct kobs_slow_frame - a call in progress
 * @ip: function
 * @begin: time of the entry, ns
 * @ns: time of each class, without that of calls below that have not returned
 * @args: arguments
 * @counts: what was counted of each event, likewise
 * @uncounted: some of it was not
 * @parts: blocked intervals, likewise
 */
struct kobs_slow_frame {
	u64 ip;
	u64 begin;
	u64 ns[SLOW_CLASSES];
	u64 args[KOBS_SLOW_ARGS];
	u64 counts[KOBS_COUNTING_EVENTS];
	bool uncounted;
	struct kobs_slow_parts parts;
};

/**
 * struct kobs_slow_task - a task that is in a call
 * @ref: its entry in the table of tasks
 * @seq: odd while an event of the scheduler changes it
 * @depth: number of calls in progress
 * @inner: number of calls of the tree in progress
 * @class: enum kobs_slow_class of the interval in progress
 * @state: of a blocked one: enum kobs_slow_state
 * @busy: a handler of a call changes it
 * @since: when the interval began, ns
 * @stolen: what interrupts had taken on its CPU then, ns
 * @stack: of a blocked interval: where
 * @held: of one by a lock: number of the lock and its owner in the stack table
 * @owner_stack: likewise, of where the owner is
 * @lock: lock that it waits for, or 0
 * @lock_flags: kind of @lock, LCB_F_*
 * @cpu: CPU that it ran on last
 * @pid: process
 * @tid: thread
 * @comm: name, when it entered the first of the calls
 * @cgroup: its control group then; only with that column
 * @counting: @counts were read
 * @counts: this CPU's counts of events when the interval began, of one that runs
 * @frame: calls in progress; with the parameter tree there is more behind, see slow_tree.h
 */
struct kobs_slow_task {
	struct kobs_inflight_ref ref;
	u32 seq;
	u32 depth;
	u32 inner;
	u8 class;
	u8 state;
	bool busy;
	u64 since;
	u64 stolen;
	u32 stack;
	u32 held;
	u32 owner_stack;
	u32 lock_flags;
	u64 lock;
	u32 cpu;
	u32 pid;
	u32 tid;
	u64 comm[2];
	u64 cgroup;
	bool counting;
	u64 counts[KOBS_COUNTING_EVENTS];
	struct kobs_slow_frame frame[];
};

/* Who ended a blocked interval: process and thread in one word, and the name. */
struct kobs_slow_waker {
	u64 who;
	u64 comm[2];
};

#define SLOW_PROBES		(5 + KOBS_STOLEN_PROBES)

/* Calls of the tree of a thread that can be in progress, for each of its calls. */
#define SLOW_INNER		8

/**
 * struct kobs_slow - a session of this mode
 * @s: session
 * @over: shortest duration of a slow call, ns
 * @depth: maximum number of calls of a task in progress
 * @stacks: stacks of blocked intervals are taken
 * @syscalls: functions are those of system calls
 * @tree: calls in calls are observed: @roles says which
 * @roles: functions that are calls of their own, and those of the tree
 * @counting: events that are counted in calls, or NULL
 * @tasks: tasks that are in a call; an entry's data is its record
 * @records: records, one for each slot of @tasks
 * @below: offset in a record of what the tree has
 * @stride: bytes of a record
 * @fast: calls that were not slow
 * @inner: calls of the tree alone that have returned, or NULL
 * @missed: events that did not follow the one before
 * @no_stack: stacks that found no room
 * @probes: tracepoints
 * @n_probes: number of @probes
 * @attached: they are attached
 */
struct kobs_slow {
	struct kobs_session *s;
	u64 over;
	u32 depth;
	bool stacks;
	bool syscalls;
	bool tree;
	struct kobs_slow_roles roles;
	struct kobs_counting *counting;
	struct kobs_inflight_table tasks;
	void *records;
	size_t below;
	size_t stride;
	u64 __percpu *fast;
	u64 __percpu *inner;
	atomic64_t missed;
	atomic64_t no_stack;
	struct kobs_probe probes[SLOW_PROBES];
	unsigned int n_probes;
	bool attached;
};

/* A record of this thread changes: see slow_is_blocked(). */
static __always_inline void slow_change_begin(struct kobs_slow_task *t)
{
	WRITE_ONCE(t->seq, t->seq + 1);
	smp_wmb(); /* Before what changes. */
}

static __always_inline void slow_change_end(struct kobs_slow_task *t)
{
	smp_wmb(); /* After what changes. */
	WRITE_ONCE(t->seq, t->seq + 1);
}

/* The record of a task that is in a call, or NULL. */
static __always_inline struct kobs_slow_task *
slow_find(const struct kobs_slow *d, const struct task_struct *p)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;

	if (likely(!kobs_inflight_find(&d->tasks, (u64)p, 0, &ref)))
		return NULL;
	return (struct kobs_slow_task *)ref.entry->data[0];
}

/* Is the current context's time that of a thread? */
static __always_inline bool slow_in_thread(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) ? !in_nmi() && !in_hardirq() :
					       in_task();
}

static __always_inline struct kobs_slow *slow_of(const struct kobs_session *s)
{
	const struct kobs_func *f = s->priv;

	return f->slow;
}

/* slow_time.c */
void kobs_slow_block(struct kobs_slow_frame *f, const struct kobs_slow_task *t,
		     u64 ns, const struct kobs_slow_waker *waker);
unsigned int kobs_slow_probes(struct kobs_probe *probes, bool locks);

/* slow_lock.c */
unsigned int kobs_slow_lock_probes(struct kobs_probe *probes);
void kobs_slow_hold(struct kobs_slow *d, struct kobs_slow_task *t,
		    const struct task_struct *p);

/*
 * The interval in progress ends, and its time is the innermost call's. @stolen is
 * what interrupts have taken on the CPU of a thread that runs; @waker is NULL where
 * no wake-up ends the interval.
 */
static __always_inline void slow_account(struct kobs_slow_task *t, u64 now,
					 u64 stolen,
					 const struct kobs_slow_waker *waker)
{
	struct kobs_slow_frame *f = &t->frame[t->depth - 1];
	u64 ns = kobs_elapsed(t->since, now);
	u64 irq = 0;

	t->since += ns;
	if (likely(t->class == SLOW_RUN)) {
		irq = min(stolen - t->stolen, ns);
		t->stolen = stolen;
		f->ns[SLOW_IRQ] += irq;
	}
	f->ns[t->class] += ns - irq;
	if (unlikely(t->class == SLOW_BLOCKED))
		kobs_slow_block(f, t, ns, waker);
}

/* What a call has taken is the time of the one that it was made by, too. */
static __always_inline void slow_fold(struct kobs_slow_frame *to,
				      const struct kobs_slow_frame *from)
{
	unsigned int i;

	for (i = 0; i < SLOW_CLASSES; i++)
		to->ns[i] += from->ns[i];
	for (i = 0; i < KOBS_COUNTING_EVENTS; i++)
		to->counts[i] += from->counts[i];
	to->uncounted |= from->uncounted;
	if (unlikely(from->parts.waits))
		kobs_slow_parts_fold(&to->parts, &from->parts);
}

/* slow.c */
extern const struct kobs_call_handlers * const kobs_slow_call;
extern const struct kobs_call_handlers * const kobs_slow_tree_call;

/* slow_count.c */
void kobs_slow_count_begin(const struct kobs_slow *d, struct kobs_slow_task *t);
void kobs_slow_count(const struct kobs_slow *d, struct kobs_slow_task *t);
void kobs_slow_count_enter(const struct kobs_slow *d, struct kobs_slow_task *t);

/* slow_record.c */
enum kobs_counter kobs_slow_record(struct kobs_slow *d, struct kobs_cpu *pc,
				   u64 *v, u64 begin, struct kobs_slow_task *t,
				   const struct kobs_slow_frame *f);
void kobs_slow_finish(struct kobs_slow *d);

#endif /* KOBS_FUNC_SLOW_H */
