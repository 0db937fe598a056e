// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of references: objects of a cache of their own, and known
 * numbers of references to them, taken and given back by known functions.
 *
 * An object is made by gen_ref_make(), with one reference, or by gen_ref_other(), of
 * the same cache. gen_ref_get(object) and
 * gen_ref_find(number), which returns it, take one; gen_ref_put(object) gives one back,
 * and gen_ref_end(object) is called when that was the last.
 *
 * Files in /sys/kernel/debug/kobs_gen_ref:
 *
 *   run    takes one command, which is complete when write() returns:
 *            make N          gen_owner_make() makes N objects
 *            other N         gen_other_make() makes N objects, by gen_ref_other()
 *            use CTX N       gen_user() takes a reference to each object and gives it
 *                            back, N times; CTX is task, softirq or hardirq
 *            early EVERY     gen_early() likewise, but for the put of every EVERYth; 0: of
 *                            none
 *            late            gen_later() finds each object, and a worker gives the
 *                            reference back in gen_late()
 *            leak EVERY      gen_leak() takes a reference to every EVERYth object
 *            drop            gen_owner_drop() gives the reference of each object back
 *            each N EVERY MS N objects one after the other: make, use task 1, early
 *                            EVERY, late, drop, with MS ms after each
 *            bench N         time N gets and puts of one object; see bench
 *            clear           frees what is left
 *   stats  "name number" per line: calls of the functions above since load or clear,
 *          objects that are left, and references to them
 *   bench  ns of 1000 gets and puts in the last benchmark, the best of 5
 *
 * Locking: one command at a time, gen_lock.
 */
#include <linux/atomic.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../gen_run.h"

#define MOST_OBJECTS	16384
#define MOST_USES	1000000ULL
#define ROUNDS		5

/* What is traced has to be there, once, and as it is written here. */
#if __has_attribute(__noipa__)
#define TRACED		__attribute__((__noipa__))
#else
#define TRACED		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

/**
 * struct gen_object - an object
 * @pad: so that its counter is not at its begin
 * @refs: its references
 */
struct gen_object {
	u64 pad[4];
	atomic_t refs;
};

/**
 * struct gen_holder - what points to an object
 * @pad: so that the pointer is not at its begin
 * @object: object
 */
struct gen_holder {
	u64 pad[3];
	struct gen_object *object;
};

static DEFINE_MUTEX(gen_lock);
static struct kmem_cache *cache;
static struct gen_object **objects;
static unsigned int n_objects;

enum count {
	COUNT_MAKE, COUNT_OTHER, COUNT_GET, COUNT_FIND, COUNT_PUT, COUNT_END, COUNT_EARLY,
	COUNT_LEAK, COUNTS
};

static const char * const count_names[COUNTS] = {
	[COUNT_MAKE] = "make",
	[COUNT_OTHER] = "other",
	[COUNT_GET] = "get",
	[COUNT_FIND] = "find",
	[COUNT_PUT] = "put",
	[COUNT_END] = "end",
	[COUNT_EARLY] = "early",
	[COUNT_LEAK] = "leak",
};

static atomic64_t counts[COUNTS];

static void count(enum count which)
{
	atomic64_inc(&counts[which]);
}

/*
 * Another site, which allocates from the same cache. Its code is in another section: how
 * far apart the others lie tells which belong together.
 */
static TRACED __cold struct gen_object *gen_ref_other(void)
{
	struct gen_object *o = kmem_cache_alloc(cache, GFP_KERNEL);

	if (o)
		atomic_set(&o->refs, 1);
	count(COUNT_OTHER);
	return o;
}

static TRACED __cold struct gen_object *gen_other_make(void)
{
	struct gen_object *o = gen_ref_other();

	NOT_LAST();
	return o;
}

static TRACED struct gen_object *gen_ref_make(void)
{
	struct gen_object *o = kmem_cache_alloc(cache, GFP_KERNEL);

	if (o)
		atomic_set(&o->refs, 1);
	count(COUNT_MAKE);
	return o;
}

static TRACED void gen_ref_get(struct gen_object *o)
{
	atomic_inc(&o->refs);
	count(COUNT_GET);
}

/* NULL for a number that no object has. */
static TRACED struct gen_object *gen_ref_find(unsigned int i)
{
	if (i >= n_objects)
		return NULL;
	atomic_inc(&objects[i]->refs);
	count(COUNT_FIND);
	return objects[i];
}

static TRACED void gen_ref_end(struct gen_object *o)
{
	count(COUNT_END);
	kmem_cache_free(cache, o);
}

static TRACED void gen_ref_put(struct gen_object *o)
{
	count(COUNT_PUT);
	if (atomic_dec_and_test(&o->refs))
		gen_ref_end(o);
	NOT_LAST();
}

/* A put whose argument is not the object. */
static TRACED void gen_ref_put_held(struct gen_holder *h)
{
	count(COUNT_PUT);
	if (atomic_dec_and_test(&h->object->refs))
		gen_ref_end(h->object);
	NOT_LAST();
}

static TRACED struct gen_object *gen_owner_make(void)
{
	struct gen_object *o = gen_ref_make();

	NOT_LAST();
	return o;
}

static TRACED void gen_owner_drop(struct gen_object *o)
{
	gen_ref_put(o);
	NOT_LAST();
}

static TRACED void gen_user(struct gen_object *o)
{
	gen_ref_get(o);
	NOT_LAST();
	gen_ref_put(o);
	NOT_LAST();
}

/* What an error path of this kind forgets. */
static TRACED void gen_early(struct gen_object *o, bool forgets)
{
	struct gen_holder h = { .object = o };

	gen_ref_get(o);
	NOT_LAST();
	if (forgets) {
		count(COUNT_EARLY);
		return;
	}
	gen_ref_put_held(&h);
	NOT_LAST();
}

static TRACED void gen_leak(struct gen_object *o)
{
	count(COUNT_LEAK);
	gen_ref_get(o);
	NOT_LAST();
}

static TRACED struct gen_object *gen_later(unsigned int i)
{
	struct gen_object *o = gen_ref_find(i);

	NOT_LAST();
	return o;
}

static TRACED void gen_late(struct gen_object *o)
{
	gen_ref_put(o);
	NOT_LAST();
}

/**
 * struct burst - uses of the objects in some context
 * @irq: for those from hardirq context
 * @tasklet: for those from softirq context
 * @work: for those from a worker
 * @from: first object
 * @n: number of objects
 */
struct burst {
	struct irq_work irq;
	struct tasklet_struct tasklet;
	struct work_struct work;
	unsigned int from;
	unsigned int n;
};

static void burst_use(const struct burst *b)
{
	unsigned int i;

	for (i = b->from; i < b->from + b->n; i++)
		gen_user(objects[i]);
}

static void burst_hardirq(struct irq_work *irq)
{
	burst_use(container_of(irq, struct burst, irq));
}

static void burst_softirq(struct tasklet_struct *tasklet)
{
	burst_use(container_of(tasklet, struct burst, tasklet));
}

static void burst_late(struct work_struct *work)
{
	const struct burst *b = container_of(work, struct burst, work);
	unsigned int i;

	for (i = b->from; i < b->from + b->n; i++)
		gen_late(objects[i]);
}

/* Objects per interrupt: none is to last long. */
#define BURST	64

static int run_use(const char *context, u64 n)
{
	struct burst b = { .irq = IRQ_WORK_INIT_HARD(burst_hardirq) };
	unsigned int i;

	if (n > MOST_USES)
		return -EINVAL;
	tasklet_setup(&b.tasklet, burst_softirq);
	for (; n; n--) {
		for (i = 0; i < n_objects; i += BURST) {
			b.from = i;
			b.n = min_t(unsigned int, n_objects - i, BURST);
			if (!strcmp(context, "task")) {
				burst_use(&b);
			} else if (!strcmp(context, "hardirq")) {
				irq_work_queue(&b.irq);
				irq_work_sync(&b.irq);
			} else if (!strcmp(context, "softirq")) {
				tasklet_schedule(&b.tasklet);
				tasklet_kill(&b.tasklet);
			} else {
				return -EINVAL;
			}
		}
		cond_resched();
	}
	return 0;
}

static int run_make(u64 n, struct gen_object *(*make)(void))
{
	if (n > MOST_OBJECTS - n_objects)
		return -EINVAL;
	for (; n; n--) {
		struct gen_object *o = make();

		if (!o)
			return -ENOMEM;
		objects[n_objects++] = o;
	}
	return 0;
}

static bool is_every(unsigned int i, u64 every)
{
	return every && i % every == every - 1;
}

static void run_early(unsigned int from, u64 every)
{
	unsigned int i;

	for (i = from; i < n_objects; i++)
		gen_early(objects[i], is_every(i, every));
}

static void run_late(unsigned int from)
{
	struct burst b = { .from = from, .n = n_objects - from };
	unsigned int i;

	for (i = from; i < n_objects; i++)
		gen_later(i);
	INIT_WORK_ONSTACK(&b.work, burst_late);
	schedule_work(&b.work);
	flush_work(&b.work);
	destroy_work_on_stack(&b.work);
}

static void run_leak(u64 every)
{
	unsigned int i;

	for (i = 0; i < n_objects; i++)
		if (is_every(i, every))
			gen_leak(objects[i]);
}

/* Those that are held stay. */
static void run_drop(unsigned int from)
{
	unsigned int left = from;
	unsigned int i;

	for (i = from; i < n_objects; i++) {
		struct gen_object *o = objects[i];

		if (atomic_read(&o->refs) > 1)
			objects[left++] = o;
		gen_owner_drop(o);
	}
	n_objects = left;
}

static int run_each(u64 n, u64 every, unsigned int ms)
{
	u64 i;

	for (i = 0; i < n; i++) {
		unsigned int from = n_objects;
		int err = run_make(1, gen_owner_make);

		if (err)
			return err;
		gen_user(objects[from]);
		gen_early(objects[from], is_every(i, every));
		run_late(from);
		run_drop(from);
		if (ms)
			msleep(ms);
	}
	return 0;
}

static u64 bench_ns;

static int run_bench(u64 n)
{
	struct gen_object *o = gen_ref_make();
	unsigned int round;

	if (!o)
		return -ENOMEM;
	bench_ns = U64_MAX;
	for (round = 0; round < ROUNDS; round++) {
		u64 begin = ktime_get_ns();
		u64 i;

		for (i = 0; i < n; i++)
			gen_user(o);
		bench_ns = min(bench_ns, div64_u64((ktime_get_ns() - begin) * 1000,
						   max(n, 1ULL)));
	}
	gen_ref_put(o);
	return 0;
}

static void run_clear(void)
{
	unsigned int i;

	for (i = 0; i < n_objects; i++)
		kmem_cache_free(cache, objects[i]);
	n_objects = 0;
	for (i = 0; i < COUNTS; i++)
		atomic64_set(&counts[i], 0);
}

static int gen_command(char *line)
{
	unsigned int ms;
	char name[16];
	u64 n, every;

	if (sscanf(line, "make %llu", &n) == 1)
		return run_make(n, gen_owner_make);
	if (sscanf(line, "other %llu", &n) == 1)
		return run_make(n, gen_other_make);
	if (sscanf(line, "use %15s %llu", name, &n) == 2)
		return run_use(name, n);
	if (sscanf(line, "each %llu %llu %u", &n, &every, &ms) == 3)
		return run_each(n, every, ms);
	if (sscanf(line, "bench %llu", &n) == 1)
		return run_bench(n);
	if (sscanf(line, "early %llu", &every) == 1)
		run_early(0, every);
	else if (sscanf(line, "leak %llu", &every) == 1)
		run_leak(every);
	else if (!strcmp(line, "late"))
		run_late(0);
	else if (!strcmp(line, "drop"))
		run_drop(0);
	else if (!strcmp(line, "clear"))
		run_clear();
	else
		return -EINVAL;
	return 0;
}

static int gen_run(char *line)
{
	int err;

	mutex_lock(&gen_lock);
	err = gen_command(line);
	mutex_unlock(&gen_lock);
	return err;
}

static int gen_stats_show(struct seq_file *file, void *data)
{
	unsigned int refs = 0;
	unsigned int i;

	mutex_lock(&gen_lock);
	for (i = 0; i < COUNTS; i++)
		seq_printf(file, "%s %lld\n", count_names[i],
			   atomic64_read(&counts[i]));
	for (i = 0; i < n_objects; i++)
		refs += atomic_read(&objects[i]->refs);
	seq_printf(file, "objects %u\nrefs %u\n", n_objects, refs);
	mutex_unlock(&gen_lock);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(gen_stats);

static int gen_bench_show(struct seq_file *file, void *data)
{
	mutex_lock(&gen_lock);
	seq_printf(file, "%llu\n", bench_ns);
	mutex_unlock(&gen_lock);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(gen_bench);

/* A cache with a constructor is not merged with others. */
static void gen_ctor(void *object)
{
}

static struct dentry *dir;

static int __init gen_init(void)
{
	objects = kvcalloc(MOST_OBJECTS, sizeof(*objects), GFP_KERNEL);
	cache = kmem_cache_create("kobs_gen_ref", sizeof(struct gen_object), 0, 0,
				  gen_ctor);
	if (!objects || !cache) {
		kmem_cache_destroy(cache);
		kvfree(objects);
		return -ENOMEM;
	}
	dir = gen_files("kobs_gen_ref", &gen_stats_fops, &gen_bench_fops);
	return 0;
}

static void __exit gen_exit(void)
{
	debugfs_remove(dir);
	run_clear();
	kmem_cache_destroy(cache);
	kvfree(objects);
}

module_init(gen_init);
module_exit(gen_exit);
MODULE_DESCRIPTION("ground truth for tests of references");
MODULE_LICENSE("GPL");
