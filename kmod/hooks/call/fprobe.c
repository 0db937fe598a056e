// SPDX-License-Identifier: GPL-2.0
/*
 * A pool of calls in progress: that of an fprobe, which is registered for the
 * anchor (see hooks/call.h).
 *
 * Locking: see hooks/call.h.
 */
#include <linux/fprobe.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>

#include "hooks/call.h"
#include "hooks/ftrace.h"

/**
 * kobs_calls_how() - how returns are hooked
 * @ok: unchanged; every kernel that this file is built for can hook them
 *
 * Context: any.
 * Return: the mechanism.
 */
const char *kobs_calls_how(bool *ok)
{
	return "by fprobe";
}

/**
 * kobs_call_pool_init() - allocate the pool
 * @c: calls
 *
 * Context: task, may sleep.
 * Return: 0, -EBUSY when ftrace is switched off, -ENODEV when it has disabled
 * itself, or another error of register_fprobe_ips().
 */
int kobs_call_pool_init(struct kobs_calls *c)
{
	unsigned long anchor = (unsigned long)KOBS_CALL_ANCHOR;
	struct fprobe *fp = &c->pool.fp;
	int err;

	if (kobs_ftrace_dead())
		return -ENODEV;
	*fp = (struct fprobe){
		.ops.flags = KOBS_FTRACE_FLAGS,
		.entry_handler = c->handlers->entry,
		.exit_handler = c->handlers->exit,
		.entry_data_size = c->handlers->ops->size,
		.nr_maxactive = c->inflight,
	};
	err = register_fprobe_ips(fp, &anchor, 1);
	c->pool.registered = !err;
	/* It disabled itself while it changed the call site. */
	if (err == -ENODEV)
		c->stuck = true;
	return err;
}

/**
 * kobs_call_pool_exit() - free the pool, and wait until no handler runs
 * @c: calls, whose functions are not hooked any more
 *
 * Calls in progress return normally, without a callback.
 *
 * Context: task, may sleep.
 */
void kobs_call_pool_exit(struct kobs_calls *c)
{
	if (!c->pool.registered)
		return;
	if (unregister_fprobe(&c->pool.fp))
		c->stuck = true;
	c->pool.registered = false;
	/* For the exit handlers, which run with preemption off. */
	synchronize_rcu();
}

/**
 * kobs_call_pool_choose() - remove functions whose return cannot be hooked
 * @c: calls
 * @ips: functions that ftrace can trace
 * @n: number of @ips; unchanged: an fprobe can be on each of them
 *
 * Context: task, may sleep.
 * Return: 0.
 */
int kobs_call_pool_choose(const struct kobs_calls *c, unsigned long *ips,
			  unsigned int *n)
{
	return 0;
}
