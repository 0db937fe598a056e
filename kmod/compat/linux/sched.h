/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commit cd9626e9ebc7 ("sched/fair: Fix external p->on_rq users"), first in
 * 6.12, added task_is_runnable(), since sleeping tasks can still be queued from
 * then on. Before, every queued task is runnable.
 *
 * PF_USER_WORKER, first in 6.4, marks threads of a process that never run its
 * code: workers of io_uring and, from then on, of vhost. Before, those of
 * io_uring were the only ones.
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

#endif /* KOBS_COMPAT_SCHED_H */
