// SPDX-License-Identifier: GPL-2.0
/*
 * Mode stalls of the lock source: waits that last.
 *
 * A worker of the session scans the waits in progress several times per minimum
 * duration of a stall. A wait is reported when it has lasted that long, and
 * every second after. A report is a record for the wait and one for each wait
 * that blocks it: that of the lock's owner, of the owner of the lock that this
 * one waits for, and so on.
 *
 * A hit is such a record: each is recorded, filtered or lost. Waits that could
 * not be watched count as lost hits: those that began before the session
 * (unpaired, counted when they end), and those without a free entry. Tasks that
 * were blocked before are reported once (blocked.c).
 *
 * Locking: none with the handlers; the worker copies their entries. Waiting and
 * owning tasks are read under the RCU read lock, after a check that they are
 * alive; what was read of a lock counts if the wait for it had not ended
 * afterwards. Only the work item uses the copies.
 */
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "core/hit.h"
#include "sources/lock/lock.h"
#include "unwind/task_stack.h"

/* Maximum number of waits in a chain. */
#define STALL_LINKS		8
/* Scans per minimum duration of a stall, and limits of their interval. */
#define STALL_LOOKS		4
#define STALL_PAUSE_LEAST	(10 * NSEC_PER_MSEC)
#define STALL_PAUSE_MOST	(250 * NSEC_PER_MSEC)

/**
 * struct kobs_lock_stalls - the worker of a session
 * @l: session
 * @over: minimum duration of a stall, ns
 * @pause: jiffies between two scans
 * @last: time of the last scan, monotonic ns
 * @worker: its thread
 * @work: its work
 * @waits: copies of the waits in progress, by task
 * @n: number of copies
 */
struct kobs_lock_stalls {
	struct kobs_lock *l;
	u64 over;
	unsigned long pause;
	u64 last;
	struct kthread_worker *worker;
	struct kthread_delayed_work work;
	void *waits;
	unsigned int n;
};

/**
 * struct kobs_lock_link - a wait of a chain
 * @entry: the wait
 * @owner: owner of the lock
 * @cache: name of the lock's slab cache
 */
struct kobs_lock_link {
	const struct kobs_inflight *entry;
	struct kobs_lock_owner owner;
	u64 cache[KOBS_CACHE_NAME_WORDS];
};

static unsigned int stalls_room(const struct kobs_inflight_table *t)
{
	return (t->mask + 1) * KOBS_INFLIGHT_BUCKET;
}

static const struct kobs_inflight *stalls_at(const struct kobs_lock_stalls *st,
					     unsigned int i)
{
	return st->waits + (size_t)i * st->l->inflight.stride;
}

/* Order by task, then latest first. */
static int stalls_compare(const void *a, const void *b)
{
	const struct kobs_inflight *x = a;
	const struct kobs_inflight *y = b;

	if (x->key[0] != y->key[0])
		return x->key[0] < y->key[0] ? -1 : 1;
	if (x->start != y->start)
		return x->start > y->start ? -1 : 1;
	return 0;
}

/* The wait of a task: of several the innermost, which began last. */
static const struct kobs_inflight *stalls_of(const struct kobs_lock_stalls *st,
					     const struct task_struct *task)
{
	unsigned int from = 0;
	unsigned int to = st->n;

	while (from < to) {
		unsigned int i = from + (to - from) / 2;

		if (stalls_at(st, i)->key[0] < (u64)task)
			from = i + 1;
		else
			to = i;
	}
	if (from < st->n && stalls_at(st, from)->key[0] == (u64)task)
		return stalls_at(st, from);
	return NULL;
}

/**
 * kobs_stalls_have() - check for a wait of a task
 * @l: session
 * @task: task
 *
 * Context: the worker, which has copied the waits in progress.
 * Return: true when there was a wait of @task.
 */
bool kobs_stalls_have(const struct kobs_lock *l, const struct task_struct *task)
{
	return stalls_of(l->stalls, task);
}

/* Is the wait of this copy still in progress? */
static bool stall_lasts(struct kobs_lock *l, const struct kobs_inflight *entry)
{
	struct kobs_inflight_ref ref;

	return kobs_inflight_find(&l->inflight, entry->key[0], entry->key[1], &ref) &&
	       ref.entry->start == entry->start && kobs_inflight_same(&ref);
}

static bool stall_in(const struct kobs_lock_link *links, unsigned int n,
		     const struct task_struct *task)
{
	while (n--) {
		if (links[n].entry->key[0] == (u64)task)
			return true;
	}
	return false;
}

/* The chain of waits that block one, which comes first. Returns 0 when it has ended. */
static unsigned int stall_chain(struct kobs_lock_stalls *st,
				const struct kobs_inflight *entry,
				struct kobs_lock_link *links)
{
	unsigned int n = 0;

	while (entry && n < STALL_LINKS) {
		struct kobs_lock_link *link = &links[n];

		link->entry = entry;
		kobs_lock_owner(entry->key[1], entry->data[LOCK_D_FLAGS],
				(struct task_struct *)entry->key[0],
				&link->owner);
		kobs_cache_where((void *)entry->key[1], link->cache);
		/* Else the lock may have been freed when it was read. */
		if (!stall_lasts(st->l, entry))
			break;
		n++;
		if (!link->owner.task || stall_in(links, n, link->owner.task))
			break;
		entry = stalls_of(st, link->owner.task);
	}
	return n;
}

/*
 * Returns false when the stack table is full. There is none without a column
 * that is a stack.
 */
static bool stall_stack(struct kobs_session *s, bool wanted,
			struct task_struct *task, u64 *id)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr;

	*id = 0;
	if (!wanted || !task || task == current)
		return true;
	nr = kobs_task_stack(task, ips, s->unwind.depth);
	return lock_intern(s, id, ips, nr);
}

static void stall_words(const struct kobs_lock_link *link, u64 *v)
{
	const u64 *kind = kobs_lock_kind(link->entry->data[LOCK_D_FLAGS]);
	u64 id = link->entry->data[LOCK_D_ID];

	v[KOBS_W_CPU] = link->entry->data[LOCK_D_CPU];
	v[KOBS_W_PID] = id >> 32;
	v[KOBS_W_TID] = (u32)id;
	v[KOBS_W_COMM] = link->entry->data[LOCK_D_COMM];
	v[KOBS_W_COMM + 1] = link->entry->data[LOCK_D_COMM + 1];
	v[KOBS_W_CGROUP] = link->entry->data[LOCK_D_CGROUP];
	v[LOCK_W_LOCK] = link->entry->key[1];
	v[LOCK_W_KIND] = kind[0];
	v[LOCK_W_KIND + 1] = kind[1];
	memcpy(&v[LOCK_W_OWNER], link->owner.comm, sizeof(link->owner.comm));
	v[LOCK_W_OWNER_PID] = link->owner.pid;
	v[LOCK_W_OWNER_TID] = link->owner.tid;
	memcpy(&v[LOCK_W_CACHE], link->cache, sizeof(link->cache));
}

/**
 * kobs_stalls_record() - write a record
 * @l: session
 * @v: its words, all but those of stacks
 * @waiter: task that waits, or NULL
 * @owner: task whose stack is that of the owner, or NULL
 * @waited: duration, ns
 *
 * Context: the worker; under the RCU read lock.
 */
void kobs_stalls_record(struct kobs_lock *l, u64 *v, struct task_struct *waiter,
			struct task_struct *owner, u64 waited)
{
	struct kobs_session *s = l->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 t0;

	if (!pc)
		return;
	if (!kobs_hit_begin(s, pc, &t0))
		goto out;
	if (!stall_stack(s, s->need & BIT(KOBS_W_KSTACK), waiter,
			 &v[KOBS_W_KSTACK]) ||
	    !stall_stack(s, l->owner_stack, owner, &v[LOCK_W_OWNER_STACK]))
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
	else
		kobs_hit_record(s, pc, &(struct kobs_hit){
			.v = v, .value = waited,
		}, KOBS_HIT_STREAM);
	kobs_hit_end(s, pc, t0, 0);
out:
	kobs_hit_leave(pc);
}

static void stall_record(struct kobs_lock_stalls *st, const struct kobs_lock_link *links,
			 unsigned int n, unsigned int i, u64 now)
{
	const struct kobs_lock_link *link = &links[i];
	struct task_struct *owner = NULL;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	/* An owner that waits has a record of its own. */
	if (i == n - 1 && !stall_in(links, n, link->owner.task))
		owner = link->owner.task;
	stall_words(link, v);
	v[LOCK_W_LINK] = i;
	v[LOCK_W_LINKS] = n;
	/* The scan's time was read before the entries, which may be younger. */
	kobs_stalls_record(st->l, v, kobs_lock_task((void *)link->entry->key[0]),
			   owner, kobs_elapsed(link->entry->start, now));
}

/* Count hits in one of the counters. */
static void stalls_count(struct kobs_session *s, u32 n, enum kobs_counter fate,
			 bool own)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 t0;

	if (!pc)
		return;
	while (n-- && kobs_hit_begin(s, pc, &t0)) {
		if (own)
			kobs_hit_count_own(pc);
		else
			kobs_count(&pc->counters, fate);
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/**
 * kobs_stalls_lost() - count waits that found no room
 * @s: session
 * @n: number of them
 *
 * Context: the worker.
 */
void kobs_stalls_lost(struct kobs_session *s, u32 n)
{
	stalls_count(s, n, KOBS_N_INFLIGHT_FULL, false);
}

/**
 * kobs_stalls_wanted() - apply the filter to a wait
 * @s: session
 * @who: task that waits
 *
 * Context: the worker.
 * Return: false when it is filtered, and was counted so.
 */
bool kobs_stalls_wanted(struct kobs_session *s, const struct kobs_who *who)
{
	bool own = kobs_hit_is_own(s, who->pid);

	if (!own && (!s->filter.task || kobs_filter_pass(&s->filter, who)))
		return true;
	stalls_count(s, 1, KOBS_N_FILTERED, own);
	return false;
}

static bool stall_wanted(struct kobs_session *s, const struct kobs_inflight *entry)
{
	return kobs_stalls_wanted(s, &(struct kobs_who){
		.pid = entry->data[LOCK_D_ID] >> 32,
		.tid = (u32)entry->data[LOCK_D_ID],
		.cpu = entry->data[LOCK_D_CPU],
		.comm = (const char *)&entry->data[LOCK_D_COMM],
		.in_cgroup = s->filter.n_cgroup &&
			     entry->data[LOCK_D_WITHIN],
	});
}

/* Number of reports of a wait that are due up to a time. */
static u64 stall_due(const struct kobs_lock_stalls *st, const struct kobs_inflight *entry,
		     u64 time)
{
	s64 late = time - entry->start - st->over;

	return late < 0 ? 0 : 1 + div_u64(late, NSEC_PER_SEC);
}

static void stall_report(struct kobs_lock_stalls *st, const struct kobs_inflight *entry,
			 u64 now)
{
	struct kobs_lock_link links[STALL_LINKS];
	unsigned int n;
	unsigned int i;

	rcu_read_lock();
	n = stall_chain(st, entry, links);
	if (n && stall_wanted(st->l->s, entry)) {
		for (i = 0; i < n; i++)
			stall_record(st, links, n, i, now);
	}
	rcu_read_unlock();
}

static void stalls_copy(struct kobs_lock_stalls *st)
{
	struct kobs_lock *l = st->l;
	u32 place = 0;

	st->n = 0;
	/* There is room for a copy of every slot. */
	while (kobs_inflight_next(&l->inflight, &place,
				  (struct kobs_inflight *)stalls_at(st, st->n)))
		st->n++;
	sort(st->waits, st->n, l->inflight.stride, stalls_compare, NULL);
}

static void stalls_work(struct kthread_work *work)
{
	struct kobs_lock_stalls *st = container_of(work, struct kobs_lock_stalls,
						   work.work);
	bool armed = READ_ONCE(st->l->s->armed);
	u64 now = ktime_get_mono_fast_ns();
	unsigned int i;

	if (armed) {
		stalls_copy(st);
		kobs_blocked_work(st->l, st->over, now);
		for (i = 0; i < st->n; i++) {
			const struct kobs_inflight *entry = stalls_at(st, i);

			if (stall_due(st, entry, now) >
			    stall_due(st, entry, st->last))
				stall_report(st, entry, now);
			cond_resched();
		}
	}
	st->last = now;
	/* The first scan comes as soon as the session is armed. */
	kthread_queue_delayed_work(st->worker, &st->work,
				   armed ? st->pause : 1);
}

/**
 * kobs_stalls_new() - allocate the worker of mode stalls
 * @l: session, with its in-flight table
 * @over: minimum duration of a stall, ns
 *
 * Context: task, may sleep.
 * Return: 0, -ENOMEM, or an error of kthread_run_worker().
 */
int kobs_stalls_new(struct kobs_lock *l, u64 over)
{
	struct kobs_lock_stalls *st = kzalloc(sizeof(*st), GFP_KERNEL_ACCOUNT);

	if (!st)
		return -ENOMEM;
	l->stalls = st;
	st->l = l;
	st->over = over;
	st->pause = nsecs_to_jiffies(clamp_t(u64, over / STALL_LOOKS,
					     STALL_PAUSE_LEAST,
					     STALL_PAUSE_MOST)) ?: 1;
	kthread_init_delayed_work(&st->work, stalls_work);
	st->waits = kobs_memory_get(&l->s->memory,
				    (stalls_room(&l->inflight) + 1ULL) *
				    l->inflight.stride, NUMA_NO_NODE);
	if (!st->waits)
		return -ENOMEM;
	st->worker = kthread_run_worker(0, "kobs_stalls");
	if (IS_ERR(st->worker)) {
		int err = PTR_ERR(st->worker);

		st->worker = NULL;
		return err;
	}
	return 0;
}

/**
 * kobs_stalls_free() - undo kobs_stalls_new(), complete or not
 * @l: session
 *
 * Context: task, may sleep.
 */
void kobs_stalls_free(struct kobs_lock *l)
{
	struct kobs_lock_stalls *st = l->stalls;

	if (!st)
		return;
	if (st->worker)
		kthread_destroy_worker(st->worker);
	vfree(st->waits);
	kfree(st);
	l->stalls = NULL;
}

/**
 * kobs_stalls_start() - start the scans
 * @l: session
 *
 * Context: task, may sleep.
 */
void kobs_stalls_start(struct kobs_lock *l)
{
	struct kobs_lock_stalls *st = l->stalls;

	st->last = ktime_get_mono_fast_ns();
	kthread_queue_delayed_work(st->worker, &st->work, 0);
}

/**
 * kobs_stalls_stop() - stop the scans; no record is written afterwards
 * @l: session
 *
 * Context: task, may sleep.
 */
void kobs_stalls_stop(struct kobs_lock *l)
{
	kthread_cancel_delayed_work_sync(&l->stalls->work);
}
