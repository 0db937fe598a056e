// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and return of functions: what both pools share (see hooks/call.h).
 *
 * Locking: see hooks/call.h.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/slab.h>

#include "compat/call_memory.h"
#include "hooks/call.h"
#include "hooks/ftrace.h"
#include "lib/memory.h"

/**
 * kobs_calls_new() - prepare to hook functions
 * @handlers: made by KOBS_CALL_HANDLERS()
 * @ctx: context of the handlers
 * @ips: functions; those that cannot be hooked are removed. Must live as long as
 *       the result, or until kobs_calls_add().
 * @n: number of @ips, 0 or more; set to the number left
 * @inflight: maximum number of calls in progress; 0: default
 * @memory: account in which their memory counts
 *
 * Context: task, may sleep.
 * Return: for kobs_calls_start(), or ERR_PTR of -ENOMEM or an error of
 * kobs_calls_add().
 */
struct kobs_calls *kobs_calls_new(const struct kobs_call_handlers *handlers,
				  void *ctx, unsigned long *ips,
				  unsigned int *n, unsigned int inflight,
				  struct kobs_memory *memory)
{
	struct kobs_calls *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->handlers = handlers;
	c->ctx = ctx;
	c->inflight = inflight ?: KOBS_INFLIGHT_AUTO;
	c->memory = memory;
	c->ops.func = handlers->hit;
	c->ops.flags = KOBS_FTRACE_FLAGS;
	if (!handlers->ops->plain || !KOBS_CALL_POOL_PLAIN)
		c->ops.flags |= FTRACE_OPS_FL_SAVE_REGS;
	err = kobs_calls_add(c, ips, n);
	if (!err)
		return c;
	kobs_calls_free(c);
	return ERR_PTR(err);
}

static int calls_hook(struct kobs_calls *c)
{
	int err = kobs_ftrace_hook(&c->ops, &c->stuck);

	c->hooked = !err;
	return err;
}

/* Between start and stop: no functions in an ftrace filter would mean all. */
static void calls_unhook(struct kobs_calls *c)
{
	if (c->hooked)
		kobs_ftrace_unhook(&c->ops, &c->stuck);
	c->hooked = false;
}

/**
 * kobs_calls_add() - hook further functions
 * @c: from kobs_calls_new(), started or not
 * @ips: functions, those that were given before at the beginning; of the new
 *       ones, those that cannot be hooked are removed. Must live as long as @c,
 *       or until the next call.
 * @n: number of @ips; set to the number left
 *
 * Context: task, may sleep.
 * Return: 0; or -ENOMEM, or an error of ftrace_set_filter_ips() or
 * kobs_ftrace_hook(): none of the new ones is hooked.
 */
int kobs_calls_add(struct kobs_calls *c, unsigned long *ips, unsigned int *n)
{
	unsigned int added = *n - c->n;
	int err = kobs_call_pool_choose(c, ips + c->n, &added);

	/* While nothing is hooked, the filter can have functions that went. */
	if (!err && added && c->hooked)
		err = ftrace_set_filter_ips(&c->ops, ips + c->n, added, 0, 0);
	else if (!err && added)
		err = ftrace_set_filter_ips(&c->ops, ips, c->n + added, 0, 1);
	if (!err && added && c->running && !c->hooked)
		err = calls_hook(c);
	c->ips = ips;
	c->n += err ? 0 : added;
	*n = c->n;
	return err;
}

/*
 * The kernel allocates the pool; it counts until the account is closed. The caller
 * frees it after an error.
 */
static int calls_pool(struct kobs_calls *c)
{
	size_t each = kobs_call_pool_each(c->handlers->ops->size);
	u64 bytes = kobs_call_memory(c->inflight, each);
	int err = -ENOMEM;

	if (kobs_memory_fits(c->memory, bytes))
		err = kobs_call_pool_init(c);
	if (!err) {
		c->bytes = bytes;
		if (!kobs_memory_count(c->memory, bytes))
			err = -ENOMEM;
	}
	c->lacks = err == -ENOMEM;
	return err;
}

/* A start has failed: the next one counts anew. */
static void calls_drop_pool(struct kobs_calls *c)
{
	kobs_call_pool_exit(c);
	kobs_memory_uncount(c->memory, c->bytes);
	c->bytes = 0;
}

/**
 * kobs_calls_start() - hook the functions, all or none
 * @c: from kobs_calls_new()
 *
 * Context: task, may sleep.
 * Return: 0; -ENOMEM, and the account may say why; or an error of the pool or of
 * kobs_ftrace_hook().
 */
int kobs_calls_start(struct kobs_calls *c)
{
	int err = calls_pool(c);

	if (!err && c->n)
		err = calls_hook(c);
	c->running = !err;
	if (err && !c->stuck)
		calls_drop_pool(c);
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
	calls_unhook(c);
	/* A handler that can still run needs the pool. */
	if (c->running && !c->stuck)
		kobs_call_pool_exit(c);
	c->running = false;
}

/**
 * kobs_calls_narrow() - unhook functions whose code stays
 * @c: from kobs_calls_new(), started or not
 * @n: number of functions left, at least 1; these are now the first of the
 *     functions that were given
 *
 * Context: task, may sleep.
 * Return: 0, or an error of ftrace_set_filter_ips(): none is unhooked.
 */
int kobs_calls_narrow(struct kobs_calls *c, unsigned int n)
{
	int err = ftrace_set_filter_ips(&c->ops, c->ips + n, c->n - n, 1, 0);

	if (!err)
		c->n = n;
	return err;
}

/**
 * kobs_calls_drop() - unhook functions whose code goes
 * @c: from kobs_calls_new(), started or not
 * @n: number of functions left; these are now the first of the functions that
 *     were given, and those that go follow
 *
 * Context: task, may sleep.
 */
void kobs_calls_drop(struct kobs_calls *c, unsigned int n)
{
	unsigned int gone = c->n - n;

	c->n = n;
	if (!n || kobs_ftrace_drop(&c->ops, c->ips + n, gone))
		calls_unhook(c);
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
 * kobs_calls_lack_room() - whether a start failed for want of memory for the pool
 * @c: from kobs_calls_new(); kobs_calls_start() has returned -ENOMEM
 *
 * Context: task.
 * Return: true when a smaller maximum of calls in progress can help.
 */
bool kobs_calls_lack_room(const struct kobs_calls *c)
{
	return c->lacks;
}

/**
 * kobs_calls_free() - undo kobs_calls_new()
 * @c: stopped or never started
 *
 * Context: task, may sleep.
 */
void kobs_calls_free(struct kobs_calls *c)
{
	kobs_calls_stop(c);
	ftrace_free_filter(&c->ops);
	kfree(c);
}
