// SPDX-License-Identifier: GPL-2.0
/*
 * ftrace_ops: registration, removal, and functions that leave a filter.
 *
 * ftrace disables itself, until the next boot, when it finds an error of its
 * own. It then refuses to remove an ops, which call sites may go on calling:
 * such an ops is stuck, and it, its context and the handlers' code must be kept.
 *
 * Locking: none; the caller serialises the functions below for each ops.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/printk.h>

#include "hooks/ftrace.h"

/**
 * kobs_ftrace_refusal() - why ftrace refuses
 * @err: error of a function below; set to the one that tells it to a client
 *
 * Context: any.
 * Return: a clause, or NULL when the error has no such meaning.
 */
const char *kobs_ftrace_refusal(int *err)
{
	if (*err == -EBUSY)
		return "ftrace is switched off; run sysctl kernel.ftrace_enabled=1";
	if (*err == -ENOMEM)
		return "the kernel has no memory for the hook";
	if (*err != -ENODEV)
		return NULL;
	*err = -EOPNOTSUPP;
	return "ftrace has disabled itself after an error, until the next boot; see the kernel log";
}

/**
 * kobs_ftrace_dead() - whether ftrace has disabled itself
 *
 * Context: task, may sleep.
 * Return: true when no ops can be registered or removed any more.
 */
bool kobs_ftrace_dead(void)
{
	struct ftrace_ops trial = {};

	/* No function lies at 0: the answer is -EINVAL otherwise. */
	return ftrace_set_filter_ip(&trial, 0, 0, 1) == -ENODEV;
}

/**
 * kobs_ftrace_check() - whether ftrace can trace a function
 * @trial: ops that is not registered and has no filter; stays like that
 * @ip: address of the function
 *
 * A filter is changed by copying all of it: adding functions one by one takes a
 * time that grows with the square of their number. Removing one from an empty
 * filter looks it up just the same, and copies nothing.
 *
 * Context: task, may sleep.
 * Return: 0; -EINVAL when it cannot; or -ENOMEM or -ENODEV, which tell nothing
 * about the function.
 */
int kobs_ftrace_check(struct ftrace_ops *trial, unsigned long ip)
{
	int err = ftrace_set_filter_ip(trial, ip, 1, 0);

	/* It is a function, and not in the filter. */
	return err == -ENOENT ? 0 : err;
}

/**
 * kobs_ftrace_hook() - register an ops
 * @ops: ops with KOBS_FTRACE_FLAGS and a filter
 * @stuck: set to true when the ops was refused, but can be called all the same
 *
 * Context: task, may sleep.
 * Return: 0, -EBUSY when ftrace is switched off, -ENODEV when it has disabled
 * itself, or another error of register_ftrace_function().
 */
int kobs_ftrace_hook(struct ftrace_ops *ops, bool *stuck)
{
	int err;

	if (kobs_ftrace_dead())
		return -ENODEV;
	err = register_ftrace_function(ops);
	/* It disabled itself while it changed the call sites. */
	if (err == -ENODEV)
		*stuck = true;
	return err;
}

/**
 * kobs_ftrace_unhook() - remove an ops and wait until no handler runs
 * @ops: ops from kobs_ftrace_hook()
 * @stuck: set to true when the ops can still be called
 *
 * Context: task, may sleep.
 * Return: 0, or the error of unregister_ftrace_function().
 */
int kobs_ftrace_unhook(struct ftrace_ops *ops, bool *stuck)
{
	int err = unregister_ftrace_function(ops);

	if (err)
		*stuck = true;
	return err;
}

/**
 * kobs_ftrace_drop() - remove functions from a filter
 * @ops: ops, registered or not, in whose filter other functions remain
 * @ips: functions to be removed
 * @n: number of @ips
 *
 * The functions that remain are not looked up: one whose code has gone would
 * make that fail for all.
 *
 * Context: task, may sleep.
 * Return: 0, or an error of ftrace_set_filter_ips(): some are left.
 */
int kobs_ftrace_drop(struct ftrace_ops *ops, unsigned long *ips, unsigned int n)
{
	unsigned int i;
	int err = ftrace_set_filter_ips(ops, ips, n, 1, 0);

	/* One of them was not in the filter, or is no function: one by one. */
	for (i = 0; i < n && (err == -ENOENT || err == -EINVAL); i++)
		err = ftrace_set_filter_ip(ops, ips[i], 1, 0) ?: -ENOENT;
	if (err == -ENOENT || err == -EINVAL)
		return 0;
	if (err)
		pr_warn("functions whose code goes cannot be removed from a filter, error %d: all of its functions are unhooked\n",
			-err);
	return err;
}
