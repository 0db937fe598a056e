// SPDX-License-Identifier: GPL-2.0
/*
 * A pool of calls in progress: that of a kretprobe, which is registered for the
 * anchor and never enabled (see hooks/call.h and call/kretprobe.h).
 *
 * Locking: see hooks/call.h.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hooks/call.h"
#include "hooks/call/blacklist.h"
#include "hooks/ftrace.h"

#ifdef KOBS_CALL_POOL

/*
 * Number of probes that are registered at a time for a try. The kernel keeps
 * probes in 64 lists, which it walks for each.
 */
#define TRIALS	4096

/**
 * kobs_calls_how() - how returns are hooked
 * @ok: unchanged
 *
 * Context: any.
 * Return: the mechanism.
 */
const char *kobs_calls_how(bool *ok)
{
	if (IS_ENABLED(CONFIG_FPROBE))
		return "by kretprobe: this kernel's fprobe is too old, or misses calls uncounted";
	return "by kretprobe: this kernel has no fprobe (CONFIG_FPROBE)";
}

/**
 * kobs_call_pool_init() - allocate the pool
 * @c: calls
 *
 * Context: task, may sleep.
 * Return: 0, or an error of register_kretprobe().
 */
int kobs_call_pool_init(struct kobs_calls *c)
{
	struct kretprobe *rp = &c->pool.rp;
	int err;

	*rp = (struct kretprobe){
		.kp.addr = (kprobe_opcode_t *)KOBS_CALL_ANCHOR,
		.kp.flags = KPROBE_FLAG_DISABLED,
		.entry_handler = c->handlers->entry,
		.handler = c->handlers->exit,
		.data_size = sizeof(struct kobs_call_instance) +
			     c->handlers->ops->size,
		.maxactive = c->inflight,
	};
	err = register_kretprobe(rp);
	c->pool.registered = !err;
	return err;
}

/**
 * kobs_call_pool_exit() - free the pool, and wait until no handler runs
 * @c: calls, whose functions are not hooked any more
 *
 * Calls in progress return normally, without a callback.
 *
 * Context: task, may sleep.
 */
void kobs_call_pool_exit(struct kobs_calls *c)
{
	/* Waits for the exit handlers, which run with preemption off, too. */
	if (c->pool.registered)
		unregister_kretprobe(&c->pool.rp);
	c->pool.registered = false;
}

static int pool_keep_out(const struct kobs_calls *c, unsigned long ip)
{
	return c->handlers->ops->keep_out(c->ctx, ip,
					  "no kretprobe can be set on it");
}

/* Ask about @n functions. Keeps those that are left at the front. */
static int pool_ask(const struct kobs_calls *c, struct perf_event *bp,
		    unsigned long *ips, unsigned int n, unsigned int *left)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < n; i++) {
		unsigned long ip = ips[i];

		if (kobs_blacklist_has(bp, ip))
			err = pool_keep_out(c, ip);
		else
			ips[(*left)++] = ip;
		if (!err && c->handlers->ops->unwanted(c->ctx))
			err = -ECONNREFUSED;
		cond_resched();
	}
	return err;
}

/**
 * struct kobs_call_trials - probes that are registered for a try
 * @list: those that are
 * @probe: all
 */
struct kobs_call_trials {
	struct kprobe *list[TRIALS];
	struct kprobe probe[TRIALS];
};

/* Try up to TRIALS functions. Moves those that are left to @to. */
static int pool_try(const struct kobs_calls *c, struct kobs_call_trials *t,
		    const unsigned long *ips, unsigned int n, unsigned long *to,
		    unsigned int *left)
{
	unsigned int ok = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < n; i++) {
		unsigned long ip = ips[i];

		t->probe[ok] = (struct kprobe){
			.addr = (kprobe_opcode_t *)ip,
			.flags = KPROBE_FLAG_DISABLED,
		};
		err = register_kprobe(&t->probe[ok]);
		if (!err) {
			t->list[ok] = &t->probe[ok];
			to[ok++] = ip;
		} else if (err != -ENOMEM) {
			err = pool_keep_out(c, ip);
		}
		if (!err && c->handlers->ops->unwanted(c->ctx))
			err = -ECONNREFUSED;
		cond_resched();
	}
	if (ok)
		unregister_kprobes(t->list, ok);
	*left += ok;
	return err;
}

static int pool_try_all(const struct kobs_calls *c, unsigned long *ips,
			unsigned int n, unsigned int *left)
{
	struct kobs_call_trials *t = kvzalloc(sizeof(*t), GFP_KERNEL);
	unsigned int i;
	int err = t ? 0 : -ENOMEM;

	for (i = 0; !err && i < n; i += TRIALS)
		err = pool_try(c, t, ips + i, min_t(unsigned int, TRIALS, n - i),
			       ips + *left, left);
	kvfree(t);
	return err;
}

/**
 * kobs_call_pool_choose() - remove functions whose return cannot be hooked
 * @c: calls
 * @ips: functions that ftrace can trace
 * @n: number of @ips; set to the number left
 *
 * The return handler marks a kprobe as active on its CPU, and at its end none:
 * functions that run while the kernel handles a kprobe must not have it. The
 * kernel knows them, and refuses a probe on them. It is asked where that is
 * possible, else each function is tried.
 *
 * Context: task, may sleep.
 * Return: 0, -ENOMEM, -ECONNREFUSED (nobody waits any more), or an error of the
 * operation keep_out().
 */
int kobs_call_pool_choose(const struct kobs_calls *c, unsigned long *ips,
			  unsigned int *n)
{
	struct perf_event *bp = *n ? kobs_blacklist_open() : NULL;
	unsigned int left = 0;
	int err = 0;

	if (bp)
		err = pool_ask(c, bp, ips, *n, &left);
	else if (*n)
		err = pool_try_all(c, ips, *n, &left);
	kobs_blacklist_close(bp);
	*n = left;
	return err;
}

#else

const char *kobs_calls_how(bool *ok)
{
	*ok = false;
	return "this kernel has no fprobe that counts what it misses, and no kretprobes";
}

/* Sessions of a mode that is not available are refused: none of these runs. */
int kobs_call_pool_init(struct kobs_calls *c)
{
	return -EOPNOTSUPP;
}

void kobs_call_pool_exit(struct kobs_calls *c)
{
}

int kobs_call_pool_choose(const struct kobs_calls *c, unsigned long *ips,
			  unsigned int *n)
{
	return -EOPNOTSUPP;
}

#endif /* KOBS_CALL_POOL */
