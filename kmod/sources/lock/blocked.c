// SPDX-License-Identifier: GPL-2.0
/*
 * Mode stalls: tasks that were blocked when the session began. Their waits began
 * without a tracepoint that the session could see, and may be for something
 * other than a lock. The worker (stalls.c) looks for them when the session is
 * armed, and reports those that have not run for the minimum duration of a stall
 * after that: a record for each, of kind "blocked", whose columns link and links
 * are its place in the list and the list's length.
 *
 * Locking: only the worker uses the list. Tasks are read under the RCU read
 * lock, after a check that they are alive.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>

#include "core/hit.h"
#include "sources/lock/lock.h"

/**
 * struct kobs_blocked_task - a task that was blocked when the session began
 * @task: the task; no reference is held
 * @switches: number of its context switches by then
 * @tid: its thread
 * @pid: its process
 * @cpu: where it ran
 * @comm: its name
 * @cgroup: its control group; 0 if it is filtered
 */
struct kobs_blocked_task {
	struct task_struct *task;
	unsigned long switches;
	pid_t tid;
	pid_t pid;
	u32 cpu;
	u64 comm[2];
	u64 cgroup;
};

/**
 * struct kobs_lock_blocked - the list of a session
 * @time: when it was made, monotonic ns; 0 before
 * @n: number of tasks
 * @max: room
 * @missed: number of tasks for which there was no room
 * @reported: the tasks were reported
 * @tasks: tasks
 */
struct kobs_lock_blocked {
	u64 time;
	u32 n;
	u32 max;
	u32 missed;
	bool reported;
	struct kobs_blocked_task tasks[];
};

static const union kobs_lock_name blocked_kind = { "blocked" };

/* As ps shows it by D. */
static bool task_is_blocked(const struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	return (state & (TASK_UNINTERRUPTIBLE | TASK_RTLOCK_WAIT)) &&
	       !(state & TASK_NOLOAD);
}

static unsigned long task_switches(const struct task_struct *task)
{
	return READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw);
}

static void blocked_add(struct kobs_lock_blocked *b, struct task_struct *task)
{
	struct kobs_blocked_task *t = &b->tasks[b->n];

	if (b->n == b->max) {
		b->missed++;
		return;
	}
	t->task = task;
	t->switches = task_switches(task);
	/* One that has run meanwhile is found out by its switches. */
	if (task_is_blocked(task)) {
		t->tid = task->pid;
		b->n++;
	}
}

/* The tasks that are blocked now. */
static void blocked_look(struct kobs_lock_blocked *b, u64 now)
{
	struct task_struct *process;
	struct task_struct *task;

	b->time = now;
	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (task_is_blocked(task))
			blocked_add(b, task);
	}
	rcu_read_unlock();
}

/* Whether a task has not run since; if so, it is described. */
static bool blocked_still(const struct kobs_lock *l, struct kobs_blocked_task *t)
{
	struct task_struct *task = kobs_lock_task(t->task);

	if (!task || task->pid != t->tid || !task_is_blocked(task) ||
	    task_switches(task) != t->switches)
		return false;
	/* A wait that the session has seen is reported as such. */
	if (kobs_stalls_have(l, task))
		return false;
	t->pid = task->tgid;
	t->cpu = task_cpu(task);
	t->cgroup = kobs_cgroup_wanted(l->s, task);
	memcpy(t->comm, task->comm, sizeof(t->comm));
	((char *)t->comm)[sizeof(t->comm) - 1] = '\0';
	return true;
}

static bool blocked_wanted(const struct kobs_lock *l, const struct kobs_blocked_task *t)
{
	return kobs_stalls_wanted(l->s, &(struct kobs_who){
		.pid = t->pid, .tid = t->tid, .cpu = t->cpu,
		.comm = (const char *)t->comm,
		.in_cgroup = t->cgroup,
	});
}

/* Keep the tasks that are to be reported. */
static void blocked_select(struct kobs_lock *l, struct kobs_lock_blocked *b)
{
	u32 n = 0;
	u32 i;

	for (i = 0; i < b->n; i++) {
		bool still;

		rcu_read_lock();
		still = blocked_still(l, &b->tasks[i]);
		rcu_read_unlock();
		if (still && blocked_wanted(l, &b->tasks[i]))
			b->tasks[n++] = b->tasks[i];
		cond_resched();
	}
	b->n = n;
}

/* Columns of locks are empty. */
static void blocked_words(const struct kobs_lock_blocked *b, u32 i, u64 *v)
{
	const struct kobs_blocked_task *t = &b->tasks[i];

	memset(v, 0, KOBS_WORDS * sizeof(*v));
	v[KOBS_W_CPU] = t->cpu;
	v[KOBS_W_PID] = t->pid;
	v[KOBS_W_TID] = t->tid;
	v[KOBS_W_COMM] = t->comm[0];
	v[KOBS_W_COMM + 1] = t->comm[1];
	v[KOBS_W_CGROUP] = t->cgroup;
	v[LOCK_W_KIND] = blocked_kind.words[0];
	v[LOCK_W_KIND + 1] = blocked_kind.words[1];
	v[LOCK_W_LINK] = i;
	v[LOCK_W_LINKS] = b->n;
}

static void blocked_record(struct kobs_lock *l, const struct kobs_lock_blocked *b,
			   u32 i, u64 now)
{
	struct task_struct *task;
	u64 v[KOBS_WORDS];

	blocked_words(b, i, v);
	rcu_read_lock();
	task = kobs_lock_task(b->tasks[i].task);
	if (task && task->pid != b->tasks[i].tid)
		task = NULL;
	kobs_stalls_record(l, v, task, NULL, kobs_elapsed(b->time, now));
	rcu_read_unlock();
}

/**
 * kobs_blocked_work() - find the blocked tasks, and report them when it is due
 * @l: session in mode stalls, armed
 * @over: minimum duration of a stall, ns
 * @now: time, monotonic ns
 *
 * Context: the worker, which has copied the waits in progress.
 */
void kobs_blocked_work(struct kobs_lock *l, u64 over, u64 now)
{
	struct kobs_lock_blocked *b = l->blocked;
	u32 i;

	if (b->reported)
		return;
	if (!b->time) {
		blocked_look(b, now);
		return;
	}
	if (kobs_elapsed(b->time, now) < over)
		return;
	blocked_select(l, b);
	for (i = 0; i < b->n; i++) {
		blocked_record(l, b, i, now);
		cond_resched();
	}
	kobs_stalls_lost(l->s, b->missed);
	b->reported = true;
}

/**
 * kobs_blocked_new() - allocate the list of a session
 * @l: session
 * @max: maximum number of tasks
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_blocked_new(struct kobs_lock *l, u32 max)
{
	l->blocked = kobs_memory_get(&l->s->memory,
				     struct_size(l->blocked, tasks, max),
				     NUMA_NO_NODE);
	if (!l->blocked)
		return -ENOMEM;
	l->blocked->max = max;
	return 0;
}

/**
 * kobs_blocked_free() - free the list of a session, if there is one
 * @l: session
 *
 * Context: task, may sleep.
 */
void kobs_blocked_free(struct kobs_lock *l)
{
	vfree(l->blocked);
	l->blocked = NULL;
}
