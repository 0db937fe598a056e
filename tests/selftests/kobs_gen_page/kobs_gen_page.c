// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of pages: functions that leak a known number of blocks,
 * and functions that only look like leaks. Tests compare kobs's report on their
 * sites with their own counts.
 *
 * Files in /sys/kernel/debug/kobs_gen_page:
 *
 *   run    takes one command, which is complete when write() returns:
 *            leak CTX N ORDER  gen_leak_pages() leaks N blocks; CTX is task,
 *                              softirq or hardirq
 *            part N            gen_leak_part() leaks 3 of 8 pages of N blocks that
 *                              it splits
 *            bulk N            gen_leak_bulk() leaks N pages, allocated at once
 *            area N            gen_leak_area() leaks vmalloc() memory of N pages
 *            percpu CTX N SIZE gen_leak_percpu() leaks N percpu areas of SIZE bytes,
 *                              and gen_clean_percpu() allocates and frees as many;
 *                              CTX is task
 *            percpu fail N SIZE gen_fail_percpu() allocates areas of SIZE bytes until
 *                              N attempts have failed, and frees them
 *            fill N            an array of N entries, of which every third has a page
 *            holes N           gen_leak_holes() leaks pages into the rest of it, and
 *                              calls the allocator N times at most
 *            object N          gen_leak_object() leaks N slab objects of 100 bytes
 *            leave             nothing that is leaked is freed any more, also not
 *                              when the module goes
 *            drop              frees what was leaked
 *            clean HOW N       gen_clean_HOW() allocates N times, and frees it all
 *                              in the way named, see clean_one below
 *            hold N            gen_hold_alloc() allocates N pages
 *            release           frees them
 *            storm N           N blocks of 8 pages, split, whose pages both CPUs
 *                              free at the same time
 *            bench N           time N pairs of an allocation and a free of a page
 *            bench percpu N    the same of a percpu area
 *            probes N          the same, with tracepoint probes that do nothing
 *            reset             stats to 0
 *   stats  "name n" per line: what was allocated, in pages; percpu in bytes of one
 *          CPU; percpu_failed are attempts, hole_calls calls
 *   bench  thousandths of a ns per pair in the last benchmark, the best of 5
 *
 * Locking: one command at a time, gen_lock, including its work in interrupts.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kmemleak.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <trace/events/kmem.h>

#include "../gen_run.h"

#define MOST		100000ULL
#define MOST_ORDER	9
#define PART		3	/* order of blocks that are split */
#define BULK		64
#define FRAGS		5	/* parts of a block, or of a packet */
#define ROUNDS		5

#if __has_attribute(__noipa__)
#define SITE		__attribute__((__noipa__))
#else
#define SITE		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

static DEFINE_MUTEX(gen_lock);

/**
 * struct shelf - blocks kept
 * @page: first pages
 * @order: orders
 * @n: number of blocks
 */
struct shelf {
	struct page **page;
	u8 *order;
	unsigned int n;
};

static struct shelf leaked, held;
static void *areas[BULK];
static unsigned int n_areas;
static void __percpu *percpus[BULK];
static unsigned int n_percpus;
static struct page **array;
static unsigned int n_array;
static void *objects[BULK];
static unsigned int n_objects;
static bool leave;

static bool shelve(struct shelf *s, struct page *page, unsigned int order)
{
	if (!page || s->n == MOST)
		return false;
	s->order[s->n] = order;
	s->page[s->n++] = page;
	return true;
}

static SITE void gen_empty(struct shelf *s)
{
	while (s->n) {
		s->n--;
		__free_pages(s->page[s->n], s->order[s->n]);
		cond_resched();
	}
}

enum count { COUNT_LEAK, COUNT_PART, COUNT_BULK, COUNT_AREA, COUNT_HOLD,
	     COUNT_STORM, COUNT_PERCPU, COUNT_PERCPU_FAILED, COUNT_HOLES,
	     COUNT_HOLE_CALLS, COUNT_OBJECT, COUNTS };

static const char * const count_names[] = {
	"leak", "part", "bulk", "area", "hold", "storm", "percpu",
	"percpu_failed", "holes", "hole_calls", "object",
};

static u64 counts[COUNTS];

static SITE struct page *gen_leak_pages(unsigned int order)
{
	struct page *page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order);

	NOT_LAST();
	return page;
}

/**
 * struct burst - leaks from a context
 * @n: how many are left to do
 * @order: of what order
 * @irq: for those from hardirq context
 * @tasklet: for those from softirq context
 * @done: of the tasklet
 */
struct burst {
	unsigned int n;
	unsigned int order;
	struct irq_work irq;
	struct tasklet_struct tasklet;
	struct completion done;
};

static void burst_run(struct burst *b)
{
	for (; b->n; b->n--) {
		if (!shelve(&leaked, gen_leak_pages(b->order), b->order))
			return;
		counts[COUNT_LEAK] += 1UL << b->order;
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

static int run_leak(const char *ctx, u64 n, u64 order)
{
	struct burst b = { .n = n, .order = order };

	if (n > MOST || order > MOST_ORDER)
		return -EINVAL;
	if (!strcmp(ctx, "task")) {
		burst_run(&b);
	} else if (!strcmp(ctx, "hardirq")) {
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

static SITE struct page *gen_leak_part(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, PART);

	NOT_LAST();
	return page;
}

/* Pages 1, 4 and 7 stay. */
static int run_part(u64 n)
{
	unsigned int i;

	while (n--) {
		struct page *page = gen_leak_part();

		if (!page)
			return -ENOMEM;
		split_page(page, PART);
		for (i = 0; i < 1U << PART; i++) {
			if (i % 3 != 1)
				__free_page(page + i);
			else if (!shelve(&leaked, page + i, 0))
				return -ENOMEM;
		}
		counts[COUNT_PART] += 3;
		cond_resched();
	}
	return 0;
}

/* 7.x has other names for what takes an array. */
static unsigned long bulk_array(unsigned long n, struct page **pages)
{
#ifdef alloc_pages_bulk
	return alloc_pages_bulk(GFP_KERNEL, n, pages);
#else
	return alloc_pages_bulk_array(GFP_KERNEL, n, pages);
#endif
}

static SITE unsigned long gen_leak_bulk(unsigned long n, struct page **pages)
{
	unsigned long got = bulk_array(n, pages);

	NOT_LAST();
	return got;
}

/*
 * Some of the array is filled before. With page_owner, a call allocates one page
 * only.
 */
static int run_bulk(u64 n)
{
	struct page *pages[BULK];
	unsigned int i;

	while (n) {
		unsigned int want = min_t(u64, n, BULK - 3);
		unsigned int had = 0;
		unsigned int all = 0;
		unsigned int was;

		memset(pages, 0, sizeof(pages));
		for (i = 0; i < 3; i++) {
			/* The first, and two that leave holes. */
			unsigned int at = i * i * 2;

			if (at < want) {
				pages[at] = alloc_page(GFP_KERNEL);
				had++;
			}
		}
		want += had;
		do {
			was = all;
			all = gen_leak_bulk(want, pages);
		} while (all < want && all > was);
		for (i = 0; i < all; i++) {
			unsigned int k = i == 0 ? 0 : i == 2 ? 1 : i == 8 ? 2 : 3;

			if (k < had)
				__free_page(pages[i]);
			else if (pages[i] && !shelve(&leaked, pages[i], 0))
				return -ENOMEM;
		}
		if (all < want)
			return -ENOMEM;
		counts[COUNT_BULK] += all - had;
		n -= all - had;
		cond_resched();
	}
	return 0;
}

static void array_free(void)
{
	unsigned int i;

	for (i = 0; i < n_array; i++) {
		if (array[i])
			__free_page(array[i]);
	}
	kvfree(array);
	array = NULL;
	n_array = 0;
}

static int run_fill(u64 n)
{
	unsigned int i;

	if (!n || n > MOST || array)
		return -EINVAL;
	array = kvcalloc(n, sizeof(*array), GFP_KERNEL);
	if (!array)
		return -ENOMEM;
	n_array = n;
	for (i = 0; i < n; i += 3) {
		array[i] = alloc_page(GFP_KERNEL);
		if (!array[i])
			return -ENOMEM;
	}
	return 0;
}

static SITE unsigned long gen_leak_holes(void)
{
	unsigned long got = bulk_array(n_array, array);

	NOT_LAST();
	return got;
}

static int run_holes(u64 calls)
{
	unsigned int empty = n_array - DIV_ROUND_UP(n_array, 3);
	unsigned int left = 0;
	unsigned int i;

	while (calls-- && array) {
		counts[COUNT_HOLE_CALLS]++;
		if (gen_leak_holes() == n_array)
			break;
	}
	for (i = 0; i < n_array; i++)
		left += !array[i];
	counts[COUNT_HOLES] += empty - left;
	return left ? -ENOMEM : 0;
}

static SITE void *gen_leak_area(unsigned long pages)
{
	void *area = vmalloc(pages * PAGE_SIZE);

	NOT_LAST();
	return area;
}

static int run_area(u64 n)
{
	if (n > MOST || n_areas == BULK)
		return -EINVAL;
	areas[n_areas] = gen_leak_area(n);
	if (!areas[n_areas])
		return -ENOMEM;
	n_areas++;
	counts[COUNT_AREA] += n;
	return 0;
}

static SITE void __percpu *gen_leak_percpu(size_t size)
{
	void __percpu *area = __alloc_percpu(size, 8);

	NOT_LAST();
	return area;
}

static SITE void gen_clean_percpu(size_t size)
{
	void __percpu *area = __alloc_percpu_gfp(size, 4, GFP_NOWAIT);

	NOT_LAST();
	free_percpu(area);
}

static int run_percpu(u64 n, u64 size)
{
	if (n + n_percpus > BULK || !size || size > SZ_4K)
		return -EINVAL;
	while (n--) {
		gen_clean_percpu(size);
		percpus[n_percpus] = gen_leak_percpu(size);
		if (!percpus[n_percpus])
			return -ENOMEM;
		n_percpus++;
		counts[COUNT_PERCPU] += size;
	}
	return 0;
}

/* It must not sleep, so that the allocator cannot make room. */
static SITE void __percpu *gen_fail_percpu(size_t size)
{
	void __percpu *area = __alloc_percpu_gfp(size, 8, GFP_NOWAIT | __GFP_NOWARN);

	NOT_LAST();
	return area;
}

static int run_percpu_fail(u64 n, u64 size)
{
	static void __percpu *kept[4096];
	unsigned int k = 0;

	if (!size || size > SZ_4K)
		return -EINVAL;
	while (n && k < ARRAY_SIZE(kept)) {
		kept[k] = gen_fail_percpu(size);
		if (kept[k]) {
			k++;
			continue;
		}
		counts[COUNT_PERCPU_FAILED]++;
		n--;
	}
	while (k)
		free_percpu(kept[--k]);
	return n ? -ENOSPC : 0;
}

static SITE void *gen_leak_object(void)
{
	void *object = kmalloc(100, GFP_KERNEL);

	NOT_LAST();
	return object;
}

static int run_object(u64 n)
{
	if (n + n_objects > BULK)
		return -EINVAL;
	while (n--) {
		objects[n_objects] = gen_leak_object();
		if (!objects[n_objects])
			return -ENOMEM;
		n_objects++;
		counts[COUNT_OBJECT]++;
	}
	return 0;
}

static void run_leave(void)
{
	unsigned int i;

	/* Not to be found by others. */
	for (i = 0; i < n_objects; i++)
		kmemleak_not_leak(objects[i]);
	for (i = 0; i < n_areas; i++)
		kmemleak_not_leak(areas[i]);
	leave = true;
}

static void run_drop(void)
{
	if (leave)
		return;
	array_free();
	while (n_objects)
		kfree(objects[--n_objects]);
	while (n_percpus)
		free_percpu(percpus[--n_percpus]);
	gen_empty(&leaked);
	while (n_areas)
		vfree(areas[--n_areas]);
}

/* Ways to allocate and to free, which leave nothing. */

static SITE bool gen_clean_pages(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	NOT_LAST();
	if (page)
		__free_pages(page, 3);
	return page;
}

static SITE bool gen_clean_get(void)
{
	unsigned long address = __get_free_pages(GFP_KERNEL, 1);

	NOT_LAST();
	free_pages(address, 1);
	return address;
}

static SITE bool gen_clean_zeroed(void)
{
	unsigned long address = get_zeroed_page(GFP_KERNEL);

	NOT_LAST();
	free_page(address);
	return address;
}

static SITE bool gen_clean_exact(void)
{
	void *address = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);

	NOT_LAST();
	if (address)
		free_pages_exact(address, 5 * PAGE_SIZE);
	return address;
}

static SITE bool gen_clean_split(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 4);
	unsigned int i;

	NOT_LAST();
	if (!page)
		return false;
	split_page(page, 4);
	/* Not in their order. */
	for (i = 0; i < 16; i++)
		__free_page(page + i * 7 % 16);
	return true;
}

/* Pages that are given back as a batch of folios. */
static SITE bool gen_clean_folios(void)
{
	struct page *pages[BULK];
	int n = 0;

	while (n < BULK) {
		pages[n] = alloc_page(GFP_KERNEL);
		NOT_LAST();
		if (!pages[n])
			break;
		n++;
	}
	release_pages(pages, n);
	return n == BULK;
}

/* Fragments of a block: it goes with the last of them, and what the cache holds. */
static SITE bool gen_clean_frag(void)
{
	struct page_frag_cache cache = {};
	void *parts[FRAGS];
	unsigned int n = 0;

	while (n < FRAGS) {
		parts[n] = page_frag_alloc(&cache, 1024, GFP_KERNEL);
		NOT_LAST();
		if (!parts[n])
			break;
		n++;
	}
	if (n)
		__page_frag_cache_drain(virt_to_head_page(parts[0]),
					cache.pagecnt_bias);
	while (n)
		page_frag_free(parts[--n]);
	return parts[0];
}

/* A packet whose data are in pages of their own. */
static SITE bool gen_clean_skb(void)
{
	int err;
	struct sk_buff *skb = alloc_skb_with_frags(0, FRAGS * PAGE_SIZE, 0, &err,
						   GFP_KERNEL);

	NOT_LAST();
	kfree_skb(skb);
	return skb;
}

static SITE bool gen_clean_comp(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	NOT_LAST();
	if (page)
		put_page(page);
	return page;
}

/* Somebody else has a reference when it is freed: the rest goes first. */
static SITE bool gen_clean_refs(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	NOT_LAST();
	if (!page)
		return false;
	get_page(page);
	__free_pages(page, 3);
	put_page(page);
	return true;
}

static SITE bool gen_clean_bulk(void)
{
	struct page *pages[BULK] = {};
	unsigned long n = bulk_array(BULK, pages);
	unsigned long i;

	NOT_LAST();
	for (i = 0; i < n; i++)
		__free_page(pages[i]);
	return n;
}

static SITE bool gen_clean_vmalloc(void)
{
	void *area = vmalloc(20 * PAGE_SIZE);

	NOT_LAST();
	vfree(area);
	return area;
}

static SITE bool gen_clean_account(void)
{
	struct page *page = alloc_pages(GFP_KERNEL_ACCOUNT, 1);

	NOT_LAST();
	if (page)
		__free_pages(page, 1);
	return page;
}

static SITE bool gen_clean_movable(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE);

	NOT_LAST();
	if (page)
		put_page(page);
	return page;
}

/* The slab allocator's. */
static SITE bool gen_clean_large(void)
{
	void *object = kmalloc(4 * PAGE_SIZE, GFP_KERNEL);

	NOT_LAST();
	kfree(object);
	return object;
}

/* Larger than any block. */
static SITE bool gen_clean_failed(void)
{
	struct page *page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN | __GFP_NOMEMALLOC |
					__GFP_THISNODE, MOST_ORDER + 1);

	NOT_LAST();
	if (page)
		__free_pages(page, MOST_ORDER + 1);
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} clean_one[] = {
	{ "pages", gen_clean_pages },
	{ "get", gen_clean_get },
	{ "zeroed", gen_clean_zeroed },
	{ "exact", gen_clean_exact },
	{ "split", gen_clean_split },
	{ "comp", gen_clean_comp },
	{ "folios", gen_clean_folios },
	{ "frag", gen_clean_frag },
	{ "skb", gen_clean_skb },
	{ "refs", gen_clean_refs },
	{ "bulk", gen_clean_bulk },
	{ "vmalloc", gen_clean_vmalloc },
	{ "account", gen_clean_account },
	{ "movable", gen_clean_movable },
	{ "large", gen_clean_large },
	{ "failed", gen_clean_failed },
};

static int run_clean(const char *how, u64 n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(clean_one); i++) {
		if (!strcmp(clean_one[i].name, how))
			break;
	}
	if (i == ARRAY_SIZE(clean_one) || n > MOST)
		return -EINVAL;
	while (n--) {
		if (!clean_one[i].fn())
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static SITE struct page *gen_hold_alloc(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	NOT_LAST();
	return page;
}

static int run_hold(u64 n)
{
	while (n--) {
		if (!shelve(&held, gen_hold_alloc(), 0))
			return -ENOMEM;
		counts[COUNT_HOLD]++;
	}
	return 0;
}

static SITE struct page *gen_storm_alloc(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, PART);

	NOT_LAST();
	return page;
}

/* One CPU frees the even pages of a block, the other one the odd ones. */
struct storm {
	struct page *page;
	atomic_t turn;
	atomic_t done;
	u64 n;
};

static void storm_free(struct page *page, unsigned int first)
{
	unsigned int i;

	for (i = first; i < 1U << PART; i += 2)
		__free_page(page + i);
}

static int storm_thread(void *data)
{
	struct storm *st = data;
	int turn = 0;

	while (st->n > turn) {
		while (atomic_read_acquire(&st->turn) == turn)
			cond_resched();
		turn++;
		storm_free(st->page, 1);
		atomic_set_release(&st->done, turn);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int run_storm(u64 n)
{
	struct storm st = { .n = n };
	struct task_struct *task;
	int turn = 0;
	int err = 0;

	if (n > MOST)
		return -EINVAL;
	task = kthread_create(storm_thread, &st, "gen_page_storm");
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, (raw_smp_processor_id() + 1) % num_online_cpus());
	wake_up_process(task);
	while (turn < n) {
		struct page *page = gen_storm_alloc();

		if (!page) {
			err = -ENOMEM;
			cond_resched();
			continue;
		}
		split_page(page, PART);
		st.page = page;
		atomic_set_release(&st.turn, ++turn);
		storm_free(page, 0);
		while (atomic_read_acquire(&st.done) != turn)
			cond_resched();
		counts[COUNT_STORM] += 1U << PART;
	}
	kthread_stop(task);
	return err;
}

static SITE struct page *gen_bench_alloc(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	NOT_LAST();
	return page;
}

static bool bench_page(void)
{
	struct page *page = gen_bench_alloc();

	if (page)
		__free_page(page);
	return page;
}

static SITE void __percpu *gen_bench_percpu(void)
{
	void __percpu *area = __alloc_percpu(64, 8);

	NOT_LAST();
	return area;
}

static bool bench_percpu(void)
{
	void __percpu *area = gen_bench_percpu();

	free_percpu(area);
	return area;
}

static u64 bench_result;

static int run_bench(u64 n, bool (*pair)(void))
{
	unsigned int round;
	u64 least = U64_MAX;

	if (!n || n > 10 * MOST)
		return -EINVAL;
	for (round = 0; round < ROUNDS; round++) {
		u64 t0 = ktime_get_ns();
		u64 i;

		for (i = 0; i < n; i++) {
			if (!pair())
				return -ENOMEM;
		}
		least = min(least, ktime_get_ns() - t0);
	}
	bench_result = div64_u64(least * 1000, n);
	return 0;
}

/* With an area that stays, so that the allocator keeps the page that they are in. */
static int run_bench_percpu(u64 n)
{
	void __percpu *stays = __alloc_percpu(64, 8);
	int err = stays ? run_bench(n, bench_percpu) : -ENOMEM;

	free_percpu(stays);
	return err;
}

static void no_alloc(void *data, struct page *page, unsigned int order,
		     gfp_t gfp, int migratetype)
{
}

static void no_free(void *data, struct page *page, unsigned int order)
{
}

static struct tracepoint *found[2];

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "mm_page_alloc"))
		found[0] = tp;
	else if (!strcmp(tp->name, "mm_page_free"))
		found[1] = tp;
}

static int run_probes(u64 n)
{
	int err;

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!found[0] || !found[1])
		return -EOPNOTSUPP;
	err = tracepoint_probe_register(found[0], no_alloc, NULL);
	if (err)
		return err;
	err = tracepoint_probe_register(found[1], no_free, NULL);
	if (!err) {
		err = run_bench(n, bench_page);
		tracepoint_probe_unregister(found[1], no_free, NULL);
	}
	tracepoint_probe_unregister(found[0], no_alloc, NULL);
	tracepoint_synchronize_unregister();
	return err;
}

static int run_command(const char *text)
{
	char word[16] = "", how[16] = "";
	u64 n = 0, order = 0;

	if (sscanf(text, "%15s %llu", word, &n) == 2) {
		if (!strcmp(word, "part"))
			return run_part(n);
		if (!strcmp(word, "bulk"))
			return run_bulk(n);
		if (!strcmp(word, "area"))
			return run_area(n);
		if (!strcmp(word, "object"))
			return run_object(n);
		if (!strcmp(word, "fill"))
			return run_fill(n);
		if (!strcmp(word, "holes"))
			return run_holes(n);
		if (!strcmp(word, "hold"))
			return run_hold(n);
		if (!strcmp(word, "storm"))
			return run_storm(n);
		if (!strcmp(word, "bench"))
			return run_bench(n, bench_page);
		if (!strcmp(word, "probes"))
			return run_probes(n);
	}
	if (sscanf(text, "leak %15s %llu %llu", how, &n, &order) == 3)
		return run_leak(how, n, order);
	if (sscanf(text, "percpu %15s %llu %llu", how, &n, &order) == 3)
		return strcmp(how, "fail") ? run_percpu(n, order) :
					     run_percpu_fail(n, order);
	if (sscanf(text, "bench percpu %llu", &n) == 1)
		return run_bench_percpu(n);
	if (sscanf(text, "clean %15s %llu", how, &n) == 2)
		return run_clean(how, n);
	if (!strcmp(word, "drop"))
		run_drop();
	else if (!strcmp(word, "leave"))
		run_leave();
	else if (!strcmp(word, "release"))
		gen_empty(&held);
	else if (!strcmp(word, "reset"))
		memset(counts, 0, sizeof(counts));
	else
		return -EINVAL;
	return 0;
}

static int gen_run(char *line)
{
	int err;

	mutex_lock(&gen_lock);
	err = run_command(line);
	mutex_unlock(&gen_lock);
	return err;
}

static int stats_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < COUNTS; i++)
		seq_printf(m, "%s %llu\n", count_names[i], counts[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int bench_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%llu\n", bench_result);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench);

static struct dentry *dir;

static void shelf_free(struct shelf *s)
{
	kvfree(s->page);
	kvfree(s->order);
}

static int shelf_alloc(struct shelf *s)
{
	s->page = kvcalloc(MOST, sizeof(*s->page), GFP_KERNEL);
	s->order = kvcalloc(MOST, 1, GFP_KERNEL);
	return s->page && s->order ? 0 : -ENOMEM;
}

static int __init gen_init(void)
{
	if (shelf_alloc(&leaked) || shelf_alloc(&held)) {
		shelf_free(&leaked);
		shelf_free(&held);
		return -ENOMEM;
	}
	dir = gen_files("kobs_gen_page", &stats_fops, &bench_fops);
	return 0;
}

static void __exit gen_exit(void)
{
	debugfs_remove(dir);
	run_drop();
	gen_empty(&held);
	shelf_free(&leaked);
	shelf_free(&held);
}

module_init(gen_init);
module_exit(gen_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Ground truth for tests of kobs: pages");
