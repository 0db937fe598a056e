// SPDX-License-Identifier: GPL-2.0
/*
 * Simulated waits: the tracepoints are called, but no thread waits. The lock is
 * an address only.
 *
 * Locking: none.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/lock.h>

#include "gen_lock.h"

#define ROUNDS		5
#define MOST_CROWD	100000
#define MOST_PAIRS	10000000ULL

atomic64_t gen_pairs;
u64 gen_bench_result;

/* What is waited for: its address only. */
static u64 kobs_gen_lock_none[2];

static struct tracepoint *begin_tp, *end_tp;

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "contention_begin"))
		begin_tp = tp;
	if (!strcmp(tp->name, "contention_end"))
		end_tp = tp;
}

/**
 * gen_fire_init() - find the tracepoints
 *
 * Context: task.
 * Return: 0, or -ENOENT.
 */
int gen_fire_init(void)
{
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	return begin_tp && end_tp ? 0 : -ENOENT;
}

/*
 * The tracepoints are not exported everywhere. Their iterators are what a
 * tracepoint that is on calls.
 */
static void fire_begin(void *lock, unsigned int flags)
{
	preempt_disable_notrace();
	if (static_key_enabled(&begin_tp->key))
		((void (*)(void *, void *, unsigned int))begin_tp->iterator)
			(NULL, lock, flags);
	preempt_enable_notrace();
}

static void fire_end(void *lock, int ret)
{
	preempt_disable_notrace();
	if (static_key_enabled(&end_tp->key))
		((void (*)(void *, void *, int))end_tp->iterator)
			(NULL, lock, ret);
	preempt_enable_notrace();
}

struct pair {
	struct irq_work work;
	bool hardirq;
	unsigned int flags;
};

static TRACED void kobs_gen_lock_pair(const struct pair *p, unsigned int n);

static void pair_work(struct irq_work *work)
{
	kobs_gen_lock_pair(container_of(work, struct pair, work), 1);
}

static void pair_within(struct pair *p)
{
	if (!p->hardirq) {
		kobs_gen_lock_pair(p, 1);
		return;
	}
	irq_work_queue(&p->work);
	irq_work_sync(&p->work);
}

/* One wait, and within it what follows, which is for another lock. */
static TRACED void kobs_gen_lock_pair(const struct pair *p, unsigned int n)
{
	void *lock = &kobs_gen_lock_none[n - 1];

	fire_begin(lock, p->flags);
	if (n > 1)
		pair_within((struct pair *)p + 1);
	fire_end(lock, 0);
	atomic64_inc(&gen_pairs);
}

/**
 * gen_fire_pairs() - do the command "pair"
 * @words: its arguments
 *
 * Context: task, may sleep.
 * Return: 0, or -EINVAL.
 */
int gen_fire_pairs(char *words)
{
	struct pair p[2] = {};
	unsigned int n = 0;
	unsigned int i;
	u64 times;
	char *word;

	word = strsep(&words, " ");
	if (kstrtou64(word, 0, &times) || times > MOST_PAIRS)
		return -EINVAL;
	while ((word = strsep(&words, " "))) {
		char *flags = strchr(word, ':');

		if (n == ARRAY_SIZE(p) || !flags)
			return -EINVAL;
		*flags++ = '\0';
		p[n].hardirq = !strcmp(word, "hardirq");
		if ((!p[n].hardirq && strcmp(word, "task")) ||
		    kstrtouint(flags, 0, &p[n].flags))
			return -EINVAL;
		init_irq_work(&p[n++].work, pair_work);
	}
	/* The first is done here: only what is within can be an interrupt. */
	if (!n || (n == 2 && p[0].hardirq))
		return -EINVAL;
	for (; times; times--) {
		if (p[0].hardirq)
			pair_within(&p[0]);
		else
			kobs_gen_lock_pair(p, n);
		cond_resched();
	}
	for (i = 0; i < n; i++)
		irq_work_sync(&p[i].work);
	return 0;
}

static TRACED void kobs_gen_lock_bench(u64 n)
{
	for (; n; n--) {
		fire_begin(kobs_gen_lock_none, LCB_F_MUTEX);
		fire_end(kobs_gen_lock_none, 0);
	}
}

static int run_bench(u64 n)
{
	u64 best = U64_MAX;
	unsigned int i;

	if (!n || n > MOST_PAIRS)
		return -EINVAL;
	for (i = 0; i < ROUNDS; i++) {
		u64 begin = ktime_get_ns();

		kobs_gen_lock_bench(n);
		best = min(best, ktime_get_ns() - begin);
		cond_resched();
	}
	gen_bench_result = div64_u64(best * 1000, n);
	return 0;
}

/* Nobody looks at a semaphore's memory: it need not exist. */
static void run_crowd(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		fire_begin(kobs_gen_lock_none + i, 0);
	for (i = 0; i < n; i++)
		fire_end(kobs_gen_lock_none + i, 0);
}

/* Spins and sleeps twice; the others end after the first time. */
static void run_phases(unsigned int n)
{
	void *mutex = &kobs_gen_lock_none[1];
	void *others = mutex + sizeof(u64);
	unsigned int i;

	for (i = 0; i < n; i++)
		fire_begin(others + i, 0);
	fire_begin(mutex, LCB_F_MUTEX | LCB_F_SPIN);
	fire_begin(mutex, LCB_F_MUTEX);
	for (i = 0; i < n; i++)
		fire_end(others + i, 0);
	fire_begin(mutex, LCB_F_MUTEX | LCB_F_SPIN);
	fire_begin(mutex, LCB_F_MUTEX);
	fire_end(mutex, 0);
}

/**
 * gen_fire() - do the command "begin", "end", "bench", "crowd" or "phases"
 * @verb: which
 * @n: its argument
 *
 * Context: task, may sleep.
 * Return: 0, or -EINVAL.
 */
int gen_fire(const char *verb, u64 n)
{
	if (!strcmp(verb, "bench"))
		return run_bench(n);
	if (!strcmp(verb, "begin"))
		fire_begin(kobs_gen_lock_none, n);
	else if (!strcmp(verb, "end"))
		fire_end(kobs_gen_lock_none, -(int)n);
	else if (!strcmp(verb, "crowd") && n <= MOST_CROWD)
		run_crowd(n);
	else if (!strcmp(verb, "phases") && n <= MOST_CROWD)
		run_phases(n);
	else
		return -EINVAL;
	return 0;
}
