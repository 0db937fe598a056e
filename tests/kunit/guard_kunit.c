// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the guard: which windows disarm a session, by its hits and by calls that
 * are none, and which hits are hits in the session's own handler. The clock, the
 * hits, their cost and their contexts are simulated.
 */
#include <kunit/test.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/time64.h>
#include <linux/uaccess.h>

#include "core/hit.h"

#define BUDGET	25

/* Hits per window, the cost that uses up the budget, and an expensive hit. */
#define HITS	5120
#define WINDOW	(250 * NSEC_PER_MSEC)
#define FULL	(WINDOW / HITS * BUDGET / 100)
#define DEAR	(50 * NSEC_PER_MSEC)

struct guarded {
	struct kobs_session session;
	struct kobs_cpu cpu;
	u64 now;
};

static struct guarded *guarded_new(struct kunit *test)
{
	struct guarded *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	mutex_init(&g->session.change);
	mutex_init(&g->session.lock);
	kobs_guard_init(&g->session);
	g->session.budget = BUDGET;
	g->session.armed = true;
	g->now = NSEC_PER_SEC;
	/* The first timed hit opens the first window. */
	kobs_guard_check(&g->session, &g->cpu, g->now, 0);
	return g;
}

static void guarded_done(struct guarded *g)
{
	kobs_guard_sync(&g->session);
	mutex_destroy(&g->session.lock);
	mutex_destroy(&g->session.change);
}

/* A window with five timed hits, @dear of which were interrupted. */
static void window(struct guarded *g, u64 cost, unsigned int dear)
{
	unsigned int i;

	local64_add(HITS, &g->cpu.counters.n[KOBS_N_HITS]);
	for (i = 0; i < 5; i++) {
		g->now += WINDOW / 5;
		kobs_guard_check(&g->session, &g->cpu, g->now,
				 i < dear ? DEAR : cost);
	}
}

/* The same of calls that are no hits. */
static void window_of_calls(struct guarded *g, u64 cost)
{
	unsigned int i;

	local64_add(HITS, &g->cpu.counters.n[KOBS_N_CALLS]);
	for (i = 0; i < 5; i++) {
		g->now += WINDOW / 5;
		kobs_guard_check_call(&g->session, &g->cpu, g->now, cost);
	}
}

static void above_in_two_windows(struct kunit *test)
{
	struct guarded *g = guarded_new(test);

	window(g, 2 * FULL, 0);
	KUNIT_EXPECT_TRUE(test, g->session.armed);
	window(g, 2 * FULL, 0);
	KUNIT_EXPECT_FALSE(test, g->session.armed);
	KUNIT_EXPECT_EQ(test, g->session.disarmed, g->now);
	KUNIT_EXPECT_GE(test, g->session.guard_cost, 2 * BUDGET - 1);
	KUNIT_EXPECT_LE(test, g->session.guard_cost, 2 * BUDGET);
	guarded_done(g);
}

/* A hundred windows; @dear or @other hits are interrupted, alternating. */
static void keeps_armed(struct kunit *test, u64 cost, unsigned int dear,
			unsigned int other)
{
	struct guarded *g = guarded_new(test);
	unsigned int i;

	for (i = 0; i < 100; i++)
		window(g, cost, i % 2 ? dear : other);
	KUNIT_EXPECT_TRUE(test, g->session.armed);
	KUNIT_EXPECT_EQ(test, g->session.guard_cost, 0);
	guarded_done(g);
}

static void within_the_budget(struct kunit *test)
{
	keeps_armed(test, FULL, 0, 0);
}

static void one_dear_hit_does_not_count(struct kunit *test)
{
	keeps_armed(test, FULL / 2, 1, 1);
}

/* Steal time: a hypervisor takes the CPU away in the middle of hits. */
static void several_dear_hits_now_and_then(struct kunit *test)
{
	keeps_armed(test, FULL / 2, 4, 0);
}

static void no_budget_no_guard(struct kunit *test)
{
	struct guarded *g = guarded_new(test);
	unsigned int i;

	g->session.budget = 0;
	for (i = 0; i < 10; i++)
		window(g, 100 * FULL, 0);
	KUNIT_EXPECT_TRUE(test, g->session.armed);
	guarded_done(g);
}

static void cost_is_added_up(struct kunit *test)
{
	struct guarded *g = guarded_new(test);
	const local64_t *n = g->cpu.counters.n;

	window(g, 100, 0);
	window(g, 200, 0);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_TIMED]), 11);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_COST]), 1500);
	guarded_done(g);
}

static void calls_above_in_two_windows(struct kunit *test)
{
	struct guarded *g = guarded_new(test);
	const local64_t *n = g->cpu.counters.n;

	window_of_calls(g, 2 * FULL);
	KUNIT_EXPECT_TRUE(test, g->session.armed);
	window_of_calls(g, 2 * FULL);
	KUNIT_EXPECT_FALSE(test, g->session.armed);
	KUNIT_EXPECT_GE(test, g->session.guard_cost, 2 * BUDGET - 1);
	KUNIT_EXPECT_LE(test, g->session.guard_cost, 2 * BUDGET);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_CALLS_TIMED]), 10);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_CALLS_COST]), 20 * FULL);
	/* That of the rig. */
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_TIMED]), 1);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_COST]), 0);
	guarded_done(g);
}

/* A window of both, of which either alone is within the budget. */
static void hits_and_calls_together(struct kunit *test)
{
	struct guarded *g = guarded_new(test);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, g->session.armed);
		local64_add(HITS, &g->cpu.counters.n[KOBS_N_CALLS]);
		window(g, FULL * 6 / 10, 0);
	}
	KUNIT_EXPECT_FALSE(test, g->session.armed);
	KUNIT_EXPECT_GE(test, g->session.guard_cost, BUDGET * 12 / 10 - 1);
	KUNIT_EXPECT_LE(test, g->session.guard_cost, BUDGET * 12 / 10);
	guarded_done(g);
}

/* The 16th call and each 1,024th after it is timed, of a session that is armed. */
static void calls_are_sampled(struct kunit *test)
{
	struct guarded *g = guarded_new(test);
	const local64_t *n = g->cpu.counters.n;
	unsigned int i, timed = 0, wrong = 0;

	preempt_disable();
	for (i = 1; i <= 3 * KOBS_HIT_SAMPLE; i++) {
		u64 t0 = kobs_hit_call_begin(&g->session, &g->cpu);

		wrong += !!t0 != (i % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST);
		timed += !!t0;
		kobs_hit_call_end(&g->session, &g->cpu, t0);
	}
	for (i = 0; i < KOBS_HIT_SAMPLE; i++)
		kobs_hit_call(&g->session, &g->cpu, ktime_get_mono_fast_ns());
	g->session.armed = false;
	for (i = 0; i < KOBS_HIT_SAMPLE; i++) {
		wrong += !!kobs_hit_call_begin(&g->session, &g->cpu);
		kobs_hit_call(&g->session, &g->cpu, 1);
	}
	preempt_enable();
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, timed, 3);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_CALLS]), 4 * KOBS_HIT_SAMPLE);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_CALLS_TIMED]), 4);
	KUNIT_EXPECT_EQ(test, local64_read(&n[KOBS_N_HITS]), 0);
	guarded_done(g);
}

/*
 * Handlers that interrupt each other, outermost first.
 * @steps: how each begins: (t) in the same context, (b) with bottom halves off,
 *         (o) with interrupts off, in a (f) page fault while they are disabled,
 *         in a (s) softirq, (h) hardirq, (n) NMI
 * @enters: for each, + when its hit counts, - when it is a recursion
 */
static const struct nesting {
	const char *name;
	const char *steps;
	const char *enters;
} nestings[] = {
	{ "one in each context", "tshn", "++++" },
	{ "NMIs that nest", "tnn", "+++" },
	{ "a hook of its own, in a task", "ttt", "+--" },
	{ "the same with bottom halves off", "btb", "+--" },
	{ "the same with interrupts off", "oo", "+-" },
	{ "a page fault of its own", "tff", "+--" },
	{ "a hook of its own, in a softirq", "tst", "++-" },
	{ "a hook of its own, in a hardirq", "thoo", "++--" },
	{ "a hook of its own, in an NMI", "no", "+-" },
	{ "begin and end of a hardirq in a task", "toon", "++-+" },
	{ "begin and end of a hardirq in a softirq", "tsoo", "+++-" },
	{ "contexts without room", "tsohn", "++++-" },
};

#define NESTING_MAX	8

static bool irqs_go_off(char step)
{
	return strchr("ofhn", step);
}

static void nesting_begin(char step, unsigned int *add)
{
	if (step == 'f')
		pagefault_disable();
	*add = step == 'b' ? 2 * SOFTIRQ_OFFSET :
	       step == 's' ? SOFTIRQ_OFFSET :
	       step == 'h' ? HARDIRQ_OFFSET :
	       step == 'n' ? NMI_OFFSET + HARDIRQ_OFFSET : 0;
	__preempt_count_add(*add);
}

/* Sets @entered to what happens, as in @n->enters. */
static void nesting_run(struct kobs_session *s, const struct nesting *n,
			char *entered)
{
	struct kobs_cpu *pc[NESTING_MAX];
	unsigned int add[NESTING_MAX];
	unsigned long flags[NESTING_MAX];
	unsigned int i, steps = strlen(n->steps);

	preempt_disable();
	for (i = 0; i < steps; i++) {
		if (irqs_go_off(n->steps[i]))
			raw_local_irq_save(flags[i]);
		nesting_begin(n->steps[i], &add[i]);
		pc[i] = kobs_hit_enter(s);
		entered[i] = pc[i] ? '+' : '-';
	}
	while (i--) {
		if (pc[i])
			kobs_hit_leave(pc[i]);
		if (n->steps[i] == 'f')
			pagefault_enable();
		__preempt_count_sub(add[i]);
		if (irqs_go_off(n->steps[i]))
			raw_local_irq_restore(flags[i]);
	}
	preempt_enable();
}

static u64 lost(const struct kobs_session *s)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += local64_read(&per_cpu_ptr(s->cpu, cpu)->counters
				    .n[KOBS_N_RECURSION]);
	return sum;
}

static void one_handler_per_context(struct kunit *test)
{
	struct kobs_session *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	u64 expected = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->cpu = alloc_percpu(struct kobs_cpu);
	KUNIT_ASSERT_TRUE(test, !!s->cpu);
	s->armed = true;
	for (i = 0; i < 2 * ARRAY_SIZE(nestings); i++) {
		const struct nesting *n = &nestings[i / 2];
		char entered[NESTING_MAX + 1] = "";
		const char *c;

		nesting_run(s, n, entered);
		KUNIT_EXPECT_STREQ_MSG(test, entered, n->enters, "%s", n->name);
		for (c = n->enters; *c; c++)
			expected += *c == '-';
	}
	KUNIT_EXPECT_EQ(test, lost(s), expected);
	free_percpu(s->cpu);
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE(above_in_two_windows),
	KUNIT_CASE(within_the_budget),
	KUNIT_CASE(one_dear_hit_does_not_count),
	KUNIT_CASE(several_dear_hits_now_and_then),
	KUNIT_CASE(no_budget_no_guard),
	KUNIT_CASE(cost_is_added_up),
	KUNIT_CASE(calls_above_in_two_windows),
	KUNIT_CASE(hits_and_calls_together),
	KUNIT_CASE(calls_are_sampled),
	KUNIT_CASE(one_handler_per_context),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "kobs_guard",
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);
