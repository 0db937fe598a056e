/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source wall: what its files share. What a hit is, and locking: see source.c.
 */
#ifndef KOBS_WALL_H
#define KOBS_WALL_H

#include <linux/atomic.h>
#include <linux/sched.h>

#include "core/cgroup.h"
#include "core/lock_owner.h"
#include "core/session.h"
#include "hooks/tracepoint.h"
#include "lib/group_table.h"
#include "lib/inflight.h"
#include "lib/uninit.h"
#include "sources/wall/account.h"

/* Words of the columns. */
enum {
	WALL_W_CLASS = KOBS_W_SOURCE,
	WALL_W_INSTEAD = WALL_W_CLASS + 2,
	WALL_W_POLICY = WALL_W_INSTEAD + 2,
	WALL_W_PRIO = WALL_W_POLICY + 2,
	WALL_W_WAKER,
	WALL_W_LOCK = WALL_W_WAKER + 2,
	WALL_W_OWNER,
	WALL_W_OWNER_PID = WALL_W_OWNER + KOBS_LOCK_OWNER_WORDS,
	WALL_W_CHAIN,
	WALL_W_END
};

static_assert((unsigned int)WALL_W_END <= KOBS_WORDS);

enum kobs_wall_param {
	WALL_P_THREADS,
	WALL_P_ALONE,
	WALL_P_NO_IRQ,
	WALL_P_SPLIT,
	WALL_P
};

/* Fields of a row. */
enum {
	WALL_F_LIFETIME,
	WALL_F_CLASS,
	WALL_FIELDS = WALL_F_CLASS + WALL_CLASSES
};

static_assert((unsigned int)WALL_FIELDS <= KOBS_FIELDS);

/* The only reason of loss beside those of the engine. */
#define WALL_N_THREADS_FULL	(KOBS_N_SOURCE + 0)

/* Counters of a group of intervals. */
enum {
	WALL_G_NS,
	WALL_G_COUNT,
	WALL_G_MAX,
	WALL_G_ABOVE	/* U64_MAX less the shortest */
};

/*
 * Words of a group's key: see wall_who(); details; who ended it, where asked for: a name,
 * or the number of a chain.
 */
enum {
	WALL_K_WHO,
	WALL_K_DETAIL,
	WALL_K_WAKER = WALL_K_DETAIL + 2,
	WALL_K_WORDS = WALL_K_WAKER + 2
};

/* The first word of a group's key: a thread, a class, and a number of kobs_wall_thread.held. */
static __always_inline u64 wall_who(u32 number, u8 class, u32 held)
{
	return (u64)held << 32 | number << 8 | class;
}

static inline u32 wall_who_number(u64 who)
{
	return (u32)who >> 8;
}

static inline u8 wall_who_class(u64 who)
{
	return who & 0xff;
}

static inline u32 wall_who_held(u64 who)
{
	return who >> 32;
}

/* Words of a name of a class, or of a thread. */
union kobs_wall_name {
	char text[16];
	u64 words[2];
};

/* The time that interrupts took is not known. */
#define WALL_NO_STOLEN		U64_MAX

/**
 * struct kobs_wall_thread - a thread that is followed
 * @seq: 0 before it is there; odd while it changes
 * @number: place in the array of threads
 * @pid: its process
 * @tid: the thread
 * @cpu: CPU that it was seen on last
 * @policy: its policy, SCHED_*
 * @prio: its priority, as the scheduler has it, 0 for the lowest number
 * @fate: reason of loss of the interval in progress, or KOBS_N_RECORDED
 * @placed: @detail has who runs instead
 * @system: it is in a system call, or it is a kernel thread; only with split
 * @seen: a system call of it was seen to begin or end
 * @comm: its name
 * @detail: of the interval in progress: stacks, or the name of who runs instead
 * @waker: who ends the blocked interval: a name, or a chain's number; 0 before
 * @held: number of the lock that it is blocked by, and its owner, in the stack table;
 *	or 0
 * @lock_flags: kind of @lock, LCB_F_*
 * @lock: lock that it waits for, or 0
 * @woken: when its last blocked interval ended, ns; only with chains, as the next two
 * @chain: number of the chain that ended it, in the stack table; 0 if not known
 * @slept: number of its kernel stack then, or 0
 * @cgroup: its control group; only with cgroups
 * @groups: number of the group of the last runnable interval, and of the last
 *	blocked one; may be stale
 * @stolen: what interrupts had taken on its CPU when it was switched in, ns
 * @account: its time
 */
struct kobs_wall_thread {
	u32 seq;
	u32 number;
	u32 pid;
	u32 tid;
	u32 cpu;
	u16 policy;
	u16 prio;
	u8 fate;
	bool placed;
	bool system;
	bool seen;
	u64 comm[2];
	u64 detail[2];
	u64 waker[2];
	u32 held;
	u32 lock_flags;
	u64 lock;
	u64 woken;
	u32 chain;
	u32 slept;
	u64 cgroup;
	u32 groups[2];
	u64 stolen;
	struct kobs_wall_account account;
};

/**
 * struct kobs_wall_shot - a thread, as a report has it
 * @thread: copy
 * @end: end of its time, ns
 * @kept: time of each class that is in groups, ns
 */
struct kobs_wall_shot {
	struct kobs_wall_thread thread;
	u64 end;
	u64 kept[WALL_CLASSES];
};

/**
 * struct kobs_wall_cpu - per-CPU part of a session
 * @running: name of the thread that was switched to last; empty before
 */
struct kobs_wall_cpu {
	u64 running[2];
};

#define WALL_PROBES		24

/**
 * struct kobs_wall - a session of this source
 * @s: session
 * @zero: when its time began, monotonic ns; U64_MAX before
 * @stacks: blocked intervals are told apart by stacks
 * @instead: runnable intervals are told apart by who runs
 * @wakers: blocked intervals are told apart by who ends them
 * @chains: by all who wake each other up to that end
 * @owners: blocked intervals are told apart by lock and owner
 * @cgroups: a column is of the control group
 * @children: threads created by those that are followed are followed, too
 * @split: running in system calls is told apart
 * @max: maximum number of threads
 * @used: threads used
 * @threads: threads, also those that have ended
 * @tasks: the thread of each task: a pointer
 * @groups: intervals by thread, class and details
 * @cpu: per-CPU part
 * @cpus: memory of the CPUs that have been online
 * @shots: threads, for a reader; @n_shots of them
 * @sums: groups, for a reader
 * @n_shots: number of @shots
 * @shot_at: time up to which they go, ns
 * @reading: a reader has begun with them, and not come to their end
 * @final: they are of a session that has ended
 * @probes: tracepoints
 * @n_probes: number of @probes
 */
struct kobs_wall {
	struct kobs_session *s;
	u64 zero;
	bool stacks;
	bool instead;
	bool wakers;
	bool chains;
	bool owners;
	bool cgroups;
	bool children;
	bool split;
	u32 max;
	atomic_t used;
	struct kobs_wall_thread *threads;
	struct kobs_inflight_table tasks;
	struct kobs_group_table groups;
	struct kobs_wall_cpu __percpu *cpu;
	struct kobs_cpus cpus;
	struct kobs_wall_shot *shots;
	struct kobs_wall_sum *sums;
	u32 n_shots;
	u64 shot_at;
	bool reading;
	bool final;
	struct kobs_probe probes[WALL_PROBES];
	unsigned int n_probes;
};

/* The only data word of an entry of the table of tasks. */
#define WALL_D_WORDS		1

/* The thread of a task, or NULL. Its entry ends when the task does. */
static __always_inline struct kobs_wall_thread *
wall_find(const struct kobs_wall *d, const struct task_struct *p)
{
	const struct kobs_inflight *entry =
		kobs_inflight_peek(&d->tasks, (u64)p, 0);

	return unlikely(entry) ? (struct kobs_wall_thread *)entry->data[0] :
				 NULL;
}

/* A thread's record changes: see wall_copy(). */
static __always_inline void wall_change_begin(struct kobs_wall_thread *t)
{
	WRITE_ONCE(t->seq, t->seq + 1);
	smp_wmb(); /* Before what changes. */
}

static __always_inline void wall_change_end(struct kobs_wall_thread *t)
{
	smp_wmb(); /* After what changes. */
	WRITE_ONCE(t->seq, t->seq + 1);
}

/* A runnable thread waits for its CPU, which runs a thread of this name. */
static __always_inline void wall_place(struct kobs_wall_thread *t,
				       const u64 *comm)
{
	t->detail[0] = comm[0];
	t->detail[1] = comm[1];
	t->placed = true;
}

static __always_inline void wall_describe(const struct kobs_wall *d,
					  struct kobs_wall_thread *t,
					  const struct task_struct *p)
{
	const u64 *comm = (const u64 *)p->comm;

	t->comm[0] = comm[0];
	t->comm[1] = comm[1];
	t->pid = p->tgid;
	t->tid = p->pid;
	t->cpu = task_cpu(p);
	t->policy = p->policy;
	/* A deadline is above all. */
	t->prio = max(p->normal_prio, 0);
	if (unlikely(d->cgroups))
		t->cgroup = kobs_cgroup_id(p);
}

/* Does the session's time run? */
static inline bool wall_begun(const struct kobs_wall *d)
{
	return READ_ONCE(d->zero) != U64_MAX;
}

/* The class of a task that is blocked in a state. */
static __always_inline u8 wall_class(unsigned int state)
{
	if (state & TASK_INTERRUPTIBLE)
		return WALL_SLEEP;
	if (state & TASK_UNINTERRUPTIBLE)
		return state & TASK_NOLOAD ? WALL_IDLE : WALL_DISK;
	if (state & TASK_RTLOCK_WAIT)
		return WALL_LOCK;
	return state & (__TASK_STOPPED | __TASK_TRACED) ? WALL_STOPPED :
							  WALL_OTHER;
}

/* probes.c */
void wall_choose_probes(struct kobs_wall *d);

/* Are intervals of a class told apart by more than it? */
static __always_inline bool wall_has_details(const struct kobs_wall *d, u8 class)
{
	return ((d->stacks || d->wakers || d->owners) &&
		kobs_wall_blocked(class)) ||
	       (d->instead && kobs_wall_runnable(class));
}

/* syscall.c */
void wall_choose_syscalls(struct kobs_wall *d);
bool wall_is_system(struct task_struct *p);

/* chain.c */
extern const union kobs_wall_name wall_interrupt;
void wall_chain(struct kobs_wall *d, struct kobs_wall_thread *t, u64 now);
void wall_chain_none(struct kobs_wall *d, struct kobs_wall_thread *t, u64 now);
void wall_chain_waker(const struct kobs_stack_table *st, u32 chain, u64 *name);

/* lock.c */
void wall_choose_locks(struct kobs_wall *d);
void wall_hold(struct kobs_wall *d, struct kobs_wall_thread *t,
	       const struct task_struct *p);

/* threads.c */
bool wall_wanted(const struct kobs_wall *d, const struct task_struct *p);
bool wall_follow(struct kobs_wall *d, struct task_struct *p, u64 now, u8 state,
		 const u64 *instead);
void wall_lose(struct kobs_wall *d);
void wall_census(struct kobs_wall *d);
void wall_forget(struct kobs_wall *d);

/* rows.c */
extern const union kobs_wall_name wall_classes[WALL_CLASSES];
bool wall_rows(struct kobs_session *s, unsigned long *at,
	       struct kobs_row_out *out);

static inline void wall_hang(struct kobs_wall *d, const char *name, void *probe)
{
	d->probes[d->n_probes++] = (struct kobs_probe){ name, probe };
}

#endif /* KOBS_WALL_H */
