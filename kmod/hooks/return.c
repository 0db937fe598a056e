// SPDX-License-Identifier: GPL-2.0
/*
 * The return of one function: registration and removal of a kretprobe.
 *
 * Locking: see hooks/return.h.
 */
#include "hooks/return.h"

#ifdef CONFIG_KRETPROBES

#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "compat/call_memory.h"
#include "hooks/ftrace.h"
#include "lib/memory.h"

/**
 * kobs_return_hook() - turn a hook on
 * @r: hook that is off, with its function, handlers, context and account
 *
 * Context: task, may sleep.
 * Return: 0; -ENOMEM, and the account may say why; or an error of
 * register_kretprobe().
 */
int kobs_return_hook(struct kobs_return *r)
{
	u64 bytes = kobs_call_memory(r->rp.maxactive,
				     sizeof(struct kretprobe_instance) +
				     r->rp.data_size);
	int err = -ENOMEM;

	if (!kobs_memory_fits(r->memory, bytes))
		return err;
	if (kobs_memory_count(r->memory, bytes))
		err = register_kretprobe(&r->rp);
	r->on = !err;
	r->bytes = bytes;
	if (err)
		kobs_memory_uncount(r->memory, bytes);
	return err;
}

/**
 * kobs_return_unhook() - turn a hook off, and wait until no handler runs
 * @r: hook, on or off
 * @stuck: set to true when it can still be called
 *
 * Context: task, may sleep.
 */
void kobs_return_unhook(struct kobs_return *r, bool *stuck)
{
	if (!r->on)
		return;
	/* Where the kprobe lies on ftrace, it could not be disarmed. */
	if (kobs_ftrace_dead()) {
		*stuck = true;
		return;
	}
	unregister_kretprobe(&r->rp);
	/* It failed, and says so by this only. */
	if (!r->rp.kp.addr) {
		*stuck = true;
		return;
	}
	r->on = false;
	/* For the return handlers, which run with preemption off. */
	synchronize_rcu();
	kobs_memory_uncount(r->memory, r->bytes);
}

/**
 * kobs_returns_possible() - whether functions can be hooked, by their names
 * @names: functions, which need not be exported
 * @n: number of @names
 *
 * Context: task, may sleep.
 * Return: true when there are all of them, and can have a kprobe.
 */
bool kobs_returns_possible(const char * const *names, unsigned int n)
{
	struct kprobe *trial = kcalloc(n, sizeof(*trial), GFP_KERNEL);
	unsigned int i = 0;

	for (; trial && i < n; i++) {
		trial[i].symbol_name = names[i];
		trial[i].flags = KPROBE_FLAG_DISABLED;
		if (register_kprobe(&trial[i]))
			break;
	}
	n -= i;
	while (trial && i)
		unregister_kprobe(&trial[--i]);
	kfree(trial);
	return trial && !n;
}

/**
 * kobs_return_missed() - calls that were missed
 * @r: hook
 *
 * Context: any.
 * Return: their number since the hook was turned on.
 */
u64 kobs_return_missed(const struct kobs_return *r)
{
	return READ_ONCE(r->rp.nmissed) + READ_ONCE(r->rp.kp.nmissed);
}

#endif /* CONFIG_KRETPROBES */
