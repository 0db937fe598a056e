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
 * the notifier of modules under its chain's; struct kobs_func.lock, which nests
 * inside both, protects the set of hooked functions. The handlers take no lock.
 * stop waits for the trampolines in unregister_ftrace_function() (one RCU-tasks
 * grace period) before anything is freed.
 */
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core/counting.h"
#include "core/refuse.h"
#include "core/session.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources.h"
#include "sources/func/func.h"
#include "sources/func/graph.h"

static void func_free(struct kobs_func *f)
{
	unregister_module_notifier(&f->modules);
	if (f->calls)
		kobs_calls_free(f->calls);
	kobs_func_graph_free(f);
	kobs_func_slow_free(f);
	ftrace_free_filter(&f->ops);
	if (f->wait)
		kobs_func_wait_free(f->wait);
	kvfree(f->ips);
	mutex_destroy(&f->lock);
	kfree(f);
}

/* Prepare the hooks of the mode; with @returns, of entries and returns. */
static int func_prepare_hook(struct kobs_func *f, bool returns)
{
	struct kobs_session *s = f->s;

	if (!returns) {
		f->ops.func = kobs_func_handler(s);
		f->ops.flags = KOBS_FTRACE_FLAGS;
		f->ops.private = s;
		return f->n ? ftrace_set_filter_ips(&f->ops, f->ips, f->n, 0, 1) :
			      0;
	}
	f->calls = f->slow ? kobs_func_slow_calls(f) : kobs_func_calls(f);
	if (IS_ERR(f->calls)) {
		int err = PTR_ERR(f->calls);

		f->calls = NULL;
		return err;
	}
	return 0;
}

/**
 * kobs_func_refuse() - say why functions cannot be hooked
 * @f: session
 * @err: error of ftrace, or of what looks at functions
 * @extack: takes the sentence
 *
 * Context: task.
 * Return: the error for the client.
 */
int kobs_func_refuse(const struct kobs_func *f, int err,
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
			       struct netlink_ext_ack *extack)
{
	struct kobs_session *s = f->s;
	unsigned int n;
	int err = kobs_func_take(f, &n);

	if (!err && kobs_func_is_graph(s))
		err = kobs_func_graph_new(f, extack);
	if (!err && kobs_func_is_slow(s))
		err = kobs_func_slow_new(f, extack);
	if (err)
		return err;
	err = kobs_func_choose(f, n);
	if (!err && f->graph)
		return kobs_func_graph_calls(f, extack);
	if (!err && (f->n || f->wait))
		err = func_prepare_hook(f, s->mode->value || f->slow);
	if (err)
		return kobs_func_refuse(f, err, extack);
	if (f->n || f->wait)
		return 0;
	return kobs_refuse(extack, -EINVAL, "%ps%s cannot be traced: %s",
			   (void *)(long)s->kept_out[0].address,
			   kobs_session_kept_out(s) > 1 ?
			   " and all others" : "", s->kept_out[0].reason);
}

static int func_check(const struct kobs_session *s,
		      struct netlink_ext_ack *extack)
{
	u64 n = s->source_params[FUNC_P_FUNCTIONS].number;
	int err = kobs_func_graph_check(s, extack) ?:
		  kobs_func_slow_check(s, extack);

	if (err)
		return err;
	if (s->source_params[FUNC_P_WAIT].text && !IS_ENABLED(CONFIG_KALLSYMS))
		return kobs_refuse(extack, -EOPNOTSUPP,
				   "modules cannot be waited for: this kernel has no symbols (CONFIG_KALLSYMS)");
	if (!n && !s->source_params[FUNC_P_WAIT].text && !kobs_func_is_graph(s))
		return kobs_refuse(extack, -EINVAL,
				   "parameter functions is missing");
	n += s->source_params[FUNC_P_TREE].number;
	if (!kobs_func_may(s, n))
		return kobs_refuse(extack, -EINVAL,
				   "%llu functions: more than %d need the parameter all",
				   n, FUNC_MANY);
	return 0;
}

static struct kobs_func *func_new(struct kobs_session *s,
				  struct netlink_ext_ack *extack)
{
	const char *wait = s->source_params[FUNC_P_WAIT].text;
	struct kobs_func *f = kzalloc(sizeof(*f), GFP_KERNEL);
	int err;

	if (!f)
		return ERR_PTR(-ENOMEM);
	f->s = s;
	mutex_init(&f->lock);
	f->wait = wait ? kobs_func_wait_new(wait) : NULL;
	if (!IS_ERR(f->wait))
		return f;
	err = PTR_ERR(f->wait);
	mutex_destroy(&f->lock);
	kfree(f);
	if (err == -EINVAL)
		kobs_refuse(extack, err,
			    "parameter wait has patterns FUNCTION, MODULE:FUNCTION and !PATTERN, with single spaces between them");
	return ERR_PTR(err);
}

static int func_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	int err = func_check(s, extack);
	struct kobs_func *f;

	if (err)
		return err;
	f = func_new(s, extack);
	if (IS_ERR(f))
		return PTR_ERR(f);
	kobs_func_follow_modules(f);
	mutex_lock(&f->lock);
	err = func_prepare_locked(f, extack);
	if (!err) {
		s->priv = f;
		s->targets = f->n;
	}
	mutex_unlock(&f->lock);
	if (err)
		func_free(f);
	return err;
}

/* After start and stop: what cannot be unhooked is kept. */
static void func_settle(struct kobs_func *f)
{
	if (f->stuck || (f->calls && kobs_calls_stuck(f->calls)))
		kobs_session_pin(f->s);
}

/* Undo what a mode has beside functions, none of which is hooked. */
static void func_detach(struct kobs_func *f)
{
	if (f->graph)
		kobs_func_graph_detach(f);
	if (f->slow)
		kobs_func_slow_detach(f);
}

/* Hook the functions, and what a mode has besides. */
static int func_attach(struct kobs_func *f, struct netlink_ext_ack *extack)
{
	int err = f->graph ? kobs_func_graph_attach(f, extack) :
		  f->slow ? kobs_func_slow_attach(f, extack) : 0;

	if (err)
		return err;
	err = kobs_func_hook(f);
	if (!err)
		return 0;
	func_detach(f);
	if (err != -ENOMEM || !f->calls || !kobs_calls_lack_room(f->calls))
		return kobs_func_refuse(f, err, extack);
	kobs_session_no_memory(f->s, extack, "inflight");
	return err;
}

static int func_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_func *f = s->priv;
	int err = -ENOENT;

	mutex_lock(&f->lock);
	if (!f->n && !f->wait) {
		kobs_refuse(extack, err,
			    "the functions are gone: their module was unloaded");
	} else {
		err = func_attach(f, extack);
		f->began = err ? 0 : ktime_get_mono_fast_ns();
	}
	if (!err && f->graph)
		kobs_func_graph_follow(f);
	func_settle(f);
	mutex_unlock(&f->lock);
	return err;
}

static void func_stop(struct kobs_session *s)
{
	struct kobs_func *f = s->priv;

	if (f->graph)
		kobs_func_graph_settle(f);
	mutex_lock(&f->lock);
	f->began = 0;
	f->ended = true;
	kobs_func_unhook(f);
	func_detach(f);
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

	return f && (kobs_func_note(f, i, note) ||
		     (i >= FUNC_TALLIES &&
		      (kobs_func_graph_note(f, i - FUNC_TALLIES, note) ||
		       kobs_func_slow_note(f, i - FUNC_TALLIES, note))));
}

static const struct kobs_field graph_fields[] = {
	[GRAPH_F_TOTAL] = {
		"total", "time from entry to return", KOBS_TYPE_NUMBER, "ns",
		KOBS_MERGE_SUM
	},
	[GRAPH_F_LONGEST] = {
		"longest", "longest time from entry to return",
		KOBS_TYPE_NUMBER, "ns", KOBS_MERGE_HIGHEST
	},
};

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
	}, {
		.name = "graph",
		.doc = "measure calls of functions and of what these call",
		.value = "self",
		.unit = "ns",
		.by = "path",
		.fields = graph_fields,
		.n_fields = ARRAY_SIZE(graph_fields),
		.available = kobs_calls_how,
	}, {
		.name = "calls",
		.doc = "stream a record of each call of functions and of what these call",
		.value = "duration",
		.unit = "ns",
		.stream = true,
		.by = "func,path,root,call,inside,self_ns,context,pid,tid,comm",
		.available = kobs_calls_how,
	}, {
		.name = "slow",
		.doc = "stream a record of each call that takes longer, with what its time went to",
		.unit = "ns",
		.stream = true,
		.data = true,
		.by = "func,caller,tid,pid,comm,duration,run,irq,woken,preempted,blocked,kstack",
		.available = kobs_calls_how,
	},
};

static const struct kobs_column func_columns[] = {
	{ "func", "function called", KOBS_TYPE_FUNCTION, NULL,
	  FUNC_W_FUNC, 1 },
	{ "caller", "where it was called from", KOBS_TYPE_ADDRESS, NULL,
	  FUNC_W_CALLER, 1 },
	{ "path", "graph: functions from this one up to the root",
	  KOBS_TYPE_KSTACK, NULL, FUNC_W_PATH, 1 },
	{ "root", "calls: number of the root's call", KOBS_TYPE_NUMBER,
	  NULL, FUNC_W_ROOT, 1 },
	{ "call", "calls: number of the call in it; that of the root is 0",
	  KOBS_TYPE_NUMBER, NULL, FUNC_W_CALL, 1 },
	{ "inside", "calls: number of calls from its entry to its return",
	  KOBS_TYPE_NUMBER, NULL, FUNC_W_INSIDE, 1 },
	{ "self_ns", "calls: part of the duration that no other call took",
	  KOBS_TYPE_NUMBER, "ns", FUNC_W_SELF, 1 },
	{ "context", "calls: task, softirq, hardirq or NMI",
	  KOBS_TYPE_TEXT, NULL, FUNC_W_CONTEXT, 1 },
	{ "duration", "slow: time from entry to return", KOBS_TYPE_NUMBER, "ns",
	  FUNC_W_DURATION, 1 },
	{ "run", "slow: part of it in which the thread ran", KOBS_TYPE_NUMBER,
	  "ns", FUNC_W_RUN, 1 },
	{ "irq", "slow: part in which interrupts ran in its place",
	  KOBS_TYPE_NUMBER, "ns", FUNC_W_IRQ, 1 },
	{ "woken", "slow: part in which it waited for a CPU after a wake-up",
	  KOBS_TYPE_NUMBER, "ns", FUNC_W_WOKEN, 1 },
	{ "preempted", "slow: part in which it waited for a CPU after it lost it",
	  KOBS_TYPE_NUMBER, "ns", FUNC_W_PREEMPTED, 1 },
	{ "blocked", "slow: part in which it was blocked; kstack is where for longest",
	  KOBS_TYPE_NUMBER, "ns", FUNC_W_BLOCKED, 1 },
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
	[FUNC_P_WAIT] = {
		"wait",
		"functions of modules to hook when these are loaded: [!][MODULE:]PATTERN ...",
		KOBS_TYPE_TEXT, NULL, 1, 4095, 0
	},
	[FUNC_P_INFLIGHT] = {
		"inflight",
		"maximum number of calls in progress; 0: automatic",
		KOBS_TYPE_NUMBER, "calls", 0, 1 << 16, 0
	},
	[FUNC_P_ROOTS] = {
		"roots", "graph: addresses of the functions that trees begin with",
		KOBS_TYPE_ADDRESSES, NULL, 1, GRAPH_ROOTS, 0
	},
	[FUNC_P_DEPTH] = {
		"depth", "graph: nested calls to follow; slow: 8 without it",
		KOBS_TYPE_NUMBER, "calls", 1, KOBS_STACK_DEPTH, 64
	},
	[FUNC_P_TASKS] = {
		"tasks", "graph: tasks that can be in a root at once; slow: in a call",
		KOBS_TYPE_NUMBER, "tasks", 16, 1 << 14, 256
	},
	[FUNC_P_SETTLE] = {
		"settle",
		"graph: after such a time without a new function those that were not called are unhooked; 0: never",
		KOBS_TYPE_NUMBER, "ms", 0, 3600000, 0
	},
	[FUNC_P_OVER] = {
		"over", "slow: shortest duration of calls to record",
		KOBS_TYPE_NUMBER, "ns", 1, 3600ULL * NSEC_PER_SEC,
		10 * NSEC_PER_MSEC
	},
	[FUNC_P_SYSCALLS] = {
		"syscalls", "slow: of functions of system calls, keep the arguments of these",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[FUNC_P_EVENTS] = {
		"events",
		"slow: events to count in each call, as in pmu stat; up to 4",
		KOBS_TYPE_ADDRESSES, NULL, KOBS_COUNTING_WORDS,
		KOBS_COUNTING_EVENTS * KOBS_COUNTING_WORDS, 0
	},
	[FUNC_P_TREE] = {
		"tree",
		"slow: addresses of functions whose calls in a call are part of its record",
		KOBS_TYPE_ADDRESSES, NULL, 1, 1 << 20, 0
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
	[FUNC_N_TASKS - KOBS_N_SOURCE] = {
		"tasks_full",
		"call by more tasks at once than there is room for: raise tasks",
	},
	[FUNC_N_DEEP - KOBS_N_SOURCE] = {
		"too_deep",
		"call nested deeper than there is room for: raise depth",
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
