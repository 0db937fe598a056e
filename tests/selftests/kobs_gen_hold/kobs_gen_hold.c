// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of what leaked objects hold: memory of each kind with a
 * text and pointers that are known.
 *
 * Files in /sys/kernel/debug/kobs_gen_hold:
 *
 *   run    takes one command, which is complete when write() returns:
 *            plant KIND        gen_plant_KIND() leaks an object that holds a struct
 *                              held; KIND is slab, page, area or percpu
 *            leak N            gen_plant_many() leaks N slab objects that hold a
 *                              struct numbered
 *            interrupt N       the same in a hard interrupt
 *            free N            frees the N oldest of these
 *            drop              frees all
 *   stats  a line for each object planted, in their order: kind, address, size; then
 *          "fn", "stack", "tid", "area" and "page" with what pointers point to
 *
 * Each object planted points 16 bytes into the one before.
 *
 * Locking: one command at a time, gen_lock, including its work in interrupts.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "../gen_run.h"

#define MOST		64
#define MANY		4096
/* Where pointers to objects point, from their begin. */
#define INTO		16

#if __has_attribute(__noipa__)
#define SITE		__attribute__((__noipa__))
#else
#define SITE		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

static DEFINE_MUTEX(gen_lock);

/**
 * struct held - what an object planted holds
 * @magic: "kobs holds KIND N", N from 0
 * @number: no pointer
 * @fn: 3 bytes into gen_hold_target(), which is longer
 * @next: the object planted before, INTO bytes into it; or NULL
 * @stack: on the stack of the thread gen_hold_stack
 * @area: 32 bytes into an area of vmalloc()
 * @page: 64 bytes into a page
 * @error: no pointer
 * @user: no pointer to the kernel's memory
 * @data: the module's data
 */
struct held {
	char magic[24];
	u64 number;
	void *fn;
	void *next;
	void *stack;
	void *area;
	void *page;
	void *error;
	u64 user;
	void *data;
};

#define NUMBERED	0x6b6f62736e756d62ULL

/**
 * struct numbered - what one of many holds
 * @number: its number, from 0
 * @after: jiffies after it was allocated
 * @before: jiffies before
 * @space: @number
 * @magic: NUMBERED, from when it is complete until it is freed
 */
struct numbered {
	u64 number;
	u64 after;
	u64 before;
	u64 space[124];
	u64 magic;
};

static_assert(sizeof(struct numbered) == 1024);

/**
 * struct planted - an object planted
 * @kind: index of kinds
 * @memory: what was allocated
 * @held: what it holds
 * @size: bytes
 */
struct planted {
	unsigned int kind;
	void *memory;
	struct held *held;
	size_t size;
};

static struct planted planted[MOST];
static unsigned int n_planted;
static struct numbered **many;
static unsigned int n_many, n_freed;

static struct task_struct *sleeper;
static void *sleeper_stack;
static void *pointed_area;
static struct page *pointed_page;

static SITE int gen_hold_target(int n)
{
	NOT_LAST();
	return n * 3 + 1;
}

static int gen_hold_data[16] = { 1 };

static SITE void *gen_plant_slab(void)
{
	void *object = kzalloc(120, GFP_KERNEL);

	NOT_LAST();
	return object;
}

static SITE void *gen_plant_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);

	NOT_LAST();
	return page;
}

static SITE void *gen_plant_area(void)
{
	void *area = vzalloc(3 * PAGE_SIZE);

	NOT_LAST();
	return area;
}

static SITE void *gen_plant_percpu(void)
{
	void __percpu *area = __alloc_percpu(192, 64);

	NOT_LAST();
	return (void *)(__force unsigned long)area;
}

static void *as_is(void *memory)
{
	return memory;
}

static void *of_page(void *memory)
{
	return page_address(memory);
}

/* The part of the last CPU: those before it are zeroes. */
static void *of_percpu(void *memory)
{
	void __percpu *area = (__force void __percpu *)(unsigned long)memory;

	return per_cpu_ptr(area, cpumask_last(cpu_possible_mask));
}

static void free_slab(void *memory)
{
	kfree(memory);
}

static void free_pages_of(void *memory)
{
	__free_pages(memory, 1);
}

static void free_area(void *memory)
{
	vfree(memory);
}

static void free_percpu_of(void *memory)
{
	free_percpu((__force void __percpu *)(unsigned long)memory);
}

static const struct {
	const char *name;
	void *(*plant)(void);
	void *(*held)(void *memory);
	void (*free)(void *memory);
	size_t size;
} kinds[] = {
	{ "slab", gen_plant_slab, as_is, free_slab, 128 },
	{ "page", gen_plant_page, of_page, free_pages_of, 2 * PAGE_SIZE },
	{ "area", gen_plant_area, as_is, free_area, 4 * PAGE_SIZE },
	{ "percpu", gen_plant_percpu, of_percpu, free_percpu_of, 192 },
};

static void hold(struct held *h, unsigned int kind)
{
	snprintf(h->magic, sizeof(h->magic), "kobs holds %s %u", kinds[kind].name,
		 n_planted);
	h->number = 0x1234567890abcdefULL + n_planted;
	h->fn = (char *)gen_hold_target + 3;
	h->next = n_planted ? (char *)planted[n_planted - 1].held + INTO : NULL;
	h->stack = sleeper_stack;
	h->area = (char *)pointed_area + 32;
	h->page = (char *)page_address(pointed_page) + 64;
	h->error = ERR_PTR(-EINVAL);
	h->user = 0x7fff12345678ULL;
	h->data = &gen_hold_data[2];
}

static int run_plant(const char *name)
{
	struct planted *p = &planted[n_planted];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].name, name))
			break;
	}
	if (i == ARRAY_SIZE(kinds) || n_planted == MOST)
		return -EINVAL;
	p->memory = kinds[i].plant();
	if (!p->memory)
		return -ENOMEM;
	p->kind = i;
	p->held = kinds[i].held(p->memory);
	p->size = kinds[i].size;
	hold(p->held, i);
	n_planted++;
	return 0;
}

static SITE void *gen_plant_many(gfp_t gfp)
{
	void *object = kmalloc(1024, gfp);

	NOT_LAST();
	return object;
}

static int leak_many(u64 n, gfp_t gfp)
{
	for (; n && n_many < MANY; n--) {
		u64 before = get_jiffies_64();
		struct numbered *object = gen_plant_many(gfp);
		unsigned int i;

		if (!object)
			return -ENOMEM;
		object->number = n_many;
		object->after = get_jiffies_64();
		object->before = before;
		for (i = 0; i < ARRAY_SIZE(object->space); i++)
			object->space[i] = n_many;
		/* Complete: a reader that sees it sees the rest. */
		smp_store_release(&object->magic, NUMBERED);
		many[n_many++] = object;
	}
	return n ? -EINVAL : 0;
}

static void free_one(struct numbered *object)
{
	WRITE_ONCE(object->magic, 0);
	/* A reader sees this before what comes next. */
	smp_wmb();
	kfree(object);
}

static u64 irq_many;

static void leak_in_irq(struct irq_work *work)
{
	leak_many(irq_many, GFP_ATOMIC);
}

static int run_interrupt(u64 n)
{
	unsigned int before = n_many;
	struct irq_work work = IRQ_WORK_INIT(leak_in_irq);

	irq_many = n;
	irq_work_queue(&work);
	irq_work_sync(&work);
	return n_many == before + n ? 0 : -ENOMEM;
}

static int run_free(u64 n)
{
	for (; n && n_freed < n_many; n--) {
		free_one(many[n_freed]);
		many[n_freed++] = NULL;
	}
	return n ? -EINVAL : 0;
}

static void run_drop(void)
{
	while (n_planted) {
		struct planted *p = &planted[--n_planted];

		kinds[p->kind].free(p->memory);
	}
	while (n_many > n_freed)
		free_one(many[--n_many]);
	n_many = 0;
	n_freed = 0;
}

static int gen_run(char *line)
{
	char name[16];
	int err = -EINVAL;
	u64 n;

	mutex_lock(&gen_lock);
	if (sscanf(line, "plant %15s", name) == 1) {
		err = run_plant(name);
	} else if (sscanf(line, "leak %llu", &n) == 1) {
		err = leak_many(n, GFP_KERNEL);
	} else if (sscanf(line, "interrupt %llu", &n) == 1) {
		err = run_interrupt(n);
	} else if (sscanf(line, "free %llu", &n) == 1) {
		err = run_free(n);
	} else if (!strcmp(line, "drop")) {
		run_drop();
		err = 0;
	}
	mutex_unlock(&gen_lock);
	return err;
}

static int gen_stats_show(struct seq_file *file, void *data)
{
	unsigned int i;

	mutex_lock(&gen_lock);
	for (i = 0; i < n_planted; i++)
		seq_printf(file, "%s 0x%lx %zu\n", kinds[planted[i].kind].name,
			   (unsigned long)planted[i].held, planted[i].size);
	seq_printf(file, "fn 0x%lx 0\n", (unsigned long)gen_hold_target + 3);
	seq_printf(file, "stack 0x%lx %d\n", (unsigned long)sleeper_stack,
		   sleeper->pid);
	seq_printf(file, "area 0x%lx 32\n", (unsigned long)pointed_area + 32);
	seq_printf(file, "page 0x%lx 64\n",
		   (unsigned long)page_address(pointed_page) + 64);
	mutex_unlock(&gen_lock);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(gen_stats);

static int sleeper_thread(void *data)
{
	int here = 0;

	/* Its value is of no use, but its place is. */
	OPTIMIZER_HIDE_VAR(here);
	WRITE_ONCE(sleeper_stack, &here);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(MAX_SCHEDULE_TIMEOUT);
	return here;
}

static void gen_free(void)
{
	kvfree(many);
	vfree(pointed_area);
	if (pointed_page)
		__free_page(pointed_page);
}

static struct dentry *dir;

static int __init gen_init(void)
{
	many = kvcalloc(MANY, sizeof(*many), GFP_KERNEL);
	pointed_area = vzalloc(PAGE_SIZE);
	pointed_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!many || !pointed_area || !pointed_page) {
		gen_free();
		return -ENOMEM;
	}
	sleeper = kthread_run(sleeper_thread, NULL, "gen_hold_stack");
	if (IS_ERR(sleeper)) {
		gen_free();
		return PTR_ERR(sleeper);
	}
	while (!READ_ONCE(sleeper_stack))
		schedule_timeout_uninterruptible(1);
	dir = gen_files("kobs_gen_hold", &gen_stats_fops, NULL);
	return 0;
}

static void __exit gen_exit(void)
{
	debugfs_remove(dir);
	kthread_stop(sleeper);
	run_drop();
	gen_free();
}

module_init(gen_init);
module_exit(gen_exit);
MODULE_DESCRIPTION("ground truth for tests of what leaked objects hold");
MODULE_LICENSE("GPL");
