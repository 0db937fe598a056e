/* SPDX-License-Identifier: GPL-2.0 */
/* The owner of a lock of the kernel. */
#ifndef KOBS_LOCK_OWNER_H
#define KOBS_LOCK_OWNER_H

#include <linux/sched.h>
#include <linux/types.h>

struct kobs_session;

/* Words of an owner's name. */
#define KOBS_LOCK_OWNER_WORDS	3

/**
 * struct kobs_lock_owner - the task that holds a lock
 * @comm: its name, padded with zeroes; "(readers)" for a rw_semaphore that is
 *        held for reading, "(exited)" for a task that has exited, "(exited, not
 *        reaped)" for one whose pid remains; empty when unknown
 * @pid: its process, 0 without a pid
 * @tid: its thread
 * @task: the task, valid as long as the RCU read lock is held; NULL when it has
 *        exited or is unknown
 */
struct kobs_lock_owner {
	u64 comm[KOBS_LOCK_OWNER_WORDS];
	u32 pid;
	u32 tid;
	struct task_struct *task;
};

bool kobs_lock_owner(unsigned long lock, unsigned int flags,
		     const struct task_struct *waiter,
		     struct kobs_lock_owner *o);
struct task_struct *kobs_lock_task(struct task_struct *task);
bool kobs_lock_owner_stack(struct kobs_session *s,
			   const struct kobs_lock_owner *o, u64 *id);
u32 kobs_lock_held(struct kobs_session *s, unsigned long lock,
		   const struct kobs_lock_owner *o);

#endif /* KOBS_LOCK_OWNER_H */
