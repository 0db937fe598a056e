// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals: sentences that say why a request is refused.
 *
 * Locking: refusals_lock for the texts.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "core/refuse.h"

/* Number of texts kept, and how long they are kept. */
#define REFUSALS	64
#define REFUSAL_TIME	HZ

struct kobs_kept_text {
	const struct task_struct *task;
	unsigned long since;
	char text[KOBS_REFUSAL_LEN];
};

static DEFINE_SPINLOCK(refusals_lock); /* protects what follows */
static struct kobs_kept_text kept_texts[REFUSALS];
static LIST_HEAD(refusals_of_workers);

/* The task's own text, a free one, or the oldest; NULL when all are in use. */
static struct kobs_kept_text *kept_text_get(void)
{
	struct kobs_kept_text *oldest = kept_texts;
	struct kobs_kept_text *t;

	for (t = kept_texts; t < kept_texts + REFUSALS; t++) {
		if (!t->task || t->task == current)
			return t;
		if (time_before(t->since, oldest->since))
			oldest = t;
	}
	if (time_before(jiffies, oldest->since + REFUSAL_TIME))
		return NULL;
	return oldest;
}

/* Room for a sentence of the current task, or NULL. */
static char *text_get(void)
{
	struct kobs_refusal *r;
	struct kobs_kept_text *t;

	list_for_each_entry(r, &refusals_of_workers, node) {
		if (r->task == current)
			return r->text;
	}
	t = kept_text_get();
	if (!t)
		return NULL;
	t->task = current;
	t->since = jiffies;
	return t->text;
}

/**
 * kobs_refusal_begin() - keep the sentences of the current task
 * @r: takes them, the last one at a time, until kobs_refusal_end()
 *
 * For a worker: what it does after a refusal can take as long as a grace period.
 *
 * Context: task.
 */
void kobs_refusal_begin(struct kobs_refusal *r)
{
	r->task = current;
	spin_lock(&refusals_lock);
	list_add(&r->node, &refusals_of_workers);
	spin_unlock(&refusals_lock);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_refusal_begin);

/**
 * kobs_refusal_end() - undo kobs_refusal_begin()
 * @r: what was given to it; its text stays
 *
 * Context: task.
 */
void kobs_refusal_end(struct kobs_refusal *r)
{
	spin_lock(&refusals_lock);
	list_del(&r->node);
	spin_unlock(&refusals_lock);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_refusal_end);

/**
 * kobs_refuse() - refuse a request with a sentence
 * @extack: takes the sentence, or NULL
 * @err: error number, below 0
 * @fmt: a sentence, as for printf
 *
 * The extack holds a pointer to the text only, and netlink reads the text after
 * the handler has returned, in the same task, at once. A text is therefore kept
 * until the task's next refusal; when all texts are in use, the oldest one is
 * reused after one second. A worker has a text of its own. (The kernel's own
 * NL_SET_ERR_MSG_FMT() truncates a text to 80 characters, and does not exist in
 * 6.1.)
 *
 * Context: task.
 * Return: @err.
 */
int kobs_refuse(struct netlink_ext_ack *extack, int err, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (!extack)
		return err;
	spin_lock(&refusals_lock);
	text = text_get();
	if (text) {
		va_start(args, fmt);
		vsnprintf(text, KOBS_REFUSAL_LEN, fmt, args);
		va_end(args);
	}
	spin_unlock(&refusals_lock);
	extack->_msg = text ?: "request refused; too many concurrent errors to say why";
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_refuse);
