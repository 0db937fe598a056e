// SPDX-License-Identifier: GPL-2.0
/*
 * Accounted memory.
 *
 * vmalloc() offers no combination of a node, a control group, and an
 * allocation that does not call the OOM killer: pages are taken one by one and
 * mapped.
 *
 * Locking: see memory.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "lib/memory.h"

static unsigned long pages_of(u64 bytes)
{
	return (bytes >> PAGE_SHIFT) + !!(bytes & ~PAGE_MASK);
}

static bool refuse(struct kobs_memory *m, enum kobs_memory_lack lack, u64 bytes)
{
	m->lack = lack;
	m->wanted = bytes;
	return false;
}

/**
 * kobs_memory_fits() - check whether an account may hold more
 * @m: account
 * @bytes: how much more
 *
 * Context: task.
 * Return: false, and the account says why, when memory of that size would be
 * refused.
 */
bool kobs_memory_fits(struct kobs_memory *m, u64 bytes)
{
	unsigned long n = pages_of(bytes);
	const struct kobs_memory *a;

	for (a = m; a; a = a->part_of) {
		if (a->max && (n > a->max ||
			       atomic_long_read(&a->pages) > a->max - n))
			return refuse(m, KOBS_MEMORY_ABOVE, bytes);
	}
	if (n + kobs_memory_rest() > si_mem_available())
		return refuse(m, KOBS_MEMORY_UNAVAILABLE, bytes);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_fits);

static void add(struct kobs_memory *m, long pages)
{
	for (; m; m = m->part_of)
		atomic_long_add(pages, &m->pages);
}

static bool above(const struct kobs_memory *m)
{
	for (; m; m = m->part_of) {
		if (m->max && atomic_long_read(&m->pages) > m->max)
			return true;
	}
	return false;
}

/**
 * kobs_memory_count() - count memory that others have allocated
 * @m: account
 * @bytes: its size
 *
 * Context: task.
 * Return: false when an account is above its maximum; the memory counts all
 * the same.
 */
bool kobs_memory_count(struct kobs_memory *m, u64 bytes)
{
	add(m, pages_of(bytes));
	return !above(m) || refuse(m, KOBS_MEMORY_ABOVE, bytes);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_count);

/**
 * kobs_memory_uncount() - what kobs_memory_count() has counted was freed
 * @m: account
 * @bytes: its size
 *
 * Context: task.
 */
void kobs_memory_uncount(struct kobs_memory *m, u64 bytes)
{
	add(m, -(long)pages_of(bytes));
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_uncount);

static void *map_pages(const struct kobs_memory *m, unsigned long n, int node)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO |
			  __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	struct page **pages = kvcalloc(n, sizeof(*pages),
				       GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL |
				       __GFP_NOWARN);
	unsigned long i;
	void *p;

	if (!pages)
		return NULL;
	for (i = 0; i < n; i++) {
		pages[i] = READ_ONCE(m->unwanted) ?
			   NULL : alloc_pages_node(node, gfp, 0);
		if (!pages[i])
			goto err_free;
		cond_resched();
	}
	p = vmap(pages, n, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (p) {
		/* As of vmalloc(): the kernel's own area refers to it, too. */
		kmemleak_alloc(p, n << PAGE_SHIFT, 2, GFP_KERNEL);
		return p;
	}

err_free:
	while (i--)
		__free_page(pages[i]);
	kvfree(pages);
	return NULL;
}

/* Count memory that is about to be allocated. */
static bool charge(struct kobs_memory *m, u64 bytes)
{
	if (!kobs_memory_fits(m, bytes))
		return false;
	add(m, pages_of(bytes));
	if (!above(m))
		return true;
	/* Others were faster. */
	add(m, -(long)pages_of(bytes));
	return refuse(m, KOBS_MEMORY_ABOVE, bytes);
}

/* What was to be allocated. Returns it. */
static void *charged(struct kobs_memory *m, u64 bytes, void *p)
{
	if (!p) {
		refuse(m, KOBS_MEMORY_FAILED, bytes);
		add(m, -(long)pages_of(bytes));
	}
	return p;
}

/**
 * kobs_memory_get() - allocate zeroed, page-aligned memory
 * @m: account
 * @bytes: size, not 0
 * @node: preferred memory node, or NUMA_NO_NODE
 *
 * vfree() frees it; it counts until kobs_memory_close(). The account's control
 * group is charged, whoever calls.
 *
 * Context: task, may sleep.
 * Return: the memory, or NULL, and the account says why.
 */
void *kobs_memory_get(struct kobs_memory *m, u64 bytes, int node)
{
	struct mem_cgroup *old;
	void *p;

	if (!charge(m, bytes))
		return NULL;
	old = set_active_memcg(m->memcg);
	p = map_pages(m, pages_of(bytes), node);
	set_active_memcg(old);
	return charged(m, bytes, p);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_get);

/**
 * kobs_memory_pages() - allocate a few zeroed pages, and no object of a slab cache
 * @m: account
 * @order: how many, as a power of two
 *
 * free_pages() frees them; otherwise as kobs_memory_get().
 *
 * Context: task, may sleep.
 * Return: the memory, or NULL, and the account says why.
 */
void *kobs_memory_pages(struct kobs_memory *m, unsigned int order)
{
	const u64 bytes = PAGE_SIZE << order;
	struct mem_cgroup *old;
	unsigned long p;

	if (!charge(m, bytes))
		return NULL;
	old = set_active_memcg(m->memcg);
	p = __get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO |
			     __GFP_RETRY_MAYFAIL | __GFP_NOWARN, order);
	set_active_memcg(old);
	return charged(m, bytes, (void *)p);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_pages);

/**
 * kobs_memory_close() - close an account
 * @m: account whose memory has been freed
 *
 * Context: any.
 */
void kobs_memory_close(struct kobs_memory *m)
{
	add(m, -atomic_long_read(&m->pages));
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_close);

/**
 * kobs_memory_bytes() - memory held
 * @m: account
 *
 * Context: any.
 * Return: bytes.
 */
u64 kobs_memory_bytes(const struct kobs_memory *m)
{
	return (u64)atomic_long_read(&m->pages) << PAGE_SHIFT;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memory_bytes);
