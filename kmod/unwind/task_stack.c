// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stack of a task other than the current one.
 *
 * The stack of a task that runs on a CPU cannot be read: its frames change
 * meanwhile. If the task wakes up during the read, the result is wrong in part;
 * the unwinder checks that each frame is on the task's stack.
 *
 * A task that has exited keeps its struct until it is reaped, but not its stack.
 * The unwinder of 6.1 reads the stack pointer's memory before it checks that the
 * task still has a stack, and nothing that takes a reference to a stack is
 * exported there. So tasks with an exit state are refused: that state is set
 * before the last switch from the stack, after which it is freed by RCU.
 *
 * Locking: none. The caller holds the RCU read lock, which keeps the task, and
 * the stack of a task that has no exit state yet.
 */
#include <linux/preempt.h>
#include <linux/stacktrace.h>

#ifndef KOBS_EXPORTS_STACK_TRACE_SAVE_TSK
#ifdef CONFIG_X86
#include <asm/unwind.h>
#endif
#endif

#include "unwind/task_stack.h"

#if defined(KOBS_EXPORTS_STACK_TRACE_SAVE_TSK) || \
	defined(KOBS_EXPORTS_UNWIND_NEXT_FRAME)
#define HAVE_TASK_STACK
#endif

/**
 * kobs_task_stack_missing() - why stacks of other tasks cannot be read
 *
 * Context: any.
 * Return: the reason, or NULL when they can be.
 */
const char *kobs_task_stack_missing(void)
{
#ifdef HAVE_TASK_STACK
	return NULL;
#else
	return "this kernel exports nothing that reads another task's stack";
#endif
}

#ifdef HAVE_TASK_STACK
static unsigned int task_stack_read(struct task_struct *task, unsigned long *ips,
				    unsigned int max)
{
#ifdef KOBS_EXPORTS_STACK_TRACE_SAVE_TSK
	return stack_trace_save_tsk(task, ips, max, 0);
#else
	struct unwind_state state;
	unsigned int nr = 0;

	/* Refuses tasks that are on a CPU. */
	unwind_start(&state, task, NULL, NULL);
	for (; nr < max && !unwind_done(&state); unwind_next_frame(&state)) {
		unsigned long ip = unwind_get_return_address(&state);

		if (!ip)
			break;
		ips[nr++] = ip;
	}
	return nr;
#endif
}
#endif

/**
 * kobs_task_stack() - stack of a task
 * @task: task, not the current one; it may have exited
 * @ips: set to the frames, leaf first
 * @max: maximum number of frames
 *
 * Context: any; under the RCU read lock.
 * Return: number of frames; 0 when the task runs or has exited, in an NMI, or
 * when stacks cannot be read.
 */
unsigned int kobs_task_stack(struct task_struct *task, unsigned long *ips,
			     unsigned int max)
{
	/* The last reference to a stack must not be dropped in an NMI. */
	if (in_nmi() || READ_ONCE(task->exit_state))
		return 0;
#ifdef HAVE_TASK_STACK
	return task_stack_read(task, ips, max);
#else
	return 0;
#endif
}
