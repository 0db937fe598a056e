/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source sched: what the probes of its modes (probes.c, runq.c) share, inlined.
 */
#ifndef KOBS_SCHED_PROBES_H
#define KOBS_SCHED_PROBES_H

#include <linux/mm_types.h> /* struct folio, for trace/events/sched.h */
#include <linux/sched.h>
#include <trace/events/sched.h>

#include "core/cgroup.h"
#include "core/hit.h"
#include "sources/sched/sched.h"

static __always_inline u64 sched_pair(u32 high, u32 low)
{
	return (u64)high << 32 | low;
}

static __always_inline enum kobs_sched_wait
sched_state(bool preempt, struct task_struct *prev, unsigned int state)
{
	/* A signal, or a wake-up, can keep a task that is about to sleep. */
	if (preempt || !state || task_is_runnable(prev))
		return WAIT_PREEMPTED;
	if (state & TASK_INTERRUPTIBLE)
		return WAIT_SLEEP;
	if (state & TASK_UNINTERRUPTIBLE)
		return state & TASK_NOLOAD ? WAIT_IDLE : WAIT_DISK;
	if (state & TASK_RTLOCK_WAIT)
		return WAIT_LOCK;
	return state & (__TASK_STOPPED | __TASK_TRACED) ? WAIT_STOPPED :
							  WAIT_OTHER;
}

static __always_inline void sched_describe(u64 *data,
					   const struct task_struct *p,
					   bool plain)
{
	const u64 *comm = (const u64 *)p->comm;

	data[SCHED_D_COMM] = comm[0];
	data[SCHED_D_COMM + 1] = comm[1];
	if (!plain)
		data[SCHED_D_PIDS] = sched_pair(p->tgid, p->pid);
}

/* Also of an entry that ends without looking at it: the task may be gone by then. */
static __always_inline void sched_describe_cgroup(const struct kobs_session *s,
						  u64 *data,
						  const struct task_struct *p)
{
	const struct kobs_sched *d = s->priv;

	if (unlikely(d->cgroups))
		data[SCHED_D_CGROUP] = kobs_cgroup_wanted(s, p);
}

struct kobs_row *sched_record_slow(struct kobs_session *s, struct kobs_cpu *pc,
				   u64 comm0, u64 comm1, u64 value);

/*
 * Count in the row of a name: fast path, else slow path. Returns the row, or
 * NULL when the wait was filtered or lost.
 */
static __always_inline struct kobs_row *
sched_record_plain(struct kobs_session *s, struct kobs_cpu *pc, u64 comm0,
		   u64 comm1, u64 value)
{
	struct kobs_row *row = kobs_table_peek(&pc->table, comm0, comm1, 2);

	if (unlikely(!row || value < s->filter.min ||
		     !kobs_row_add(&pc->table, row, value)))
		return sched_record_slow(s, pc, comm0, comm1, value);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	return row;
}

static inline void sched_hang(struct kobs_sched *d, const char *name, void *probe)
{
	d->probes[d->n_probes++] = (struct kobs_probe){ name, probe };
}

void sched_choose_runq(struct kobs_sched *d, bool plain);

#endif /* KOBS_SCHED_PROBES_H */
