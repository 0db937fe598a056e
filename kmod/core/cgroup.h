/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control groups of tasks, in the unified hierarchy (cgroup2): the column cgroup
 * and the filter by it. A group is its number (the inode of its directory), which
 * the kernel never gives to another one, so that a group that is removed while a
 * session runs leaves rows of its own, and no reference is held.
 *
 * Locking: none. A handler has preemption off, which is an RCU read-side section:
 * css_sets, groups and their ancestors are freed a grace period after the last
 * task has left.
 */
#ifndef KOBS_CGROUP_H
#define KOBS_CGROUP_H

#include <linux/cgroup.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include "core/session.h"

struct netlink_ext_ack;

u64 kobs_cgroup_wanted(const struct kobs_session *s,
		       const struct task_struct *task);
bool kobs_cgroup_within(const struct kobs_filter *f,
			const struct task_struct *task);
int kobs_cgroup_filter_add(struct kobs_filter *f, u64 id,
			   struct netlink_ext_ack *extack);
int kobs_cgroup_available(struct netlink_ext_ack *extack);

/**
 * kobs_cgroup_id() - number of a task's control group
 * @task: task that exists as long as the RCU read-side section lasts
 *
 * A task keeps its group until it is freed; kernel threads and idle tasks are in
 * the root, number 1, unless somebody moved them.
 *
 * Context: any, NMI included; preemption off, or the RCU read lock held.
 * Return: the number, or 0 in a kernel without control groups.
 */
static __always_inline u64 kobs_cgroup_id(const struct task_struct *task)
{
#ifdef CONFIG_CGROUPS
	return cgroup_id(rcu_dereference_raw(task->cgroups)->dfl_cgrp);
#else
	return 0;
#endif
}

/**
 * kobs_cgroup_used() - whether a session needs the control groups of tasks
 * @s: session, configured
 *
 * Context: any.
 * Return: true when they are in its key or in its filter.
 */
static inline bool kobs_cgroup_used(const struct kobs_session *s)
{
	return s->filter.n_cgroup || (s->need & BIT(KOBS_W_CGROUP));
}

#endif /* KOBS_CGROUP_H */
