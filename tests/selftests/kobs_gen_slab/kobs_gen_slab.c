// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of slab: functions that leak a known number of
 * objects, and functions that only look like leaks. Tests compare kobs's
 * report on their sites with their own counts.
 *
 * Files in /sys/kernel/debug/kobs_gen_slab:
 *
 *   run    takes one command, which is complete when write() returns:
 *            leak HOW CTX N [SIZE]  gen_leak_HOW() leaks N objects. HOW is
 *                              kmalloc, large, cache, bulk, krealloc,
 *                              zalloc_node or, where the kernel has it,
 *                              nolock; CTX is task, softirq or, but for bulk,
 *                              hardirq
 *            drop              frees the leaked objects
 *            clean HOW N [SIZE]  gen_clean_HOW() allocates N objects, which
 *                              are freed in the way named: kfree, kfree_rcu,
 *                              headless (kvfree_rcu without a head),
 *                              kfree_bulk, cache_free_bulk, other_cpu,
 *                              irq_free, krealloc, bulk, nolock; or are not
 *                              allocated at all: failed
 *            nmi N             where the kernel has kmalloc_nolock(), and on x86:
 *                              from now on every NMI calls gen_clean_nolock() N
 *                              times; 0 ends that
 *            hold N [SIZE]     gen_hold_alloc() allocates N objects
 *            release           frees them
 *            storm N           each CPU allocates N objects by
 *                              gen_storm_alloc() and gives every other one to
 *                              the next CPU to free
 *            plateau N TURNS   gen_plateau_alloc() fills a cache of N objects,
 *                              the oldest of which is then freed and replaced
 *                              TURNS times; stays until "drop"
 *            recache N TURNS   makes a cache, has gen_recache_alloc() allocate
 *                              N objects of it, frees these and destroys it;
 *                              TURNS times, by turns as kobs_gen_slab_a with
 *                              objects of 104 bytes and as kobs_gen_slab_b
 *                              with objects of 232
 *            bench KIND N      time N pairs of an allocation and a free; KIND
 *                              is kmalloc, cache, helper (kasprintf), deep
 *                              (kmalloc, from FRAMES nested functions), or
 *                              probes (kmalloc, with tracepoint probes that do
 *                              nothing)
 *            reset             stats of "clean" to 0
 *   stats  "name count" per line
 *   bench  thousandths of a ns per pair in the last benchmark, the best of 5
 *
 * Locking: one command at a time, gen_lock, including its work in interrupts.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kmemleak.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif
#include <trace/events/kmem.h>

#include "../gen_run.h"

#define MOST		100000ULL
#define MOST_SIZE	SZ_1M
#define MOST_BENCH	1000000ULL
#define BULK		16
#define FRAMES		20
#define ROUNDS		5
#define CACHE_SIZE	200

#if __has_attribute(__noipa__)
#define SITE		__attribute__((__noipa__))
#else
#define SITE		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

static DEFINE_MUTEX(gen_lock);
static struct kmem_cache *cache;
static struct kmem_cache *plateau_cache;

/* Objects that can be kept at once. */
#define SHELF		SZ_256K

/**
 * struct shelf - objects kept
 * @object: the objects
 * @n: how many
 */
struct shelf {
	void **object;
	unsigned int n;
};

static struct shelf leaked, leaked_cache, held, plateau;

static bool shelve(struct shelf *s, void *object)
{
	if (!object || s->n == SHELF)
		return false;
	s->object[s->n++] = object;
	return true;
}

enum how { HOW_KMALLOC, HOW_LARGE, HOW_CACHE, HOW_BULK, HOW_KREALLOC,
	   HOW_ZALLOC_NODE, HOW_NOLOCK, HOWS };

static const char * const how_names[] = {
	"kmalloc", "large", "cache", "bulk", "krealloc", "zalloc_node",
	"nolock",
};

static u64 leaks[HOWS];
static u64 leak_bytes[HOWS];

static SITE void *gen_leak_kmalloc(size_t size)
{
	void *object = kmalloc(size, GFP_ATOMIC);

	NOT_LAST();
	return object;
}

static SITE void *gen_leak_large(size_t size)
{
	void *object = kmalloc(size, GFP_ATOMIC);

	NOT_LAST();
	return object;
}

static SITE void *gen_leak_cache(size_t size)
{
	void *object = kmem_cache_alloc(cache, GFP_ATOMIC);

	NOT_LAST();
	return object;
}

/* How many; 7.x tells only whether it is all of them or none. */
static __always_inline int alloc_bulk(gfp_t flags, int n, void **objects)
{
	int got = kmem_cache_alloc_bulk(cache, flags, n, objects);
	bool whether = __builtin_types_compatible_p(bool,
		typeof(kmem_cache_alloc_bulk(cache, flags, n, objects)));

	return whether && got ? n : got;
}

static SITE int gen_leak_bulk(unsigned int n, void **objects)
{
	n = alloc_bulk(GFP_ATOMIC, n, objects);
	NOT_LAST();
	return n;
}

/*
 * Grows in place first, which is no new object, and then into another one:
 * what is left is one object of this site.
 */
static SITE void *gen_leak_krealloc(size_t size)
{
	void *small = krealloc(NULL, 8, GFP_ATOMIC);
	void *grown = krealloc(small, max_t(size_t, size, 64), GFP_ATOMIC);
	void *object;

	NOT_LAST();
	object = krealloc(grown, max_t(size_t, size, 64) - 1, GFP_ATOMIC);
	NOT_LAST();
	return object;
}

static SITE void *gen_leak_zalloc_node(size_t size)
{
	void *object = kzalloc_node(size, GFP_ATOMIC, numa_node_id());

	NOT_LAST();
	return object;
}

#ifdef kmalloc_nolock
static SITE void *gen_leak_nolock(size_t size)
{
	void *object = kmalloc_nolock(size, 0, NUMA_NO_NODE);

	NOT_LAST();
	return object;
}
#endif

static void *(*const leak_one[HOWS])(size_t size) = {
	[HOW_KMALLOC] = gen_leak_kmalloc,
	[HOW_LARGE] = gen_leak_large,
	[HOW_CACHE] = gen_leak_cache,
	[HOW_KREALLOC] = gen_leak_krealloc,
	[HOW_ZALLOC_NODE] = gen_leak_zalloc_node,
#ifdef kmalloc_nolock
	[HOW_NOLOCK] = gen_leak_nolock,
#endif
};

static bool leak_shelve(enum how how, void *object)
{
	bool of_cache = how == HOW_CACHE || how == HOW_BULK;

	if (!shelve(of_cache ? &leaked_cache : &leaked, object))
		return false;
	leaks[how]++;
	leak_bytes[how] += of_cache ? CACHE_SIZE : ksize(object);
	return true;
}

/**
 * struct burst - leaks from a context
 * @how: how
 * @n: how many are left to do
 * @size: of what size
 * @irq: for those from hardirq context
 * @tasklet: for those from softirq context
 * @done: of the tasklet
 */
struct burst {
	enum how how;
	unsigned int n;
	size_t size;
	struct irq_work irq;
	struct tasklet_struct tasklet;
	struct completion done;
};

static void burst_bulk(struct burst *b)
{
	void *objects[BULK];
	unsigned int n = min_t(unsigned int, b->n, BULK);
	unsigned int i;

	/* Leaves b->n as it is when there is no memory. */
	if (gen_leak_bulk(n, objects) != n)
		return;
	for (i = 0; i < n; i++) {
		if (leak_shelve(HOW_BULK, objects[i]))
			b->n--;
	}
}

static void burst_run(struct burst *b)
{
	while (b->n) {
		unsigned int before = b->n;

		if (b->how == HOW_BULK)
			burst_bulk(b);
		else if (leak_shelve(b->how, leak_one[b->how](b->size)))
			b->n--;
		if (b->n == before)
			return;
	}
}

static void burst_hardirq(struct irq_work *irq)
{
	burst_run(container_of(irq, struct burst, irq));
}

static void burst_softirq(struct tasklet_struct *tasklet)
{
	struct burst *b = container_of(tasklet, struct burst, tasklet);

	burst_run(b);
	complete(&b->done);
}

static int run_leak(const char *how, const char *ctx, u64 n, u64 size)
{
	struct burst b = { .n = n, .size = size };
	int i = match_string(how_names, HOWS, how);

	if (i < 0 || n > MOST || size > MOST_SIZE)
		return -EINVAL;
	if (i != HOW_BULK && !leak_one[i])
		return -EOPNOTSUPP;
	b.how = i;
	if (!size)
		b.size = b.how == HOW_LARGE ? 16384 : 100;
	if (!strcmp(ctx, "task")) {
		burst_run(&b);
	} else if (!strcmp(ctx, "hardirq") && b.how != HOW_BULK) {
		/* Bulk allocations need interrupts to be enabled. */
		b.irq = IRQ_WORK_INIT(burst_hardirq);
		irq_work_queue(&b.irq);
		irq_work_sync(&b.irq);
	} else if (!strcmp(ctx, "softirq")) {
		init_completion(&b.done);
		tasklet_setup(&b.tasklet, burst_softirq);
		/* Softirqs run when they are enabled again, on this task. */
		local_bh_disable();
		tasklet_schedule(&b.tasklet);
		local_bh_enable();
		wait_for_completion(&b.done);
		tasklet_kill(&b.tasklet);
	} else {
		return -EINVAL;
	}
	return b.n ? -ENOMEM : 0;
}

static SITE void gen_drop(void)
{
	while (leaked.n) {
		kfree(leaked.object[--leaked.n]);
		cond_resched();
	}
	while (leaked_cache.n) {
		kmem_cache_free(cache, leaked_cache.object[--leaked_cache.n]);
		cond_resched();
	}
	while (plateau.n) {
		kmem_cache_free(plateau_cache, plateau.object[--plateau.n]);
		cond_resched();
	}
}

static int run_drop(void)
{
	gen_drop();
	memset(leaks, 0, sizeof(leaks));
	memset(leak_bytes, 0, sizeof(leak_bytes));
	return 0;
}

/* What is clean. */

enum clean { CLEAN_KFREE, CLEAN_KFREE_RCU, CLEAN_HEADLESS, CLEAN_KFREE_BULK,
	     CLEAN_CACHE_FREE_BULK, CLEAN_OTHER_CPU, CLEAN_IRQ_FREE,
	     CLEAN_KREALLOC, CLEAN_BULK, CLEAN_FAILED, CLEAN_NOLOCK, CLEANS };

static const char * const clean_names[] = {
	"kfree", "kfree_rcu", "headless", "kfree_bulk", "cache_free_bulk",
	"other_cpu", "irq_free", "krealloc", "bulk", "failed", "nolock",
};

static u64 cleaned[CLEANS];

struct with_rcu {
	u64 pad;
	struct rcu_head rcu;
};

#ifdef kvfree_rcu_mightsleep
#define FREE_HEADLESS(p)	kvfree_rcu_mightsleep(p)
#else
#define FREE_HEADLESS(p)	kvfree_rcu(p)
#endif

static SITE bool gen_clean_kfree(size_t size)
{
	void *object = kmalloc(size, GFP_KERNEL);

	NOT_LAST();
	kfree(object);
	NOT_LAST();
	return object;
}

static SITE bool gen_clean_kfree_rcu(size_t size)
{
	struct with_rcu *object = kmalloc(max(size, sizeof(*object)),
					  GFP_KERNEL);

	NOT_LAST();
	if (object)
		kfree_rcu(object, rcu);
	NOT_LAST();
	return object;
}

static SITE bool gen_clean_headless(size_t size)
{
	void *object = kmalloc(size, GFP_KERNEL);

	NOT_LAST();
	if (object)
		FREE_HEADLESS(object);
	NOT_LAST();
	return object;
}

static SITE bool gen_clean_kfree_bulk(size_t size)
{
	void *objects[BULK];
	unsigned int n = 0;

	while (n < BULK) {
		objects[n] = kmalloc(size, GFP_KERNEL);
		NOT_LAST();
		if (!objects[n])
			break;
		n++;
	}
	kfree_bulk(n, objects);
	NOT_LAST();
	return n == BULK;
}

static SITE bool gen_clean_cache_free_bulk(size_t size)
{
	void *objects[BULK];
	unsigned int n = 0;

	while (n < BULK) {
		objects[n] = kmem_cache_alloc(cache, GFP_KERNEL);
		NOT_LAST();
		if (!objects[n])
			break;
		n++;
	}
	kmem_cache_free_bulk(cache, n, objects);
	NOT_LAST();
	return n == BULK;
}

static void free_it(void *object)
{
	kfree(object);
}

static SITE bool gen_clean_other_cpu(size_t size)
{
	unsigned int cpu = cpumask_next(raw_smp_processor_id(),
					cpu_online_mask);
	void *object = kmalloc(size, GFP_KERNEL);

	NOT_LAST();
	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	smp_call_function_single(cpu, free_it, object, 1);
	NOT_LAST();
	return object;
}

struct irq_free {
	struct irq_work irq;
	void *object;
};

static void free_in_irq(struct irq_work *irq)
{
	kfree(container_of(irq, struct irq_free, irq)->object);
}

static SITE bool gen_clean_irq_free(size_t size)
{
	struct irq_free f = { .object = kmalloc(size, GFP_KERNEL) };

	NOT_LAST();
	f.irq = IRQ_WORK_INIT(free_in_irq);
	irq_work_queue(&f.irq);
	irq_work_sync(&f.irq);
	return f.object;
}

/* In place, into another object, and to nothing. */
static SITE bool gen_clean_krealloc(size_t size)
{
	void *object = krealloc(NULL, size, GFP_KERNEL);
	void *shrunk;
	void *other;
	void *none;

	NOT_LAST();
	shrunk = krealloc(object, size - 1, GFP_KERNEL);
	NOT_LAST();
	other = krealloc(shrunk, 4 * size, GFP_KERNEL);
	NOT_LAST();
	none = krealloc(other, 0, GFP_KERNEL);
	NOT_LAST();
	return other && ZERO_OR_NULL_PTR(none);
}

static SITE bool gen_clean_bulk(size_t size)
{
	void *objects[BULK];
	int n = alloc_bulk(GFP_KERNEL, BULK, objects);
	int i;

	NOT_LAST();
	for (i = 0; i < n; i++)
		kmem_cache_free(cache, objects[i]);
	NOT_LAST();
	return n == BULK;
}

/* Too large for any allocator. */
static SITE bool gen_clean_failed(size_t size)
{
	void *object = kmalloc(2 * KMALLOC_MAX_SIZE,
			       GFP_KERNEL | __GFP_NOWARN);

	NOT_LAST();
	kfree(object);
	NOT_LAST();
	return !object;
}

#ifdef kmalloc_nolock
static SITE bool gen_clean_nolock(size_t size)
{
	void *object = kmalloc_nolock(size, 0, NUMA_NO_NODE);

	NOT_LAST();
	kfree_nolock(object);
	NOT_LAST();
	return object;
}
#endif

/* Objects that gen_clean_nolock() allocated in NMIs, and did not get there. */
static atomic_t nmi_cleaned, nmi_failed;

#if defined(kmalloc_nolock) && defined(CONFIG_X86)
static unsigned int nmi_calls;

static int gen_nmi(unsigned int type, struct pt_regs *regs)
{
	unsigned int n = READ_ONCE(nmi_calls);

	if (!n)
		return NMI_DONE;
	while (n--)
		atomic_inc(gen_clean_nolock(8000) ? &nmi_cleaned : &nmi_failed);
	return NMI_HANDLED;
}

static int gen_nmi_init(void)
{
	return register_nmi_handler(NMI_LOCAL, gen_nmi, 0, "kobs_gen_slab");
}

static void gen_nmi_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "kobs_gen_slab");
}

static int run_nmi(u64 n)
{
	if (n > MOST)
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

static bool (*const clean_one[CLEANS])(size_t size) = {
	[CLEAN_KFREE] = gen_clean_kfree,
	[CLEAN_KFREE_RCU] = gen_clean_kfree_rcu,
	[CLEAN_HEADLESS] = gen_clean_headless,
	[CLEAN_KFREE_BULK] = gen_clean_kfree_bulk,
	[CLEAN_CACHE_FREE_BULK] = gen_clean_cache_free_bulk,
	[CLEAN_OTHER_CPU] = gen_clean_other_cpu,
	[CLEAN_IRQ_FREE] = gen_clean_irq_free,
	[CLEAN_KREALLOC] = gen_clean_krealloc,
	[CLEAN_BULK] = gen_clean_bulk,
	[CLEAN_FAILED] = gen_clean_failed,
#ifdef kmalloc_nolock
	[CLEAN_NOLOCK] = gen_clean_nolock,
#endif
};

static int run_clean(const char *how, u64 n, u64 size)
{
	int i = match_string(clean_names, CLEANS, how);
	bool bulk;

	if (i < 0 || n > MOST || size > MOST_SIZE)
		return -EINVAL;
	if (!clean_one[i])
		return -EOPNOTSUPP;
	bulk = i == CLEAN_KFREE_BULK || i == CLEAN_CACHE_FREE_BULK ||
	       i == CLEAN_BULK;
	if (bulk)
		n /= BULK;
	while (n--) {
		if (!clean_one[i](size ?: 100))
			return -ENOMEM;
		cleaned[i] += bulk ? BULK : 1;
		cond_resched();
	}
	return 0;
}

static SITE void *gen_hold_alloc(size_t size)
{
	void *object = kmalloc(size, GFP_KERNEL);

	NOT_LAST();
	return object;
}

static int run_hold(u64 n, u64 size)
{
	if (n > MOST || size > MOST_SIZE)
		return -EINVAL;
	while (n--) {
		if (!shelve(&held, gen_hold_alloc(size ?: 100)))
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static SITE void gen_release(void)
{
	while (held.n) {
		kfree(held.object[--held.n]);
		cond_resched();
	}
}

/* What CPUs give to each other. */
#define DESK		64

struct storm {
	struct task_struct *task;
	unsigned int n;
	void **from;
	void **to;
	struct completion done;
	u64 allocated;
};

static SITE void *gen_storm_alloc(size_t size)
{
	void *object = kmalloc(size, GFP_KERNEL);

	NOT_LAST();
	return object;
}

static int storm_thread(void *data)
{
	struct storm *st = data;
	unsigned int i;

	for (i = 0; i < st->n; i++) {
		void *object = gen_storm_alloc(16 << i % 8);

		st->allocated += !!object;
		if (i % 2)
			object = xchg(&st->to[i % DESK], object);
		kfree(object);
		kfree(xchg(&st->from[i % DESK], NULL));
		if (!(i % 1024))
			cond_resched();
	}
	complete(&st->done);
	return 0;
}

static u64 stormed;

static int run_storm(u64 n)
{
	static void *desk[2][DESK];
	struct storm st[2];
	unsigned int i;
	int err = 0;

	if (n > 100 * MOST)
		return -EINVAL;
	for (i = 0; i < 2; i++) {
		st[i] = (struct storm){
			.n = n, .from = desk[i], .to = desk[!i]
		};
		init_completion(&st[i].done);
		st[i].task = kthread_create(storm_thread, &st[i],
					    "gen_storm/%u", i);
		if (IS_ERR(st[i].task)) {
			err = PTR_ERR(st[i].task);
			break;
		}
		kthread_bind(st[i].task, i % num_online_cpus());
		wake_up_process(st[i].task);
	}
	while (i--) {
		wait_for_completion(&st[i].done);
		stormed += st[i].allocated;
	}
	for (i = 0; i < 2 * DESK; i++)
		kfree(xchg(&desk[i / DESK][i % DESK], NULL));
	return err;
}

static SITE void *gen_plateau_alloc(void)
{
	void *object = kmem_cache_alloc(plateau_cache, GFP_KERNEL);

	NOT_LAST();
	return object;
}

static int run_plateau(u64 n, u64 turns)
{
	static u64 oldest;

	if (!plateau.n)
		oldest = 0;
	if (n > MOST || turns > MOST)
		return -EINVAL;
	while (plateau.n < n) {
		if (!shelve(&plateau, gen_plateau_alloc()))
			return -ENOMEM;
	}
	while (n && turns--) {
		void **object = &plateau.object[oldest++ % n];
		void *fresh = gen_plateau_alloc();

		if (!fresh)
			return -ENOMEM;
		kmem_cache_free(plateau_cache, *object);
		*object = fresh;
		cond_resched();
	}
	return 0;
}

static SITE void *gen_recache_alloc(struct kmem_cache *c)
{
	void *object = kmem_cache_alloc(c, GFP_KERNEL);

	NOT_LAST();
	return object;
}

static void no_merging(void *object)
{
}

/* Caches that lay where the one before had lain. */
static u64 recached_same;

static int recache(u64 n, const char *name, unsigned int size,
		   struct kmem_cache **was)
{
	struct kmem_cache *c = kmem_cache_create(name, size, 0, 0, no_merging);

	if (!c)
		return -ENOMEM;
	recached_same += c == *was;
	*was = c;
	while (n--) {
		void *object = gen_recache_alloc(c);

		if (!object)
			break;
		kmem_cache_free(c, object);
	}
	kmem_cache_destroy(c);
	return n == U64_MAX ? 0 : -ENOMEM;
}

static int run_recache(u64 n, u64 turns)
{
	struct kmem_cache *was = NULL;
	int err = 0;
	u64 i;

	if (n > MOST || turns > MOST)
		return -EINVAL;
	for (i = 0; i < turns && !err; i++)
		err = i % 2 ? recache(n, "kobs_gen_slab_b", 232, &was) :
			      recache(n, "kobs_gen_slab_a", 104, &was);
	return err;
}

static u64 bench_result;

static SITE u64 gen_bench_kmalloc(u64 n)
{
	u64 start = ktime_get_mono_fast_ns();
	u64 i;

	for (i = 0; i < n; i++) {
		void *object = kmalloc(64, GFP_ATOMIC);

		barrier_data(object);
		kfree(object);
	}
	return ktime_get_mono_fast_ns() - start;
}

static SITE u64 gen_bench_cache(u64 n)
{
	u64 start = ktime_get_mono_fast_ns();
	u64 i;

	for (i = 0; i < n; i++) {
		void *object = kmem_cache_alloc(cache, GFP_ATOMIC);

		barrier_data(object);
		kmem_cache_free(cache, object);
	}
	return ktime_get_mono_fast_ns() - start;
}

static SITE u64 gen_bench_helper(u64 n)
{
	u64 start = ktime_get_mono_fast_ns();
	u64 i;

	for (i = 0; i < n; i++) {
		void *object = kasprintf(GFP_ATOMIC, "a text");

		barrier_data(object);
		kfree(object);
	}
	return ktime_get_mono_fast_ns() - start;
}

static SITE u64 gen_bench_deep(u64 n, unsigned int frames)
{
	u64 ns = frames ? gen_bench_deep(n, frames - 1) : gen_bench_kmalloc(n);

	NOT_LAST();
	return ns;
}

static void probe_kmalloc(void *data, unsigned long site, const void *object,
			  size_t request, size_t size, gfp_t gfp, int node)
{
}

static void probe_kfree(void *data, unsigned long site, const void *object)
{
}

static int probes_on(void)
{
	int err = register_trace_kmalloc(probe_kmalloc, NULL);

	if (err)
		return err;
	err = register_trace_kfree(probe_kfree, NULL);
	if (err)
		unregister_trace_kmalloc(probe_kmalloc, NULL);
	return err;
}

static void probes_off(void)
{
	unregister_trace_kfree(probe_kfree, NULL);
	unregister_trace_kmalloc(probe_kmalloc, NULL);
	tracepoint_synchronize_unregister();
}

static u64 bench_once(const char *kind, u64 n)
{
	u64 ns = 0;

	local_irq_disable();
	if (!strcmp(kind, "kmalloc") || !strcmp(kind, "probes"))
		ns = gen_bench_kmalloc(n);
	else if (!strcmp(kind, "cache"))
		ns = gen_bench_cache(n);
	else if (!strcmp(kind, "helper"))
		ns = gen_bench_helper(n);
	else if (!strcmp(kind, "deep"))
		ns = gen_bench_deep(n, FRAMES);
	local_irq_enable();
	return ns;
}

static int run_bench(const char *kind, u64 n)
{
	bool probes = !strcmp(kind, "probes");
	u64 best = U64_MAX;
	unsigned int i;
	int err;

	if (!n || n > MOST_BENCH)
		return -EINVAL;
	err = probes ? probes_on() : 0;
	if (err)
		return err;
	for (i = 0; i < ROUNDS; i++) {
		best = min(best, bench_once(kind, n));
		cond_resched();
	}
	if (probes)
		probes_off();
	/* There is no such kind. */
	if (!best)
		return -EINVAL;
	bench_result = div64_u64(best * 1000, n);
	return 0;
}

/* Verb, texts it takes, numbers it takes at least and at most. */
static const struct verb {
	const char *name;
	u8 texts;
	u8 least;
	u8 most;
} verbs[] = {
	{ "leak", 2, 1, 2 },
	{ "drop", 0, 0, 0 },
	{ "clean", 1, 1, 2 },
	{ "hold", 0, 1, 2 },
	{ "release", 0, 0, 0 },
	{ "storm", 0, 1, 1 },
	{ "plateau", 0, 2, 2 },
	{ "bench", 1, 1, 1 },
	{ "recache", 0, 2, 2 },
	{ "nmi", 0, 1, 1 },
	{ "reset", 0, 0, 0 },
};

static int run_verb(const struct verb *verb, const char **text, const u64 *n)
{
	switch (verb - verbs) {
	case 0:
		return run_leak(text[0], text[1], n[0], n[1]);
	case 1:
		return run_drop();
	case 2:
		return run_clean(text[0], n[0], n[1]);
	case 3:
		return run_hold(n[0], n[1]);
	case 4:
		gen_release();
		return 0;
	case 5:
		return run_storm(n[0]);
	case 6:
		return run_plateau(n[0], n[1]);
	case 7:
		return run_bench(text[0], n[0]);
	case 8:
		return run_recache(n[0], n[1]);
	case 9:
		return run_nmi(n[0]);
	default:
		memset(cleaned, 0, sizeof(cleaned));
		atomic_set(&nmi_cleaned, 0);
		atomic_set(&nmi_failed, 0);
		stormed = 0;
		recached_same = 0;
		return 0;
	}
}

static int gen_run(char *line)
{
	char *word = strsep(&line, " ");
	const struct verb *verb = NULL;
	const char *text[2] = {};
	unsigned int texts = 0;
	unsigned int given = 0;
	u64 n[2] = {};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(word, verbs[i].name))
			verb = &verbs[i];
	}
	if (!verb)
		return -EINVAL;
	while ((word = strsep(&line, " "))) {
		if (texts < verb->texts)
			text[texts++] = word;
		else if (given == verb->most || kstrtou64(word, 10, &n[given++]))
			return -EINVAL;
	}
	if (texts != verb->texts || given < verb->least)
		return -EINVAL;
	mutex_lock(&gen_lock);
	err = run_verb(verb, text, n);
	mutex_unlock(&gen_lock);
	return err;
}

static int stats_show(struct seq_file *seq, void *unused)
{
	unsigned int i;

	mutex_lock(&gen_lock);
	for (i = 0; i < HOWS; i++)
		seq_printf(seq, "leaked_%s %llu\nleaked_bytes_%s %llu\n",
			   how_names[i], leaks[i], how_names[i],
			   leak_bytes[i]);
	for (i = 0; i < CLEANS; i++)
		seq_printf(seq, "cleaned_%s %llu\n", clean_names[i],
			   cleaned[i]);
	seq_printf(seq, "held %u\nplateau %u\nstormed %llu\n", held.n,
		   plateau.n, stormed);
	seq_printf(seq, "recached_same %llu\n", recached_same);
	seq_printf(seq, "nmi_cleaned %u\nnmi_failed %u\n",
		   atomic_read(&nmi_cleaned), atomic_read(&nmi_failed));
	mutex_unlock(&gen_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int bench_show(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%llu\n", bench_result);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench);

/* Allocations while the module is loaded, and what it leaves behind. */
static unsigned int leave;
module_param(leave, uint, 0644);
MODULE_PARM_DESC(leave, "objects to allocate when loaded, and when unloaded, that are never freed");

static noinline __init void gen_init_leave(void)
{
	unsigned int i;

	for (i = 0; i < leave; i++) {
		void *object = kmalloc(100, GFP_KERNEL);

		barrier_data(object);
		/* On purpose: kmemleak need not say so. */
		kmemleak_ignore(object);
	}
}

static noinline void gen_exit_leave(void)
{
	unsigned int i;

	for (i = 0; i < leave; i++) {
		void *object = kmalloc(200, GFP_KERNEL);

		barrier_data(object);
		kmemleak_ignore(object);
	}
}

static struct shelf *const shelves[] = {
	&leaked, &leaked_cache, &held, &plateau
};

static void gen_free(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shelves); i++)
		vfree(shelves[i]->object);
	kmem_cache_destroy(plateau_cache);
	kmem_cache_destroy(cache);
}

static struct dentry *dir;

static int __init kobs_gen_slab_init(void)
{
	unsigned int i;
	int err;

	/* Caches with a constructor are not merged with others. */
	cache = kmem_cache_create("kobs_gen_slab_cache", CACHE_SIZE, 0, 0,
				  no_merging);
	plateau_cache = kmem_cache_create("kobs_gen_slab_plateau", CACHE_SIZE,
					  0, 0, no_merging);
	for (i = 0; i < ARRAY_SIZE(shelves); i++)
		shelves[i]->object = vzalloc(SHELF * sizeof(void *));
	if (!cache || !plateau_cache || !leaked.object ||
	    !leaked_cache.object || !held.object || !plateau.object) {
		gen_free();
		return -ENOMEM;
	}
	err = gen_nmi_init();
	if (err) {
		gen_free();
		return err;
	}
	gen_init_leave();
	dir = gen_files("kobs_gen_slab", &stats_fops, &bench_fops);
	return 0;
}

static void __exit kobs_gen_slab_exit(void)
{
	debugfs_remove(dir);
	gen_nmi_exit();
	gen_drop();
	gen_release();
	gen_exit_leave();
	/* For what was given to RCU. */
	rcu_barrier();
	gen_free();
}

module_init(kobs_gen_slab_init);
module_exit(kobs_gen_slab_exit);
MODULE_DESCRIPTION("kobs: ground truth for tests of slab");
MODULE_AUTHOR("The kobs authors");
MODULE_LICENSE("GPL");
