/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registration and removal of an ftrace_ops, and functions that leave its
 * filter.
 *
 * kernel.ftrace_enabled=0 would silence every ops, and an ops that is removed
 * meanwhile leaves flags behind for which a later removal disables ftrace until
 * the next boot. Each ops of kobs is therefore permanent: the kernel refuses to
 * turn ftrace off while one is registered, and to register one while it is off.
 */
#ifndef KOBS_FTRACE_H
#define KOBS_FTRACE_H

#include <linux/ftrace.h>
#include <linux/types.h>

/* Flags of every ftrace_ops. */
#define KOBS_FTRACE_FLAGS	FTRACE_OPS_FL_PERMANENT

const char *kobs_ftrace_refusal(int *err);
bool kobs_ftrace_dead(void);
int kobs_ftrace_check(struct ftrace_ops *trial, unsigned long ip);
int kobs_ftrace_hook(struct ftrace_ops *ops, bool *stuck);
int kobs_ftrace_unhook(struct ftrace_ops *ops, bool *stuck);
int kobs_ftrace_drop(struct ftrace_ops *ops, unsigned long *ips,
		     unsigned int n);

#endif /* KOBS_FTRACE_H */
