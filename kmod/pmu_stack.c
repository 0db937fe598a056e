// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stack of an interrupted context, from its registers. The kernel
 * exports no function for that on all versions: on x86 it exports the
 * unwinder itself; on arm64 code keeps frame records, which are followed here.
 *
 * Locking: none. Runs in overflow handlers, in any context; what it reads
 * belongs to the current CPU and task.
 */
#include <linux/perf_event.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>

#include "pmu.h"

#ifdef CONFIG_X86
#include <asm/unwind.h>

/* Made up for a call (software events), registers have neither flags nor all. */
static unsigned int unwind(struct pt_regs *regs, unsigned long *ips,
			   unsigned int nr, unsigned int max)
{
	struct unwind_state state;
	unsigned long ip;

	if (regs->flags & X86_EFLAGS_FIXED)
		unwind_start(&state, current, regs, NULL);
	else
		unwind_start(&state, current, NULL, (void *)regs->sp);
	for (; nr < max && !unwind_done(&state); unwind_next_frame(&state)) {
		ip = unwind_get_return_address(&state);
		if (!ip)
			break;
		ips[nr++] = ip;
	}
	return nr;
}
#else
#include <asm/stacktrace.h>

/* Whether a frame record lies on the task's stack or on the handler's own. */
static bool on_stack(unsigned long fp, unsigned long size)
{
	unsigned long own = ALIGN_DOWN(current_stack_pointer, THREAD_SIZE);

	if (!IS_ALIGNED(fp, sizeof(fp)))
		return false;
	return on_task_stack(current, fp, size) ||
	       (fp >= own && fp <= own + THREAD_SIZE - size);
}

/*
 * An interrupt's stack is left for the task's once, so that records need not
 * rise all the way; @max bounds what a broken chain costs.
 */
static unsigned int unwind(struct pt_regs *regs, unsigned long *ips,
			   unsigned int nr, unsigned int max)
{
	const struct { unsigned long fp, ret; } *frame;
	unsigned long fp = frame_pointer(regs);

	while (nr < max && on_stack(fp, sizeof(*frame))) {
		frame = (void *)fp;
		if (!READ_ONCE(frame->ret))
			break;
		ips[nr++] = ptrauth_strip_kernel_insn_pac(READ_ONCE(frame->ret));
		fp = READ_ONCE(frame->fp);
	}
	return nr;
}
#endif

/**
 * kobs_pmu_kernel_stack() - stack of the kernel code that was interrupted
 * @regs: its registers
 * @ips: set to the frames, the interrupted instruction first
 * @max: room, at least 1
 *
 * Context: any, NMI included; preemption off.
 * Return: number of frames.
 */
unsigned int kobs_pmu_kernel_stack(struct pt_regs *regs, unsigned long *ips,
				   unsigned int max)
{
	ips[0] = instruction_pointer(regs);
	return unwind(regs, ips, 1, max);
}
