// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and return of functions by kretprobe: one kretprobe that is never
 * enabled, and one ftrace_ops for all functions (see call/kretprobe.h).
 *
 * Locking: see hooks/call.h.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hooks/call.h"
#include "hooks/ftrace.h"

/* Default for the maximum number of calls in progress. */
#define INFLIGHT_AUTO	4096

#if defined(CONFIG_KRETPROBES) && defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)

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

/*
 * Remove the functions that kprobes refuse: register a disabled probe on each.
 * The kretprobe gets the first function that is left.
 */
static int calls_choose(struct kobs_calls *c, unsigned int *n)
{
	struct kprobe **trial = kvcalloc(*n, sizeof(*trial), GFP_KERNEL);
	struct kprobe *kp = kvcalloc(*n, sizeof(*kp), GFP_KERNEL);
	unsigned int left = 0;
	unsigned int i;
	int err = kp && trial ? 0 : -ENOMEM;

	for (i = 0; !err && i < *n; i++) {
		kp[left] = (struct kprobe){
			.addr = (kprobe_opcode_t *)c->ips[i],
			.flags = KPROBE_FLAG_DISABLED,
		};
		err = register_kprobe(&kp[left]);
		if (!err) {
			trial[left] = &kp[left];
			c->ips[left++] = c->ips[i];
		} else if (err != -ENOMEM) {
			err = c->handlers->ops->keep_out(c->ctx, c->ips[i],
							 "no kretprobe can be set on it");
		}
		cond_resched();
	}
	if (left)
		unregister_kprobes(trial, left);
	kvfree(kp);
	kvfree(trial);
	*n = left;
	return err;
}

/**
 * kobs_calls_new() - prepare to hook functions
 * @handlers: made by KOBS_CALL_HANDLERS()
 * @ctx: context of the handlers
 * @ips: functions; those that cannot be hooked are removed. Must live as long as
 *       the result.
 * @n: number of @ips; set to the number left
 * @inflight: maximum number of calls in progress; 0: default
 *
 * Context: task, may sleep.
 * Return: for kobs_calls_start(), or ERR_PTR of -ENOMEM or an error of
 * register_kretprobe() or ftrace_set_filter_ips().
 */
struct kobs_calls *kobs_calls_new(const struct kobs_call_handlers *handlers,
				  void *ctx, unsigned long *ips,
				  unsigned int *n, unsigned int inflight)
{
	struct kobs_calls *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->handlers = handlers;
	c->ctx = ctx;
	c->ips = ips;
	c->ops.func = handlers->hit;
	c->ops.flags = KOBS_FTRACE_FLAGS | FTRACE_OPS_FL_SAVE_REGS;
	err = calls_choose(c, n);
	c->n = *n;
	if (err || !*n)
		goto out;
	c->rp.kp.addr = (kprobe_opcode_t *)ips[0];
	c->rp.kp.flags = KPROBE_FLAG_DISABLED;
	c->rp.entry_handler = handlers->entry;
	c->rp.handler = handlers->exit;
	c->rp.data_size = sizeof(struct kobs_call_instance) +
			  handlers->ops->size;
	c->rp.maxactive = inflight ?: INFLIGHT_AUTO;
	err = register_kretprobe(&c->rp);
	if (err)
		goto out;
	c->registered = true;
	err = ftrace_set_filter_ips(&c->ops, ips, *n, 0, 1);
out:
	if (!err)
		return c;
	kobs_calls_free(c);
	return ERR_PTR(err);
}

/**
 * kobs_calls_start() - hook the functions, all or none
 * @c: from kobs_calls_new()
 *
 * Context: task, may sleep.
 * Return: 0, or an error of kobs_ftrace_hook().
 */
int kobs_calls_start(struct kobs_calls *c)
{
	int err = kobs_ftrace_hook(&c->ops, &c->stuck);

	c->hooked = !err;
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
	if (c->hooked)
		kobs_ftrace_unhook(&c->ops, &c->stuck);
	c->hooked = false;
	/* A handler that can still run needs the kretprobe. */
	if (c->stuck)
		return;
	/* Waits for the exit handlers, which run with preemption off, too. */
	if (c->registered)
		unregister_kretprobe(&c->rp);
	c->registered = false;
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
	/* No functions in an ftrace filter would mean all of them. */
	if (!n || kobs_ftrace_drop(&c->ops, c->ips + n, gone))
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
	kobs_calls_stop(c);
	ftrace_free_filter(&c->ops);
	kfree(c);
}

/**
 * kobs_calls_missed() - number of calls whose return could not be hooked
 * @c: from kobs_calls_new()
 *
 * Context: any.
 * Return: 0; the operation missed() counts them.
 */
u64 kobs_calls_missed(const struct kobs_calls *c)
{
	return 0;
}

#else

const char *kobs_calls_how(bool *ok)
{
	*ok = false;
	return "this kernel has no fprobe that counts what it misses, and no kretprobes";
}

/* Sessions of a mode that is not available are refused: none of these runs. */
struct kobs_calls *kobs_calls_new(const struct kobs_call_handlers *handlers,
				  void *ctx, unsigned long *ips,
				  unsigned int *n, unsigned int inflight)
{
	return ERR_PTR(-EOPNOTSUPP);
}

int kobs_calls_start(struct kobs_calls *c)
{
	return -EOPNOTSUPP;
}

void kobs_calls_stop(struct kobs_calls *c)
{
}

void kobs_calls_drop(struct kobs_calls *c, unsigned int n)
{
}

bool kobs_calls_stuck(const struct kobs_calls *c)
{
	return false;
}

void kobs_calls_free(struct kobs_calls *c)
{
}

u64 kobs_calls_missed(const struct kobs_calls *c)
{
	return 0;
}

#endif /* CONFIG_KRETPROBES && CONFIG_DYNAMIC_FTRACE_WITH_REGS */
