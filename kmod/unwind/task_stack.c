// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stack of a task that is not the current one.
 *
 * A task that runs on a CPU has no stack that could be read: its frames change
 * while they are looked at. One that wakes up meanwhile leaves a stack that is
 * wrong in part; the unwinder checks each frame to be on the task's stack.
 *
 * Locking: none. The caller holds the RCU read lock, under which it has seen
 * the task alive: its stack is given back after a grace period only.
 */
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
 * kobs_task_stack_missing() - can stacks of other tasks be read?
 *
 * Context: any.
 * Return: NULL, or why not.
 */
const char *kobs_task_stack_missing(void)
{
#ifdef HAVE_TASK_STACK
	return NULL;
#else
	return "this kernel exports nothing that reads another task's stack";
#endif
}

/**
 * kobs_task_stack() - stack of a task
 * @task: task that is alive, not the current one
 * @ips: set to the frames, leaf first
 * @max: frames at most
 *
 * Context: any; under the RCU read lock.
 * Return: number of frames; 0 when the task runs, or stacks cannot be read.
 */
unsigned int kobs_task_stack(struct task_struct *task, unsigned long *ips,
			     unsigned int max)
{
#ifdef KOBS_EXPORTS_STACK_TRACE_SAVE_TSK
	return stack_trace_save_tsk(task, ips, max, 0);
#elif defined(HAVE_TASK_STACK)
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
#else
	return 0;
#endif
}
