/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel stack of a task other than the current one. Kernels differ in what
 * they export for it: stack_trace_save_tsk() since 6.12 or earlier, by
 * configuration; on x86 the unwinder itself.
 */
#ifndef KOBS_TASK_STACK_H
#define KOBS_TASK_STACK_H

#include <linux/sched.h>

const char *kobs_task_stack_missing(void);
unsigned int kobs_task_stack(struct task_struct *task, unsigned long *ips,
			     unsigned int max);
unsigned int kobs_task_stack_pinned(struct task_struct *task,
				    unsigned long *ips, unsigned int max);

#endif /* KOBS_TASK_STACK_H */
