// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of refusals: whose sentence a request has.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/netlink.h>
#include <linux/sched.h>

#include "core/refuse.h"

/* More tasks than there are texts for. */
#define OTHERS	80

static int other(void *unused)
{
	struct netlink_ext_ack extack = {};

	kobs_refuse(&extack, -EINVAL, "of another request");
	set_current_state(TASK_UNINTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_UNINTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void refuse_others(struct kunit *test)
{
	struct task_struct *tasks[OTHERS];
	unsigned int n;

	for (n = 0; n < OTHERS; n++) {
		tasks[n] = kthread_run(other, NULL, "kobs_kunit");
		if (IS_ERR(tasks[n]))
			break;
	}
	KUNIT_EXPECT_EQ(test, n, OTHERS);
	while (n--)
		kthread_stop(tasks[n]);
}

/* What follows a refusal can take as long as a grace period. */
static void sentence_of_a_worker_stays(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct kobs_refusal r;

	kobs_refusal_begin(&r);
	KUNIT_EXPECT_EQ(test, kobs_refuse(&extack, -EINVAL, "of request %d", 1),
			-EINVAL);
	/* As long as texts without an owner are kept. */
	msleep(1100);
	refuse_others(test);
	KUNIT_EXPECT_STREQ(test, extack._msg, "of request 1");
	kobs_refusal_end(&r);
	KUNIT_EXPECT_STREQ(test, r.text, "of request 1");
}

static void last_sentence_counts(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	kobs_refuse(&extack, -EINVAL, "the first");
	kobs_refuse(&extack, -ENOENT, "the second");
	KUNIT_EXPECT_STREQ(test, extack._msg, "the second");
	KUNIT_EXPECT_EQ(test, kobs_refuse(NULL, -EPERM, "for nobody"), -EPERM);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(last_sentence_counts),
	/* For a second afterwards there may be no room for others' sentences. */
	KUNIT_CASE(sentence_of_a_worker_stays),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_refuse",
	.test_cases = cases,
};

kunit_test_suite(suite);
