// SPDX-License-Identifier: GPL-2.0
/*
 * What a wait for a lock has beside its times: its stack, its caller, and the
 * owner of the lock.
 *
 * Locking: none; called by the handlers. Owners are read without a lock (core/lock_owner.c).
 */
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "core/hit.h"
#include "sources/lock/lock.h"
#include "unwind/task_stack.h"

static bool in_text(const struct kobs_lock *l, unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < l->n_text; i++) {
		if (ip - l->text[i].start < l->text[i].end - l->text[i].start)
			return true;
	}
	return false;
}

/* The caller: the first frame outside of lock functions. */
static u64 lock_caller(const struct kobs_lock *l, const u64 *ips, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!in_text(l, ips[i]))
			return ips[i];
	}
	return 0;
}

/* The caller of a wait whose stack did not fit the table. */
static noinline u64 lock_caller_walk(struct kobs_lock *l)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr = kobs_unwind(&l->s->unwind, 0, NULL, ips);

	return lock_caller(l, (const u64 *)ips, nr);
}

/**
 * kobs_lock_context() - stack and caller of a wait of current
 * @l: session
 * @data: data of its entry
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full and the stack itself is a column.
 */
noinline bool kobs_lock_context(struct kobs_lock *l, u64 *data)
{
	const struct kobs_stack_table *stacks = &l->s->stacks;
	struct kobs_at here = kobs_at_here();
	const struct kobs_stack *st;

	data[LOCK_D_CALLER] = 0;
	if (!kobs_unwind_id(&l->s->unwind, &data[LOCK_D_KSTACK], 0, &here)) {
		if (!l->kstack)
			data[LOCK_D_CALLER] = lock_caller_walk(l);
		return !l->kstack;
	}
	if (l->caller && data[LOCK_D_KSTACK]) {
		st = kobs_stack_table_get(stacks, data[LOCK_D_KSTACK]);
		data[LOCK_D_CALLER] = lock_caller(l, stacks->words + st->start,
						  st->nr);
	}
	return true;
}

/**
 * kobs_lock_context_of() - stack and caller of a wait of another task
 * @l: session
 * @task: task
 * @data: data of its entry
 *
 * Context: task; under the RCU read lock.
 * Return: false when the stack table is full.
 */
bool kobs_lock_context_of(struct kobs_lock *l, struct task_struct *task,
			  u64 *data)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr = 0;

	if (task != current && (l->caller || l->kstack))
		nr = kobs_task_stack(task, ips, l->s->unwind.depth);
	data[LOCK_D_CALLER] = lock_caller(l, (const u64 *)ips, nr);
	data[LOCK_D_KSTACK] = 0;
	return !l->kstack || lock_intern(l->s, &data[LOCK_D_KSTACK], ips, nr);
}

/**
 * kobs_lock_context_owner() - the owner of the lock that current waits for
 * @l: session
 * @lock: lock
 * @flags: LCB_F_*
 * @data: data of the wait's entry
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
noinline bool kobs_lock_context_owner(struct kobs_lock *l, unsigned long lock,
				      unsigned int flags, u64 *data)
{
	struct kobs_lock_owner o;
	bool fits = true;

	rcu_read_lock();
	kobs_lock_owner(lock, flags, current, &o);
	memcpy(&data[LOCK_D_OWNER], o.comm, sizeof(o.comm));
	data[LOCK_D_OWNER_ID] = lock_id(o.pid, o.tid);
	data[LOCK_D_OWNER_STACK] = 0;
	if (l->owner_stack)
		fits = kobs_lock_owner_stack(l->s, &o, &data[LOCK_D_OWNER_STACK]);
	rcu_read_unlock();
	return fits;
}
