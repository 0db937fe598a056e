/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commit cd9626e9ebc7 ("sched/fair: Fix external p->on_rq users"), first in
 * 6.12, added task_is_runnable(), since sleeping tasks can still be queued from
 * then on. Before, every queued task is runnable.
 *
 * PF_USER_WORKER, first in 6.4, marks threads of a process that never run its
 * code: workers of io_uring and, from then on, of vhost. Before, those of
 * io_uring were the only ones.
 *
 * A kernel for one processor has no on_cpu: only the current task is on it.
 */
#ifndef KOBS_COMPAT_SCHED_H
#define KOBS_COMPAT_SCHED_H

#include_next <linux/sched.h>

#ifndef KOBS_HAVE_TASK_IS_RUNNABLE
#define task_is_runnable(p) (READ_ONCE((p)->on_rq) != 0)
#endif

#ifndef PF_USER_WORKER
#define PF_USER_WORKER	PF_IO_WORKER
#endif

#ifdef CONFIG_SMP
#define kobs_compat_on_cpu(p) (READ_ONCE((p)->on_cpu) != 0)
#else
#define kobs_compat_on_cpu(p) ((p) == current)
#endif

#endif /* KOBS_COMPAT_SCHED_H */
