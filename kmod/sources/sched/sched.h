/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source sched: what its probes (probes.c) and its sessions
 * (source.c) share. What a hit is, and locking: see source.c.
 */
#ifndef KOBS_SCHED_H
#define KOBS_SCHED_H

#include <linux/sched.h>

#include "core/session.h"
#include "hooks/tracepoint.h"
#include "lib/inflight.h"

/* Words of the columns. */
enum {
	SCHED_W_STATE = KOBS_W_SOURCE,
	SCHED_W_WAKER = SCHED_W_STATE + 2,
	SCHED_W_WAKER_PID = SCHED_W_WAKER + 2,
	SCHED_W_WAKER_STACK,
	SCHED_WORDS
};

static_assert((unsigned int)SCHED_WORDS <= KOBS_WORDS);

/* Data words of a wait, or of the wake-up that ends it. */
enum {
	SCHED_D_COMM,
	SCHED_D_PIDS = SCHED_D_COMM + 2,	/* process, thread */
	SCHED_D_STACKS,			/* kernel, user */
	SCHED_D_ACTIVATION = SCHED_D_STACKS,	/* of runq, ns */
	SCHED_D_STATE,			/* CPU, enum kobs_sched_wait */
	SCHED_D_CGROUP,			/* only where cgroups; 0 if filtered */
	SCHED_D_WORDS
};

/* Second word of an entry's key; the first is the task. */
enum { SCHED_KEY_WAIT, SCHED_KEY_WAKE };

enum kobs_sched_wait {
	WAIT_SLEEP,
	WAIT_DISK,
	WAIT_IDLE,
	WAIT_LOCK,
	WAIT_STOPPED,
	WAIT_OTHER,
	WAIT_PREEMPTED,
	WAIT_WOKEN,
	WAIT_NEW,
	WAIT_WAKING,	/* of runq: woken up, but not on a run queue yet */
	/* Further bits of SCHED_D_STATE. */
	WAIT_STATE = 0xff,
	/* Of a wait: filtered or lost, and counted. */
	WAIT_SETTLED = 0x100,
	/* Of a wake-up: the task had not left its run queue. */
	WAKE_QUEUED = 0x200,
	/* Of a wake-up: its stack did not fit the table. */
	WAKE_NO_STACK = 0x400,
	/* Of runq: its cost is measured. */
	WAIT_TIMED = 0x800,
};

/* Text of enum kobs_sched_wait in the column state, of two words. */
union kobs_sched_state_name {
	char text[16];
	u64 words[2];
};

extern const union kobs_sched_state_name sched_states[];

#define SCHED_PROBES	4

/* Fields of a row. */
enum { SCHED_F_PENDING, SCHED_F_ACTIVATION };

/**
 * struct kobs_sched - a session of this source
 * @inflight: waits of tasks, and wake-ups
 * @preempted: runq: preempted tasks count as waiting
 * @wakers: offcpu: a column is of the waker
 * @cgroups: entries have the control group of the task
 * @full: there was a wait without an entry, whose further events must not count
 *        as those of another
 * @probes: its tracepoint probes
 * @n_probes: number of probes
 */
struct kobs_sched {
	struct kobs_inflight_table inflight;
	bool preempted;
	bool wakers;
	bool cgroups;
	bool full;
	struct kobs_probe probes[SCHED_PROBES];
	unsigned int n_probes;
};

void sched_choose_probes(const struct kobs_session *s, struct kobs_sched *d);
bool sched_pass(struct kobs_session *s, struct kobs_cpu *pc, const u64 *data,
		u32 cpu);
struct kobs_row *sched_record(struct kobs_session *s, struct kobs_cpu *pc,
			      u64 *v, u64 value);

/* Count the part of a recorded wait before the task was on a run queue. */
static __always_inline void sched_count_activation(struct kobs_cpu *pc,
						   struct kobs_row *row,
						   u64 activation)
{
	if (row)
		local64_add(activation, kobs_row_field(&pc->table, row,
						       SCHED_F_ACTIVATION));
}

static inline bool sched_is_runq(const struct kobs_session *s)
{
	return s->mode != s->source->modes;
}

/* Is the task running? Its run queue's lock is held. */
static __always_inline bool sched_running(const struct task_struct *p)
{
#ifdef CONFIG_SMP
	return READ_ONCE(p->on_cpu);
#else
	return p == current;
#endif
}

/* The words of a hit, from its entry. */
static __always_inline void sched_words(const struct kobs_sched *d, u64 *v,
					const u64 *data, u32 cpu)
{
	const u64 *state =
		sched_states[data[SCHED_D_STATE] & WAIT_STATE].words;

	v[KOBS_W_CPU] = cpu;
	v[KOBS_W_PID] = data[SCHED_D_PIDS] >> 32;
	v[KOBS_W_TID] = (u32)data[SCHED_D_PIDS];
	v[KOBS_W_COMM] = data[SCHED_D_COMM];
	v[KOBS_W_COMM + 1] = data[SCHED_D_COMM + 1];
	v[KOBS_W_KSTACK] = data[SCHED_D_STACKS] >> 32;
	v[KOBS_W_USTACK] = (u32)data[SCHED_D_STACKS];
	v[SCHED_W_STATE] = state[0];
	v[SCHED_W_STATE + 1] = state[1];
	if (unlikely(d->cgroups))
		v[KOBS_W_CGROUP] = data[SCHED_D_CGROUP];
}

/* Apply the filter to the task of an entry, without the value. */
static __always_inline bool sched_wanted(struct kobs_session *s,
					 struct kobs_cpu *pc, const u64 *data,
					 u32 cpu)
{
	pid_t pid = data[SCHED_D_PIDS] >> 32;

	if (likely(!kobs_hit_is_own(s, pid) && !s->filter.task))
		return true;
	return sched_pass(s, pc, data, cpu);
}

#endif /* KOBS_SCHED_H */
