// SPDX-License-Identifier: GPL-2.0
/* How close threads, files and connections are to their limits, and which processes are stuck. */

#include "cmd/triage/facts.h"
#include "lib/format.h"
#include "lib/macros.h"

/* The process that is closest to its own limit of open files. */
static void add_process_files(struct facts *f, const struct machine *b)
{
	const struct task *worst = NULL;
	double most = 0;
	char n[32], of[32];
	size_t i;

	for (i = 0; i < b->nr_tasks; i++) {
		const struct task *t = &b->tasks[i];

		if (!t->files_max || percent((double)t->files, (double)t->files_max) <= most)
			continue;
		most = percent((double)t->files, (double)t->files_max);
		worst = t;
	}
	if (worst)
		facts_add(f, M_PROCESS_FILES, "", most,
			  "%s (process %llu) has %s files open, of %s that it can have",
			  worst->comm, (unsigned long long)worst->pid,
			  format_count(n, sizeof(n), worst->files),
			  format_count(of, sizeof(of), worst->files_max));
}

/** facts_limits() - Threads, files and connections there are, of those there can be. */
void facts_limits(struct facts *f, const struct machine *b)
{
	static const struct {
		enum metric	metric;
		const char	*count;
		const char	*limits[2];
		const char	*what;
	} all[] = {
		{ M_TASKS, "threads", { "proc/sys/kernel/threads-max", "proc/sys/kernel/pid_max" },
		  "threads" },
		{ M_FILES, "proc/sys/fs/file-nr", { "proc/sys/fs/file-max" }, "open files" },
		{ M_CONNTRACK, "proc/sys/net/netfilter/nf_conntrack_count",
		  { "proc/sys/net/netfilter/nf_conntrack_max" }, "connections followed" },
	};
	char n[32], of[32];
	uint64_t limit;
	uint64_t v;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t least = UINT64_MAX;

		for (k = 0; k < ARRAY_SIZE(all[i].limits) && all[i].limits[k]; k++)
			if (named_get(&b->limits, all[i].limits[k], &limit) && limit < least)
				least = limit;
		if (least == UINT64_MAX || !named_get(&b->limits, all[i].count, &v))
			continue;
		facts_add(f, all[i].metric, "", percent((double)v, (double)least),
			  "%s %s of %s", format_count(n, sizeof(n), v), all[i].what,
			  least > 1ull << 60 ? "any number" : format_count(of, sizeof(of), least));
	}
	add_process_files(f, b);
}

/** facts_blocked() - Processes that the kernel did not let go on, nor end, all the time. */
void facts_blocked(struct facts *f, const struct machine *a, const struct machine *b)
{
	const struct task *first = NULL;
	size_t n = 0;
	size_t i;

	for (i = 0; i < b->nr_tasks; i++) {
		const struct task *t = &b->tasks[i];
		const struct task *before = t->state == 'D' ? task_before(a, t, i) : NULL;

		if (!before || before->state != 'D' || !t->has_slices || !before->has_slices ||
		    t->slices != before->slices)
			continue;
		if (!n++)
			first = t;
	}
	if (first)
		facts_add(f, M_BLOCKED, "", (double)n,
			  "%zu process%s blocked in the kernel all the time, %s (process %llu) for one",
			  n, n == 1 ? " was" : "es were", first->comm,
			  (unsigned long long)first->pid);
	else
		facts_add(f, M_BLOCKED, "", 0, "no process was blocked all the time");
}
