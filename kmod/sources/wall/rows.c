// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: rows. A reader takes one picture of all threads, at one time: what
 * has ended up to then, and the interval in progress, up to that time. The rows of
 * a thread add up to its time in the session. A reader that another one interrupts
 * with a newer picture is told so (kobs_session.picture).
 *
 * A thread's rows, in their order:
 *
 *   per class	intervals without details, and those whose details were lost
 *   one	the interval in progress
 *   per group	intervals of the same details
 *
 * Groups are read before the threads: what a thread adds to a group meanwhile is
 * in its class only, and so in the first row of it, of which then only the time is
 * known.
 *
 * Locking: the session's lock. Handlers go on; a thread's record is read again when
 * it has changed meanwhile.
 */
#include <linux/processor.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <uapi/kobs_held.h>

#include "core/hit.h"
#include "sources/wall/wall.h"

/* For so long a picture is new. */
#define SHARED_NS	(100 * NSEC_PER_MSEC)

/* What one thread has at most before its groups. */
#define ROWS_OF_THREAD	(WALL_CLASSES + 1)

const union kobs_wall_name wall_classes[WALL_CLASSES] = {
	[WALL_RUN] = { "run" },
	[WALL_SYSTEM] = { "system" },
	[WALL_IRQ] = { "irq" },
	[WALL_WOKEN] = { "woken" },
	[WALL_PREEMPTED] = { "preempted" },
	[WALL_SLEEP] = { "sleep" },
	[WALL_DISK] = { "disk" },
	[WALL_IDLE] = { "idle" },
	[WALL_LOCK] = { "lock" },
	[WALL_STOPPED] = { "stopped" },
	[WALL_OTHER] = { "other" },
};

/* By SCHED_*; there is none of number 4. */
static const union kobs_wall_name policies[] = {
	{ "other" }, { "fifo" }, { "rr" }, { "batch" }, { "(4)" }, { "idle" },
	{ "deadline" }, { "ext" }, { "(unknown)" },
};

/*
 * Copy a thread's record. A change lasts for as long as a stack is taken. Returns
 * false while there is no record, or when the reader is killed.
 */
static bool wall_copy(const struct kobs_wall_thread *t,
		      struct kobs_wall_thread *copy)
{
	u32 seq;

	while (!fatal_signal_pending(current)) {
		/* Pairs with the barriers of the change. */
		seq = smp_load_acquire(&t->seq);
		if (!seq)
			return false;
		if (seq & 1) {
			cond_resched();
			cpu_relax();
			continue;
		}
		memcpy(copy, t, sizeof(*copy));
		smp_rmb(); /* The record is read before its number again. */
		if (READ_ONCE(t->seq) == seq)
			return true;
	}
	return false;
}

static u64 wall_now(const struct kobs_session *s)
{
	if (READ_ONCE(s->guard_cost))
		return READ_ONCE(s->disarmed);
	return READ_ONCE(s->stopped) ?: ktime_get_mono_fast_ns();
}

static void shoot_group(struct kobs_wall *d, u32 group)
{
	struct kobs_wall_sum *sum = &d->sums[group];
	unsigned int cpu;

	*sum = (struct kobs_wall_sum){ .min = U64_MAX };
	if (!kobs_group_table_key(&d->groups, group))
		return;
	for_each_possible_cpu(cpu) {
		struct kobs_group_counts *counts;
		u64 above;

		/* As in kobs_group_table_sum(). */
		counts = smp_load_acquire(per_cpu_ptr(d->groups.counts, cpu));
		if (!counts)
			continue;
		above = local64_read(&counts[group].n[WALL_G_ABOVE]);
		sum->ns += local64_read(&counts[group].n[WALL_G_NS]);
		sum->count += local64_read(&counts[group].n[WALL_G_COUNT]);
		sum->max = max_t(u64, sum->max,
				 local64_read(&counts[group].n[WALL_G_MAX]));
		sum->min = min(sum->min, U64_MAX - above);
	}
}

static void shoot_thread(struct kobs_wall *d, u32 i, u64 now)
{
	struct kobs_wall_shot *shot = &d->shots[i];

	memset(shot, 0, sizeof(*shot));
	if (wall_copy(&d->threads[i], &shot->thread))
		kobs_wall_settle(&shot->thread.account, d->zero, now, &shot->end);
	else
		shot->thread.account.state = WALL_GONE;
}

/* Number of details that are kept. */
static u32 wall_groups(const struct kobs_wall *d)
{
	return d->sums ? d->groups.mask + 1 : 0;
}

static void wall_shoot(struct kobs_wall *d, u64 now)
{
	u32 i;

	d->s->picture++;
	d->shot_at = now;
	for (i = 0; i < wall_groups(d); i++) {
		shoot_group(d, i);
		cond_resched();
	}
	d->n_shots = min_t(u32, atomic_read(&d->used), d->max);
	for (i = 0; i < d->n_shots; i++) {
		shoot_thread(d, i, now);
		cond_resched();
	}
	for (i = 0; i < wall_groups(d); i++) {
		const u64 *key = kobs_group_table_key(&d->groups, i);
		u64 who;

		if (!key || !d->sums[i].count)
			continue;
		who = key[WALL_K_WHO];
		d->shots[wall_who_number(who)].kept[wall_who_class(who)] +=
			d->sums[i].ns;
	}
}

/* A reader begins. One beside another has the same picture, if it is a new one. */
static void wall_picture(struct kobs_wall *d)
{
	struct kobs_session *s = d->s;
	u64 now = wall_now(s);

	if (d->final || (d->reading && READ_ONCE(s->armed) &&
			 now - d->shot_at < SHARED_NS))
		return;
	wall_shoot(d, now);
	/* That of a reader that is killed is not complete. */
	d->reading = !fatal_signal_pending(current);
	d->final = d->reading && s->life == KOBS_LIFE_STOPPED;
}

/* The columns of the lock that a thread was blocked by. */
static void put_held(const struct kobs_wall *d, u64 held, u64 *v)
{
	const struct kobs_stack_table *st = &d->s->stacks;
	const struct kobs_stack *stack = held ? kobs_stack_table_get(st, held) :
						NULL;
	const u64 *words;

	if (!stack || stack->nr != KOBS_HELD_WORDS)
		return;
	words = &st->words[stack->start];
	v[WALL_W_LOCK] = words[KOBS_HELD_LOCK];
	memcpy(&v[WALL_W_OWNER], &words[KOBS_HELD_OWNER],
	       KOBS_LOCK_OWNER_WORDS * sizeof(*v));
	v[WALL_W_OWNER_PID] = words[KOBS_HELD_ID] >> 32;
}

/* The columns of who ended a blocked interval. */
static void put_waker(const struct kobs_wall *d, const u64 *waker, u64 *v)
{
	if (d->chains) {
		v[WALL_W_CHAIN] = waker[0];
		wall_chain_waker(&d->s->stacks, waker[0], &v[WALL_W_WAKER]);
	} else {
		memcpy(&v[WALL_W_WAKER], waker, 2 * sizeof(*v));
	}
}

/*
 * A row of a thread: its key and its class's field are set. What tells it apart is NULL,
 * or as the key of a group.
 */
static void put_row(struct kobs_wall *d, const struct kobs_wall_thread *t,
		    u8 class, const u64 *key, const struct kobs_wall_sum *sum,
		    struct kobs_row_out *out)
{
	unsigned int policy = min_t(unsigned int, t->policy,
				    ARRAY_SIZE(policies) - 1);
	u64 v[KOBS_WORDS] = {
		[KOBS_W_CPU] = t->cpu,
		[KOBS_W_PID] = t->pid,
		[KOBS_W_TID] = t->tid,
		[KOBS_W_CGROUP] = t->cgroup,
		[KOBS_W_COMM] = t->comm[0],
		[KOBS_W_COMM + 1] = t->comm[1],
		[WALL_W_CLASS] = wall_classes[class].words[0],
		[WALL_W_CLASS + 1] = wall_classes[class].words[1],
		[WALL_W_POLICY] = policies[policy].words[0],
		[WALL_W_POLICY + 1] = policies[policy].words[1],
		[WALL_W_PRIO] = t->prio,
	};

	if (key && kobs_wall_blocked(class)) {
		v[KOBS_W_KSTACK] = key[WALL_K_DETAIL];
		v[KOBS_W_USTACK] = key[WALL_K_DETAIL + 1];
		put_held(d, wall_who_held(key[WALL_K_WHO]), v);
		put_waker(d, &key[WALL_K_WAKER], v);
	} else if (key) {
		v[WALL_W_INSTEAD] = key[WALL_K_DETAIL];
		v[WALL_W_INSTEAD + 1] = key[WALL_K_DETAIL + 1];
	}
	*out = (struct kobs_row_out){
		.count = sum->count,
		.sum = sum->ns,
		.min = sum->min,
		.max = sum->max,
	};
	out->fields[WALL_F_CLASS + class] = sum->ns;
	kobs_hit_gather(d->s, v, out->key);
}

/* Only a thread that has run has ended: what it has once is in the row of that. */
static u8 class_of_once(const struct kobs_wall_account *a)
{
	return a->of[WALL_RUN].count ? WALL_RUN : WALL_SYSTEM;
}

/* Otherwise it is in the row of the interval in progress. */
static void put_once(const struct kobs_wall_shot *shot, struct kobs_row_out *out)
{
	out->fields[WALL_F_LIFETIME] = shot->end - shot->thread.account.begin;
}

static bool row_of_class(struct kobs_wall *d, const struct kobs_wall_shot *shot,
			 u8 class, struct kobs_row_out *out)
{
	struct kobs_wall_sum sum = shot->thread.account.of[class];

	if (wall_has_details(d, class)) {
		sum = (struct kobs_wall_sum){
			.ns = sum.ns - shot->kept[class],
			.min = U64_MAX,
		};
	}
	if (!sum.count && !sum.ns)
		return false;
	put_row(d, &shot->thread, class, NULL, &sum, out);
	if (class == class_of_once(&shot->thread.account))
		put_once(shot, out);
	return true;
}

static bool row_of_thread(struct kobs_wall *d, const struct kobs_wall_shot *shot,
			  unsigned int i, struct kobs_row_out *out)
{
	const struct kobs_wall_thread *t = &shot->thread;
	const struct kobs_wall_account *a = &t->account;
	const u64 key[WALL_K_WORDS] = {
		wall_who(t->number, a->state, t->held), t->detail[0], t->detail[1],
	};
	struct kobs_wall_sum sum;

	if (i < WALL_CLASSES)
		return row_of_class(d, shot, i, out);
	if (a->state == WALL_GONE)
		return false;
	sum = (struct kobs_wall_sum){
		.ns = shot->end - a->since,
		.count = 1,
		.min = shot->end - a->since,
		.max = shot->end - a->since,
	};
	put_row(d, t, a->state, key, &sum, out);
	if (!a->of[class_of_once(a)].count)
		put_once(shot, out);
	return true;
}

static bool row_of_group(struct kobs_wall *d, u32 group, struct kobs_row_out *out)
{
	const u64 *key = kobs_group_table_key(&d->groups, group);
	u64 all[WALL_K_WORDS] = {};

	if (!key || !d->sums[group].count)
		return false;
	memcpy(all, key, d->groups.words * sizeof(*all));
	put_row(d, &d->shots[wall_who_number(*all)].thread, wall_who_class(*all),
		all, &d->sums[group], out);
	return true;
}

/**
 * wall_rows() - the next row, see struct kobs_source
 * @s: session
 * @at: 0, then the place of the next row
 * @out: the row
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: false after the last.
 */
bool wall_rows(struct kobs_session *s, unsigned long *at,
	       struct kobs_row_out *out)
{
	struct kobs_wall *d = s->priv;
	unsigned long threads;

	if (s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at)
		wall_picture(d);
	threads = (unsigned long)d->n_shots * ROWS_OF_THREAD;
	while (*at < threads) {
		unsigned long i = (*at)++;

		if (row_of_thread(d, &d->shots[i / ROWS_OF_THREAD],
				  i % ROWS_OF_THREAD, out))
			return true;
	}
	while (*at < threads + wall_groups(d)) {
		if (row_of_group(d, (*at)++ - threads, out))
			return true;
		cond_resched();
	}
	d->reading = false;
	return false;
}
