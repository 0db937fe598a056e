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
 * Locking: prepare, start, stop and release run under the session's lock,
 * func_module() under the notifier chain's; func.lock, which nests inside
 * both, protects the set of hooked functions. The handlers take no lock. stop
 * waits for the trampolines in unregister_ftrace_function() (one RCU-tasks grace
 * period) before anything is freed.
 */
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "core/hit.h"
#include "core/refuse.h"
#include "core/session.h"
#include "hooks/call.h"
#include "hooks/deny.h"
#include "sources.h"

/* Maximum number of functions without the parameter all. */
#define FUNC_MANY	1000

enum { FUNC_W_FUNC = KOBS_W_SOURCE, FUNC_W_CALLER };

/* Its reasons of loss. */
#define FUNC_N_MISSED		(KOBS_N_SOURCE + 0)
#define FUNC_N_IN_FLIGHT	(KOBS_N_SOURCE + 1)

enum kobs_func_param { FUNC_P_FUNCTIONS, FUNC_P_ALL, FUNC_P_INFLIGHT, FUNC_P };

/**
 * struct kobs_func - a session of this source
 * @s: session
 * @lock: protects the rest
 * @ips: functions, sorted
 * @n: number of functions
 * @hooked: @ops is registered
 * @ops: for modes that hook entries only
 * @calls: for modes that hook returns, else NULL
 * @modules: notifier of modules, which can unload functions
 */
struct kobs_func {
	struct kobs_session *s;
	struct mutex lock; /* protects the members below */
	unsigned long *ips;
	unsigned int n;
	bool hooked;
	struct ftrace_ops ops;
	struct kobs_calls *calls;
	struct notifier_block modules;
};

/*
 * Entry of a function, for any configuration. Context of this and of the
 * other handlers: any, NMI included.
 */
static __always_inline void func_hit_any(unsigned long ip,
					 unsigned long parent_ip,
					 struct ftrace_regs *fregs,
					 struct kobs_session *s,
					 enum kobs_hit_kind kind)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		if (kobs_hit_wanted(s, pc)) {
			struct kobs_at at = kobs_at_fregs(fregs);

			v[FUNC_W_FUNC] = ip;
			v[FUNC_W_CALLER] = parent_ip;
			kobs_hit_record(s, pc, &(struct kobs_hit){
				v, s->need, ip, &at, KOBS_NO_VALUE
			}, kind);
		}
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void func_hit(unsigned long ip, unsigned long parent_ip,
		     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	func_hit_any(ip, parent_ip, fregs, ops->private, KOBS_HIT_TABLE);
}

static void func_hit_stream(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	func_hit_any(ip, parent_ip, fregs, ops->private, KOBS_HIT_STREAM);
}

static void func_hit_stacks(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	func_hit_any(ip, parent_ip, fregs, ops->private, KOBS_HIT_EITHER_STACKS);
}

/* Slow path: a new or displaced row. */
static noinline void func_count_slow(struct kobs_cpu *pc, unsigned long ip,
				     unsigned long parent_ip)
{
	const u64 key[] = { ip, parent_ip };

	kobs_count(&pc->counters, kobs_table_count(&pc->table, key) ?
				  KOBS_N_RECORDED : KOBS_N_TABLE_FULL);
}

/* Count a hit in the row of one word or two. */
static __always_inline void func_count_row(struct kobs_cpu *pc, u64 first,
					   u64 second, unsigned int n)
{
	struct kobs_row *row = kobs_table_peek(&pc->table, first, second, n);

	if (likely(row)) {
		local64_inc(&row->count);
		kobs_count(&pc->counters, KOBS_N_RECORDED);
	} else {
		func_count_slow(pc, first, second);
	}
}

/* Count by func, or by func and caller: fast path. */
static __always_inline void func_count(unsigned long ip,
				       unsigned long parent_ip,
				       struct kobs_session *s, unsigned int n)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		if (kobs_hit_wanted(s, pc))
			func_count_row(pc, ip, parent_ip, n);
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/* Likewise by kstack. */
static void func_count_by_kstack(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	struct kobs_session *s = ops->private;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 id;
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		if (kobs_hit_wanted(s, pc)) {
			struct kobs_at at = kobs_at_fregs(fregs);

			if (likely(kobs_unwind_id(&s->unwind, &id, ip, &at)))
				func_count_row(pc, id, 0, 1);
			else
				kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		}
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void func_count_by_func(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops,
			       struct ftrace_regs *fregs)
{
	func_count(ip, parent_ip, ops->private, 1);
}

static void func_count_by_caller(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	func_count(ip, parent_ip, ops->private, 2);
}

/* Choose the cheapest handler for the configuration. */
static ftrace_func_t func_handler(const struct kobs_session *s)
{
	if (!s->stream && s->n_words == 1 && s->gather[0] == KOBS_W_KSTACK)
		return func_count_by_kstack;
	if (s->need & KOBS_W_STACKS)
		return func_hit_stacks;
	if (s->stream)
		return func_hit_stream;
	if (s->gather[0] != FUNC_W_FUNC)
		return func_hit;
	if (s->n_words == 1)
		return func_count_by_func;
	if (s->n_words == 2 && s->gather[1] == FUNC_W_CALLER)
		return func_count_by_caller;
	return func_hit;
}

/**
 * struct kobs_func_call - data of a call in progress
 * @start: monotonic ns of the entry
 * @cost: cost of the entry's handler if the hit is timed, else 0
 * @kstack: kernel stack at the entry, 0 for none
 * @ustack: user stack at the entry, 0 for none
 */
struct kobs_func_call {
	u64 start;
	u64 cost;
	u32 kstack;
	u32 ustack;
};

/* Entry of a function whose return is hooked. */
static __always_inline bool func_enter(void *ctx, unsigned long ip,
				       const struct pt_regs *regs, void *data)
{
	struct kobs_session *s = ctx;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_at at = kobs_at_regs(regs);
	struct kobs_func_call *call = data;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return false;
	if (!kobs_hit_wanted(s, pc))
		goto out;
	if ((s->need & KOBS_W_STACKS) &&
	    !kobs_context_at(s, v, s->need & KOBS_W_STACKS, ip, &at, true)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		goto out;
	}
	call->kstack = s->need & BIT(KOBS_W_KSTACK) ? v[KOBS_W_KSTACK] : 0;
	call->ustack = s->need & BIT(KOBS_W_USTACK) ? v[KOBS_W_USTACK] : 0;
	kobs_count(&pc->counters, FUNC_N_IN_FLIGHT);
	call->start = ktime_get_mono_fast_ns();
	call->cost = t0 ? (call->start - t0) ?: 1 : 0;
	return true;
out:
	kobs_hit_end(s, pc, t0, 0);
	return false;
}

static __always_inline void func_exit(void *ctx, unsigned long ip,
				      unsigned long caller, const void *data)
{
	u64 end = ktime_get_mono_fast_ns();
	const struct kobs_func_call *call = data;
	struct kobs_session *s = ctx;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
	v[FUNC_W_FUNC] = ip;
	v[FUNC_W_CALLER] = caller;
	v[KOBS_W_KSTACK] = call->kstack;
	v[KOBS_W_USTACK] = call->ustack;
	kobs_hit_record(s, pc, &(struct kobs_hit){
		.v = v,
		.need = s->need & ~KOBS_W_STACKS,
		.value = end - call->start,
	}, KOBS_HIT_EITHER);
	kobs_hit_end(s, pc, call->cost ? end : 0, call->cost);
}

static __always_inline void *func_begin(void *ctx)
{
	return kobs_hit_enter(ctx);
}

static __always_inline void func_end(void *guarded)
{
	kobs_hit_leave(guarded);
}

static __always_inline void func_miss(void *ctx, void *guarded)
{
	struct kobs_session *s = ctx;
	struct kobs_cpu *pc = guarded;

	if (!READ_ONCE(s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, FUNC_N_MISSED);
}

static int func_keep_out(void *ctx, unsigned long ip, const char *reason)
{
	return kobs_session_keep_out(ctx, ip, reason, false);
}

static const struct kobs_call_ops func_call_ops = {
	.size = sizeof(struct kobs_func_call),
	.begin = func_begin,
	.end = func_end,
	.missed = func_miss,
	.enter = func_enter,
	.exit = func_exit,
	.keep_out = func_keep_out,
};

KOBS_CALL_HANDLERS(func_call, func_call_ops);

static int func_compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void func_unhook(struct kobs_func *f)
{
	lockdep_assert_held(&f->lock);
	if (f->hooked)
		WARN_ON_ONCE(unregister_ftrace_function(&f->ops));
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
		err = ftrace_set_filter_ip(&trial, ip, 0, 1);
		if (!err)
			f->ips[f->n++] = ip;
		else if (err == -EINVAL)
			err = kobs_session_keep_out(f->s, ip,
						    "ftrace cannot trace it",
						    false);
	}
	ftrace_free_filter(&trial);
	return err;
}

/*
 * A module is unloaded. Its functions must leave the filter, else those of a
 * module that is loaded to the same address would be hooked; an empty filter
 * would hook all functions.
 */
static int func_module(struct notifier_block *nb, unsigned long state,
		       void *data)
{
	struct kobs_func *f = container_of(nb, struct kobs_func, modules);
	unsigned int left = 0;
	unsigned int i;

	if (state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&f->lock);
	for (i = 0; i < f->n; i++) {
		if (!within_module(f->ips[i], data))
			f->ips[left++] = f->ips[i];
	}
	if (left == f->n)
		goto out;
	f->n = left;
	if (f->calls)
		kobs_calls_keep(f->calls, left);
	else if (left)
		WARN_ON_ONCE(ftrace_set_filter_ips(&f->ops, f->ips, left, 0, 1));
	else
		func_unhook(f);
out:
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
		f->ops.func = func_handler(s);
		f->ops.private = s;
		return ftrace_set_filter_ips(&f->ops, f->ips, f->n, 0, 1);
	}
	f->calls = kobs_calls_new(&func_call, s, f->ips, &f->n,
				  s->source_params[FUNC_P_INFLIGHT].number);
	if (IS_ERR(f->calls)) {
		int err = PTR_ERR(f->calls);

		f->calls = NULL;
		return err;
	}
	return 0;
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
		return kobs_refuse(extack, err,
				   "%u functions cannot be hooked: error %d",
				   f->n, -err);
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
				   register_ftrace_function(&f->ops);
		f->hooked = !err && !f->calls;
		if (err)
			kobs_refuse(extack, err,
				    "%u functions cannot be hooked: error %d",
				    f->n, -err);
	}
	mutex_unlock(&f->lock);
	return err;
}

static void func_stop(struct kobs_session *s)
{
	struct kobs_func *f = s->priv;

	mutex_lock(&f->lock);
	if (f->calls)
		kobs_calls_stop(f->calls);
	else
		func_unhook(f);
	mutex_unlock(&f->lock);
}

static void func_release(struct kobs_session *s)
{
	func_free(s->priv);
	s->priv = NULL;
}

static u64 func_missed(const struct kobs_session *s)
{
	const struct kobs_func *f = s->priv;

	return f && f->calls ? kobs_calls_missed(f->calls) : 0;
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
	.missed = func_missed,
	.missed_as = FUNC_N_MISSED,
};
