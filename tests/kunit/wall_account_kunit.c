// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the account of a thread's time: each nanosecond is in exactly one
 * class, whichever events come, and which class it is.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "sources/wall/account.h"

#define ZERO	1000
#define EVENTS	20000

static bool change(struct kobs_wall_account *a, u8 event, u8 next, u64 now,
		   u64 stolen)
{
	struct kobs_wall_change c = {
		.now = now, .zero = ZERO, .stolen = stolen,
		.event = event, .next = next,
	};

	return kobs_wall_change(a, &c);
}

static u64 total(const struct kobs_wall_account *a)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < WALL_CLASSES; i++)
		sum += a->of[i].ns;
	return sum;
}

/* The sum of the classes, with the interval in progress, is the lifetime. */
static void expect_equal(struct kunit *test, const struct kobs_wall_account *a,
			 u64 zero, u64 now)
{
	struct kobs_wall_account copy = *a;
	u64 end;

	kobs_wall_settle(&copy, zero, now, &end);
	KUNIT_EXPECT_EQ(test, total(&copy) + end - copy.since, end - copy.begin);
	KUNIT_EXPECT_GE(test, copy.begin, zero);
	KUNIT_EXPECT_GE(test, end, copy.begin);
	KUNIT_EXPECT_NE(test, copy.state, WALL_UNKNOWN);
}

static void a_life(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 2000, WALL_WOKEN);
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 2010, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_SLEEP, 2110, 30));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2610, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 2615, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_PREEMPTED, 2625, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 2628, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_GONE, 2629, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_WOKEN].ns, 15);
	KUNIT_EXPECT_EQ(test, a.of[WALL_WOKEN].count, 2);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].ns, 70 + 10 + 1);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].count, 3);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].min, 1);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].max, 70);
	KUNIT_EXPECT_EQ(test, a.of[WALL_IRQ].ns, 30);
	KUNIT_EXPECT_EQ(test, a.of[WALL_IRQ].count, 1);
	KUNIT_EXPECT_EQ(test, a.of[WALL_SLEEP].ns, 500);
	KUNIT_EXPECT_EQ(test, a.of[WALL_PREEMPTED].ns, 3);
	KUNIT_EXPECT_EQ(test, a.missed, 0);
	expect_equal(test, &a, ZERO, 9999);
	/* Nothing changes it any more. */
	KUNIT_EXPECT_FALSE(test, change(&a, WALL_WAKE, WALL_WOKEN, 3000, 0));
	KUNIT_EXPECT_FALSE(test, change(&a, WALL_IN, WALL_RUN, 3000, 0));
	KUNIT_EXPECT_EQ(test, total(&a), 629);
	KUNIT_EXPECT_EQ(test, a.since, 2629);
}

/* A thread that can run already is woken up: nothing changes. */
static void double_wakeup(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 2000, WALL_SLEEP);
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2100, 0));
	KUNIT_EXPECT_FALSE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2200, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 2300, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_SLEEP].ns, 100);
	KUNIT_EXPECT_EQ(test, a.of[WALL_WOKEN].ns, 200);
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_PREEMPTED, 2400, 0));
	KUNIT_EXPECT_FALSE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2450, 0));
	KUNIT_EXPECT_EQ(test, a.state, WALL_PREEMPTED);
	KUNIT_EXPECT_EQ(test, a.missed, 0);
	expect_equal(test, &a, ZERO, 2500);
}

/* Events that do not follow from the one before are counted. */
static void missed_events(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 2000, WALL_SLEEP);
	/* The wake-up. */
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 2100, 0));
	KUNIT_EXPECT_EQ(test, a.missed, 1);
	/* The switch-out. */
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2200, 0));
	KUNIT_EXPECT_EQ(test, a.missed, 2);
	/* The switch-in. */
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_DISK, 2300, 0));
	KUNIT_EXPECT_EQ(test, a.missed, 3);
	KUNIT_EXPECT_EQ(test, a.of[WALL_SLEEP].ns, 100);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].ns, 100);
	KUNIT_EXPECT_EQ(test, a.of[WALL_WOKEN].ns, 100);
	expect_equal(test, &a, ZERO, 2400);
}

/* A clock of another CPU that is behind. */
static void time_goes_back(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 2000, WALL_RUN);
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_SLEEP, 2100, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2090, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_SLEEP].ns, 0);
	KUNIT_EXPECT_EQ(test, a.of[WALL_SLEEP].count, 1);
	KUNIT_EXPECT_EQ(test, a.since, 2100);
	expect_equal(test, &a, ZERO, 2050);
}

/* More than the interval cannot be taken from it. */
static void interrupts(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 2000, WALL_RUN);
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_PREEMPTED, 2100, 500));
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].ns, 0);
	KUNIT_EXPECT_EQ(test, a.of[WALL_IRQ].ns, 100);
	/* Only a thread that runs can be interrupted. */
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 2200, 50));
	KUNIT_EXPECT_EQ(test, a.of[WALL_IRQ].ns, 100);
	KUNIT_EXPECT_EQ(test, a.of[WALL_PREEMPTED].ns, 100);
}

static const struct first {
	u8 guess;
	u8 event;
	u8 next;
	u8 was;
} firsts[] = {
	{ WALL_UNKNOWN, WALL_OUT, WALL_SLEEP, WALL_RUN },
	{ WALL_RUN, WALL_OUT, WALL_PREEMPTED, WALL_RUN },
	{ WALL_PREEMPTED, WALL_OUT, WALL_DISK, WALL_RUN },
	{ WALL_UNKNOWN, WALL_IN, WALL_RUN, WALL_WOKEN },
	{ WALL_PREEMPTED, WALL_IN, WALL_RUN, WALL_PREEMPTED },
	{ WALL_WOKEN, WALL_IN, WALL_RUN, WALL_WOKEN },
	{ WALL_RUN, WALL_IN, WALL_RUN, WALL_WOKEN },
	{ WALL_UNKNOWN, WALL_WAKE, WALL_WOKEN, WALL_WOKEN },
	{ WALL_PREEMPTED, WALL_WAKE, WALL_WOKEN, WALL_PREEMPTED },
	{ WALL_SYSTEM, WALL_OUT, WALL_SLEEP, WALL_SYSTEM },
	{ WALL_RUN, WALL_ENTER, WALL_SYSTEM, WALL_RUN },
	{ WALL_RUN, WALL_LEAVE, WALL_RUN, WALL_SYSTEM },
};

/* The first event tells what a thread did that was there before. */
static void first_event(struct kunit *test)
{
	struct kobs_wall_account a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(firsts); i++) {
		const struct first *f = &firsts[i];

		kobs_wall_begin(&a, 500, WALL_UNKNOWN);
		a.guess = f->guess;
		KUNIT_EXPECT_TRUE(test, change(&a, f->event, f->next, 1250, 0));
		KUNIT_EXPECT_EQ(test, a.of[f->was].ns, 250);
		KUNIT_EXPECT_EQ(test, a.of[f->was].count, 1);
		KUNIT_EXPECT_EQ(test, a.begin, ZERO);
		KUNIT_EXPECT_EQ(test, a.missed, 0);
		expect_equal(test, &a, ZERO, 2000);
	}
}

/* A thread enters and leaves system calls while it runs. */
static void system_calls(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 2000, WALL_RUN);
	/* It was in this one before. */
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_LEAVE, WALL_RUN, 2010, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_ENTER, WALL_SYSTEM, 2030, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_SLEEP, 2060, 10));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 2100, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_SYSTEM, 2150, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_LEAVE, WALL_RUN, 2157, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_GONE, 2158, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_SYSTEM].ns, 10 + 20 + 7);
	KUNIT_EXPECT_EQ(test, a.of[WALL_SYSTEM].count, 3);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].ns, 20 + 1);
	KUNIT_EXPECT_EQ(test, a.of[WALL_IRQ].ns, 10);
	KUNIT_EXPECT_EQ(test, a.missed, 0);
	expect_equal(test, &a, ZERO, 3000);
}

/* Without an event it is what it was found to be. */
static void no_event(struct kunit *test)
{
	static const u8 guesses[] = {
		WALL_UNKNOWN, WALL_RUN, WALL_PREEMPTED, WALL_GONE
	};
	static const u8 are[] = {
		WALL_RUN, WALL_RUN, WALL_PREEMPTED, WALL_GONE
	};
	struct kobs_wall_account a;
	unsigned int i;
	u64 end;

	for (i = 0; i < ARRAY_SIZE(guesses); i++) {
		kobs_wall_begin(&a, 500, WALL_UNKNOWN);
		a.guess = guesses[i];
		kobs_wall_settle(&a, ZERO, 5000, &end);
		KUNIT_EXPECT_EQ(test, a.state, are[i]);
		KUNIT_EXPECT_EQ(test, a.since, ZERO);
		KUNIT_EXPECT_EQ(test, end, are[i] == WALL_GONE ? ZERO : 5000);
	}
	/* What seemed to have ended has an event all the same. */
	kobs_wall_begin(&a, 500, WALL_UNKNOWN);
	a.guess = WALL_GONE;
	KUNIT_EXPECT_TRUE(test, kobs_wall_is_gone(&a));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_GONE, 1300, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].ns, 300);
	expect_equal(test, &a, ZERO, 2000);
	KUNIT_EXPECT_TRUE(test, kobs_wall_is_gone(&a));
}

/* Events before the session change the state, and count for nothing. */
static void before_the_session(struct kunit *test)
{
	struct kobs_wall_change c = {
		.now = 400, .zero = U64_MAX, .event = WALL_OUT, .next = WALL_SLEEP,
	};
	struct kobs_wall_account a;
	u64 end;

	kobs_wall_begin(&a, 300, WALL_UNKNOWN);
	KUNIT_EXPECT_FALSE(test, kobs_wall_change(&a, &c));
	KUNIT_EXPECT_EQ(test, total(&a), 0);
	KUNIT_EXPECT_EQ(test, a.of[WALL_RUN].count, 0);
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 1400, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_SLEEP].ns, 400);
	KUNIT_EXPECT_EQ(test, a.begin, ZERO);
	expect_equal(test, &a, ZERO, 1500);
	/* One that has ended before has no time. */
	kobs_wall_begin(&a, 300, WALL_RUN);
	c.event = WALL_OUT;
	c.next = WALL_GONE;
	KUNIT_EXPECT_FALSE(test, kobs_wall_change(&a, &c));
	kobs_wall_settle(&a, ZERO, 5000, &end);
	KUNIT_EXPECT_EQ(test, end, a.begin);
	/*
	 * A handler that has read the time after the begin, and did not see that
	 * begin yet: the account begins with it.
	 */
	kobs_wall_begin(&a, 300, WALL_RUN);
	c.now = 1100;
	c.next = WALL_SLEEP;
	KUNIT_EXPECT_FALSE(test, kobs_wall_change(&a, &c));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_WAKE, WALL_WOKEN, 1200, 0));
	KUNIT_EXPECT_EQ(test, a.begin, 1100);
	KUNIT_EXPECT_EQ(test, total(&a), 100);
	expect_equal(test, &a, ZERO, 1300);
}

/* A thread is created in the session. */
static void born(struct kunit *test)
{
	struct kobs_wall_account a;

	kobs_wall_begin(&a, 3000, WALL_WOKEN);
	expect_equal(test, &a, ZERO, 3000);
	expect_equal(test, &a, ZERO, 3500);
	/* It is killed before it ran in user space. */
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_IN, WALL_RUN, 3600, 0));
	KUNIT_EXPECT_TRUE(test, change(&a, WALL_OUT, WALL_GONE, 3600, 0));
	KUNIT_EXPECT_EQ(test, a.of[WALL_WOKEN].ns, 600);
	expect_equal(test, &a, ZERO, 9000);
}

/* Whatever comes, in whichever order: the sum is the lifetime. */
static void any_order(struct kunit *test)
{
	static const u8 nexts[][4] = {
		[WALL_OUT] = { WALL_PREEMPTED, WALL_SLEEP, WALL_DISK, WALL_OTHER },
		[WALL_IN] = { WALL_RUN, WALL_RUN, WALL_RUN, WALL_RUN },
		[WALL_WAKE] = { WALL_WOKEN, WALL_WOKEN, WALL_WOKEN, WALL_WOKEN },
		[WALL_ENTER] = { WALL_SYSTEM, WALL_SYSTEM, WALL_SYSTEM, WALL_SYSTEM },
		[WALL_LEAVE] = { WALL_RUN, WALL_RUN, WALL_RUN, WALL_RUN },
	};
	struct kobs_wall_account a, same;
	unsigned int steps = 0;
	struct rnd_state rnd;
	u64 now = 100;
	unsigned int i;

	prandom_seed_state(&rnd, 16);
	kobs_wall_begin(&a, now, WALL_UNKNOWN);
	for (i = 0; i < EVENTS; i++) {
		u32 r = prandom_u32_state(&rnd);
		u8 event = r % 5;
		struct kobs_wall_change c = {
			.zero = now < ZERO ? U64_MAX : ZERO,
			.stolen = r >> 8 & 0xff,
			.event = event,
			.next = nexts[event][r >> 16 & 3],
		};

		struct kobs_wall_change also;

		now += r >> 20 & 0xff;
		c.now = now - (r >> 28 & 7);
		also = c;
		same = a;
		kobs_wall_change(&a, &c);
		/* The step that handlers take does the same, or nothing. */
		if (kobs_wall_step(&same, &also)) {
			steps++;
			KUNIT_EXPECT_MEMEQ(test, &same, &a, sizeof(a));
			KUNIT_EXPECT_MEMEQ(test, &also, &c, sizeof(c));
		}
		if (now >= ZERO)
			expect_equal(test, &a, ZERO, now);
	}
	KUNIT_EXPECT_GE(test, steps, EVENTS / 8);
	change(&a, WALL_OUT, WALL_GONE, now + 10, 0);
	expect_equal(test, &a, ZERO, now + 1000);
	KUNIT_EXPECT_EQ(test, total(&a), a.since - a.begin);
}

static struct kunit_case wall_account_cases[] = {
	KUNIT_CASE(a_life),
	KUNIT_CASE(double_wakeup),
	KUNIT_CASE(missed_events),
	KUNIT_CASE(time_goes_back),
	KUNIT_CASE(interrupts),
	KUNIT_CASE(first_event),
	KUNIT_CASE(system_calls),
	KUNIT_CASE(no_event),
	KUNIT_CASE(before_the_session),
	KUNIT_CASE(born),
	KUNIT_CASE(any_order),
	{}
};

static struct kunit_suite wall_account_suite = {
	.name = "kobs_wall_account",
	.test_cases = wall_account_cases,
};

kunit_test_suite(wall_account_suite);
