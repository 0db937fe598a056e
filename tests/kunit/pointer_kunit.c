// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what words point to: code and data of the kernel and of a module, slab
 * objects with their places in them, stacks, areas of vmalloc(), pages; and what is
 * no pointer.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poison.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "core/pointer.h"

#define MOST	8

static int some_data[4] = { 1 };

static noinline int some_code(int n)
{
	barrier();
	return n + some_data[0];
}

/* Find the pointers among words, of which there are @n. */
static unsigned int find(const u64 *words, unsigned int n, struct kobs_pointer *p)
{
	unsigned int more;

	kobs_pointers_init();
	return kobs_pointers_find(words, n * sizeof(*words), p, MOST, &more);
}

/* What one word points to. */
static struct kobs_pointer *one(struct kunit *test, const void *at)
{
	struct kobs_pointer *p = kunit_kzalloc(test, MOST * sizeof(*p), GFP_KERNEL);
	u64 word = (unsigned long)at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, find(&word, 1, p), 1);
	KUNIT_EXPECT_EQ(test, p->value, word);
	KUNIT_EXPECT_EQ(test, p->offset, 0);
	return p;
}

static void code_and_data(struct kunit *test)
{
	struct kobs_pointer *p = one(test, kfree);

	KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_SYMBOL);
	KUNIT_EXPECT_STREQ(test, p->text, "kfree");
	p = one(test, (char *)vfree + 1);
	KUNIT_EXPECT_STREQ(test, p->text, "vfree+0x1");
	p = one(test, some_code);
	KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_SYMBOL);
	KUNIT_EXPECT_STREQ(test, p->text, "some_code [kobs_kunit]");
	p = one(test, &some_data[2]);
	KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_SYMBOL);
	KUNIT_EXPECT_STREQ(test, p->text, "some_data+0x8 [kobs_kunit]");
	KUNIT_EXPECT_EQ(test, p->start, 0);
	p = one(test, &init_task);
	KUNIT_EXPECT_STREQ(test, p->text, "init_task");
}

/* Of caches whose objects are as far apart as they are large, and of others. */
static void slab_objects(struct kunit *test)
{
	static const struct {
		unsigned int size;
		unsigned int align;
		slab_flags_t flags;
	} caches[] = {
		{ 64, 0, 0 }, { 100, 8, 0 }, { 200, 256, 0 },
		{ 1000, 0, SLAB_HWCACHE_ALIGN }, { 3000, 0, 0 },
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		struct kmem_cache *cache;
		void *object[20] = {};

		cache = kmem_cache_create("kobs_kunit_pointed", caches[i].size,
					  caches[i].align,
					  caches[i].flags | SLAB_NO_MERGE, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		for (k = 0; k < ARRAY_SIZE(object); k++) {
			struct kobs_pointer *p;
			unsigned int at = k * 13 % caches[i].size;

			object[k] = kmem_cache_alloc(cache, GFP_KERNEL);
			if (!object[k])
				continue;
			p = one(test, object[k] + at);
			KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_SLAB);
			KUNIT_EXPECT_STREQ(test, p->text, "kobs_kunit_pointed");
			KUNIT_EXPECT_EQ(test, p->start, (unsigned long)object[k]);
		}
		for (k = 0; k < ARRAY_SIZE(object); k++)
			kmem_cache_free(cache, object[k]);
		kmem_cache_destroy(cache);
	}
}

static void stacks(struct kunit *test)
{
	unsigned long here = 0;
	struct kobs_pointer *p = one(test, &here);

	KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_STACK);
	KUNIT_EXPECT_STREQ(test, p->text, current->comm);
	KUNIT_EXPECT_EQ(test, p->tid, current->pid);
	KUNIT_EXPECT_EQ(test, p->start, (unsigned long)task_stack_page(current));
}

static void areas_and_pages(struct kunit *test)
{
	unsigned long page = __get_free_page(GFP_KERNEL);
	void *area = vmalloc(3 * PAGE_SIZE);
	struct kobs_pointer *p, q[MOST];
	u64 guard = (unsigned long)area + 3 * PAGE_SIZE;

	KUNIT_ASSERT_NE(test, page, 0UL);
	KUNIT_ASSERT_NOT_NULL(test, area);
	p = one(test, area + PAGE_SIZE + 5);
	KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_VMALLOC);
	KUNIT_EXPECT_STREQ(test, p->text, "");
	/* Behind it, nothing is mapped. */
	KUNIT_EXPECT_EQ(test, find(&guard, 1, q), 0);
	p = one(test, (void *)page + 77);
	KUNIT_EXPECT_EQ(test, p->kind, KOBS_POINTER_PAGE);
	KUNIT_EXPECT_EQ(test, p->start, page);
	vfree(area);
	free_page(page);
}

static void no_pointers(struct kunit *test)
{
	const u64 words[] = {
		0, 1, 4096, 0x7fffffffffffULL, 0x6b6b6b6b6b6b6b6bULL,
		(unsigned long)ERR_PTR(-EINVAL), (unsigned long)ERR_PTR(-MAX_ERRNO),
		-1ULL, 1ULL << 63, (1ULL << 63) + 4096,
		(unsigned long)LIST_POISON1, 0xcccccccccccccccc,
	};
	struct kobs_pointer p[MOST];

	KUNIT_EXPECT_EQ(test, find(words, ARRAY_SIZE(words), p), 0);
}

static void many_words(struct kunit *test)
{
	u64 words[2 * MOST + 1] = {};
	struct kobs_pointer p[MOST];
	unsigned int more, i;

	kobs_pointers_init();
	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = i % 2 ? i : (unsigned long)kfree + i;
	KUNIT_EXPECT_EQ(test, kobs_pointers_find(words, sizeof(words), p, MOST, &more),
			MOST);
	KUNIT_EXPECT_EQ(test, more, 1);
	for (i = 0; i < MOST; i++) {
		KUNIT_EXPECT_EQ(test, p[i].offset, 2 * i * sizeof(u64));
		KUNIT_EXPECT_EQ(test, p[i].value, words[2 * i]);
	}
	/* What is left of a word is none. */
	KUNIT_EXPECT_EQ(test, kobs_pointers_find(words, 7, p, MOST, &more), 0);
	KUNIT_EXPECT_EQ(test, more, 0);
	KUNIT_EXPECT_EQ(test, kobs_pointers_find(words, 23, p, MOST, &more), 1);
}

static struct kunit_case pointer_cases[] = {
	KUNIT_CASE(code_and_data),
	KUNIT_CASE(slab_objects),
	KUNIT_CASE(stacks),
	KUNIT_CASE(areas_and_pages),
	KUNIT_CASE(no_pointers),
	KUNIT_CASE(many_words),
	{}
};

static struct kunit_suite pointer_suite = {
	.name = "kobs_pointer",
	.test_cases = pointer_cases,
};

kunit_test_suite(pointer_suite);
