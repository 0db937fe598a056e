// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of the sched source: sleeps of a known length and
 * place, and wake-ups of a known number.
 *
 * Files in /sys/kernel/debug/kobs_gen_sched:
 *
 *   run    takes one command, done in the thread that writes it:
 *            block STATE MS N  sleep N times for MS; STATE is sleep, disk or
 *                              idle, as the source names them. A sleep whose
 *                              time was over before it began is repeated
 *            wake W N          wake worker W up N times, each time after it
 *                              sleeps and is off its CPU; ends when it is so
 *                              again
 *            late W US         wake worker W up while its CPU, which must not
 *                              be this one, handles an interrupt for US
 *            poke W            wake worker W up if it sleeps; do not wait
 *            reset             stats to 0
 *   stats  "name count" per line: sleeps, wakes, and the runs that result
 *   workers  thread numbers of the workers, one per line
 *
 * The workers, kobs_storm/0 and so on, only sleep between wake-ups.
 *
 * Locking: none. Counters are atomic; a worker's task is there until exit.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/smp.h>

#include "../gen_run.h"

#define WORKERS		4
#define MOST_TIMES	1000000U
#define MOST_MS		1000000U
#define MOST_US		100000U

#if __has_attribute(__noipa__)
#define TRACED		__attribute__((__noipa__))
#else
#define TRACED		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

static const struct {
	const char *name;
	unsigned int state;
} states[] = {
	{ "sleep", TASK_INTERRUPTIBLE },
	{ "disk", TASK_UNINTERRUPTIBLE },
	{ "idle", TASK_IDLE },
};

static struct task_struct *workers[WORKERS];
static atomic64_t sleeps, wakes, runs;
static struct dentry *dir;

/* What the stack of a thread that sleeps shows. */
static TRACED void kobs_gen_sched_block(unsigned int state, unsigned int ms)
{
	ktime_t left = ms_to_ktime(ms);

	set_current_state(state);
	schedule_hrtimeout(&left, HRTIMER_MODE_REL);
	atomic64_inc(&sleeps);
	NOT_LAST();
}

/* What the stack of a wake-up shows. */
static TRACED bool kobs_gen_sched_wake(struct task_struct *p)
{
	bool woke = wake_up_process(p);

	NOT_LAST();
	return woke;
}

static int worker(void *data)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
		atomic64_inc(&runs);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/* It sleeps, and whoever ran after it has taken its CPU over. */
static bool asleep(struct task_struct *p)
{
	return READ_ONCE(p->__state) == TASK_INTERRUPTIBLE &&
#ifdef CONFIG_SMP
	       !READ_ONCE(p->on_cpu) &&
#endif
	       !READ_ONCE(p->on_rq);
}

static int until_asleep(struct task_struct *p)
{
	while (!asleep(p)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		usleep_range(10, 50);
	}
	return 0;
}

static int run_wake(unsigned int w, unsigned int n)
{
	int err = until_asleep(workers[w]);

	while (!err && n--) {
		if (!kobs_gen_sched_wake(workers[w]))
			return -EAGAIN;
		atomic64_inc(&wakes);
		err = until_asleep(workers[w]);
	}
	return err;
}

/* An interrupt that lasts. */
static struct {
	unsigned int us;
	bool begun;
	bool ended;
} irq;

static void stay_in_irq(void *unused)
{
	u64 end = ktime_get_ns() + (u64)irq.us * NSEC_PER_USEC;

	WRITE_ONCE(irq.begun, true);
	while (ktime_get_ns() < end)
		cpu_relax();
	/* Pairs with the acquire in run_late(). */
	smp_store_release(&irq.ended, true);
}

static int run_late(unsigned int w, unsigned int us)
{
	unsigned int cpu = task_cpu(workers[w]);
	int err = until_asleep(workers[w]);

	if (err)
		return err;
	irq.us = us;
	irq.begun = false;
	irq.ended = false;
	preempt_disable();
	err = cpu == smp_processor_id() ? -EBUSY :
	      smp_call_function_single(cpu, stay_in_irq, NULL, 0);
	if (!err) {
		while (!READ_ONCE(irq.begun))
			cpu_relax();
		if (kobs_gen_sched_wake(workers[w]))
			atomic64_inc(&wakes);
	}
	preempt_enable();
	/* Pairs with the release in stay_in_irq(). */
	while (!err && !smp_load_acquire(&irq.ended))
		usleep_range(100, 500);
	return err ?: until_asleep(workers[w]);
}

static int run_block(const char *state, unsigned int ms, unsigned int n)
{
	unsigned int i = 0;

	while (strcmp(state, states[i].name)) {
		if (++i == ARRAY_SIZE(states))
			return -EINVAL;
	}
	while (n && !fatal_signal_pending(current)) {
		unsigned long slept = current->nvcsw;

		kobs_gen_sched_block(states[i].state, ms);
		/* On a slow machine the time can be over before it sleeps. */
		n -= current->nvcsw != slept;
	}
	return 0;
}

static int gen_run(char *line)
{
	char state[8];
	unsigned int a;
	unsigned int b;

	if (sscanf(line, "block %7s %u %u", state, &a, &b) == 3 &&
	    a <= MOST_MS && b <= MOST_TIMES)
		return run_block(state, a, b);
	if (sscanf(line, "wake %u %u", &a, &b) == 2 && a < WORKERS &&
	    b <= MOST_TIMES)
		return run_wake(a, b);
	if (sscanf(line, "late %u %u", &a, &b) == 2 && a < WORKERS &&
	    b <= MOST_US)
		return run_late(a, b);
	if (sscanf(line, "poke %u", &a) == 1 && a < WORKERS) {
		if (kobs_gen_sched_wake(workers[a]))
			atomic64_inc(&wakes);
		return 0;
	}
	if (!strcmp(line, "reset")) {
		atomic64_set(&sleeps, 0);
		atomic64_set(&wakes, 0);
		atomic64_set(&runs, 0);
		return 0;
	}
	return -EINVAL;
}

static int stats_show(struct seq_file *m, void *v)
{
	seq_printf(m, "sleeps %lld\nwakes %lld\nruns %lld\n",
		   atomic64_read(&sleeps), atomic64_read(&wakes),
		   atomic64_read(&runs));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int workers_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		seq_printf(m, "%d\n", task_pid_nr(workers[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(workers);

static void stop_workers(void)
{
	unsigned int i;

	for (i = 0; i < WORKERS && workers[i]; i++)
		kthread_stop(workers[i]);
}

static int __init kobs_gen_sched_init(void)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++) {
		struct task_struct *t = kthread_run(worker, NULL,
						    "kobs_storm/%u", i);

		if (IS_ERR(t)) {
			stop_workers();
			return PTR_ERR(t);
		}
		workers[i] = t;
	}
	dir = gen_files("kobs_gen_sched", &stats_fops, NULL);
	debugfs_create_file("workers", 0400, dir, NULL, &workers_fops);
	return 0;
}

static void __exit kobs_gen_sched_exit(void)
{
	debugfs_remove_recursive(dir);
	stop_workers();
}

module_init(kobs_gen_sched_init);
module_exit(kobs_gen_sched_exit);

MODULE_DESCRIPTION("Ground truth for tests of kobs: sleeps and wake-ups");
MODULE_LICENSE("GPL");
