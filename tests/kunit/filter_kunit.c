// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the filter: matching, and capacity. Which control group a task is in
 * does its caller know.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "lib/filter.h"

#define WHO(_pid, _tid, _cpu, _comm) \
	{ .pid = _pid, .tid = _tid, .cpu = _cpu, .comm = _comm }

/* Lists end with 0 or NULL; CPUs are given plus one. */
struct filter_case {
	const char *desc;
	u32 pid[3];
	u32 tid[3];
	u32 cpu_1[3];
	const char *comm[4];
	u64 cgroup;
	struct kobs_who who;
	bool pass;
};

static const struct filter_case filter_cases[] = {
	{ .desc = "empty", .who = WHO(1, 1, 0, "init"), .pass = true },
	{ .desc = "empty, idle task", .who = WHO(0, 0, 1, "swapper/1"),
	  .pass = true },
	{ .desc = "pid", .pid = { 10 }, .who = WHO(10, 11, 0, "a"),
	  .pass = true },
	{ .desc = "pid is not tid", .pid = { 10 }, .who = WHO(11, 10, 0, "a") },
	{ .desc = "second pid", .pid = { 10, 12 }, .who = WHO(12, 1, 0, "a"),
	  .pass = true },
	{ .desc = "no such pid", .pid = { 10, 12 }, .who = WHO(11, 1, 0, "a") },
	{ .desc = "tid", .tid = { 11 }, .who = WHO(10, 11, 0, "a"),
	  .pass = true },
	{ .desc = "tid is not pid", .tid = { 11 }, .who = WHO(11, 12, 0, "a") },
	{ .desc = "largest pid", .pid = { U32_MAX },
	  .who = WHO(U32_MAX, 1, 0, "a"), .pass = true },
	{ .desc = "cpu 0", .cpu_1 = { 1 }, .who = WHO(1, 1, 0, "a"),
	  .pass = true },
	{ .desc = "other cpu", .cpu_1 = { 1 }, .who = WHO(1, 1, 1, "a") },
	{ .desc = "one of two cpus", .cpu_1 = { 1, 4 }, .who = WHO(1, 1, 3, "a"),
	  .pass = true },
	{ .desc = "comm", .comm = { "bash" }, .who = WHO(1, 1, 0, "bash"),
	  .pass = true },
	{ .desc = "comm is no prefix", .comm = { "bas" },
	  .who = WHO(1, 1, 0, "bash") },
	{ .desc = "comm is not longer", .comm = { "bash" },
	  .who = WHO(1, 1, 0, "bas") },
	{ .desc = "comm minds case", .comm = { "Bash" },
	  .who = WHO(1, 1, 0, "bash") },
	{ .desc = "glob star", .comm = { "kworker/*" },
	  .who = WHO(1, 1, 0, "kworker/0:1H"), .pass = true },
	{ .desc = "glob star of nothing", .comm = { "bash*" },
	  .who = WHO(1, 1, 0, "bash"), .pass = true },
	{ .desc = "glob star in the middle", .comm = { "k*r/0*" },
	  .who = WHO(1, 1, 0, "kworker/0:1H"), .pass = true },
	{ .desc = "glob of another", .comm = { "kworker/1*" },
	  .who = WHO(1, 1, 0, "kworker/0:1H") },
	{ .desc = "glob question mark", .comm = { "cpu?" },
	  .who = WHO(1, 1, 0, "cpu7"), .pass = true },
	{ .desc = "glob question mark is one", .comm = { "cpu?" },
	  .who = WHO(1, 1, 0, "cpu17") },
	{ .desc = "glob class", .comm = { "cpu[0-3]" },
	  .who = WHO(1, 1, 0, "cpu2"), .pass = true },
	{ .desc = "glob class of others", .comm = { "cpu[0-3]" },
	  .who = WHO(1, 1, 0, "cpu4") },
	{ .desc = "glob class negated", .comm = { "cpu[!0-3]" },
	  .who = WHO(1, 1, 0, "cpu4"), .pass = true },
	{ .desc = "glob escape", .comm = { "a\\*" },
	  .who = WHO(1, 1, 0, "ab") },
	{ .desc = "glob escape matches itself", .comm = { "a\\*" },
	  .who = WHO(1, 1, 0, "a*"), .pass = true },
	{ .desc = "glob star alone", .comm = { "*" }, .who = WHO(1, 1, 0, ""),
	  .pass = true },
	{ .desc = "third comm", .comm = { "a", "b", "c*" },
	  .who = WHO(1, 1, 0, "cat"), .pass = true },
	{ .desc = "none of three comms", .comm = { "a", "b", "c*" },
	  .who = WHO(1, 1, 0, "dog") },
	{ .desc = "15 characters", .comm = { "abcdefghijklmno" },
	  .who = WHO(1, 1, 0, "abcdefghijklmno"), .pass = true },
	{ .desc = "cgroup", .cgroup = 77,
	  .who = { .pid = 1, .tid = 1, .comm = "a", .in_cgroup = true },
	  .pass = true },
	{ .desc = "other cgroup", .cgroup = 77, .who = WHO(1, 1, 0, "a") },
	{ .desc = "cgroup, but other comm", .cgroup = 77, .comm = { "b" },
	  .who = { .pid = 1, .tid = 1, .comm = "a", .in_cgroup = true } },
	{ .desc = "comm, but other cgroup", .cgroup = 77, .comm = { "a" },
	  .who = WHO(1, 1, 0, "a") },
	{ .desc = "no cgroup asked for", .comm = { "a" },
	  .who = WHO(1, 1, 0, "a"), .pass = true },
	{ .desc = "all kinds", .pid = { 10 }, .tid = { 11 }, .cpu_1 = { 3 },
	  .comm = { "a*" }, .who = WHO(10, 11, 2, "ab"), .pass = true },
	{ .desc = "all kinds but pid", .pid = { 9 }, .tid = { 11 },
	  .cpu_1 = { 3 }, .comm = { "a*" }, .who = WHO(10, 11, 2, "ab") },
	{ .desc = "all kinds but tid", .pid = { 10 }, .tid = { 12 },
	  .cpu_1 = { 3 }, .comm = { "a*" }, .who = WHO(10, 11, 2, "ab") },
	{ .desc = "all kinds but cpu", .pid = { 10 }, .tid = { 11 },
	  .cpu_1 = { 2 }, .comm = { "a*" }, .who = WHO(10, 11, 2, "ab") },
	{ .desc = "all kinds but comm", .pid = { 10 }, .tid = { 11 },
	  .cpu_1 = { 3 }, .comm = { "b*" }, .who = WHO(10, 11, 2, "ab") },
};

KUNIT_ARRAY_PARAM_DESC(filter, filter_cases, desc);

static struct kobs_filter *filter_new(struct kunit *test)
{
	struct kobs_filter *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static void pass(struct kunit *test)
{
	const struct filter_case *c = test->param_value;
	struct kobs_filter *f = filter_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->pid) && c->pid[i]; i++)
		KUNIT_ASSERT_EQ(test, 0,
				kobs_filter_add(f->pid, &f->n_pid, c->pid[i]));
	for (i = 0; i < ARRAY_SIZE(c->tid) && c->tid[i]; i++)
		KUNIT_ASSERT_EQ(test, 0,
				kobs_filter_add(f->tid, &f->n_tid, c->tid[i]));
	for (i = 0; i < ARRAY_SIZE(c->cpu_1) && c->cpu_1[i]; i++)
		KUNIT_ASSERT_EQ(test, 0,
				kobs_filter_add(f->cpu, &f->n_cpu,
						c->cpu_1[i] - 1));
	for (i = 0; i < ARRAY_SIZE(c->comm) && c->comm[i]; i++)
		KUNIT_ASSERT_EQ(test, 0, kobs_filter_add_comm(f, c->comm[i]));
	if (c->cgroup)
		KUNIT_ASSERT_EQ(test, 0,
				kobs_filter_add_cgroup(f, c->cgroup, 2));
	KUNIT_EXPECT_EQ(test, kobs_filter_pass(f, &c->who), c->pass);
}

/* The next kind's list follows: nothing may be written there. */
static void list_is_bounded(struct kunit *test)
{
	struct kobs_filter *f = filter_new(test);
	struct kobs_who who = WHO(0, 0, 0, "a");
	unsigned int i;

	for (i = 0; i < KOBS_FILTER_MAX; i++)
		KUNIT_ASSERT_EQ(test, 0,
				kobs_filter_add(f->pid, &f->n_pid, 100 + i));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			kobs_filter_add(f->pid, &f->n_pid, 200));
	KUNIT_EXPECT_EQ(test, f->n_pid, KOBS_FILTER_MAX);
	KUNIT_EXPECT_EQ(test, f->tid[0], 0);
	KUNIT_EXPECT_EQ(test, f->n_tid, 0);
	for (i = 0; i < KOBS_FILTER_MAX; i++) {
		who.pid = 100 + i;
		KUNIT_EXPECT_TRUE(test, kobs_filter_pass(f, &who));
	}
	who.pid = 200;
	KUNIT_EXPECT_FALSE(test, kobs_filter_pass(f, &who));
}

static void comms_are_bounded(struct kunit *test)
{
	struct kobs_filter *f = filter_new(test);
	struct kobs_who who = WHO(0, 0, 0, "t31");
	char name[TASK_COMM_LEN];
	unsigned int i;

	for (i = 0; i < KOBS_FILTER_MAX; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		KUNIT_ASSERT_EQ(test, 0, kobs_filter_add_comm(f, name));
	}
	KUNIT_EXPECT_EQ(test, -ENOSPC, kobs_filter_add_comm(f, "t32"));
	KUNIT_EXPECT_EQ(test, f->n_comm, KOBS_FILTER_MAX);
	KUNIT_EXPECT_EQ(test, f->min, 0);
	KUNIT_EXPECT_TRUE(test, kobs_filter_pass(f, &who));
	who.comm = "t32";
	KUNIT_EXPECT_FALSE(test, kobs_filter_pass(f, &who));
}

static void comm_has_a_length(struct kunit *test)
{
	struct kobs_filter *f = filter_new(test);

	KUNIT_EXPECT_EQ(test, -EINVAL, kobs_filter_add_comm(f, ""));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kobs_filter_add_comm(f, "0123456789abcdef"));
	KUNIT_EXPECT_EQ(test, f->n_comm, 0);
	KUNIT_EXPECT_EQ(test, 0, kobs_filter_add_comm(f, "0123456789abcde"));
	KUNIT_EXPECT_EQ(test, 0, kobs_filter_add_comm(f, "x"));
	KUNIT_EXPECT_EQ(test, f->n_comm, 2);
	KUNIT_EXPECT_STREQ(test, f->comm[0], "0123456789abcde");
	KUNIT_EXPECT_STREQ(test, f->comm[1], "x");
}

/* They are kept in order, however they come. */
static void cgroups_are_found(struct kunit *test)
{
	static const u64 ids[] = { 77, 1, U64_MAX, 5, 1ULL << 32, 77, 6, 5 };
	static const u64 ordered[] = { 1, 5, 6, 77, 1ULL << 32, U64_MAX };
	struct kobs_filter *f = filter_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		KUNIT_ASSERT_EQ(test, 0,
				kobs_filter_add_cgroup(f, ids[i], i % 3));
	KUNIT_ASSERT_EQ(test, f->n_cgroup, ARRAY_SIZE(ordered));
	for (i = 0; i < ARRAY_SIZE(ordered); i++) {
		KUNIT_EXPECT_EQ(test, f->cgroup[i], ordered[i]);
		KUNIT_EXPECT_TRUE(test, kobs_filter_has_cgroup(f, ordered[i]));
	}
	KUNIT_EXPECT_FALSE(test, kobs_filter_has_cgroup(f, 0));
	KUNIT_EXPECT_FALSE(test, kobs_filter_has_cgroup(f, 4));
	KUNIT_EXPECT_FALSE(test, kobs_filter_has_cgroup(f, 7));
	KUNIT_EXPECT_FALSE(test, kobs_filter_has_cgroup(f, U64_MAX - 1));
	KUNIT_EXPECT_EQ(test, f->cgroup_levels, 7);
}

static void cgroups_are_bounded(struct kunit *test)
{
	struct kobs_filter *f = filter_new(test);
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, kobs_filter_has_cgroup(f, 0));
	for (i = KOBS_FILTER_CGROUPS; i; i--)
		KUNIT_ASSERT_EQ(test, 0, kobs_filter_add_cgroup(f, 2 * i, 63));
	KUNIT_EXPECT_EQ(test, -ENOSPC, kobs_filter_add_cgroup(f, 1, 0));
	KUNIT_EXPECT_EQ(test, -ENOSPC, kobs_filter_add_cgroup(f, 1000, 0));
	KUNIT_EXPECT_EQ(test, 0, kobs_filter_add_cgroup(f, 2, 0));
	KUNIT_EXPECT_EQ(test, f->n_cgroup, KOBS_FILTER_CGROUPS);
	KUNIT_EXPECT_EQ(test, f->cgroup_levels, BIT_ULL(63));
	for (i = 1; i <= KOBS_FILTER_CGROUPS; i++) {
		KUNIT_EXPECT_TRUE(test, kobs_filter_has_cgroup(f, 2 * i));
		KUNIT_EXPECT_FALSE(test, kobs_filter_has_cgroup(f, 2 * i + 1));
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(pass, filter_gen_params),
	KUNIT_CASE(list_is_bounded),
	KUNIT_CASE(comms_are_bounded),
	KUNIT_CASE(comm_has_a_length),
	KUNIT_CASE(cgroups_are_found),
	KUNIT_CASE(cgroups_are_bounded),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_filter",
	.test_cases = cases,
};

kunit_test_suite(suite);
