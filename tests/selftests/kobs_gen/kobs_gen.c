// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests: functions that are called exactly as often as asked
 * for, from task, softirq, hardirq and NMI context, and that count themselves.
 * Tests compare what a tracer saw with these counts.
 *
 * Files in /sys/kernel/debug/kobs_gen:
 *
 *   run    takes one command, which is complete when write() returns:
 *            call CTX N [CPU]  kobs_gen_leaf() N times by kobs_gen_caller_a();
 *                              CTX is task, softirq or hardirq
 *            callb N           the same by kobs_gen_caller_b(), in task context
 *            spread N          kobs_gen_spread() N times, which calls
 *                              kobs_gen_leaf() from 64 places
 *            deep N DEPTH      kobs_gen_deep() N times, DEPTH calls each
 *            nested N          kobs_gen_outer() N times, which calls
 *                              kobs_gen_inner() twice
 *            kinds N NS        kobs_gen_kinds() N times, which calls each of
 *                              kobs_gen_kind_0() to kobs_gen_kind_19() once; the
 *                              one with number i takes i + 1 times NS or longer
 *            named N           rcu_kobs_gen() N times, whose name begins like
 *                              those of the kernel's RCU, and as often
 *                              kobs_session_duration(), a namesake of kobs's own,
 *                              which cannot be traced
 *            spin N NS         kobs_gen_spin(), which takes at least NS
 *            hold N NS         the same, N times at most, as an RCU reader, until
 *                              it is killed; 10 s at most
 *            sleep N MS        kobs_gen_sleep(), until a signal comes
 *            nmi N             from now on every NMI calls kobs_gen_leaf() N
 *                              times by kobs_gen_caller_nmi(); 0 ends that
 *            bench KIND N      time N calls of kobs_gen_bench2(); see bench
 *            family            register a family of generic netlink, and
 *                              unregister it
 *            reset             stats to 0
 *   stats  "name count" per line: calls since load or reset
 *   bench  thousandths of a ns per call in the last benchmark, the best of 5.
 *          KIND is call; call20 and calldeep (from FRAMES_20 and
 *          FRAMES nested functions); floor (call, with an ftrace_ops that does
 *          nothing); stack20 and stack (call20 and calldeep, with an
 *          ftrace_ops that saves the stack)
 *
 * The module is also used to unload a traced function: nothing of it remains
 * after rmmod.
 *
 * Locking: counters are atomic. Commands run in parallel, each on its writer's
 * stack, except benchmarks, which take bench_lock.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/ftrace.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <net/genetlink.h>
#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif

#include "../gen_run.h"

/* Calls that one command may ask for, and from interrupts. */
#define MOST_CALLS	100000000ULL
#define MOST_IRQ_CALLS	1000000ULL
#define MOST_DEPTH	100
/* Functions of one command, more than a slow call keeps. */
#define KINDS		20
#define MOST_SPIN_NS	NSEC_PER_SEC
/* Half of what the kernel takes for a stall. */
#define MOST_HOLD_NS	(10 * NSEC_PER_SEC)
#define MOST_SLEEP_MS	60000
#define MOST_BENCH	10000000ULL

/*
 * Nested functions beneath a deep benchmark, and beneath one that is to have a
 * stack of 20 frames in all.
 */
#define FRAMES		20
#define FRAMES_20	9
/* How often each benchmark is run. */
#define ROUNDS		5

/* What is traced has to be there, once, and as it is written here. */
#if __has_attribute(__noipa__)
#define TRACED		__attribute__((__noipa__))
#else
#define TRACED		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

enum count {
	COUNT_TASK, COUNT_SOFTIRQ, COUNT_HARDIRQ, COUNT_NMI,
	COUNT_A, COUNT_B, COUNT_SPREAD, COUNT_DEEP, COUNT_OUTER, COUNT_INNER,
	COUNT_SPIN, COUNT_SLEEP, COUNT_NMIS, COUNT_SPIN_NS, COUNTS
};

static const char * const count_names[] = {
	[COUNT_TASK] = "task",
	[COUNT_SOFTIRQ] = "softirq",
	[COUNT_HARDIRQ] = "hardirq",
	[COUNT_NMI] = "nmi",
	[COUNT_A] = "a",
	[COUNT_B] = "b",
	[COUNT_SPREAD] = "spread",
	[COUNT_DEEP] = "deep",
	[COUNT_OUTER] = "outer",
	[COUNT_INNER] = "inner",
	[COUNT_SPIN] = "spin",
	[COUNT_SLEEP] = "sleep",
	[COUNT_NMIS] = "nmis",
	[COUNT_SPIN_NS] = "spin_ns",
};

static atomic64_t counts[COUNTS];

static void count(enum count which)
{
	atomic64_inc(&counts[which]);
}

/* Of the context that this runs in. */
static enum count context(void)
{
	if (in_nmi())
		return COUNT_NMI;
	if (in_hardirq())
		return COUNT_HARDIRQ;
	if (in_serving_softirq())
		return COUNT_SOFTIRQ;
	return COUNT_TASK;
}

static TRACED void kobs_gen_leaf(void)
{
	count(context());
}

static TRACED void kobs_gen_caller_a(void)
{
	count(COUNT_A);
	kobs_gen_leaf();
	NOT_LAST();
}

static TRACED void kobs_gen_caller_b(void)
{
	count(COUNT_B);
	kobs_gen_leaf();
	NOT_LAST();
}

#define CALL()								\
	do {								\
		kobs_gen_leaf();					\
		NOT_LAST();						\
	} while (0)
#define CALL_8()							\
	do {								\
		CALL(); CALL(); CALL(); CALL();				\
		CALL(); CALL(); CALL(); CALL();				\
	} while (0)

static TRACED void kobs_gen_spread(void)
{
	count(COUNT_SPREAD);
	CALL_8();
	CALL_8();
	CALL_8();
	CALL_8();
	CALL_8();
	CALL_8();
	CALL_8();
	CALL_8();
}

static TRACED void kobs_gen_deep(unsigned int depth)
{
	count(COUNT_DEEP);
	if (depth > 1)
		kobs_gen_deep(depth - 1);
	NOT_LAST();
}

static TRACED void kobs_gen_inner(void)
{
	count(COUNT_INNER);
}

static TRACED void kobs_gen_outer(void)
{
	count(COUNT_OUTER);
	kobs_gen_inner();
	NOT_LAST();
	kobs_gen_inner();
	NOT_LAST();
}

static TRACED void kobs_session_duration(void)
{
	barrier();
}

static TRACED void rcu_kobs_gen(void)
{
	kobs_session_duration();
	NOT_LAST();
}

static TRACED void kobs_gen_spin(u64 ns)
{
	u64 start = ktime_get_mono_fast_ns();

	count(COUNT_SPIN);
	atomic64_add(ns, &counts[COUNT_SPIN_NS]);
	while (ktime_get_mono_fast_ns() - start < ns)
		cpu_relax();
}

/* One of KINDS functions. */
#define KIND(i)								\
static TRACED void kobs_gen_kind_##i(u64 ns)				\
{									\
	kobs_gen_spin(((i) + 1) * ns);					\
	NOT_LAST();							\
}

KIND(0) KIND(1) KIND(2) KIND(3) KIND(4) KIND(5) KIND(6) KIND(7) KIND(8) KIND(9)
KIND(10) KIND(11) KIND(12) KIND(13) KIND(14) KIND(15) KIND(16) KIND(17) KIND(18)
KIND(19)

static TRACED void kobs_gen_kinds(u64 ns)
{
	static void (* const kinds[KINDS])(u64 ns) = {
		kobs_gen_kind_0, kobs_gen_kind_1, kobs_gen_kind_2,
		kobs_gen_kind_3, kobs_gen_kind_4, kobs_gen_kind_5,
		kobs_gen_kind_6, kobs_gen_kind_7, kobs_gen_kind_8,
		kobs_gen_kind_9, kobs_gen_kind_10, kobs_gen_kind_11,
		kobs_gen_kind_12, kobs_gen_kind_13, kobs_gen_kind_14,
		kobs_gen_kind_15, kobs_gen_kind_16, kobs_gen_kind_17,
		kobs_gen_kind_18, kobs_gen_kind_19,
	};
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		kinds[i](ns);
}

/* By the clock: jiffies leap where the host lets the guest wait. */
static TRACED void kobs_gen_sleep(unsigned int ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);

	count(COUNT_SLEEP);
	while (ktime_before(ktime_get(), end) && !signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_hrtimeout(&end, HRTIMER_MODE_ABS);
	}
	NOT_LAST();
}

#ifdef CONFIG_X86
static unsigned int nmi_calls;

static TRACED void kobs_gen_caller_nmi(void)
{
	kobs_gen_leaf();
	NOT_LAST();
}

static int gen_nmi(unsigned int type, struct pt_regs *regs)
{
	unsigned int n = READ_ONCE(nmi_calls);

	if (!n)
		return NMI_DONE;
	count(COUNT_NMIS);
	while (n--)
		kobs_gen_caller_nmi();
	return NMI_HANDLED;
}

static int gen_nmi_init(void)
{
	return register_nmi_handler(NMI_LOCAL, gen_nmi, 0, "kobs_gen");
}

static void gen_nmi_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "kobs_gen");
}

static int run_nmi(u64 n)
{
	if (n > MOST_IRQ_CALLS)
		return -EINVAL;
	WRITE_ONCE(nmi_calls, n);
	return 0;
}
#else
static int gen_nmi_init(void)
{
	return 0;
}

static void gen_nmi_exit(void)
{
}

static int run_nmi(u64 n)
{
	return -EOPNOTSUPP;
}
#endif

/* Between calls in task context: 0, or -EINTR when the writer is to end. */
static int breathe(u64 n)
{
	if (n % 1024)
		return 0;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * Loops test behind the call: one call in the source is then one in the code,
 * and a stack is the same in each round.
 */
static int repeat(void (*fn)(void), u64 n)
{
	int err;

	if (!n)
		return 0;
	do {
		fn();
		err = breathe(--n);
	} while (!err && n);
	return err;
}

/**
 * struct burst - calls from an interrupt
 * @n: how many
 * @irq: for those from hardirq context
 * @tasklet: for those from softirq context
 * @done: of the tasklet
 */
struct burst {
	u64 n;
	struct irq_work irq;
	struct tasklet_struct tasklet;
	struct completion done;
};

static void burst_calls(struct burst *b)
{
	while (b->n) {
		kobs_gen_caller_a();
		b->n--;
	}
}

static void burst_hardirq(struct irq_work *irq)
{
	burst_calls(container_of(irq, struct burst, irq));
}

static void burst_softirq(struct tasklet_struct *tasklet)
{
	struct burst *b = container_of(tasklet, struct burst, tasklet);

	burst_calls(b);
	complete(&b->done);
}

static int run_burst(enum count ctx, u64 n)
{
	struct burst b = { .n = n };

	if (n > MOST_IRQ_CALLS)
		return -EINVAL;
	if (ctx == COUNT_HARDIRQ) {
		b.irq = IRQ_WORK_INIT_HARD(burst_hardirq);
		irq_work_queue(&b.irq);
		irq_work_sync(&b.irq);
		return 0;
	}
	init_completion(&b.done);
	tasklet_setup(&b.tasklet, burst_softirq);
	/* Softirqs run when they are enabled again, on top of this task. */
	local_bh_disable();
	tasklet_schedule(&b.tasklet);
	local_bh_enable();
	wait_for_completion(&b.done);
	tasklet_kill(&b.tasklet);
	return 0;
}

static int run_call_here(enum count ctx, u64 n)
{
	return ctx == COUNT_TASK ? repeat(kobs_gen_caller_a, n) :
				   run_burst(ctx, n);
}

/* The writer goes to the CPU, if one is given, and interrupts itself there. */
static int run_call_on(enum count ctx, u64 n, unsigned int cpu)
{
	cpumask_var_t old;
	int err;

	if (cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -EINVAL;
	if (!alloc_cpumask_var(&old, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(old, current->cpus_ptr);
	err = set_cpus_allowed_ptr(current, cpumask_of(cpu));
	if (!err) {
		err = run_call_here(ctx, n);
		set_cpus_allowed_ptr(current, old);
	}
	free_cpumask_var(old);
	return err;
}

static int run_call(const char *ctx_name, u64 n, const u64 *cpu)
{
	int ctx = match_string(count_names, COUNT_HARDIRQ + 1, ctx_name);

	if (ctx < 0 || n > MOST_CALLS || (cpu && *cpu > UINT_MAX))
		return -EINVAL;
	return cpu ? run_call_on(ctx, n, *cpu) : run_call_here(ctx, n);
}

static int run_deep(u64 n, u64 depth)
{
	int err;

	if (!depth || depth > MOST_DEPTH)
		return -EINVAL;
	if (!n)
		return 0;
	do {
		kobs_gen_deep(depth);
		err = breathe(--n);
	} while (!err && n);
	return err;
}

static int run_spin(u64 n, u64 ns)
{
	if (ns > MOST_SPIN_NS)
		return -EINVAL;
	while (n--) {
		kobs_gen_spin(ns);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int run_kinds(u64 n, u64 ns)
{
	if (ns > MOST_SPIN_NS / KINDS)
		return -EINVAL;
	while (n--) {
		kobs_gen_kinds(ns);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int run_hold(u64 n, u64 ns)
{
	if (ns > MOST_SPIN_NS || n > MOST_HOLD_NS || n * ns > MOST_HOLD_NS)
		return -EINVAL;
	rcu_read_lock();
	while (n-- && !fatal_signal_pending(current))
		kobs_gen_spin(ns);
	rcu_read_unlock();
	return 0;
}

static int run_sleep(u64 n, u64 ms)
{
	if (ms > MOST_SLEEP_MS)
		return -EINVAL;
	while (n--) {
		kobs_gen_sleep(ms);
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static DEFINE_MUTEX(bench_lock);
static u64 bench_result;

static TRACED void kobs_gen_bench2(unsigned long a, unsigned long b)
{
	asm volatile("" : : "r" (a), "r" (b));
}

static TRACED u64 bench_calls(u64 n)
{
	u64 start;
	u64 i;

	start = ktime_get_mono_fast_ns();
	for (i = 0; i < n; i++) {
		kobs_gen_bench2(i, n);
		NOT_LAST();
	}
	return ktime_get_mono_fast_ns() - start;
}

static TRACED u64 bench_empty(u64 n)
{
	u64 start;
	u64 i;

	start = ktime_get_mono_fast_ns();
	for (i = 0; i < n; i++)
		barrier();
	return ktime_get_mono_fast_ns() - start;
}

static TRACED u64 bench_deep(u64 n, unsigned int frames)
{
	u64 ns = frames ? bench_deep(n, frames - 1) : bench_calls(n);

	NOT_LAST();
	return ns;
}

static u64 bench_best(u64 n, unsigned int frames)
{
	u64 best = U64_MAX;
	u64 floor = U64_MAX;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		local_irq_disable();
		best = min(best, bench_deep(n, frames));
		local_irq_enable();
		cond_resched();
		local_irq_disable();
		floor = min(floor, bench_empty(n));
		local_irq_enable();
		cond_resched();
	}
	return best > floor ? best - floor : 0;
}

static void floor_hit(unsigned long ip, unsigned long parent_ip,
		      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
}

static void stack_hit(unsigned long ip, unsigned long parent_ip,
		      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unsigned long ips[64];

	stack_trace_save(ips, ARRAY_SIZE(ips), 0);
}

static struct ftrace_ops floor_ops = { .func = floor_hit };
static struct ftrace_ops stack_ops = { .func = stack_hit };

static int bench_traced(struct ftrace_ops *ops, u64 n, unsigned int frames,
			u64 *best)
{
	int err;

	err = ftrace_set_filter_ip(ops, (unsigned long)kobs_gen_bench2, 0, 1);
	if (err)
		return err;
	err = register_ftrace_function(ops);
	if (err)
		return err;
	*best = bench_best(n, frames);
	return unregister_ftrace_function(ops);
}

/**
 * struct bench - a kind of benchmark
 * @kind: its name
 * @frames: nested functions beneath the call
 * @ops: what hooks the call, or NULL
 */
struct bench {
	const char *kind;
	unsigned int frames;
	struct ftrace_ops *ops;
};

static const struct bench benches[] = {
	{ "call", 0, NULL },
	{ "call20", FRAMES_20, NULL },
	{ "calldeep", FRAMES, NULL },
	{ "floor", 0, &floor_ops },
	{ "stack20", FRAMES_20, &stack_ops },
	{ "stack", FRAMES, &stack_ops },
};

static int run_bench(const char *kind, u64 n)
{
	const struct bench *b = benches;
	u64 best = 0;
	int err = 0;

	while (b < benches + ARRAY_SIZE(benches) && strcmp(kind, b->kind))
		b++;
	if (b == benches + ARRAY_SIZE(benches) || !n || n > MOST_BENCH)
		return -EINVAL;
	mutex_lock(&bench_lock);
	if (b->ops)
		err = bench_traced(b->ops, n, b->frames, &best);
	else
		best = bench_best(n, b->frames);
	if (!err)
		bench_result = div64_u64(best * 1000, n);
	mutex_unlock(&bench_lock);
	return err;
}

/* Commands of the form "VERB N" and "VERB N M"; @given counts the numbers. */
static int run_numbers(const char *verb, int given, u64 n, u64 m)
{
	if (given < 1 || n > MOST_CALLS)
		return -EINVAL;
	if (given == 1 && !strcmp(verb, "callb"))
		return repeat(kobs_gen_caller_b, n);
	if (given == 1 && !strcmp(verb, "spread"))
		return repeat(kobs_gen_spread, n);
	if (given == 1 && !strcmp(verb, "nested"))
		return repeat(kobs_gen_outer, n);
	if (given == 1 && !strcmp(verb, "named"))
		return repeat(rcu_kobs_gen, n);
	if (given == 1 && !strcmp(verb, "nmi"))
		return run_nmi(n);
	if (given == 2 && !strcmp(verb, "deep"))
		return run_deep(n, m);
	if (given == 2 && !strcmp(verb, "spin"))
		return run_spin(n, m);
	if (given == 2 && !strcmp(verb, "kinds"))
		return run_kinds(n, m);
	if (given == 2 && !strcmp(verb, "hold"))
		return run_hold(n, m);
	if (given == 2 && !strcmp(verb, "sleep"))
		return run_sleep(n, m);
	return -EINVAL;
}

static int run_reset(void)
{
	unsigned int i;

	for (i = 0; i < COUNTS; i++)
		atomic64_set(&counts[i], 0);
	return 0;
}

/* As a module does that is loaded: it waits for all requests in progress. */
static int run_family(void)
{
	static struct genl_family family = {
		.name = "kobs_gen",
		.version = 1,
		.module = THIS_MODULE,
	};
	static DEFINE_MUTEX(lock);
	int err;

	mutex_lock(&lock);
	err = genl_register_family(&family) ?: genl_unregister_family(&family);
	mutex_unlock(&lock);
	return err;
}

/* A command's words: at most a verb, a word and two numbers. */
static int gen_run(char *line)
{
	char *words[4] = {};
	u64 number[4] = {};
	unsigned int n = 0;
	unsigned int i;
	char *word;

	while ((word = strsep(&line, " "))) {
		if (n == ARRAY_SIZE(words) || !*word)
			return -EINVAL;
		words[n++] = word;
	}
	if (n == 1 && !strcmp(words[0], "family"))
		return run_family();
	if (n == 1)
		return strcmp(words[0], "reset") ? -EINVAL : run_reset();
	for (i = 1; i < n; i++) {
		bool name = i == 1 && (!strcmp(words[0], "call") ||
				       !strcmp(words[0], "bench"));

		if (!name && kstrtou64(words[i], 10, &number[i]))
			return -EINVAL;
	}
	if (!strcmp(words[0], "call"))
		return n < 3 ? -EINVAL : run_call(words[1], number[2],
						  n == 4 ? &number[3] : NULL);
	if (!strcmp(words[0], "bench"))
		return n != 3 ? -EINVAL : run_bench(words[1], number[2]);
	return n > 3 ? -EINVAL :
		       run_numbers(words[0], n - 1, number[1], number[2]);
}

static int stats_show(struct seq_file *seq, void *unused)
{
	unsigned int i;

	for (i = 0; i < COUNTS; i++)
		seq_printf(seq, "%s %lld\n", count_names[i],
			   atomic64_read(&counts[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int bench_show(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%llu\n", bench_result);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench);

static struct dentry *dir;

static int __init kobs_gen_init(void)
{
	int err = gen_nmi_init();

	if (err)
		return err;
	dir = gen_files("kobs_gen", &stats_fops, &bench_fops);
	return 0;
}

static void __exit kobs_gen_exit(void)
{
	debugfs_remove(dir);
	gen_nmi_exit();
}

module_init(kobs_gen_init);
module_exit(kobs_gen_exit);
MODULE_DESCRIPTION("kobs: ground truth for tests");
MODULE_AUTHOR("The kobs authors");
MODULE_LICENSE("GPL");
