// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: which threads are followed, and what those do that exist when a
 * session begins.
 *
 * The probes are on when the census begins, and act on the threads that it has
 * found. Its first pass puts threads into the table in an unknown state, which
 * their first event tells. After a grace period no event is in progress that has
 * not seen the thread in the table; so what the second pass reads of a thread
 * that is still in the unknown state stays so until an event. Only then the
 * session's time begins.
 *
 * Locking: records are put into the table under the task's pi_lock, with which
 * the kernel also tells of new tasks. A blocked task is not woken up meanwhile, so
 * that its record and its stack do not change. Tasks are found under the RCU read
 * lock.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "core/hit.h"
#include "core/stolen.h"
#include "sources/wall/wall.h"
#include "unwind/task_stack.h"

/**
 * wall_wanted() - apply the filter to a task
 * @d: session
 * @p: task
 *
 * Context: any; preemption off.
 * Return: true when it is to be followed.
 */
bool wall_wanted(const struct kobs_wall *d, const struct task_struct *p)
{
	char comm[TASK_COMM_LEN];
	const struct kobs_who who = {
		.pid = p->tgid,
		.tid = p->pid,
		.cpu = task_cpu(p),
		.comm = comm,
		.in_cgroup = !d->s->filter.n_cgroup ||
			     kobs_cgroup_within(&d->s->filter, p),
	};

	if (kobs_hit_is_own(d->s, p->tgid))
		return false;
	if (!d->s->filter.task)
		return true;
	memcpy(comm, p->comm, sizeof(comm));
	comm[sizeof(comm) - 1] = '\0';
	return kobs_filter_pass(&d->s->filter, &who);
}

/* The next record, or NULL when all are used. */
static struct kobs_wall_thread *wall_take(struct kobs_wall *d)
{
	int number = atomic_fetch_add_unless(&d->used, 1, d->max);

	if (number >= d->max)
		return NULL;
	d->threads[number].number = number;
	return &d->threads[number];
}

/**
 * wall_follow() - put a task into the table that is not there
 * @d: session
 * @p: task; its pi_lock is held
 * @now: time, ns
 * @state: state of its account
 * @instead: name of who runs on its CPU, two words, or NULL
 *
 * Context: any; interrupts off.
 * Return: false when there is no room.
 */
bool wall_follow(struct kobs_wall *d, struct task_struct *p, u64 now, u8 state,
		 const u64 *instead)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_wall_thread *t;

	if (kobs_inflight_begin(&d->tasks, (u64)p, 0, &ref) !=
	    KOBS_INFLIGHT_BEGUN)
		return false;
	t = wall_take(d);
	if (!t) {
		/* Never seen: who finds an entry finds a record in it. */
		kobs_inflight_end_own(&ref);
		return false;
	}
	wall_change_begin(t);
	kobs_wall_begin(&t->account, now, state);
	wall_describe(d, t, p);
	t->stolen = WALL_NO_STOLEN;
	t->fate = KOBS_N_RECORDED;
	/* A new task begins behind the call that has created it. */
	t->system = d->split && (state == WALL_WOKEN ||
				 (p->flags & PF_KTHREAD));
	if (instead)
		wall_place(t, instead);
	wall_change_end(t);
	/* From here on events of the task change the record. */
	ref.entry->start = now;
	ref.entry->data[0] = (u64)t;
	kobs_inflight_publish(&ref);
	return true;
}

/**
 * wall_lose() - count a thread that existed before and found no room
 * @d: session
 *
 * Context: task.
 */
void wall_lose(struct kobs_wall *d)
{
	struct kobs_cpu *pc;

	preempt_disable();
	pc = this_cpu_ptr(d->s->cpu);
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, WALL_N_THREADS_FULL);
	preempt_enable();
}

/* The first pass. */
static void census_add(struct kobs_wall *d, struct task_struct *p)
{
	unsigned long flags;
	bool full = false;

	raw_spin_lock_irqsave(&p->pi_lock, flags);
	/* One that was not woken up yet will be. */
	if (!(READ_ONCE(p->__state) & TASK_NEW) && !READ_ONCE(p->exit_state) &&
	    !wall_find(d, p) && wall_wanted(d, p))
		full = !wall_follow(d, p, ktime_get_mono_fast_ns(),
				    WALL_UNKNOWN, NULL);
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
	if (full)
		wall_lose(d);
}

/* Under the task's pi_lock. */
static void census_stack(struct kobs_wall *d, struct kobs_wall_thread *t,
			 struct task_struct *p)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	struct kobs_session *s = d->s;
	unsigned int nr;

	if (!(s->need & BIT(KOBS_W_KSTACK)))
		return;
	nr = kobs_task_stack_pinned(p, ips, s->unwind.depth);
	if (!nr)
		return;
	t->detail[0] = kobs_stack_table_intern(&s->stacks, 0, ips, nr);
	if (!t->detail[0])
		t->fate = KOBS_N_STACK_FULL;
}

/* Neither events nor wake-ups of the task are in progress. */
static void census_blocked(struct kobs_wall *d, struct kobs_wall_thread *t,
			   struct task_struct *p, unsigned int state)
{
	wall_change_begin(t);
	t->system = d->split && wall_is_system(p);
	t->account.state = wall_class(state);
	census_stack(d, t, p);
	wall_change_end(t);
}

/* The second pass. */
static void census_settle(struct kobs_wall *d, struct task_struct *p)
{
	struct kobs_wall_thread *t;
	unsigned long flags;
	unsigned int state;

	raw_spin_lock_irqsave(&p->pi_lock, flags);
	t = wall_find(d, p);
	if (!t || READ_ONCE(t->account.state) != WALL_UNKNOWN)
		goto out;
	state = READ_ONCE(p->__state);
	if (kobs_compat_on_cpu(p))
		WRITE_ONCE(t->account.guess,
			   t->system ? WALL_SYSTEM : WALL_RUN);
	else if (READ_ONCE(p->exit_state))
		goto out;
	else if (state == TASK_WAKING)
		WRITE_ONCE(t->account.guess, WALL_WOKEN);
	else if (task_is_runnable(p) || !state)
		WRITE_ONCE(t->account.guess, WALL_PREEMPTED);
	else
		census_blocked(d, t, p, state);
out:
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
}

/*
 * Threads that have ended unseen, in the first pass, or are about to: their last
 * events may be in progress, so that their records are not changed.
 */
static void census_drop(struct kobs_wall *d)
{
	struct {
		struct kobs_inflight entry;
		u64 data[WALL_D_WORDS];
	} copy;
	u32 place = 0;

	while (kobs_inflight_next(&d->tasks, &place, &copy.entry)) {
		struct kobs_wall_thread *t = (void *)copy.data[0];

		if (READ_ONCE(t->account.state) != WALL_UNKNOWN ||
		    READ_ONCE(t->account.guess) != WALL_UNKNOWN)
			continue;
		WRITE_ONCE(t->account.guess, WALL_GONE);
	}
}

/**
 * wall_census() - follow the threads that exist, and begin the session's time
 * @d: session whose probes are on
 *
 * Context: task, may sleep.
 */
void wall_census(struct kobs_wall *d)
{
	struct task_struct *process;
	struct task_struct *p;

	rcu_read_lock();
	for_each_process_thread(process, p)
		census_add(d, p);
	rcu_read_unlock();
	/* Events run with interrupts off: those that began before have ended. */
	synchronize_rcu();
	rcu_read_lock();
	for_each_process_thread(process, p)
		census_settle(d, p);
	rcu_read_unlock();
	census_drop(d);
	WRITE_ONCE(d->zero, ktime_get_mono_fast_ns());
}

/**
 * wall_forget() - make a session whose start failed as it was
 * @d: session without probes
 *
 * Context: task.
 */
void wall_forget(struct kobs_wall *d)
{
	struct {
		struct kobs_inflight entry;
		u64 data[WALL_D_WORDS];
	} copy;
	struct kobs_inflight_ref ref;
	u32 place = 0;

	while (kobs_inflight_next(&d->tasks, &place, &copy.entry)) {
		if (kobs_inflight_find(&d->tasks, copy.entry.key[0], 0, &ref))
			kobs_inflight_end_own(&ref);
	}
	memset(d->threads, 0, (size_t)d->max * sizeof(*d->threads));
	atomic_set(&d->used, 0);
	kobs_stolen_forget(d->s);
}
