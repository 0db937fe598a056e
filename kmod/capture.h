/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Context of a hit: who, where, and the kernel and user stacks. The kernel
 * stack is captured inline, so that the unwinder passes no more frames of
 * kobs than the handler's own.
 *
 * Locking: none. Runs in handlers, in any context, with preemption off;
 * everything it captures belongs to the current CPU and task.
 */
#ifndef KOBS_CAPTURE_H
#define KOBS_CAPTURE_H

#include <linux/ftrace.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include "kobs.h"

/* Frames of kobs and of the hook's trampolines above the hooked function. */
#define KOBS_HOOK_FRAMES	16

/* Clearing buffers first, as the kernel may ask for, costs more than use. */
#if __has_attribute(__uninitialized__)
#define KOBS_UNINIT		__attribute__((__uninitialized__))
#else
#define KOBS_UNINIT
#endif

bool kobs_capture_filter(const struct kobs_session *s);
bool kobs_capture_ustack(struct kobs_session *s, u64 *id);
unsigned int kobs_capture_user_frames(struct pt_regs *regs, unsigned long *ips,
				      unsigned int max);
bool kobs_capture_intern(struct kobs_session *s, u64 *id,
			 const unsigned long *ips, unsigned int nr,
			 unsigned long entry);

/*
 * A name is kept padded with zeroes, which makes it a key of two words. It
 * can change under us when another thread writes it; the copy is
 * NUL-terminated all the same.
 */
static __always_inline void kobs_capture_comm(u64 *v)
{
	const u64 *comm = (const u64 *)current->comm;
	char *end = (char *)&v[KOBS_W_COMM];

	BUILD_BUG_ON(sizeof(current->comm) != 2 * sizeof(u64));
	v[KOBS_W_COMM] = comm[0];
	v[KOBS_W_COMM + 1] = comm[1];
	end[TASK_COMM_LEN - 1] = '\0';
}

/**
 * kobs_capture() - fill in context words of a hit
 * @s: session
 * @v: words of the hit
 * @need: which, a bit for each word
 * @entry: address of the hooked function that a kernel stack shall begin
 *         with, or 0
 * @stacks: whether stacks can be among them; a constant
 *
 * Stacks are captured with the exported unwinder (stack_trace_save()) and by
 * user frame pointers; a task without user memory has no user stack, which is
 * number 0.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
static __always_inline bool kobs_capture(struct kobs_session *s, u64 *v,
					 u32 need, unsigned long entry,
					 bool stacks)
{
	if (need & BIT(KOBS_W_CPU))
		v[KOBS_W_CPU] = raw_smp_processor_id();
	if (need & BIT(KOBS_W_PID))
		v[KOBS_W_PID] = current->tgid;
	if (need & BIT(KOBS_W_TID))
		v[KOBS_W_TID] = current->pid;
	if (need & BIT(KOBS_W_COMM))
		kobs_capture_comm(v);
	if (stacks && (need & BIT(KOBS_W_KSTACK))) {
		unsigned long ips[KOBS_STACK_DEPTH + KOBS_HOOK_FRAMES]
			KOBS_UNINIT;
		unsigned int nr;

		nr = stack_trace_save(ips, s->stack_depth + KOBS_HOOK_FRAMES,
				      0);
		if (!kobs_capture_intern(s, &v[KOBS_W_KSTACK], ips, nr, entry))
			return false;
	}
	if (stacks && (need & BIT(KOBS_W_USTACK)))
		return kobs_capture_ustack(s, &v[KOBS_W_USTACK]);
	return true;
}

#endif /* KOBS_CAPTURE_H */
