/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "treewide: Introduce kthread_run_worker[_on_cpu]()", first in 6.14: a worker
 * from kthread_create_worker() does not run until it is woken up.
 */
#ifndef KOBS_COMPAT_KTHREAD_H
#define KOBS_COMPAT_KTHREAD_H

#include_next <linux/kthread.h>

#ifndef kthread_run_worker
#define kthread_run_worker(flags, ...) kthread_create_worker(flags, __VA_ARGS__)
#endif

#endif /* KOBS_COMPAT_KTHREAD_H */
