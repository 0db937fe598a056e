// SPDX-License-Identifier: GPL-2.0
/*
 * Control groups of tasks: the filter. A group of the filter stands for all that
 * is below it, too, whenever that is made: a task's group is compared by its
 * ancestors at the levels that the filter's groups have.
 *
 * Locking: see cgroup.h.
 */
#include <linux/bitops.h>
#include <linux/err.h>

#include "core/cgroup.h"
#include "core/refuse.h"

/* Levels that a filter's groups can have: a bit each; the root's is 0. */
#define CGROUP_LEVELS	64

/**
 * kobs_cgroup_available() - check that the kernel has control groups
 * @extack: takes the reason if not
 *
 * Context: task.
 * Return: 0, or -EOPNOTSUPP.
 */
int kobs_cgroup_available(struct netlink_ext_ack *extack)
{
	if (IS_ENABLED(CONFIG_CGROUPS))
		return 0;
	return kobs_refuse(extack, -EOPNOTSUPP,
			   "this kernel has no control groups (CONFIG_CGROUPS)");
}

#ifdef CONFIG_CGROUPS

/**
 * kobs_cgroup_within() - apply the filter's condition on control groups
 * @f: filter
 * @task: task that exists as long as the RCU read-side section lasts
 *
 * Context: any, NMI included; preemption off, or the RCU read lock held.
 * Return: true when @task is in one of the filter's groups, or below one, or
 * the filter has none.
 */
bool kobs_cgroup_within(const struct kobs_filter *f,
			const struct task_struct *task)
{
	struct cgroup *cgrp = rcu_dereference_raw(task->cgroups)->dfl_cgrp;
	u64 levels = f->cgroup_levels;

	for (; levels; levels &= levels - 1) {
		struct cgroup *at = cgroup_ancestor(cgrp, __ffs64(levels));

		/* Its level is above those that are left. */
		if (!at)
			return false;
		if (kobs_filter_has_cgroup(f, cgroup_id(at)))
			return true;
	}
	return !f->n_cgroup;
}

/**
 * kobs_cgroup_filter_add() - add a control group to a filter
 * @f: filter
 * @id: number of the group
 * @extack: takes the reason of a failure
 *
 * Context: task.
 * Return: 0, -ENOENT, -EINVAL (nested too deep), or -ENOSPC when the filter is
 * full.
 */
int kobs_cgroup_filter_add(struct kobs_filter *f, u64 id,
			   struct netlink_ext_ack *extack)
{
	struct cgroup *cgrp = cgroup_get_from_id(id);
	int level;

	if (IS_ERR(cgrp))
		return kobs_refuse(extack, -ENOENT,
				   "there is no control group %llu in the unified hierarchy (cgroup2)",
				   id);
	level = cgrp->level;
	cgroup_put(cgrp);
	if (level >= CGROUP_LEVELS)
		return kobs_refuse(extack, -EINVAL,
				   "control group %llu is %d levels below the root; a filter takes up to %d",
				   id, level, CGROUP_LEVELS - 1);
	return kobs_filter_add_cgroup(f, id, level);
}

#else /* CONFIG_CGROUPS */

bool kobs_cgroup_within(const struct kobs_filter *f,
			const struct task_struct *task)
{
	return true;
}

int kobs_cgroup_filter_add(struct kobs_filter *f, u64 id,
			   struct netlink_ext_ack *extack)
{
	return kobs_cgroup_available(extack);
}

#endif /* CONFIG_CGROUPS */

/**
 * kobs_cgroup_wanted() - number of a task's control group, if it passes the filter
 * @s: session
 * @task: task that exists as long as the RCU read-side section lasts
 *
 * For hits that are recorded when the task may be gone.
 *
 * Context: any, NMI included; preemption off, or the RCU read lock held.
 * Return: the number, or 0 when the filter has groups and the task's is not
 * among them or below.
 */
u64 kobs_cgroup_wanted(const struct kobs_session *s,
		       const struct task_struct *task)
{
	return kobs_cgroup_within(&s->filter, task) ? kobs_cgroup_id(task) : 0;
}
