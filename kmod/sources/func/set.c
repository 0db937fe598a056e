// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: the functions of a session: which of those that the client gave
 * can be hooked, and hooking them.
 *
 * Locking: see source.c.
 */
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "core/session.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources/func/func.h"

/**
 * kobs_func_is_graph() - whether a session is of mode graph or calls
 * @s: session of this source
 *
 * Context: any.
 * Return: true if so.
 */
bool kobs_func_is_graph(const struct kobs_session *s)
{
	return !strcmp(s->mode->name, "graph") || !strcmp(s->mode->name, "calls");
}

static int func_compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/**
 * kobs_func_sort() - sort addresses of functions
 * @ips: addresses
 * @n: number of them
 *
 * Context: task.
 */
void kobs_func_sort(unsigned long *ips, unsigned int n)
{
	sort(ips, n, sizeof(*ips), func_compare, NULL);
}

/**
 * kobs_func_may() - whether a session may have so many functions
 * @s: session
 * @n: number of functions
 *
 * Context: task.
 * Return: true if so.
 */
bool kobs_func_may(const struct kobs_session *s, u64 n)
{
	return n <= FUNC_MANY || s->source_params[FUNC_P_ALL].number;
}

/**
 * kobs_func_take() - take the addresses that the client gave
 * @f: session
 * @n: set to their number
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_func_take(struct kobs_func *f, unsigned int *n)
{
	static const enum kobs_func_param from[] = {
		FUNC_P_FUNCTIONS, FUNC_P_ROOTS, FUNC_P_TREE
	};
	const struct kobs_value *params = f->s->source_params;
	u64 all = 0;
	unsigned int i;
	u64 k;

	for (i = 0; i < ARRAY_SIZE(from); i++)
		all += params[from[i]].number;
	f->ips = kvmalloc_array(all ?: 1, sizeof(*f->ips), GFP_KERNEL);
	if (!f->ips)
		return -ENOMEM;
	for (*n = 0, i = 0; i < ARRAY_SIZE(from); i++) {
		for (k = 0; k < params[from[i]].number; k++)
			f->ips[(*n)++] = params[from[i]].addresses[k];
	}
	return 0;
}

/**
 * kobs_func_choose() - keep the functions that can be traced, without duplicates
 * @f: session, with the addresses of kobs_func_take()
 * @n: number of them
 *
 * Context: task, may sleep.
 * Return: 0; -ECONNREFUSED (nobody waits any more); or an error of
 * kobs_session_keep_out() or kobs_ftrace_check().
 */
int kobs_func_choose(struct kobs_func *f, unsigned int n)
{
	struct ftrace_ops trial = {};
	unsigned long last;
	unsigned int i;
	int err = 0;

	kobs_func_sort(f->ips, n);
	for (i = 0; !err && i < n; i++) {
		unsigned long ip = f->ips[i];
		const char *reason;

		cond_resched();
		if (i && ip == last)
			continue;
		last = ip;
		reason = kobs_func_denied(ip);
		if (reason) {
			err = kobs_session_keep_out(f->s, ip, reason, true);
			continue;
		}
		err = kobs_ftrace_check(&trial, ip);
		if (!err)
			f->ips[f->n++] = ip;
		else if (err == -EINVAL)
			err = kobs_session_keep_out(f->s, ip,
						    "ftrace cannot trace it",
						    false);
		if (!err && kobs_session_unwanted(f->s))
			err = -ECONNREFUSED;
	}
	return err;
}

/**
 * kobs_func_hook() - hook the functions, all or none
 * @f: session, with functions or with calls; its lock is held
 *
 * Context: task, may sleep.
 * Return: 0, or an error of kobs_calls_start() or kobs_ftrace_hook().
 */
int kobs_func_hook(struct kobs_func *f)
{
	int err;

	lockdep_assert_held(&f->lock);
	if (f->calls)
		return kobs_calls_start(f->calls);
	/* No functions in an ftrace filter would mean all. */
	if (!f->n)
		return 0;
	err = kobs_ftrace_hook(&f->ops, &f->stuck);
	f->hooked = !err;
	return err;
}

/**
 * kobs_func_unhook() - undo kobs_func_hook(), if it was called
 * @f: session; its lock is held
 *
 * Context: task, may sleep.
 */
void kobs_func_unhook(struct kobs_func *f)
{
	lockdep_assert_held(&f->lock);
	if (f->calls)
		kobs_calls_stop(f->calls);
	else if (f->hooked)
		kobs_ftrace_unhook(&f->ops, &f->stuck);
	f->hooked = false;
}

/**
 * kobs_func_keep_out() - note a function whose return cannot be hooked
 * @s: session
 * @ip: function
 * @reason: why not
 *
 * Context: task, may sleep.
 * Return: 0, or an error of kobs_session_keep_out().
 */
int kobs_func_keep_out(struct kobs_session *s, unsigned long ip,
		       const char *reason)
{
	struct kobs_func *f = s->priv;

	/* The session's list is complete once it is prepared. */
	if (!f)
		return kobs_session_keep_out(s, ip, reason, false);
	f->kept_out++;
	return 0;
}
