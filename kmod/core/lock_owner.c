// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of a lock. Mutexes, rw_semaphores held for writing and rt_mutexes
 * store it; spinlocks, semaphores and percpu rw_semaphores do not.
 *
 * A lock stores its owner as the task's address, with flags in the lowest bits
 * that alignment leaves free. No reference keeps that task: it may have released
 * the lock and exited by now, or, by a bug, exited with the lock held. So its
 * pid is read without faulting, and it counts only if the task of that pid is
 * the one at this address. (An owner that exited with the lock held, and whose
 * memory was reused for another task, is mistaken for that task.)
 *
 * Locking: owners are read without a lock, and their stacks as task_stack.c says;
 * any context. The caller holds the RCU read lock, which keeps the task.
 */
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <trace/events/lock.h>
#include <uapi/kobs_held.h>

#include "core/lock_owner.h"
#include "core/session.h"
#include "lib/uninit.h"
#include "unwind/task_stack.h"

/* Mask of the flags of all kinds of locks. */
#define OWNER_FLAGS	(__alignof__(struct task_struct) - 1)

/* Flag in the owner of a rw_semaphore: held by readers, of which this is one. */
#define OWNER_READER	1UL

static_assert(OWNER_FLAGS >= 7);

/* Offset of the owner in a lock of this kind; 0 when it has none. */
static unsigned long owner_field(unsigned long lock, unsigned int flags)
{
	switch (flags & ~LCB_F_SPIN) {
	case LCB_F_RT:
		return lock + offsetof(struct rt_mutex_base, owner);
#ifdef CONFIG_PREEMPT_RT
	case LCB_F_RT | LCB_F_READ:
	case LCB_F_RT | LCB_F_WRITE:
		return lock + offsetof(struct rwbase_rt, rtmutex.owner);
#else
	case LCB_F_MUTEX:
		return lock + offsetof(struct mutex, owner);
	case LCB_F_READ:
	case LCB_F_WRITE:
		if (flags & LCB_F_SPIN)
			return 0;
		return lock + offsetof(struct rw_semaphore, owner);
#endif
	}
	return 0;
}

/**
 * kobs_lock_task() - check that there is a task at an address
 * @task: any address
 *
 * Context: any; under the RCU read lock.
 * Return: the task, valid as long as that lock is held, or NULL.
 */
struct task_struct *kobs_lock_task(struct task_struct *task)
{
	pid_t tid;

	if (!task || get_kernel_nofault(tid, &task->pid) || tid <= 0)
		return NULL;
	if (pid_task(find_pid_ns(tid, &init_pid_ns), PIDTYPE_PID) != task)
		return NULL;
	return task;
}

static void owner_named(struct kobs_lock_owner *o, const char *name)
{
	memset(o, 0, sizeof(*o));
	strscpy((char *)o->comm, name, sizeof(o->comm));
}

/* The owner is a task; a zombie keeps its ids only. */
static void owner_task(struct kobs_lock_owner *o)
{
	struct task_struct *task = o->task;

	if (READ_ONCE(task->exit_state)) {
		owner_named(o, "(exited, not reaped)");
	} else {
		static_assert(sizeof(o->comm) > TASK_COMM_LEN);
		memcpy(o->comm, task->comm, TASK_COMM_LEN);
		((char *)o->comm)[TASK_COMM_LEN - 1] = '\0';
	}
	o->pid = task->tgid;
	o->tid = task->pid;
}

/**
 * kobs_lock_owner() - read the owner of a lock
 * @lock: address of the lock, which may be freed
 * @flags: LCB_F_* of a wait for it, which give its kind
 * @waiter: task that waits
 * @o: set to the owner; empty when unknown
 *
 * Context: any, NMI included; under the RCU read lock.
 * Return: true when @o is not empty.
 */
bool kobs_lock_owner(unsigned long lock, unsigned int flags,
		     const struct task_struct *waiter,
		     struct kobs_lock_owner *o)
{
	unsigned long field = owner_field(lock, flags);
	unsigned long word;

	memset(o, 0, sizeof(*o));
	if (!field || get_kernel_nofault(word, (unsigned long *)field))
		return false;
	if (!(flags & (LCB_F_MUTEX | LCB_F_RT)) && (word & OWNER_READER)) {
		owner_named(o, "(readers)");
		return true;
	}
	word &= ~OWNER_FLAGS;
	/* A writer that waits for readers of an rwbase_rt owns its rtmutex. */
	if (!word || (word == (unsigned long)waiter && (flags & LCB_F_RT) &&
		      (flags & LCB_F_WRITE)))
		return false;
	o->task = kobs_lock_task((struct task_struct *)word);
	if (!o->task) {
		owner_named(o, "(exited)");
		return true;
	}
	owner_task(o);
	return true;
}

/**
 * kobs_lock_owner_stack() - where the owner of a lock is
 * @s: session
 * @o: owner
 * @id: set to the number of its stack; 0 when it is not blocked, or is no task
 *
 * Context: any; under the RCU read lock since @o was read.
 * Return: false when the stack table is full.
 */
noinline bool kobs_lock_owner_stack(struct kobs_session *s,
				    const struct kobs_lock_owner *o, u64 *id)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr;

	*id = 0;
	if (!o->task || o->task == current)
		return true;
	nr = kobs_task_stack(o->task, ips, s->unwind.depth);
	if (!nr)
		return true;
	*id = kobs_stack_table_intern(&s->stacks, 0, ips, nr);
	return *id;
}

/**
 * kobs_lock_held() - note a lock that blocks a thread, and its owner
 * @s: session, with a stack table
 * @lock: address of the lock
 * @o: owner
 *
 * Context: any.
 * Return: the number by which the stack table has enum kobs_held_word; 0 when that
 * is full.
 */
u32 kobs_lock_held(struct kobs_session *s, unsigned long lock,
		   const struct kobs_lock_owner *o)
{
	unsigned long word[KOBS_HELD_WORDS];

	BUILD_BUG_ON(sizeof(o->comm) !=
		     (KOBS_HELD_ID - KOBS_HELD_OWNER) * sizeof(*word));
	word[KOBS_HELD_LOCK] = lock;
	memcpy(&word[KOBS_HELD_OWNER], o->comm, sizeof(o->comm));
	word[KOBS_HELD_ID] = (u64)o->pid << 32 | o->tid;
	return kobs_stack_table_intern(&s->stacks, 0, word, KOBS_HELD_WORDS);
}
