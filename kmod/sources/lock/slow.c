// SPDX-License-Identifier: GPL-2.0
/*
 * Mode slow of the lock source: a record of each wait that took over or longer, from
 * its first begin to its end (probes.c), with the waiter's stack when it ends, which is
 * in the same lock function as when it began, and the lock's owner when it began.
 * Shorter waits are filtered, and counted: of them no stack is taken.
 *
 * A wait that has not ended when the session does is recorded if it is slow by then,
 * with the stack that the waiter sleeps with, and is lost as in flight if it is not.
 *
 * Locking: none in the handlers; a wait is its task's own.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <uapi/kobs_lock_wait.h>

#include "core/hit.h"
#include "sources/lock/lock.h"

/**
 * struct kobs_lock_slow - a session of this mode
 * @over: shortest duration of a slow wait, ns
 * @shorter: waits that were not slow
 */
struct kobs_lock_slow {
	u64 over;
	u64 __percpu *shorter;
};

/* Write a record: @v has the words of its columns. Returns what becomes of the hit. */
static enum kobs_counter slow_write(const struct kobs_lock *l, const u64 *v,
				    const struct kobs_inflight *entry,
				    u64 waited, u64 flags)
{
	size_t bytes = KOBS_LOCK_WAIT_WORDS * sizeof(u64);
	struct kobs_stream_data out;

	if (!kobs_stream_reserve(l->s, v, bytes, &out))
		return KOBS_N_RING_FULL;
	out.data[KOBS_LOCK_WAIT_FLAGS] = flags;
	out.data[KOBS_LOCK_WAIT_BEGIN] = entry->start;
	out.data[KOBS_LOCK_WAIT_NS] = waited;
	out.data[KOBS_LOCK_WAIT_CPU] = v[KOBS_W_CPU];
	out.data[KOBS_LOCK_WAIT_ID] = lock_id(v[KOBS_W_PID], v[KOBS_W_TID]);
	out.data[KOBS_LOCK_WAIT_OWNER_ID] = entry->data[LOCK_D_OWNER_ID];
	kobs_stream_commit(l->s, &out, bytes);
	return KOBS_N_RECORDED;
}

/* Record a slow wait of current that ends. */
static noinline enum kobs_counter slow_record(struct kobs_lock *l, u64 lock,
					      struct kobs_inflight *entry,
					      u64 waited, int ret)
{
	const u32 need = l->s->need | BIT(KOBS_W_CPU) | BIT(KOBS_W_PID) |
			 BIT(KOBS_W_TID);
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (unlikely(entry->data[LOCK_D_FLAGS] & LOCK_F_STACK_FULL))
		return KOBS_N_STACK_FULL;
	entry->data[LOCK_D_CALLER] = 0;
	entry->data[LOCK_D_KSTACK] = 0;
	if ((l->caller || l->kstack) && !kobs_lock_context(l, entry->data))
		return KOBS_N_STACK_FULL;
	kobs_lock_words(l, lock, entry, v);
	if (!kobs_context(l->s, v, need & ~BIT(KOBS_W_KSTACK), true))
		return KOBS_N_STACK_FULL;
	return slow_write(l, v, entry, waited, ret ? KOBS_LOCK_WAIT_FAILED : 0);
}

/**
 * kobs_lock_slow_end() - a wait ends
 * @l: session of this mode
 * @pc: its part of this CPU
 * @lock: lock
 * @entry: a copy of the wait
 * @end: when it ends, ns
 * @ret: 0, or the error by which it failed
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_slow_end(struct kobs_lock *l, struct kobs_cpu *pc, u64 lock,
			struct kobs_inflight *entry, u64 end, int ret)
{
	u64 waited = kobs_elapsed(entry->start, end);
	enum kobs_counter fate = KOBS_N_FILTERED;
	u64 cost = entry->data[LOCK_D_COST];

	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (likely(waited < l->slow->over))
		this_cpu_inc(*l->slow->shorter);
	else
		fate = slow_record(l, lock, entry, waited, ret);
	kobs_count(&pc->counters, fate);
	kobs_hit_end(l->s, pc, cost ? end : 0, cost);
}

/**
 * kobs_lock_slow_pending() - record a wait that has not ended, if it is slow
 * @l: session of this mode, whose probes are gone
 * @pc: its part of this CPU
 * @v: context words of the waiter
 * @task: the waiter
 * @entry: a copy of the wait
 * @waited: how long it has lasted, ns
 *
 * Context: task; preemption off, under the RCU read lock.
 */
void kobs_lock_slow_pending(struct kobs_lock *l, struct kobs_cpu *pc, u64 *v,
			    struct task_struct *task,
			    struct kobs_inflight *entry, u64 waited)
{
	enum kobs_counter fate = KOBS_N_STACK_FULL;

	if (waited < l->slow->over)
		return;
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (!(entry->data[LOCK_D_FLAGS] & LOCK_F_STACK_FULL) &&
	    kobs_lock_context_of(l, task, entry->data)) {
		kobs_lock_words(l, entry->key[1], entry, v);
		fate = slow_write(l, v, entry, waited, KOBS_LOCK_WAIT_OPEN);
	}
	kobs_count(&pc->counters, fate);
}

/**
 * kobs_lock_slow_new() - prepare a session of this mode
 * @l: session
 * @over: shortest duration of a slow wait, ns
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM; kobs_lock_slow_free() is to be called anyway.
 */
int kobs_lock_slow_new(struct kobs_lock *l, u64 over)
{
	l->slow = kzalloc(sizeof(*l->slow), GFP_KERNEL_ACCOUNT);
	if (!l->slow)
		return -ENOMEM;
	l->slow->over = over;
	l->slow->shorter = alloc_percpu_gfp(u64, GFP_KERNEL_ACCOUNT);
	return l->slow->shorter ? 0 : -ENOMEM;
}

/**
 * kobs_lock_slow_free() - undo kobs_lock_slow_new()
 * @l: session, of any mode
 *
 * Context: task, may sleep.
 */
void kobs_lock_slow_free(struct kobs_lock *l)
{
	if (!l->slow)
		return;
	free_percpu(l->slow->shorter);
	kfree(l->slow);
	l->slow = NULL;
}

/**
 * kobs_lock_slow_note() - how many waits there were of which there is no record
 * @s: session, of any mode
 * @i: number of the note
 * @note: set to it
 *
 * Context: task.
 * Return: false after the last one.
 */
bool kobs_lock_slow_note(const struct kobs_session *s, unsigned int i,
			 struct kobs_note *note)
{
	const struct kobs_lock *l = s->priv;
	unsigned int cpu;
	u64 sum = 0;

	if (!l || !l->slow || i)
		return false;
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(l->slow->shorter, cpu));
	*note = (struct kobs_note){ "short", "waits that took less than over", sum };
	return true;
}
