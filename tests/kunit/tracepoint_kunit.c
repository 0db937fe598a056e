// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the tracepoints: found by name, attached all or none, and a probe
 * runs for every hit from attach to detach, and for no other.
 *
 * The hits are allocations from a slab cache of the tests' own: no other code
 * allocates from it, so hits of the kmem tracepoints can be told apart.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "hooks/tracepoint.h"

#define NO_TRACEPOINT	"kobs_no_such_tracepoint"

struct tally {
	struct kmem_cache *cache;
	atomic_t allocs;
	atomic_t frees;
};

static void on_alloc(void *data, unsigned long call_site, const void *ptr,
		     struct kmem_cache *s, gfp_t gfp_flags, int node)
{
	struct tally *t = data;

	if (s == t->cache)
		atomic_inc(&t->allocs);
}

static void on_free(void *data, unsigned long call_site, const void *ptr,
		    const struct kmem_cache *s)
{
	struct tally *t = data;

	if (s == t->cache)
		atomic_inc(&t->frees);
}

/* A cache with a constructor is never merged with another. */
static void construct(void *object)
{
	memset(object, 0, 8);
}

static int tracepoint_init(struct kunit *test)
{
	struct tally *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->cache = kmem_cache_create("kobs_kunit", 72, 0, 0, construct);
	if (!t->cache)
		return -ENOMEM;
	test->priv = t;
	return 0;
}

static void tracepoint_exit(struct kunit *test)
{
	struct tally *t = test->priv;

	if (t)
		kmem_cache_destroy(t->cache);
}

static void churn(struct tally *t, unsigned int n)
{
	while (n--) {
		void *object = kmem_cache_alloc(t->cache, GFP_KERNEL);

		if (object)
			kmem_cache_free(t->cache, object);
	}
}

static void expect_tally(struct kunit *test, int allocs, int frees)
{
	struct tally *t = test->priv;

	KUNIT_EXPECT_EQ(test, atomic_read(&t->allocs), allocs);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->frees), frees);
}

static void find_by_name(struct kunit *test)
{
	static const char * const names[] = {
		"sched_switch", "kmem_cache_alloc", "kmem_cache_free",
		"contention_begin",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct tracepoint *tp = kobs_tracepoint_find(names[i]);

		KUNIT_ASSERT_NOT_NULL_MSG(test, tp, "%s", names[i]);
		KUNIT_EXPECT_STREQ(test, tp->name, names[i]);
	}
	KUNIT_EXPECT_NULL(test, kobs_tracepoint_find(NO_TRACEPOINT));
	KUNIT_EXPECT_NULL(test, kobs_tracepoint_find("sched_switc"));
	KUNIT_EXPECT_NULL(test, kobs_tracepoint_find("sched_switch2"));
	KUNIT_EXPECT_NULL(test, kobs_tracepoint_find(""));
}

static void probes_run_while_attached(struct kunit *test)
{
	struct kobs_probe probes[] = {
		{ .name = "kmem_cache_alloc", .probe = on_alloc },
		{ .name = "kmem_cache_free", .probe = on_free },
	};
	const char *failed = NULL;
	int err;

	churn(test->priv, 10);
	expect_tally(test, 0, 0);
	err = kobs_tracepoint_attach(probes, 2, test->priv, &failed);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_NULL(test, failed);
	churn(test->priv, 100);
	expect_tally(test, 100, 100);
	kobs_tracepoint_detach(probes, 2, test->priv);
	churn(test->priv, 10);
	expect_tally(test, 100, 100);
}

/* As for a session that is stopped and started again. */
static void attach_again(struct kunit *test)
{
	struct kobs_probe probe = { .name = "kmem_cache_free",
				    .probe = on_free };
	const char *failed = NULL;
	int i;

	for (i = 1; i <= 5; i++) {
		KUNIT_ASSERT_EQ(test, 0, kobs_tracepoint_attach(&probe, 1,
								test->priv,
								&failed));
		churn(test->priv, 3);
		kobs_tracepoint_detach(&probe, 1, test->priv);
		churn(test->priv, 3);
		expect_tally(test, 0, 3 * i);
	}
}

/* Two sessions on one tracepoint count each for itself. */
static void two_sessions(struct kunit *test)
{
	struct kobs_probe a = { .name = "kmem_cache_free", .probe = on_free };
	struct kobs_probe b = a;
	struct tally *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct tally *t = test->priv;
	const char *failed = NULL;

	KUNIT_ASSERT_NOT_NULL(test, other);
	other->cache = t->cache;
	KUNIT_ASSERT_EQ(test, 0, kobs_tracepoint_attach(&a, 1, t, &failed));
	churn(t, 2);
	if (kobs_tracepoint_attach(&b, 1, other, &failed)) {
		kobs_tracepoint_detach(&a, 1, t);
		KUNIT_FAIL(test, "the second one was refused");
		return;
	}
	churn(t, 3);
	kobs_tracepoint_detach(&a, 1, t);
	churn(t, 4);
	kobs_tracepoint_detach(&b, 1, other);
	churn(t, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->frees), 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&other->frees), 7);
}

/* Whichever of them fails, none stays attached. */
static void all_or_none(struct kunit *test)
{
	unsigned int bad;

	for (bad = 0; bad < 3; bad++) {
		struct kobs_probe probes[] = {
			{ .name = "kmem_cache_alloc", .probe = on_alloc },
			{ .name = "kmem_cache_free", .probe = on_free },
			{ .name = "kmem_cache_alloc", .probe = on_free },
		};
		const char *failed = NULL;
		int err;

		probes[bad].name = NO_TRACEPOINT;
		err = kobs_tracepoint_attach(probes, bad + 1, test->priv,
					     &failed);
		KUNIT_EXPECT_EQ(test, err, -ENOENT);
		KUNIT_EXPECT_STREQ(test, failed, NO_TRACEPOINT);
		churn(test->priv, 10);
		expect_tally(test, 0, 0);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(find_by_name),
	KUNIT_CASE(probes_run_while_attached),
	KUNIT_CASE(attach_again),
	KUNIT_CASE(two_sessions),
	KUNIT_CASE(all_or_none),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_tracepoint",
	.init = tracepoint_init,
	.exit = tracepoint_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
