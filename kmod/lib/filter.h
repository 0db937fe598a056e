/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Filter: which hits count, by process, thread, name, control group, CPU and
 * value. Pure.
 *
 * Locking: none; a filter does not change once its session exists.
 */
#ifndef KOBS_FILTER_H
#define KOBS_FILTER_H

#include <linux/sched.h>
#include <linux/types.h>

/* Maximum number of alternatives per kind. */
#define KOBS_FILTER_MAX		32
/* The same of control groups, of which a glob matches many. */
#define KOBS_FILTER_CGROUPS	64

/**
 * struct kobs_filter - conditions on a hit; a kind without entries matches all hits
 * @task: there is an entry of @pid, @tid, @cpu, @comm or @cgroup
 * @n_pid: processes
 * @n_tid: threads
 * @n_cpu: CPUs
 * @n_comm: names
 * @n_cgroup: control groups
 * @pid: processes, as in the initial pid namespace
 * @tid: threads, as in the initial pid namespace
 * @cpu: CPUs
 * @comm: names of threads, which may be globs
 * @cgroup: numbers of control groups, in order
 * @cgroup_levels: levels that they have below the root, a bit each
 * @min: lowest value to record; 0 for all
 */
struct kobs_filter {
	bool task;
	u8 n_pid;
	u8 n_tid;
	u8 n_cpu;
	u8 n_comm;
	u8 n_cgroup;
	u32 pid[KOBS_FILTER_MAX];
	u32 tid[KOBS_FILTER_MAX];
	u32 cpu[KOBS_FILTER_MAX];
	char comm[KOBS_FILTER_MAX][TASK_COMM_LEN];
	u64 cgroup[KOBS_FILTER_CGROUPS];
	u64 cgroup_levels;
	u64 min;
};

/**
 * struct kobs_who - where a hit happened
 * @pid: process
 * @tid: thread
 * @cpu: CPU
 * @comm: name of the thread, NUL-terminated
 * @in_cgroup: its control group is one of the filter's, or below one; looked at
 *             only if the filter has any
 */
struct kobs_who {
	u32 pid;
	u32 tid;
	u32 cpu;
	const char *comm;
	bool in_cgroup;
};

int kobs_filter_add(u32 *list, u8 *n, u32 item);
int kobs_filter_add_comm(struct kobs_filter *f, const char *comm);
int kobs_filter_add_cgroup(struct kobs_filter *f, u64 id, unsigned int level);
bool kobs_filter_has_cgroup(const struct kobs_filter *f, u64 id);
bool kobs_filter_pass(const struct kobs_filter *f, const struct kobs_who *who);

#endif /* KOBS_FILTER_H */
