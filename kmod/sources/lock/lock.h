/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source lock: what its files share. The words of its hits and of its entries
 * of the in-flight table, whose key is the task and the lock.
 */
#ifndef KOBS_LOCK_H
#define KOBS_LOCK_H

#include <linux/atomic.h>
#include "core/kmem_cache.h"
#include "core/session.h"
#include "hooks/tracepoint.h"
#include "lib/inflight.h"
#include "core/lock_owner.h"

enum {
	LOCK_W_LOCK = KOBS_W_SOURCE,
	LOCK_W_KIND,
	LOCK_W_CALLER = LOCK_W_KIND + 2,
	LOCK_W_OWNER,
	LOCK_W_OWNER_PID = LOCK_W_OWNER + KOBS_LOCK_OWNER_WORDS,
	LOCK_W_OWNER_TID,
	LOCK_W_OWNER_STACK,
	LOCK_W_LINK,
	LOCK_W_LINKS,
	LOCK_W_CACHE,
	LOCK_W_END = LOCK_W_CACHE + KOBS_CACHE_NAME_WORDS
};

static_assert((int)LOCK_W_END <= (int)KOBS_WORDS);

enum kobs_lock_param { LOCK_P_INFLIGHT, LOCK_P_TEXT, LOCK_P_OVER, LOCK_P };

/* Data words of an entry; those after the first two only as requested. */
enum {
	LOCK_D_FLAGS,		/* LCB_F_* and LOCK_F_* */
	LOCK_D_COST,		/* cost of the begin, if timed; else 0 */
	LOCK_D_CALLER,
	LOCK_D_KSTACK,
	LOCK_D_OWNER,
	LOCK_D_OWNER_ID = LOCK_D_OWNER + KOBS_LOCK_OWNER_WORDS,
	LOCK_D_OWNER_STACK,
	LOCK_D_END,
	/* In mode stalls. */
	LOCK_D_ID = LOCK_D_CALLER,
	LOCK_D_COMM,
	LOCK_D_CPU = LOCK_D_COMM + 2,
	LOCK_D_CGROUP,		/* only where cgroups, as is the next */
	LOCK_D_WITHIN,		/* the filter takes it */
};

static_assert(LOCK_D_END <= KOBS_INFLIGHT_WORDS && LOCK_D_WITHIN < LOCK_D_END);

/* Fields of a row, in mode contention. */
enum { LOCK_FIELD_FAILED, LOCK_FIELD_PENDING };

/* The wait is filtered; the entry only pairs its end. */
#define LOCK_F_FILTERED		BIT(16)
/* There was no room for the owner's stack: the wait is lost if it is slow. */
#define LOCK_F_STACK_FULL	BIT(17)

struct kobs_lock_blocked;
struct kobs_lock_slow;
struct kobs_lock_stalls;

/**
 * struct kobs_lock_range - code from start to end, exclusive
 * @start: first address
 * @end: address after it
 */
struct kobs_lock_range {
	u64 start;
	u64 end;
};

/**
 * struct kobs_lock - a session of this source
 * @s: session
 * @begin: the begin of a wait takes more than the time: a stack, or the owner
 * @late: stacks are taken at the end of a wait
 * @caller: the key has the caller
 * @kstack: the key has the waiter's stack
 * @owner: the key has the owner
 * @owner_stack: the key has the owner's stack
 * @cache: the key has the slab cache of the lock
 * @cgroups: the waiter's control group is needed
 * @words: data words of an entry
 * @n_text: ranges in @text
 * @text: code of the kernel's lock functions, which do not count as callers
 * @inflight: waits in progress
 * @excess: waits in progress that found no room there: their keys
 * @n_excess: number of them
 * @overflow: waits in progress that found no room in @excess either
 * @probes: begin and end
 * @stalls: the worker of mode stalls, or NULL
 * @slow: what mode slow has, or NULL
 * @blocked: in that mode the tasks that were blocked before, else NULL
 */
struct kobs_lock {
	struct kobs_session *s;
	bool begin;
	bool late;
	bool caller;
	bool kstack;
	bool owner;
	bool owner_stack;
	bool cache;
	bool cgroups;
	u32 words;
	u32 n_text;
	const struct kobs_lock_range *text;
	struct kobs_inflight_table inflight;
	struct kobs_inflight_table excess;
	atomic_t n_excess;
	atomic_t overflow;
	struct kobs_probe probes[2];
	struct kobs_lock_stalls *stalls;
	struct kobs_lock_slow *slow;
	struct kobs_lock_blocked *blocked;
};

/* Names of the kinds, as keys of two words; the last is for all others. */
union kobs_lock_name {
	char text[16];
	u64 words[2];
};

#define LOCK_KINDS		64

/* Room for waits without an entry whose phases and ends are recognized. */
#define LOCK_EXCESS		1024

extern const union kobs_lock_name kobs_lock_kinds[];

/* The name of a kind of wait: two words. */
static inline const u64 *kobs_lock_kind(unsigned int flags)
{
	flags &= LOCK_F_FILTERED - 1;
	if (unlikely(flags >= LOCK_KINDS || !kobs_lock_kinds[flags].words[0]))
		flags = LOCK_KINDS - 1;
	return kobs_lock_kinds[flags].words;
}

/* Process and thread of a waiter, in one word. */
static inline u64 lock_id(pid_t pid, pid_t tid)
{
	return (u64)(u32)pid << 32 | (u32)tid;
}

/* Returns false when the stack table is full; an empty stack has number 0. */
static inline bool lock_intern(struct kobs_session *s, u64 *id,
			       const unsigned long *ips, unsigned int nr)
{
	*id = 0;
	if (!nr)
		return true;
	*id = kobs_stack_table_intern(&s->stacks, 0, ips, nr);
	return *id;
}

/* source.c */
void kobs_lock_words(const struct kobs_lock *l, u64 lock,
		     const struct kobs_inflight *entry, u64 *v);

/* context.c */
bool kobs_lock_context(struct kobs_lock *l, u64 *data);
bool kobs_lock_context_of(struct kobs_lock *l, struct task_struct *task,
			  u64 *data);
bool kobs_lock_context_owner(struct kobs_lock *l, unsigned long lock,
			     unsigned int flags, u64 *data);

/* probes.c */
void kobs_lock_begin(void *data, void *lock, unsigned int flags);
void kobs_lock_begin_plain(void *data, void *lock, unsigned int flags);
void kobs_lock_end(void *data, void *lock, int ret);
void kobs_lock_end_plain(void *data, void *lock, int ret);
void kobs_lock_watch(void *data, void *lock, unsigned int flags);
void kobs_lock_unwatch(void *data, void *lock, int ret);

/* excess.c */
bool kobs_lock_excess_has(const struct kobs_lock *l, unsigned long lock);
void kobs_lock_excess_add(struct kobs_lock *l, unsigned long lock);
bool kobs_lock_excess_end(struct kobs_lock *l, unsigned long lock);

/* slow.c */
int kobs_lock_slow_new(struct kobs_lock *l, u64 over);
void kobs_lock_slow_free(struct kobs_lock *l);
void kobs_lock_slow_end(struct kobs_lock *l, struct kobs_cpu *pc, u64 lock,
			struct kobs_inflight *entry, u64 end, int ret);
void kobs_lock_slow_pending(struct kobs_lock *l, struct kobs_cpu *pc, u64 *v,
			    struct task_struct *task,
			    struct kobs_inflight *entry, u64 waited);
bool kobs_lock_slow_note(const struct kobs_session *s, unsigned int i,
			 struct kobs_note *note);

/* stalls.c */
int kobs_stalls_new(struct kobs_lock *l, u64 over);
void kobs_stalls_free(struct kobs_lock *l);
void kobs_stalls_start(struct kobs_lock *l);
void kobs_stalls_stop(struct kobs_lock *l);
bool kobs_stalls_have(const struct kobs_lock *l, const struct task_struct *task);
bool kobs_stalls_wanted(struct kobs_session *s, const struct kobs_who *who);
void kobs_stalls_record(struct kobs_lock *l, u64 *v, struct task_struct *waiter,
			struct task_struct *owner, u64 waited);
void kobs_stalls_lost(struct kobs_session *s, u32 n);

/* blocked.c */
int kobs_blocked_new(struct kobs_lock *l, u32 max);
void kobs_blocked_free(struct kobs_lock *l);
void kobs_blocked_work(struct kobs_lock *l, u64 over, u64 now);

#endif /* KOBS_LOCK_H */
