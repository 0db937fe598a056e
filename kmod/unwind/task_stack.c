// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stack of a task other than the current one.
 *
 * It can be read while the task is blocked and cannot be woken up: its frames stay
 * as they are. The kernel's task_call_func() shows what that takes, but is not
 * exported: who wakes a task holds its pi_lock. A task that runs, or may begin to
 * at any time, is refused; 6.1's unwinder also warns when it finds the frame of a
 * hooked return on the stack of a task that is in TASK_RUNNING.
 *
 * A task that has exited keeps its struct until it is reaped, but not its stack.
 * The unwinder of 6.1 reads the stack pointer's memory before it checks that the
 * task still has a stack, and nothing that takes a reference to a stack is
 * exported there. So tasks with an exit state are refused: that state is set
 * before the last switch from the stack, after which it is freed by RCU.
 *
 * Locking: the task's pi_lock, which is only tried: a run queue's lock may be
 * held, which comes after it. The caller holds the RCU read lock, which keeps the
 * task, and the stack of a task that has no exit state yet.
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
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

/*
 * Who holds a pi_lock for long is another reader of the stack, unless it waits for a
 * run queue's lock that is held here.
 */
#define LOCK_TRIES	1000

/* Is the task blocked? Under its pi_lock it stays so. */
static bool task_blocked(struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	if (state == TASK_RUNNING || state == TASK_WAKING ||
	    READ_ONCE(task->exit_state))
		return false;
	/* Read before on_rq, as try_to_wake_up() does. */
	smp_rmb();
	if (task_is_runnable(task))
		return false;
	/* It has left its run queue; pairs with its CPU's lock in __schedule(). */
	smp_rmb();
	return !kobs_compat_on_cpu(task);
}

/**
 * kobs_task_stack_pinned() - stack of a task that cannot be woken up
 * @task: task, not the current one
 * @ips: set to the frames, leaf first
 * @max: maximum number of frames
 *
 * Context: any but NMI; under the RCU read lock and the task's pi_lock.
 * Return: number of frames; 0 when the task is not blocked or has exited, or when
 * stacks cannot be read.
 */
unsigned int kobs_task_stack_pinned(struct task_struct *task,
				    unsigned long *ips, unsigned int max)
{
#ifdef HAVE_TASK_STACK
	if (task_blocked(task))
		return task_stack_read(task, ips, max);
#endif
	return 0;
}

/* Take the pi_lock of a blocked task; interrupts are off. */
static bool pin_blocked(struct task_struct *task)
{
	unsigned int i;

	for (i = 0; !raw_spin_trylock(&task->pi_lock); i++) {
		if (i == LOCK_TRIES || !task_blocked(task))
			return false;
		cpu_relax();
	}
	return true;
}

/**
 * kobs_task_stack() - stack of a task
 * @task: task, not the current one; it may have exited
 * @ips: set to the frames, leaf first
 * @max: maximum number of frames
 *
 * Context: any; under the RCU read lock, without the task's pi_lock.
 * Return: number of frames; 0 when the task is not blocked, is being woken up or
 * has exited, in an NMI, or when stacks cannot be read.
 */
unsigned int kobs_task_stack(struct task_struct *task, unsigned long *ips,
			     unsigned int max)
{
	unsigned long flags;
	unsigned int nr = 0;

	/* The last reference to a stack must not be dropped in an NMI. */
	if (in_nmi())
		return 0;
	local_irq_save(flags);
	if (pin_blocked(task)) {
		nr = kobs_task_stack_pinned(task, ips, max);
		raw_spin_unlock(&task->pi_lock);
	}
	local_irq_restore(flags);
	return nr;
}
