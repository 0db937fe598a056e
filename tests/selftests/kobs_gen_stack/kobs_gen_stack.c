// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for stacks: one leaf function that is called from frames of all
 * kinds. Tests compare every stack from the caches with the unwinder's.
 *
 * A command written to /sys/kernel/debug/kobs_gen_stack/run is complete when
 * write() returns:
 *
 *	alloca N	N calls from a frame of varying size
 *	paths N		2 * N calls by paths of equal depth and length
 *	tail N		N calls through a jump
 *	mixed N		N rounds of all of these
 *	kthread N	N calls from the bottom of a kernel thread
 *	work N		N calls from a work item
 *	timer N		N calls from timer interrupts, at arbitrary points of
 *			rounds of "mixed"; the same number from softirqs
 *
 * Locking: run_lock, one command at a time.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

/* Of the frames of fixed size; differs in kobs_gen_stack2. */
#ifndef FRAME_WORDS
#define FRAME_WORDS	5
#endif

#define MOST_CALLS	1000000ULL
#define TIMER_NS	500000

#if __has_attribute(__noipa__)
#define TRACED		__attribute__((__noipa__))
#else
#define TRACED		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

static TRACED void kobs_gen_stack_leaf(void)
{
	barrier();
}

/* A frame that is addressed by the frame pointer. */
static TRACED void stack_alloca(unsigned int bytes)
{
	char *room = __builtin_alloca(bytes);

	OPTIMIZER_HIDE_VAR(room);
	room[0] = 1;
	kobs_gen_stack_leaf();
	NOT_LAST();
}

/* One of them upon another. */
static TRACED void stack_alloca2(unsigned int bytes)
{
	char *room = __builtin_alloca(bytes);

	OPTIMIZER_HIDE_VAR(room);
	room[0] = 1;
	stack_alloca(bytes / 2 + 8);
	NOT_LAST();
}

static TRACED void stack_middle(void)
{
	unsigned long room[FRAME_WORDS];
	unsigned long *p = room;

	OPTIMIZER_HIDE_VAR(p);
	p[0] = 1;
	kobs_gen_stack_leaf();
	NOT_LAST();
}

#define WAY(name)							\
static TRACED void stack_way_##name(void)				\
{									\
	unsigned long room[FRAME_WORDS + 2];				\
	unsigned long *p = room;					\
									\
	OPTIMIZER_HIDE_VAR(p);						\
	p[0] = 1;							\
	stack_middle();							\
	NOT_LAST();							\
}

WAY(a)
WAY(b)

/* A jump: there is no frame of this function. */
static TRACED void stack_tail(void)
{
	stack_middle();
}

static TRACED void stack_alloca_round(u64 n)
{
	stack_alloca(n * 24 % 400 + 8);
	NOT_LAST();
	stack_alloca2(n * 40 % 600 + 8);
	NOT_LAST();
}

static TRACED void stack_paths_round(void)
{
	stack_way_a();
	NOT_LAST();
	stack_way_b();
	NOT_LAST();
}

static TRACED void stack_tail_round(void)
{
	stack_tail();
	NOT_LAST();
}

static TRACED void stack_deep_round(unsigned int depth)
{
	if (depth)
		stack_deep_round(depth - 1);
	else
		stack_middle();
	NOT_LAST();
}

static TRACED void stack_mixed_round(u64 n)
{
	stack_alloca_round(n);
	stack_paths_round();
	stack_tail_round();
	stack_deep_round(n % 24);
	NOT_LAST();
}

/**
 * struct job - calls from elsewhere
 * @n: how many are left
 * @done: there are none
 * @work: for those from a work item
 * @timer: for those from interrupts
 * @tasklet: for those from softirqs
 */
struct job {
	u64 n;
	struct completion done;
	struct work_struct work;
	struct hrtimer timer;
	struct tasklet_struct tasklet;
};

static void job_calls(struct job *job)
{
	while (job->n) {
		job->n--;
		stack_paths_round();
	}
}

static int job_thread(void *data)
{
	struct job *job = data;

	while (job->n) {
		job->n--;
		kobs_gen_stack_leaf();
		NOT_LAST();
	}
	complete(&job->done);
	return 0;
}

static void job_work(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job_calls(job);
}

static void job_softirq(struct tasklet_struct *tasklet)
{
	stack_paths_round();
}

static enum hrtimer_restart job_timer(struct hrtimer *timer)
{
	struct job *job = container_of(timer, struct job, timer);

	stack_middle();
	stack_alloca(job->n % 64 + 8);
	tasklet_schedule(&job->tasklet);
	if (!--job->n) {
		complete(&job->done);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, ns_to_ktime(TIMER_NS));
	return HRTIMER_RESTART;
}

static int run_kthread(u64 n)
{
	struct job job = { .n = n };
	struct task_struct *t;

	init_completion(&job.done);
	t = kthread_run(job_thread, &job, "kobs_gen_stack");
	if (IS_ERR(t))
		return PTR_ERR(t);
	wait_for_completion(&job.done);
	return 0;
}

static int run_work(u64 n)
{
	struct job job = { .n = n };

	INIT_WORK_ONSTACK(&job.work, job_work);
	schedule_work(&job.work);
	flush_work(&job.work);
	destroy_work_on_stack(&job.work);
	return 0;
}

#ifndef HAVE_HRTIMER_SETUP
/* 6.13, 908a1d775422 "hrtimers: Introduce hrtimer_setup()..." */
static void hrtimer_setup(struct hrtimer *timer,
			  enum hrtimer_restart (*function)(struct hrtimer *),
			  clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

static struct job timer_job;

static int run_timer(u64 n)
{
	struct job *job = &timer_job;
	u64 round = 0;

	if (!n)
		return 0;
	job->n = n;
	init_completion(&job->done);
	tasklet_setup(&job->tasklet, job_softirq);
	hrtimer_setup(&job->timer, job_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	hrtimer_start(&job->timer, ns_to_ktime(TIMER_NS),
		      HRTIMER_MODE_REL_HARD);
	while (!try_wait_for_completion(&job->done)) {
		stack_mixed_round(round++);
		cond_resched();
	}
	hrtimer_cancel(&job->timer);
	tasklet_kill(&job->tasklet);
	return 0;
}

static int run_here(const char *verb, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++) {
		if (!strcmp(verb, "alloca"))
			stack_alloca_round(i);
		else if (!strcmp(verb, "paths"))
			stack_paths_round();
		else if (!strcmp(verb, "tail"))
			stack_tail_round();
		else if (!strcmp(verb, "mixed"))
			stack_mixed_round(i);
		else
			return -EINVAL;
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static DEFINE_MUTEX(run_lock);

static int run(const char *verb, u64 n)
{
	int err;

	if (n > MOST_CALLS)
		return -EINVAL;
	mutex_lock(&run_lock);
	if (!strcmp(verb, "kthread"))
		err = run_kthread(n);
	else if (!strcmp(verb, "work"))
		err = run_work(n);
	else if (!strcmp(verb, "timer"))
		err = run_timer(n);
	else
		err = run_here(verb, n);
	mutex_unlock(&run_lock);
	return err;
}

static ssize_t run_write(struct file *file, const char __user *from,
			 size_t len, loff_t *pos)
{
	char line[32];
	char *number;
	u64 n;
	int err;

	if (!len || len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = '\0';
	number = strchr(strim(line), ' ');
	if (!number)
		return -EINVAL;
	*number++ = '\0';
	err = kstrtou64(number, 10, &n);
	if (!err)
		err = run(line, n);
	return err ?: len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
	.llseek = noop_llseek,
};

static struct dentry *dir;

static int __init kobs_gen_stack_init(void)
{
	dir = debugfs_create_dir("kobs_gen_stack", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	return 0;
}

static void __exit kobs_gen_stack_exit(void)
{
	debugfs_remove(dir);
}

module_init(kobs_gen_stack_init);
module_exit(kobs_gen_stack_exit);
MODULE_DESCRIPTION("kobs: ground truth for stacks");
MODULE_AUTHOR("The kobs authors");
MODULE_LICENSE("GPL");
