// SPDX-License-Identifier: GPL-2.0
/*
 * Context of a hit: who, where, and the kernel and user stacks. The slow
 * parts of the hot path, out of line.
 *
 * Locking: none. Runs in handlers, in any context, with preemption off;
 * everything it captures belongs to the current CPU and task.
 */
#include <asm/stacktrace.h>
#include <linux/ftrace.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>

#include "kobs.h"

/* Frames of kobs and of the hook's trampolines above the hooked function. */
#define HOOK_FRAMES	16

/*
 * The name can change under us when another thread of the process writes it;
 * the copy is NUL-terminated all the same.
 */
static void capture_comm(u64 *v)
{
	char *comm = (char *)&v[KOBS_W_COMM];

	BUILD_BUG_ON(TASK_COMM_LEN != 2 * sizeof(u64));
	memset(comm, 0, TASK_COMM_LEN);
	memcpy(comm, current->comm, strnlen(current->comm, TASK_COMM_LEN - 1));
}

/**
 * kobs_capture_filter() - apply the filter's conditions on task and CPU
 * @s: session
 *
 * Context: any, NMI included; preemption off.
 * Return: true when the hit passes.
 */
bool kobs_capture_filter(struct kobs_session *s)
{
	u64 v[KOBS_WORDS];
	struct kobs_who who = {
		.pid = current->tgid,
		.tid = current->pid,
		.cpu = raw_smp_processor_id(),
		.comm = (const char *)&v[KOBS_W_COMM],
	};

	capture_comm(v);
	return kobs_filter_pass(&s->filter, &who);
}

/*
 * The stack as seen from here begins with kobs and the trampolines. The first
 * frame of interest is the hooked function: its frame's address lies just
 * behind the call to the trampoline at @entry.
 */
static unsigned int hook_frames(const unsigned long *ips, unsigned int nr,
				unsigned long entry)
{
	unsigned int i;

	for (i = 0; entry && i < nr && i < HOOK_FRAMES; i++) {
		if (ips[i] > entry && ips[i] <= entry + 2 * MCOUNT_INSN_SIZE)
			return i;
	}
	return 0;
}

static noinline bool capture_kstack(struct kobs_session *s, u64 *id,
				    unsigned long entry)
{
	unsigned long ips[KOBS_STACK_DEPTH + HOOK_FRAMES];
	unsigned int nr;
	unsigned int skip;

	nr = stack_trace_save(ips, s->stack_depth + HOOK_FRAMES, 0);
	skip = hook_frames(ips, nr, entry);
	nr = min(nr - skip, s->stack_depth);
	if (!nr)
		return true;
	*id = kobs_stacks_intern(&s->stacks, 0, ips + skip, nr);
	return *id;
}

/* Frames of a 32-bit process have another layout, which is not followed. */
static bool frames_known(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return user_64bit_mode(regs);
#else
	return !is_compat_task();
#endif
}

/* Walks frame pointers; a program built without them shows its leaf only. */
static unsigned int user_frames(unsigned long *ips, unsigned int max)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long fp = frame_pointer(regs);
	unsigned int nr = 0;

	ips[nr++] = instruction_pointer(regs);
	while (nr < max && frames_known(regs)) {
		struct { unsigned long fp, ret; } frame;

		if (!fp || fp % sizeof(fp) ||
		    copy_from_user_nofault(&frame, (void __user *)fp,
					   sizeof(frame)) || !frame.ret)
			break;
		ips[nr++] = frame.ret;
		if (frame.fp <= fp)
			break;
		fp = frame.fp;
	}
	return nr;
}

static noinline bool capture_ustack(struct kobs_session *s, u64 *id)
{
	unsigned long ips[KOBS_STACK_DEPTH];

	if (!current->mm || (current->flags & (PF_KTHREAD | PF_EXITING)))
		return true;
	*id = kobs_stacks_intern(&s->stacks, current->tgid, ips,
				 user_frames(ips, s->stack_depth));
	return *id;
}

/**
 * kobs_capture() - fill in context words of a hit
 * @s: session
 * @v: words of the hit
 * @need: which, a bit for each word
 * @entry: address of the hooked function that a kernel stack shall begin
 *         with, or 0
 *
 * Stacks are captured with the exported unwinder (stack_trace_save()) and by
 * user frame pointers; a task without user memory has no user stack, which is
 * number 0.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_capture(struct kobs_session *s, u64 *v, u32 need,
		  unsigned long entry)
{
	if (need & BIT(KOBS_W_CPU))
		v[KOBS_W_CPU] = raw_smp_processor_id();
	if (need & BIT(KOBS_W_PID))
		v[KOBS_W_PID] = current->tgid;
	if (need & BIT(KOBS_W_TID))
		v[KOBS_W_TID] = current->pid;
	if (need & BIT(KOBS_W_COMM))
		capture_comm(v);
	if (need & BIT(KOBS_W_KSTACK)) {
		v[KOBS_W_KSTACK] = 0;
		if (!capture_kstack(s, &v[KOBS_W_KSTACK], entry))
			return false;
	}
	if (need & BIT(KOBS_W_USTACK)) {
		v[KOBS_W_USTACK] = 0;
		if (!capture_ustack(s, &v[KOBS_W_USTACK]))
			return false;
	}
	return true;
}
