// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of probe: a function and a tracepoint with arguments of
 * known values, in known number and contexts.
 *
 * The file "run" below /sys/kernel/debug/kobs_gen_probe takes one command, which
 * is complete when write() returns:
 *
 *   call CTX N START STEP	kobs_gen_probe() N times; CTX is task, softirq or
 *				hardirq. Round i has the number START + i * STEP
 *   fire CTX N START STEP	the tracepoint kobs_gen_fire likewise
 *   record CTX N START STEP	the tracepoint kobs_gen_fields likewise
 *   hidden CTX N START STEP	kobs_gen_hidden() likewise, which ftrace cannot hook
 *   inside CTX N START STEP	kobs_gen_inside() once, with N rounds of an
 *				instruction; see inside
 *   bad N			kobs_gen_probe() N times with an item that cannot
 *				be read
 *   bench N			time N rounds of the tracepoint; see bench
 *   benchloop N		the same of kobs_gen_inside()
 *   pair CTX N NS		N rounds of kobs_gen_open() and kobs_gen_close(),
 *				with NS at least between them; round i has the key i
 *   open CTX N START STEP	only the first, with the keys START + i * STEP
 *   close CTX N START STEP	only the second
 *   race N KEYS		on all CPUs at once, in hardirq context: N rounds of
 *				open and close, with the keys 0 to KEYS - 1 in turn
 *   way N KEYS		likewise: N rounds of open and close on one CPU, N of
 *				kobs_gen_probe() on each other one
 *   benchpair N		time N rounds of both, as bench
 *   benchway N			time N rounds of both, with kobs_gen_probe() between
 *
 * With number n of round i: argument 0 is n as an int, 1 is n as 64 bits, 2 is the
 * text "even" or "odd" of i, 3 is the address of a struct gen_item. The tracepoint
 * has (n, text, item, n + 1, n + 2, n + 3, n + 4). The fields of the other one's
 * record are n, and texts: "even", or "oddly long text" in as many bytes, with and
 * without a NUL, and the first eight of them.
 *
 * The file "inside" has the offset of an instruction in kobs_gen_inside() that runs
 * once per round, with number n in the register ax (x10 on arm64), and STEP in dx
 * (x11).
 *
 * The file "bench" has thousandths of a ns per round in the last benchmark, the best
 * of 5. The file "pairs" has two sums over all rounds of pair: the ns between the two
 * calls, and with both calls.
 *
 * Locking: the mutex serialises commands.
 */
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

/* A struct of which tests know the offsets. */
struct gen_item {
	s64 number;		/* 0 */
	u32 low;		/* 8: its lower half */
	s16 less;		/* 12: its lowest 16 bits */
	u8 least;		/* 14 */
	u8 pad;
	const char *name;	/* 16 */
	struct gen_item *next;	/* 24: another one, with the double number */
	char text[40];		/* 32: "item N of the module kobs_gen_probe" */
};

#define CREATE_TRACE_POINTS
#include "kobs_gen_probe_trace.h"

#define MOST	100000

#if __has_attribute(__noipa__)
#define TRACED	__attribute__((__noipa__))
#else
#define TRACED	noinline
#endif

/* What a command calls. */
enum what { CALL, FIRE, RECORD, HIDDEN, INSIDE, OPEN, CLOSE, PAIR };

/**
 * struct burst - a command
 * @what: what is called
 * @bad: the item cannot be read
 * @n: rounds
 * @start: first number
 * @step: from one to the next; of pairs, ns between both
 * @cpu: where way opens and closes
 * @irq: for hardirq context
 * @tasklet: for softirq context
 * @done: of the tasklet
 */
struct burst {
	enum what what;
	bool bad;
	u64 n;
	s64 start;
	s64 step;
	int cpu;
	struct irq_work irq;
	struct tasklet_struct tasklet;
	struct completion done;
};

static const char * const whats[] = {
	[CALL] = "call", [FIRE] = "fire", [RECORD] = "record",
	[HIDDEN] = "hidden", [INSIDE] = "inside", [OPEN] = "open", [CLOSE] = "close",
	[PAIR] = "pair",
};

static DEFINE_MUTEX(lock);
static struct dentry *dir;
static u64 bench_result;
static u64 between, around;
static u64 inside;

static TRACED s64 kobs_gen_probe(int number, u64 wide, const char *name,
				 const struct gen_item *item)
{
	barrier();
	return number;
}

static TRACED void kobs_gen_open(u64 key, u32 other, const char *name)
{
	barrier();
}

static TRACED void kobs_gen_close(u64 key, u32 other, const char *name)
{
	barrier();
}

static void pair_round(u64 key, u64 ns)
{
	u64 t[4];

	t[0] = ktime_get_mono_fast_ns();
	kobs_gen_open(key, 0, "pair");
	t[1] = ktime_get_mono_fast_ns();
	while (ktime_get_mono_fast_ns() - t[1] < ns)
		cpu_relax();
	t[2] = ktime_get_mono_fast_ns();
	kobs_gen_close(key, 0, "pair");
	t[3] = ktime_get_mono_fast_ns();
	between += t[2] - t[1];
	around += t[3] - t[0];
}

static TRACED notrace s64 kobs_gen_hidden(int number, u64 wide)
{
	/* It is a function of its own for the compiler, too. */
	asm volatile("" : "+r" (number) : "r" (wide));
	return number;
}

/* Returns the last number; sets @where to the instruction. */
static TRACED u64 kobs_gen_inside(u64 n, u64 number, u64 step,
				  unsigned long *where)
{
#if defined(CONFIG_X86_64)
	/* Long enough to be replaced by a jump. */
	for (; n; n--)
		asm volatile("lea 771f(%%rip), %1\n"
			     "771: lea 0x1000000(%%rax, %%rdx), %%rcx\n"
			     "add %%rdx, %%rax"
			     : "+a" (number), "=&r" (*where)
			     : "d" (step) : "rcx", "cc");
#elif defined(CONFIG_ARM64)
	register u64 x10 asm("x10") = number;
	register u64 x11 asm("x11") = step;

	for (; n; n--)
		asm volatile("adr %1, 771f\n"
			     "771: add %0, %0, %2"
			     : "+r" (x10), "=&r" (*where) : "r" (x11));
	number = x10;
#endif
	return number;
}

static void item_fill(struct gen_item *item, s64 n, const char *name)
{
	item->number = n;
	item->low = n;
	item->less = n;
	item->least = n;
	item->name = name;
	snprintf(item->text, sizeof(item->text),
		 "item %lld of the module kobs_gen_probe", n);
}

static void burst_round(const struct burst *b, u64 i)
{
	static const char * const labels[] = { "even", "oddly long text" };
	const char *name = i % 2 ? "odd" : "even";
	s64 n = b->start + (s64)i * b->step;
	struct gen_item item = {}, next = {};

	item_fill(&item, n, name);
	item_fill(&next, 2 * n, name);
	item.next = &next;
	if (b->what == HIDDEN)
		kobs_gen_hidden(n, n);
	else if (b->what == RECORD)
		trace_kobs_gen_fields(n, labels[i % 2], strlen(labels[i % 2]));
	else if (b->what == FIRE)
		trace_kobs_gen_fire(n, name, &item, n + 1, n + 2, n + 3, n + 4);
	else
		kobs_gen_probe(n, n, name, b->bad ? (void *)16 : &item);
}

/* Texts of keys are in memory of their own at both calls. */
static void burst_side(const struct burst *b, u64 i)
{
	s64 n = b->start + (s64)i * b->step;
	char name[24];

	snprintf(name, sizeof(name), "key %lld", n);
	if (b->what == OPEN)
		kobs_gen_open(n, i, name);
	else
		kobs_gen_close(n, i, name);
}

static void burst_rounds(struct burst *b)
{
	unsigned long where;
	u64 i;

	if (b->what == INSIDE) {
		kobs_gen_inside(b->n, b->start, b->step, &where);
		return;
	}

	for (i = 0; i < b->n; i++) {
		if (b->what == PAIR)
			pair_round(i, b->step);
		else if (b->what >= OPEN)
			burst_side(b, i);
		else
			burst_round(b, i);
	}
}

static void race_rounds(void *data)
{
	const struct burst *b = data;
	u64 i;

	for (i = 0; i < b->n; i++) {
		kobs_gen_open(i % b->start, 0, "race");
		kobs_gen_close(i % b->start, 0, "race");
	}
}

static void way_rounds(void *data)
{
	const struct burst *b = data;
	bool pairs = smp_processor_id() == b->cpu;
	u64 i;

	for (i = 0; i < b->n; i++) {
		if (!pairs) {
			kobs_gen_probe(i % b->start, i, "way", NULL);
			continue;
		}
		kobs_gen_open(i % b->start, 0, "way");
		kobs_gen_close(i % b->start, 0, "way");
	}
}

static void burst_hardirq(struct irq_work *irq)
{
	burst_rounds(container_of(irq, struct burst, irq));
}

static void burst_softirq(struct tasklet_struct *tasklet)
{
	struct burst *b = container_of(tasklet, struct burst, tasklet);

	burst_rounds(b);
	complete(&b->done);
}

static noinline u64 bench_rounds(u64 n)
{
	struct gen_item item = {};
	u64 start = ktime_get_mono_fast_ns();
	u64 i;

	for (i = 0; i < n; i++) {
		trace_kobs_gen_fire(i, "bench", &item, n, n, n, n);
		barrier();
	}
	return ktime_get_mono_fast_ns() - start;
}

static noinline u64 bench_pairs(u64 n)
{
	u64 start = ktime_get_mono_fast_ns();
	u64 i;

	for (i = 0; i < n; i++) {
		kobs_gen_open(i, 0, "bench");
		kobs_gen_close(i, 0, "bench");
	}
	return ktime_get_mono_fast_ns() - start;
}

static noinline u64 bench_ways(u64 n)
{
	u64 start = ktime_get_mono_fast_ns();
	u64 i;

	for (i = 0; i < n; i++) {
		kobs_gen_open(i, 0, "bench");
		kobs_gen_probe(i, i, "bench", NULL);
		kobs_gen_close(i, 0, "bench");
	}
	return ktime_get_mono_fast_ns() - start;
}

static noinline u64 bench_loop(u64 n)
{
	u64 start = ktime_get_mono_fast_ns();
	unsigned long where;

	kobs_gen_inside(n, 0, 1, &where);
	return ktime_get_mono_fast_ns() - start;
}

static void run_bench(u64 n, u64 (*rounds)(u64 n))
{
	u64 best = U64_MAX;
	unsigned int i;

	for (i = 0; i < 5; i++)
		best = min(best, rounds(n));
	bench_result = n ? div64_u64(best * 1000, n) : 0;
}

static int burst_run(struct burst *b, const char *context)
{
	if (!strcmp(context, "task")) {
		burst_rounds(b);
	} else if (!strcmp(context, "hardirq")) {
		b->irq = IRQ_WORK_INIT_HARD(burst_hardirq);
		irq_work_queue(&b->irq);
		irq_work_sync(&b->irq);
	} else if (!strcmp(context, "softirq")) {
		init_completion(&b->done);
		tasklet_setup(&b->tasklet, burst_softirq);
		local_bh_disable();
		tasklet_schedule(&b->tasklet);
		local_bh_enable();
		wait_for_completion(&b->done);
		tasklet_kill(&b->tasklet);
	} else {
		return -EINVAL;
	}
	return 0;
}

/* The place of a word among those of commands, or -EINVAL. */
static int what_of(const char *word)
{
	return match_string(whats, ARRAY_SIZE(whats), word);
}

static int run_bench_command(const char *line)
{
	u64 n;

	if (sscanf(line, "bench %llu", &n) == 1 && n <= MOST)
		run_bench(n, bench_rounds);
	else if (sscanf(line, "benchpair %llu", &n) == 1 && n <= MOST)
		run_bench(n, bench_pairs);
	else if (sscanf(line, "benchway %llu", &n) == 1 && n <= MOST)
		run_bench(n, bench_ways);
	else if (sscanf(line, "benchloop %llu", &n) == 1 && n <= MOST)
		run_bench(n, bench_loop);
	else
		return -EINVAL;
	return 0;
}

static int run_command(const char *line)
{
	struct burst b = {};
	char context[12] = "task";
	char word[8];
	int what;

	if (!strncmp(line, "bench", 5))
		return run_bench_command(line);
	if (sscanf(line, "race %llu %lld", &b.n, &b.start) == 2) {
		if (b.n > MOST || b.start < 1)
			return -EINVAL;
		on_each_cpu(race_rounds, &b, 1);
		return 0;
	}
	if (sscanf(line, "way %llu %lld", &b.n, &b.start) == 2) {
		if (b.n > MOST || b.start < 1)
			return -EINVAL;
		b.cpu = raw_smp_processor_id();
		on_each_cpu(way_rounds, &b, 1);
		return 0;
	}
	if (sscanf(line, "bad %llu", &b.n) == 1) {
		b.bad = true;
	} else if (sscanf(line, "pair %11s %llu %lld", context, &b.n,
			  &b.step) == 3) {
		b.what = PAIR;
	} else if (sscanf(line, "%7s %11s %llu %lld %lld", word, context, &b.n,
			  &b.start, &b.step) == 5) {
		what = what_of(word);
		if (what < 0 || what == PAIR)
			return -EINVAL;
		b.what = what;
	} else {
		return -EINVAL;
	}
	return b.n > MOST ? -EINVAL : burst_run(&b, context);
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t len,
			 loff_t *pos)
{
	char line[96] = {};
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	mutex_lock(&lock);
	err = run_command(line);
	mutex_unlock(&lock);
	return err ?: len;
}

static ssize_t pairs_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	char line[64];
	int n;

	mutex_lock(&lock);
	n = snprintf(line, sizeof(line), "%llu %llu\n", between, around);
	mutex_unlock(&lock);
	return simple_read_from_buffer(buf, len, pos, line, n);
}

static const struct file_operations pairs_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = pairs_read,
};

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int __init kobs_gen_probe_init(void)
{
	unsigned long where = 0;

	kobs_gen_inside(1, 0, 0, &where);
	inside = where - (unsigned long)kobs_gen_inside;
	dir = debugfs_create_dir("kobs_gen_probe", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("pairs", 0400, dir, NULL, &pairs_fops);
	debugfs_create_u64("bench", 0400, dir, &bench_result);
	debugfs_create_u64("inside", 0400, dir, &inside);
	return 0;
}

static void __exit kobs_gen_probe_exit(void)
{
	debugfs_remove(dir);
}

module_init(kobs_gen_probe_init);
module_exit(kobs_gen_probe_exit);
MODULE_DESCRIPTION("kobs: ground truth for tests of probe");
MODULE_AUTHOR("The kobs authors");
MODULE_LICENSE("GPL");
