// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of precise events: which attributes keep their records from being
 * collected behind the overflow handler, which frames of a driver's call chain are
 * the kernel stack, and which registers are no start for an unwinder.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "sources/pmu/precise.h"

#define FRAMES	8
#define KIP	0xffffffff81000010UL
#define K(n)	(0xffffffff81000000ULL + (n))
#define MARK_K	PERF_CONTEXT_KERNEL
#define MARK_U	PERF_CONTEXT_USER

/* Sample types that a record has by itself on every CPU, and on some. */
#define ALWAYS	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_PERIOD)
#define MOST	(ALWAYS | PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_TIME |		\
		 PERF_SAMPLE_REGS_INTR)

/* The condition of intel_pmu_hw_config() for PERF_X86_EVENT_LARGE_PEBS. */
static bool collected(const struct perf_event_attr *a, u64 has)
{
	return a->precise_ip && !a->freq &&
	       !(a->wakeup_events && !a->watermark) &&
	       !(a->sample_type & ~has);
}

static void records_come_one_by_one(struct kunit *test)
{
	static const u64 types[] = { 0, PERF_SAMPLE_BRANCH_STACK };
	unsigned int precise, frames, i;

	for (precise = 1; precise <= 3; precise++)
		for (frames = 0; frames <= 64; frames += 64)
			for (i = 0; i < ARRAY_SIZE(types); i++) {
				struct perf_event_attr a = {
					.precise_ip = precise,
					.sample_period = 100003,
					.sample_type = types[i],
				};

				KUNIT_EXPECT_TRUE(test, collected(&a, MOST));
				kobs_precise_attr(&a, frames);
				KUNIT_EXPECT_FALSE(test, collected(&a, MOST));
				KUNIT_EXPECT_FALSE(test, collected(&a, U64_MAX));
				KUNIT_EXPECT_EQ(test, a.sample_type &
						~PERF_SAMPLE_CALLCHAIN, types[i]);
			}
}

static void stacks_are_asked_for(struct kunit *test)
{
	struct perf_event_attr a = { .precise_ip = 1 };

	kobs_precise_attr(&a, 0);
	KUNIT_EXPECT_EQ(test, a.sample_type, 0);
	kobs_precise_attr(&a, 64);
	KUNIT_EXPECT_EQ(test, a.sample_type, PERF_SAMPLE_CALLCHAIN);
	KUNIT_EXPECT_EQ(test, a.sample_max_stack, 64);
	KUNIT_EXPECT_TRUE(test, a.exclude_callchain_user);
	KUNIT_EXPECT_FALSE(test, a.exclude_callchain_kernel);
	/* Branches are limited by it, too. */
	a.sample_max_stack = 127;
	kobs_precise_attr(&a, 64);
	KUNIT_EXPECT_EQ(test, a.sample_max_stack, 127);
}

static void others_are_left_alone(struct kunit *test)
{
	struct perf_event_attr a = { .sample_period = 1 };
	struct perf_event_attr b = a;

	kobs_precise_attr(&a, 64);
	KUNIT_EXPECT_MEMEQ(test, &a, &b, sizeof(a));
}

static void nothing_stays_when_dropped(struct kunit *test)
{
	struct perf_event_attr a = { .precise_ip = 2, .sample_period = 1 };
	struct perf_event_attr b = a;

	b.precise_ip = 0;
	kobs_precise_attr(&a, 64);
	kobs_precise_drop(&a);
	KUNIT_EXPECT_MEMEQ(test, &a, &b, sizeof(a));
}

static void software_has_no_driver(struct kunit *test)
{
	static const u32 types[] = { PERF_TYPE_SOFTWARE, PERF_TYPE_TRACEPOINT,
				     PERF_TYPE_BREAKPOINT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct perf_event_attr a = { .type = types[i], .precise_ip = 2,
					     .sample_period = 1 };

		kobs_precise_attr(&a, 64);
		KUNIT_EXPECT_EQ(test, a.sample_type, 0);
		KUNIT_EXPECT_EQ(test, a.sample_max_stack, 0);
	}
}

struct chain {
	const char *desc;
	u64 nr;
	u64 chain[10];
	unsigned int n;
	unsigned long ips[FRAMES];
};

static const struct chain chains[] = {
	{ "both kinds", 7, { MARK_K, K(1), K(2), K(3), MARK_U, 0x401000, 0x402000 },
	  3, { K(1), K(2), K(3) } },
	{ "the kernel's only", 2, { MARK_K, K(1) }, 1, { K(1) } },
	{ "the user's only", 2, { MARK_U, 0x401000 }, 1, { KIP } },
	{ "none", 0, {}, 1, { KIP } },
	{ "a mark only", 1, { MARK_K }, 1, { KIP } },
	{ "the user's first", 4, { MARK_U, 0x401000, MARK_K, K(1) }, 1, { K(1) } },
	{ "another kind", 5, { MARK_K, K(1), PERF_CONTEXT_GUEST_KERNEL, K(2), K(3) },
	  1, { K(1) } },
	{ "no mark", 2, { K(1), K(2) }, 1, { KIP } },
	{ "more than there is room for", 10,
	  { MARK_K, K(1), K(2), K(3), K(4), K(5), K(6), K(7), K(8), K(9) },
	  FRAMES, { K(1), K(2), K(3), K(4), K(5), K(6), K(7), K(8) } },
};

KUNIT_ARRAY_PARAM_DESC(chain, chains, desc);

static void kernel_stack(struct kunit *test)
{
	const struct chain *c = test->param_value;
	unsigned long ips[FRAMES + 1];
	unsigned int i, n;

	ips[FRAMES] = 7;
	n = kobs_precise_chain(c->chain, c->nr, KIP, ips, FRAMES);
	KUNIT_ASSERT_EQ(test, n, c->n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, ips[i], c->ips[i]);
	KUNIT_EXPECT_EQ(test, ips[FRAMES], 7);
	KUNIT_EXPECT_EQ(test, kobs_precise_chain(c->chain, c->nr, KIP, ips, 1), 1);
	KUNIT_EXPECT_EQ(test, ips[0], c->ips[0]);
}

static void registers_of_one_place(struct kunit *test)
{
	static const unsigned long kernel_sp = 0xffffc90000003f58;
	static const unsigned long user_sp = 0x7ffe12345678;
	static const struct {
		bool user;
		unsigned long ip, sp;
		bool fit;
	} regs[] = {
		{ false, KIP, kernel_sp, true },
		{ true, 0x401000, user_sp, true },
		/* The record's IP is the kernel's, and the stack not yet. */
		{ false, KIP, user_sp, false },
		{ false, KIP, 0, false },
		{ false, 0x401000, kernel_sp, false },
		{ false, 0x401000, user_sp, false },
		{ true, KIP, user_sp, false },
		/* The stack is the kernel's already: it is not looked at. */
		{ true, 0x401000, kernel_sp, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		KUNIT_EXPECT_EQ_MSG(test, kobs_precise_fit(regs[i].user, regs[i].ip,
							   regs[i].sp),
				    regs[i].fit, "registers %u", i);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(records_come_one_by_one),
	KUNIT_CASE(stacks_are_asked_for),
	KUNIT_CASE(others_are_left_alone),
	KUNIT_CASE(software_has_no_driver),
	KUNIT_CASE(nothing_stays_when_dropped),
	KUNIT_CASE_PARAM(kernel_stack, chain_gen_params),
	KUNIT_CASE(registers_of_one_place),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_precise",
	.test_cases = cases,
};

kunit_test_suite(suite);
