/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Filter: which hits count, by process, thread, name, CPU and value. Pure.
 *
 * Locking: none; a filter does not change once its session exists.
 */
#ifndef KOBS_FILTER_H
#define KOBS_FILTER_H

#include <linux/sched.h>
#include <linux/types.h>

/* Maximum number of alternatives per kind. */
#define KOBS_FILTER_MAX		32

/**
 * struct kobs_filter - conditions on a hit; a kind without entries matches all hits
 * @task: there is an entry of @pid, @tid, @cpu or @comm
 * @n_pid: processes
 * @n_tid: threads
 * @n_cpu: CPUs
 * @n_comm: names
 * @pid: processes, as in the initial pid namespace
 * @tid: threads, as in the initial pid namespace
 * @cpu: CPUs
 * @comm: names of threads, which may be globs
 * @min: lowest value to record; 0 for all
 */
struct kobs_filter {
	bool task;
	u8 n_pid;
	u8 n_tid;
	u8 n_cpu;
	u8 n_comm;
	u32 pid[KOBS_FILTER_MAX];
	u32 tid[KOBS_FILTER_MAX];
	u32 cpu[KOBS_FILTER_MAX];
	char comm[KOBS_FILTER_MAX][TASK_COMM_LEN];
	u64 min;
};

/**
 * struct kobs_who - where a hit happened
 * @pid: process
 * @tid: thread
 * @cpu: CPU
 * @comm: name of the thread, NUL-terminated
 */
struct kobs_who {
	u32 pid;
	u32 tid;
	u32 cpu;
	const char *comm;
};

int kobs_filter_add(u32 *list, u8 *n, u32 item);
int kobs_filter_add_comm(struct kobs_filter *f, const char *comm);
bool kobs_filter_pass(const struct kobs_filter *f, const struct kobs_who *who);

#endif /* KOBS_FILTER_H */
