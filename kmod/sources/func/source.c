// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: calls of kernel functions, by ftrace_ops, and their durations, by
 * fprobe or kretprobe (hooks/call.h).
 *
 * Functions are given as addresses, which the controller takes from
 * /proc/kallsyms: no exported function looks up a function by name.
 * ftrace decides which of them can be traced; one filter update turns all of
 * them on.
 *
 * Locking: prepare, start, stop and release run under the session's change lock,
 * func_module() under the notifier chain's; func.lock, which nests inside
 * both, protects the set of hooked functions. The handlers take no lock. stop
 * waits for the trampolines in unregister_ftrace_function() (one RCU-tasks grace
 * period) before anything is freed.
 */
#include <linux/ftrace.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>

#include "core/refuse.h"
#include "core/session.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources.h"
#include "sources/func/func.h"

/* Maximum number of functions without the parameter all. */
#define FUNC_MANY	1000

static int func_compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void func_unhook(struct kobs_func *f)
{
	lockdep_assert_held(&f->lock);
	if (f->calls)
		kobs_calls_stop(f->calls);
	else if (f->hooked)
		kobs_ftrace_unhook(&f->ops, &f->stuck);
	f->hooked = false;
}

/* Keep the functions that can be traced, without duplicates. */
static int func_choose(struct kobs_func *f, const struct kobs_value *functions)
{
	struct ftrace_ops trial = {};
	unsigned long last;
	unsigned int i;
	int err = 0;

	for (i = 0; i < functions->number; i++)
		f->ips[i] = functions->addresses[i];
	sort(f->ips, functions->number, sizeof(*f->ips), func_compare, NULL);
	for (i = 0; !err && i < functions->number; i++) {
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

/* Whether an address is in code that is about to go, or has just come. */
static bool func_goes(unsigned long ip, unsigned long state,
		      const struct module *mod)
{
	return state == MODULE_STATE_LIVE ? within_module_init(ip, mod) :
					    within_module(ip, mod);
}

/* Move functions that go to the end; returns the number of the others. */
static unsigned int func_part(struct kobs_func *f, unsigned long state,
			      const struct module *mod)
{
	unsigned int left = f->n;
	unsigned int i = 0;

	while (i < left) {
		if (!func_goes(f->ips[i], state, mod)) {
			i++;
			continue;
		}
		left--;
		swap(f->ips[i], f->ips[left]);
	}
	return left;
}

/* Unhook functions, of which there are @left others. */
static void func_drop(struct kobs_func *f, unsigned int left)
{
	unsigned int gone = f->n - left;

	f->n = left;
	if (f->calls)
		kobs_calls_drop(f->calls, left);
	/* An empty filter would hook all functions. */
	else if (!left || kobs_ftrace_drop(&f->ops, f->ips + left, gone))
		func_unhook(f);
}

/* Keep for the report that @n functions went with a module. */
static void func_note_gone(struct kobs_func *f, const struct module *mod,
			   unsigned int n)
{
	u64 ms = div_u64(ktime_get_mono_fast_ns() - f->began, NSEC_PER_MSEC);

	if (!f->gone)
		snprintf(f->when, sizeof(f->when),
			 "went with their modules, the first with %s after %llu.%03llu s",
			 mod->name, ms / 1000, ms % 1000);
	/* Pairs with the acquire in func_note(). */
	smp_store_release(&f->gone, f->gone + n);
}

/*
 * Functions whose code goes must leave the filter, else those of a module that
 * is loaded to the same address would be hooked: all of a module's when it is
 * unloaded, and those of its init text, which is freed, when it has been
 * initialised. What is still in the filter when a module is loaded to that
 * address is of another one, whose end was not seen.
 */
static int func_module(struct notifier_block *nb, unsigned long state,
		       void *data)
{
	struct kobs_func *f = container_of(nb, struct kobs_func, modules);
	unsigned int left;

	mutex_lock(&f->lock);
	left = func_part(f, state, data);
	/* Init text has done its work, and is no loss. */
	if (left != f->n && state == MODULE_STATE_GOING && f->began &&
	    READ_ONCE(f->s->armed))
		func_note_gone(f, data, f->n - left);
	if (left != f->n)
		func_drop(f, left);
	mutex_unlock(&f->lock);
	return NOTIFY_DONE;
}

static void func_free(struct kobs_func *f)
{
	unregister_module_notifier(&f->modules);
	if (f->calls)
		kobs_calls_free(f->calls);
	ftrace_free_filter(&f->ops);
	kvfree(f->ips);
	mutex_destroy(&f->lock);
	kfree(f);
}

/* Prepare the hooks of the mode. */
static int func_prepare_hook(struct kobs_func *f, bool wait)
{
	struct kobs_session *s = f->s;

	if (!wait) {
		f->ops.func = kobs_func_handler(s);
		f->ops.flags = KOBS_FTRACE_FLAGS;
		f->ops.private = s;
		return ftrace_set_filter_ips(&f->ops, f->ips, f->n, 0, 1);
	}
	f->calls = kobs_func_calls(f);
	if (IS_ERR(f->calls)) {
		int err = PTR_ERR(f->calls);

		f->calls = NULL;
		return err;
	}
	return 0;
}

static int func_refuse(const struct kobs_func *f, int err,
		       struct netlink_ext_ack *extack)
{
	const char *why = kobs_ftrace_refusal(&err);

	if (why)
		return kobs_refuse(extack, err,
				   "functions cannot be hooked: %s", why);
	return kobs_refuse(extack, err,
			   "%u functions cannot be hooked: error %d", f->n,
			   -err);
}

static int func_prepare_locked(struct kobs_func *f,
			       const struct kobs_value *functions,
			       struct netlink_ext_ack *extack)
{
	struct kobs_session *s = f->s;
	int err;

	f->ips = kvmalloc_array(functions->number, sizeof(*f->ips), GFP_KERNEL);
	if (!f->ips)
		return -ENOMEM;
	err = func_choose(f, functions);
	if (!err && f->n)
		err = func_prepare_hook(f, s->mode->value);
	if (err)
		return func_refuse(f, err, extack);
	if (f->n)
		return 0;
	return kobs_refuse(extack, -EINVAL, "%ps%s cannot be traced: %s",
			   (void *)(long)s->kept_out[0].address,
			   kobs_session_kept_out(s) > 1 ?
			   " and all others" : "", s->kept_out[0].reason);
}

static int func_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	const struct kobs_value *functions =
		&s->source_params[FUNC_P_FUNCTIONS];
	struct kobs_func *f;
	int err;

	if (!functions->number)
		return kobs_refuse(extack, -EINVAL,
				   "parameter functions is missing");
	if (functions->number > FUNC_MANY &&
	    !s->source_params[FUNC_P_ALL].number)
		return kobs_refuse(extack, -EINVAL,
				   "%llu functions: more than %d need the parameter all",
				   functions->number, FUNC_MANY);
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->s = s;
	mutex_init(&f->lock);
	f->modules.notifier_call = func_module;
	register_module_notifier(&f->modules);
	mutex_lock(&f->lock);
	err = func_prepare_locked(f, functions, extack);
	mutex_unlock(&f->lock);
	if (err) {
		func_free(f);
		return err;
	}
	s->priv = f;
	s->targets = f->n;
	return 0;
}

/* After start and stop: what cannot be unhooked is kept. */
static void func_settle(struct kobs_func *f)
{
	if (f->stuck || (f->calls && kobs_calls_stuck(f->calls)))
		kobs_session_pin(f->s);
}

static int func_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_func *f = s->priv;
	int err = -ENOENT;

	mutex_lock(&f->lock);
	if (!f->n) {
		kobs_refuse(extack, err,
			    "the functions are gone: their module was unloaded");
	} else {
		err = f->calls ? kobs_calls_start(f->calls) :
				 kobs_ftrace_hook(&f->ops, &f->stuck);
		f->hooked = !err && !f->calls;
		f->began = err ? 0 : ktime_get_mono_fast_ns();
		if (err)
			err = func_refuse(f, err, extack);
	}
	func_settle(f);
	mutex_unlock(&f->lock);
	return err;
}

static void func_stop(struct kobs_session *s)
{
	struct kobs_func *f = s->priv;

	mutex_lock(&f->lock);
	f->began = 0;
	func_unhook(f);
	func_settle(f);
	mutex_unlock(&f->lock);
}

static void func_release(struct kobs_session *s)
{
	func_free(s->priv);
	s->priv = NULL;
}

static bool func_note(const struct kobs_session *s, unsigned int i,
		      struct kobs_note *note)
{
	const struct kobs_func *f = s->priv;

	if (i || !f)
		return false;
	note->name = "functions_gone";
	/* Pairs with the release in func_note_gone(). */
	note->number = smp_load_acquire(&f->gone);
	note->doc = f->when;
	return true;
}

static const struct kobs_mode func_modes[] = {
	{
		.name = "count",
		.doc = "count calls",
		.by = "func",
	}, {
		.name = "time",
		.doc = "measure calls from entry to return",
		.value = "duration",
		.unit = "ns",
		.by = "func",
		.available = kobs_calls_how,
	}, {
		.name = "trace",
		.doc = "stream a record of each call",
		.stream = true,
		.by = "func,caller,pid,comm",
	}, {
		.name = "trace_time",
		.doc = "stream a record of each call when it returns",
		.value = "duration",
		.unit = "ns",
		.stream = true,
		.by = "func,caller,pid,comm",
		.available = kobs_calls_how,
	},
};

static const struct kobs_column func_columns[] = {
	{ "func", "function called", KOBS_TYPE_FUNCTION, NULL,
	  FUNC_W_FUNC, 1 },
	{ "caller", "where it was called from", KOBS_TYPE_ADDRESS, NULL,
	  FUNC_W_CALLER, 1 },
};

static const struct kobs_param func_params[] = {
	[FUNC_P_FUNCTIONS] = {
		"functions", "addresses of the functions",
		KOBS_TYPE_ADDRESSES, NULL, 1, 1 << 20, 0
	},
	[FUNC_P_ALL] = {
		"all", "allow more than 1,000 functions", KOBS_TYPE_NUMBER,
		NULL, 0, 1, 0
	},
	[FUNC_P_INFLIGHT] = {
		"inflight",
		"maximum number of calls in progress; 0: automatic",
		KOBS_TYPE_NUMBER, "calls", 0, 1 << 16, 0
	},
};

static const struct kobs_reason func_reasons[] = {
	[FUNC_N_MISSED - KOBS_N_SOURCE] = {
		"missed_returns",
		"call whose return could not be hooked: raise inflight",
	},
	[FUNC_N_IN_FLIGHT - KOBS_N_SOURCE] = {
		"in_flight",
		"call or wait that had not ended",
	},
};

const struct kobs_source kobs_src_func = {
	.name = "func",
	.doc = "calls and durations of kernel functions",
	.modes = func_modes,
	.n_modes = ARRAY_SIZE(func_modes),
	.columns = func_columns,
	.n_columns = ARRAY_SIZE(func_columns),
	.params = func_params,
	.n_params = ARRAY_SIZE(func_params),
	.reasons = func_reasons,
	.n_reasons = ARRAY_SIZE(func_reasons),
	.prepare = func_prepare,
	.start = func_start,
	.stop = func_stop,
	.release = func_release,
	.note = func_note,
};
