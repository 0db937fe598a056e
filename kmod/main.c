// SPDX-License-Identifier: GPL-2.0
/*
 * kobs.ko: loading and unloading.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

#include "core/kobs.h"
#include "unwind/unwind.h"

unsigned int kobs_default_rows = 4096;
module_param_named(rows, kobs_default_rows, uint, 0444);
MODULE_PARM_DESC(rows, "default for the rows of each CPU's table");

unsigned int kobs_default_stacks = 8192;
module_param_named(stacks, kobs_default_stacks, uint, 0444);
MODULE_PARM_DESC(stacks, "default for the stacks that a session keeps");

unsigned int kobs_default_ring_kb = 1024;
module_param_named(ring_kb, kobs_default_ring_kb, uint, 0444);
MODULE_PARM_DESC(ring_kb, "default for the ring buffer of each CPU, in KiB");

struct workqueue_struct *kobs_wq;

/* Refusals whose texts are kept, the longest text, and for how long. */
#define REFUSALS	64
#define REFUSAL_LEN	240
#define REFUSAL_TIME	HZ

struct kobs_refusal {
	const struct task_struct *task;
	unsigned long since;
	char text[REFUSAL_LEN];
};

/* A task's own text, or the oldest; NULL when all are in use. */
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
 * kobs_refuse() - say why a request is refused
 * @extack: where to say it, or NULL
 * @err: error number, below 0
 * @fmt: a sentence, as for printf
 *
 * The answer is written after the handler has returned, by the same task and
 * soon; it only keeps a pointer to the text, and asks twice how long that is.
 * So a text stays as it is until its task is refused again, or for a second
 * that it has left the CPU for. (The kernel's own formatted form cuts a text
 * off after 80 characters, and 6.1 has none.)
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
		vsnprintf(r->text, REFUSAL_LEN, fmt, args);
		va_end(args);
		extack->_msg = r->text;
	} else {
		extack->_msg = "refused, as are too many others at this moment to tell why";
	}
	spin_unlock(&lock);
	return err;
}

static int __init kobs_init(void)
{
	int err;

	kobs_source_init();
	kobs_wq = alloc_workqueue("kobs", WQ_UNBOUND, 0);
	if (!kobs_wq)
		return -ENOMEM;
	err = kobs_unwind_init();
	if (err)
		goto err_wq;
	err = kobs_stream_init();
	if (err)
		goto err_unwind;
	err = kobs_netlink_init();
	if (err)
		goto err_stream;
	return 0;

err_stream:
	kobs_stream_exit();
err_unwind:
	kobs_unwind_exit();
err_wq:
	destroy_workqueue(kobs_wq);
	return err;
}

/* Sessions hold references to the module: there are none here. */
static void __exit kobs_exit(void)
{
	kobs_netlink_exit();
	destroy_workqueue(kobs_wq);
	kobs_stream_exit();
	kobs_unwind_exit();
}

module_init(kobs_init);
module_exit(kobs_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("In-kernel observation of functions, PMU, slab, locks and scheduler");
MODULE_VERSION(KOBS_VERSION);
MODULE_ALIAS_GENL_FAMILY(KOBS_FAMILY_NAME);
