// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and return of functions by fprobe: one registration, and one filter
 * update, for all functions.
 *
 * Locking: see hooks/call.h.
 */
#include <linux/fprobe.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "hooks/call.h"
#include "hooks/ftrace.h"

/* Default for the maximum number of calls in progress. */
#define INFLIGHT_AUTO	4096

/**
 * kobs_calls_how() - how returns are hooked
 * @ok: unchanged; every kernel that this file is built for can hook them
 *
 * Context: any.
 * Return: the mechanism.
 */
const char *kobs_calls_how(bool *ok)
{
	return "by fprobe";
}

/**
 * kobs_calls_new() - prepare to hook functions
 * @handlers: made by KOBS_CALL_HANDLERS()
 * @ctx: context of the handlers
 * @ips: functions; must live as long as the result
 * @n: number of @ips; unchanged
 * @inflight: maximum number of calls in progress; 0: default
 *
 * Context: task, may sleep.
 * Return: for kobs_calls_start(), or ERR_PTR(-ENOMEM).
 */
struct kobs_calls *kobs_calls_new(const struct kobs_call_handlers *handlers,
				  void *ctx, unsigned long *ips,
				  unsigned int *n, unsigned int inflight)
{
	struct kobs_calls *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->ctx = ctx;
	c->ips = ips;
	c->n = *n;
	c->fp.ops.flags = KOBS_FTRACE_FLAGS;
	c->fp.entry_handler = handlers->entry;
	c->fp.exit_handler = handlers->exit;
	c->fp.entry_data_size = handlers->ops->size;
	c->fp.nr_maxactive = inflight ?: INFLIGHT_AUTO;
	return c;
}

/**
 * kobs_calls_start() - hook the functions, all or none
 * @c: from kobs_calls_new()
 *
 * Context: task, may sleep.
 * Return: 0, or an error of kobs_ftrace_hook() or register_fprobe_ips().
 */
int kobs_calls_start(struct kobs_calls *c)
{
	int err;

	if (kobs_ftrace_dead())
		return -ENODEV;
	err = register_fprobe_ips(&c->fp, c->ips, c->n);
	c->hooked = !err;
	/* As in kobs_ftrace_hook(). */
	c->stuck = err == -ENODEV;
	return err;
}

/**
 * kobs_calls_stop() - unhook the functions and wait until no handler runs
 * @c: from kobs_calls_new(), started or not
 *
 * Calls in progress return normally, without a callback.
 *
 * Context: task, may sleep.
 */
void kobs_calls_stop(struct kobs_calls *c)
{
	if (!c->hooked)
		return;
	disable_fprobe(&c->fp);
	/*
	 * An entry that has passed the check for disabled fprobes may find no
	 * room for its return from now on; it comes after the end, and is no
	 * miss.
	 */
	c->missed = READ_ONCE(c->fp.nmissed);
	/* Pairs with the acquire in kobs_calls_missed(). */
	smp_store_release(&c->hooked, false);
	if (unregister_fprobe(&c->fp))
		c->stuck = true;
	/* For the exit handlers, which run with preemption off. */
	synchronize_rcu();
}

/**
 * kobs_calls_drop() - unhook functions whose code goes
 * @c: from kobs_calls_new(), started or not
 * @n: number of functions left; these are now the first of the functions given
 *     to kobs_calls_new(), and those that go follow
 *
 * Context: task, may sleep.
 */
void kobs_calls_drop(struct kobs_calls *c, unsigned int n)
{
	unsigned int gone = c->n - n;

	c->n = n;
	if (!c->hooked)
		return;
	/* No functions in an ftrace filter would mean all of them. */
	if (!n || kobs_ftrace_drop(&c->fp.ops, c->ips + n, gone))
		kobs_calls_stop(c);
}

/**
 * kobs_calls_stuck() - whether the functions could not be unhooked
 * @c: from kobs_calls_new(), stopped or not started
 *
 * Context: task.
 * Return: true when @c must not be freed, and handlers may run.
 */
bool kobs_calls_stuck(const struct kobs_calls *c)
{
	return c->stuck;
}

/**
 * kobs_calls_free() - undo kobs_calls_new()
 * @c: stopped or never started
 *
 * Context: task, may sleep.
 */
void kobs_calls_free(struct kobs_calls *c)
{
	kfree(c);
}

/**
 * kobs_calls_missed() - number of calls whose return could not be hooked
 * @c: from kobs_calls_new()
 *
 * Context: any.
 * Return: the number.
 */
u64 kobs_calls_missed(const struct kobs_calls *c)
{
	/* Pairs with the release in kobs_calls_stop(). */
	return smp_load_acquire(&c->hooked) ? READ_ONCE(c->fp.nmissed) :
					      c->missed;
}
