// SPDX-License-Identifier: GPL-2.0
/*
 * What words of memory point to. A word is taken for a pointer if something is at
 * its address; nothing is read there. Errors (IS_ERR()), NULL, and what lies in the
 * half of users are none.
 *
 * A symbol comes first: on some architectures the kernel's image lies among the
 * areas of vmalloc(). Stacks of tasks are areas or pages, and are looked for among
 * all tasks, which are asked once for all words.
 *
 * Locking: none; what a word points to may go at any moment.
 */
#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "core/kmem_cache.h"
#include "core/names.h"
#include "core/pointer.h"

/* In the kernel's half of addresses, and no error. */
static bool is_plausible(u64 value)
{
	return value == (unsigned long)value && (long)value < 0 &&
	       !IS_ERR_VALUE((unsigned long)value);
}

static bool is_symbol(struct kobs_pointer *p)
{
	return kobs_names_symbol(p->value, p->text, sizeof(p->text));
}

static bool is_slab(struct kobs_pointer *p)
{
	u64 name[KOBS_CACHE_NAME_WORDS];
	const void *start;

	if (!kobs_cache_object((void *)(unsigned long)p->value, name, &start))
		return false;
	strscpy(p->text, (char *)name, sizeof(p->text));
	p->start = (unsigned long)start;
	return true;
}

static bool is_area(struct kobs_pointer *p)
{
	const void *at = (void *)(unsigned long)p->value;

	return is_vmalloc_addr(at) && vmalloc_to_page(at);
}

static bool is_page(struct kobs_pointer *p)
{
	if (!virt_addr_valid((void *)(unsigned long)p->value))
		return false;
	p->start = p->value & PAGE_MASK;
	return true;
}

/* By their order. */
static const struct {
	enum kobs_pointer_kind kind;
	bool (*is)(struct kobs_pointer *p);
} kinds[] = {
	{ KOBS_POINTER_SYMBOL, is_symbol },
	{ KOBS_POINTER_SLAB, is_slab },
	{ KOBS_POINTER_VMALLOC, is_area },
	{ KOBS_POINTER_PAGE, is_page },
};

/* Returns false for a word that is no pointer. */
static bool pointer_to(u64 value, u32 offset, struct kobs_pointer *p)
{
	unsigned int i;

	if (!is_plausible(value))
		return false;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		*p = (struct kobs_pointer){ .offset = offset, .value = value };
		if (!kinds[i].is(p))
			continue;
		p->kind = kinds[i].kind;
		return true;
	}
	return false;
}

static bool can_be_stack(const struct kobs_pointer *p)
{
	return p->kind == KOBS_POINTER_VMALLOC || p->kind == KOBS_POINTER_PAGE;
}

static void try_stack(struct kobs_pointer *p, const struct task_struct *t,
		      unsigned long stack)
{
	if (!can_be_stack(p) || !stack || p->value - stack >= THREAD_SIZE)
		return;
	p->kind = KOBS_POINTER_STACK;
	p->start = stack;
	p->tid = t->pid;
	memcpy(p->text, t->comm, sizeof(t->comm));
	p->text[sizeof(t->comm) - 1] = '\0';
}

static void find_stacks(struct kobs_pointer *p, unsigned int n)
{
	const struct task_struct *g, *t;
	unsigned int i, can = 0;

	for (i = 0; i < n; i++)
		can += can_be_stack(&p[i]);
	if (!can)
		return;
	rcu_read_lock();
	for_each_process_thread(g, t) {
		unsigned long stack = (unsigned long)task_stack_page(t);

		for (i = 0; i < n; i++)
			try_stack(&p[i], t, stack);
	}
	rcu_read_unlock();
}

/**
 * kobs_pointers_init() - prepare for kobs_pointers_find()
 *
 * Context: task, may sleep.
 */
void kobs_pointers_init(void)
{
	kobs_cache_objects_init();
}
EXPORT_SYMBOL_IF_KUNIT(kobs_pointers_init);

/**
 * kobs_pointers_find() - find the pointers among words
 * @data: the words, aligned
 * @bytes: their size; what is left of a word at its end is none
 * @p: set to the pointers
 * @max: maximum number of them
 * @more: set to the number of those beyond
 *
 * Context: task, may sleep; after kobs_pointers_init().
 * Return: number of pointers in @p.
 */
unsigned int kobs_pointers_find(const void *data, size_t bytes,
				struct kobs_pointer *p, unsigned int max,
				unsigned int *more)
{
	const unsigned long *word = data;
	struct kobs_pointer beyond;
	unsigned int n = 0;
	size_t i;

	*more = 0;
	for (i = 0; i < bytes / sizeof(*word); i++) {
		u32 offset = i * sizeof(*word);

		if (n < max)
			n += pointer_to(word[i], offset, &p[n]);
		else
			*more += pointer_to(word[i], offset, &beyond);
		cond_resched();
	}
	find_stacks(p, n);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_pointers_find);
