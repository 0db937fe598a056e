// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: the tasks or CPUs that a session observes.
 *
 * Locking: none; the session is being prepared.
 */
#include <linux/cpumask.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/cgroup.h"
#include "core/refuse.h"
#include "sources/pmu/pmu.h"

/* Keys of a task in stat: of the requested task, not of its children. */
static void task_who(struct task_struct *task, u64 *who)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, task);
	who[KOBS_W_PID] = task->tgid;
	who[KOBS_W_TID] = task->pid;
	strscpy_pad((char *)&who[KOBS_W_COMM], comm, sizeof(comm));
	rcu_read_lock();
	who[KOBS_W_CGROUP] = kobs_cgroup_id(task);
	rcu_read_unlock();
}

static struct task_struct *task_find(u64 tid)
{
	struct task_struct *task = NULL;

	rcu_read_lock();
	if (tid && tid <= PID_MAX_LIMIT)
		task = pid_task(find_pid_ns(tid, &init_pid_ns), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/**
 * kobs_pmu_tasks_prepare() - find the tasks of a session
 * @p: session
 * @extack: says what is wrong
 *
 * Context: task.
 * Return: 0, -ESRCH, or -ENOMEM.
 */
int kobs_pmu_tasks_prepare(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	const struct kobs_value *v = &p->s->source_params[PMU_P_TASKS];
	unsigned int i;

	p->n_places = v->number;
	p->tasks = kvcalloc(v->number, sizeof(*p->tasks), GFP_KERNEL_ACCOUNT);
	p->who = kvcalloc(v->number, sizeof(*p->who), GFP_KERNEL_ACCOUNT);
	if (!p->tasks || !p->who)
		return -ENOMEM;
	for (i = 0; i < v->number; i++) {
		p->tasks[i] = task_find(v->addresses[i]);
		if (p->tasks[i])
			task_who(p->tasks[i], p->who[i]);
		else if (v->number == 1)
			return kobs_refuse(extack, -ESRCH,
					   "there is no task %llu",
					   v->addresses[0]);
		else
			p->gone++;
	}
	return 0;
}

/**
 * kobs_pmu_tasks_moved() - tasks whose control group is another one by now
 * @p: session
 *
 * What they count is of the group that they were in when the session was made.
 *
 * Context: any.
 * Return: their number; 0 where the rows have no groups.
 */
unsigned int kobs_pmu_tasks_moved(const struct kobs_pmu *p)
{
	unsigned int moved = 0;
	unsigned int i;

	if (!p->who || !(p->s->need & BIT(KOBS_W_CGROUP)))
		return 0;
	rcu_read_lock();
	for (i = 0; i < p->n_places; i++)
		moved += p->tasks[i] && kobs_cgroup_id(p->tasks[i]) !=
					p->who[i][KOBS_W_CGROUP];
	rcu_read_unlock();
	return moved;
}

/**
 * kobs_pmu_cpus_prepare() - set the CPUs of a session
 * @p: session
 * @extack: says what is wrong
 *
 * Context: task.
 * Return: 0, or -EINVAL.
 */
int kobs_pmu_cpus_prepare(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	const struct kobs_value *v = &p->s->source_params[PMU_P_CPUS];
	unsigned int i;

	p->n_places = nr_cpu_ids;
	if (!v->number)
		cpumask_copy(p->cpus, cpu_possible_mask);
	for (i = 0; i < v->number; i++) {
		u64 cpu = v->addresses[i];

		if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
			return kobs_refuse(extack, -EINVAL,
					   "there is no cpu %llu; the last is %u",
					   cpu, nr_cpu_ids - 1);
		if (!cpu_online(cpu))
			return kobs_refuse(extack, -EINVAL,
					   "cpu %llu is offline", cpu);
		cpumask_set_cpu(cpu, p->cpus);
	}
	return 0;
}
