// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals: sentences that say why a request is refused.
 *
 * Locking: a spinlock inside kobs_refuse().
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "core/refuse.h"

/* Number of texts kept, and how long they are kept. */
#define REFUSALS	64
#define REFUSAL_TIME	HZ

struct kobs_refusal {
	const struct task_struct *task;
	unsigned long since;
	char text[KOBS_REFUSAL_LEN];
};

/* The task's own text, a free one, or the oldest; NULL when all are in use. */
static struct kobs_refusal *refusal_get(struct kobs_refusal *all)
{
	struct kobs_refusal *oldest = all;
	struct kobs_refusal *r;

	for (r = all; r < all + REFUSALS; r++) {
		if (!r->task || r->task == current)
			return r;
		if (time_before(r->since, oldest->since))
			oldest = r;
	}
	if (time_before(jiffies, oldest->since + REFUSAL_TIME))
		return NULL;
	return oldest;
}

/**
 * kobs_refuse() - refuse a request with a sentence
 * @extack: takes the sentence, or NULL
 * @err: error number, below 0
 * @fmt: a sentence, as for printf
 *
 * The extack holds a pointer to the text only, and netlink reads the text after
 * the handler has returned, in the same task. A text is therefore kept until
 * the task's next refusal; when all texts are in use, the oldest one is reused
 * after one second. (The kernel's own NL_SET_ERR_MSG_FMT() truncates a text to
 * 80 characters, and does not exist in 6.1.)
 *
 * Context: task.
 * Return: @err.
 */
int kobs_refuse(struct netlink_ext_ack *extack, int err, const char *fmt, ...)
{
	static struct kobs_refusal refusals[REFUSALS];
	static DEFINE_SPINLOCK(lock);
	struct kobs_refusal *r;
	va_list args;

	if (!extack)
		return err;
	spin_lock(&lock);
	r = refusal_get(refusals);
	if (r) {
		r->task = current;
		r->since = jiffies;
		va_start(args, fmt);
		vsnprintf(r->text, KOBS_REFUSAL_LEN, fmt, args);
		va_end(args);
		extack->_msg = r->text;
	} else {
		extack->_msg = "request refused; too many concurrent errors to say why";
	}
	spin_unlock(&lock);
	return err;
}
