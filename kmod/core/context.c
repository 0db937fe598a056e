// SPDX-License-Identifier: GPL-2.0
/*
 * Context of a hit: the parts that need not be inline.
 *
 * Locking: see context.h.
 */
#include <linux/sched.h>
#include <linux/sched/task_stack.h>

#include "core/context.h"

/**
 * kobs_context_filter() - apply the filter, except for the value
 * @s: session
 *
 * Context: any, NMI included; preemption off.
 * Return: true when the hit passes.
 */
bool kobs_context_filter(const struct kobs_session *s)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_who who = {
		.pid = current->tgid,
		.tid = current->pid,
		.cpu = raw_smp_processor_id(),
		.comm = (const char *)&v[KOBS_W_COMM],
		.in_cgroup = !s->filter.n_cgroup ||
			     kobs_cgroup_within(&s->filter, current),
	};

	kobs_context_comm(v);
	return kobs_filter_pass(&s->filter, &who);
}

/**
 * kobs_context_has_user() - check that the current task has a user stack
 *
 * Kernel threads have none, even while they use a process's memory, nor have
 * workers of io_uring and vhost: threads of a process that never run its code,
 * whose user registers are a copy of those of the thread that created them.
 *
 * Context: any, NMI included.
 * Return: true when the user stack can be read.
 */
bool kobs_context_has_user(void)
{
	return current->mm &&
	       !(current->flags & (PF_KTHREAD | PF_USER_WORKER | PF_EXITING));
}

/**
 * kobs_context_ustack() - capture and intern the user stack
 * @s: session
 * @id: set to the stack's number, 0 for a task without a user stack
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_context_ustack(struct kobs_session *s, u64 *id)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr;

	*id = 0;
	if (!kobs_context_has_user())
		return true;
	nr = kobs_context_user_frames(task_pt_regs(current), ips,
				      s->unwind.depth);
	*id = kobs_stack_table_intern(&s->stacks, current->tgid, ips, nr);
	return *id;
}
