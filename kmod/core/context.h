/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Context of a hit: who, where, and the kernel and user stacks.
 *
 * Locking: none. Runs in handlers, in any context, with preemption off;
 * everything it captures belongs to the current CPU and task.
 */
#ifndef KOBS_CONTEXT_H
#define KOBS_CONTEXT_H

#include <linux/percpu.h>
#include <linux/sched.h>
#include "core/cgroup.h"
#include "core/session.h"
#include "lib/uninit.h"
#include "unwind/unwind.h"

DECLARE_PER_CPU(bool, kobs_context_in_uprobe);

bool kobs_context_filter(const struct kobs_session *s);
bool kobs_context_has_user(void);
bool kobs_context_ustack(struct kobs_session *s, u64 *id);
size_t kobs_context_user_copy(void *to, unsigned long from, size_t bytes);
unsigned int kobs_context_user_frames(struct pt_regs *regs, unsigned long *ips,
				      unsigned int max);
unsigned int kobs_context_entry_frames(struct pt_regs *regs, unsigned long *ips,
				       unsigned int max);

/*
 * A name is padded with zeroes, which makes it a key of two words. Another
 * thread can change it concurrently; the copy is NUL-terminated in any case.
 */
static __always_inline void kobs_context_comm(u64 *v)
{
	const u64 *comm = (const u64 *)current->comm;
	char *end = (char *)&v[KOBS_W_COMM];

	BUILD_BUG_ON(sizeof(current->comm) != 2 * sizeof(u64));
	v[KOBS_W_COMM] = comm[0];
	v[KOBS_W_COMM + 1] = comm[1];
	end[TASK_COMM_LEN - 1] = '\0';
}

static __always_inline void kobs_context_who(u64 *v, u32 need)
{
	if (need & BIT(KOBS_W_CPU))
		v[KOBS_W_CPU] = raw_smp_processor_id();
	if (need & BIT(KOBS_W_PID))
		v[KOBS_W_PID] = current->tgid;
	/* One test for both, so that those without pay for one only. */
	if (need & (BIT(KOBS_W_TID) | BIT(KOBS_W_CGROUP))) {
		v[KOBS_W_TID] = current->pid;
		if (need & BIT(KOBS_W_CGROUP))
			v[KOBS_W_CGROUP] = kobs_cgroup_id(current);
	}
	if (need & BIT(KOBS_W_COMM))
		kobs_context_comm(v);
}

/**
 * kobs_context_at() - fill in context words of a hit
 * @s: session
 * @v: words of the hit
 * @need: which, a bit for each word
 * @entry: address of the hooked function that a kernel stack begins with
 * @at: where that function was entered, or NULL
 * @stacks: stacks can be among them; a constant
 *
 * Kernel stacks are captured by unwind/unwind.h, user stacks by their frame
 * pointers; a task without user memory has no user stack, which is number 0.
 * Without an @entry, a kernel stack begins with the function that the hook is
 * in: kobs, and what calls a tracepoint's probes, are left out.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
static __always_inline bool kobs_context_at(struct kobs_session *s, u64 *v,
					    u32 need, unsigned long entry,
					    const struct kobs_at *at,
					    bool stacks)
{
	if (need & KOBS_W_WHO)
		kobs_context_who(v, need);
	if (stacks && (need & BIT(KOBS_W_KSTACK))) {
		struct kobs_at here = at ? *at : kobs_at_here();

		if (!kobs_unwind_id(&s->unwind, &v[KOBS_W_KSTACK], at ? entry : 0, &here))
			return false;
	}
	if (stacks && (need & BIT(KOBS_W_USTACK)))
		return kobs_context_ustack(s, &v[KOBS_W_USTACK]);
	return true;
}

/**
 * kobs_context() - fill in context words of a hit
 * @s: session
 * @v: words of the hit
 * @need: which, a bit for each word
 * @stacks: stacks can be among them; a constant
 *
 * kobs_context_at() for hooks other than a function's entry.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
static __always_inline bool kobs_context(struct kobs_session *s, u64 *v,
					 u32 need, bool stacks)
{
	return kobs_context_at(s, v, need, 0, NULL, stacks);
}

#endif /* KOBS_CONTEXT_H */
