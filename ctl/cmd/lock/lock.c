// SPDX-License-Identifier: GPL-2.0
/* obsctl lock: waits for the kernel's locks, and those that do not end. */

#include <stdlib.h>
#include <string.h>

#include "cmd/lock/slow.h"
#include "cmd/lock/stalls.h"
#include "cmd/nouns.h"
#include "cmd/tools/tool.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "report/report.h"
#include "run/run.h"
#include "symbols/code_ranges.h"

/* Options of lock alone. */
struct lock_opts {
	struct probe_opts probe;	/* of the verb that is a tool: first */
	bool	owner_stack;
	bool	fail;
	bool	each;
	struct opt_number waits;
};

/* Slow waits that are kept. */
#define WAITS_KEPT	100

static const struct opt contention_options[] = {
	{ "over", 0, "TIME", "only waits that take TIME or longer, each with a record",
	  &opt_param_time, .param = "over" },
	{ "each", 0, NULL, "with --over: show the longest waits, too; --json has them anyway",
	  &opt_switch, OPT_OWN_AT(struct lock_opts, each) },
	{ "waits", 0, "N", "with --over: keep the N longest of them (default 100)", &opt_number,
	  OPT_OWN_AT(struct lock_opts, waits), .max = 100000 },
	{ "owner-stack", 0, NULL, "the stack of the lock's owner, too, as it was when the wait began",
	  &opt_switch, OPT_OWN_AT(struct lock_opts, owner_stack) },
};

static const struct opt stalls_options[] = {
	{ "over", 0, "TIME", "a wait is a stall when it lasts this long (default 100ms)",
	  &opt_param_time, .param = "over" },
	{ "fail", 0, NULL, "exit with status 3 if there was a stall", &opt_switch,
	  OPT_OWN_AT(struct lock_opts, fail) },
};

static const struct opt_group group_contention = { OPT_OWN(contention_options) };
static const struct opt_group group_stalls = { OPT_OWN(stalls_options) };

/* The owner, too, beside what is asked for or what is usual. */
static void add_owner_columns(struct request *req, const struct opts *o)
{
	static const char *const usual[] = { "lock", "cache", "kind", "caller" };
	static const char *const owner[] = { "owner", "owner_pid", "owner_stack" };
	size_t i;

	for (i = 0; !o->by.n && i < ARRAY_SIZE(usual); i++)
		strings_add(&req->by, usual[i]);
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		if (!strings_have(&o->by, owner[i]))
			strings_add(&req->by, owner[i]);
}

/* What only one of the two forms of lock contention has. */
static int check_contention(const struct verb *verb, const struct opts *o)
{
	const struct lock_opts *own = o->own;
	const struct {
		const char	*name;
		bool		given;
		bool		slow;	/* of that with --over */
	} options[] = {
		{ "--min", o->min.given, false }, { "--hist", o->hist, false },
		{ "--detach", o->detach, false }, { "--fail-over", o->fail_over.text, false },
		{ "--rows", opts_has_param(o, "rows"), false }, { "--each", own->each, true },
		{ "--waits", own->waits.given, true },
		{ "--ring-kb", opts_has_param(o, "ring_kb"), true },
	};
	bool slow = opts_has_param(o, "over");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].given && options[i].slow != slow)
			return slow ? misuse("%s does not go with --over, which has no table of all waits",
					     options[i].name) :
				      misuse("%s needs --over TIME: without it, waits have no records",
					     options[i].name);
	return 0;
}

/* Waits for locks. */
static int run_contention(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "lock", .mode = verb->name, .kind = verb->report };
	const struct lock_opts *own = o->own;
	const struct lock_slow_asks asks = {
		.each = own->each, .owner_stack = own->owner_stack,
		.waits = own->waits.given ? own->waits.value : WAITS_KEPT,
	};
	struct lock_slow slow = {};
	struct numbers text = {};
	int err;

	lock_text_find(&text);
	if (text.n) {
		model_set_number(&spec.request, "lock_text", 0);
		spec.request.settings[0].addresses = &text;
	}
	if (opts_has_param(o, "over"))
		lock_slow_ask(&slow, &spec, o, &asks);
	else if (own->owner_stack)
		add_owner_columns(&spec.request, o);
	err = run_session(&spec, o);
	lock_slow_free(&slow);
	model_free_request(&spec.request);
	numbers_free(&text);
	return err;
}

/* Waits that last. */
static int run_stalls(const struct verb *verb, const struct opts *o)
{
	const struct lock_opts *own = o->own;
	struct stalls stalls = {};
	struct run_spec spec = {
		.source = "lock", .mode = verb->name,
		.record = stalls_record, .arg = &stalls,
	};
	int err = run_session(&spec, o);

	if (!err && own->fail && stalls.seen) {
		warn("%llu stalls were reported, and --fail was given",
		     (unsigned long long)stalls.seen);
		err = STATUS_CROSSED;
	}
	model_free_request(&spec.request);
	return err;
}

static const struct report_kind contention_report = {
	.source = "lock",
	.mode = "contention",
	.also = &lock_slow_report,
	.palette = FLAME_WAITS,
};

/*
 * Operations on futexes that wait, a bit each: FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET,
 * FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2; without their flags.
 */
#define WAITS		"(1 << (op & 127) & 0x2a41) != 0"
#define WAITS_BY_NUMBER	"(1 << (arg1 & 127) & 0x2a41) != 0"

/* What all kernels tell of a wait. */
#define FUTEX		"comm,pid,(user_data)from.uaddr=futex,(futex_op)from.op=op"

#define NO_ARGS "choose tasks by --pid, --tid or --comm"

static const struct verb verbs[] = {
	{
		.name = "contention",
		.doc = "waits for the kernel's locks, by lock and caller",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_contention, &group_filter, &group_min, &group_by,
				 &group_hist, &group_top, &group_json, &group_folded, &group_flame,
				 &group_html, &group_frames, &group_output, &group_verbose,
				 &group_run,
				 &group_interval, &group_detach, &group_over_time, &group_max_lost,
				 &group_waits, &group_rows, &group_stacks, &group_ring),
		.columns = COLUMNS("lock", "cache", "kind", "caller", "owner", "owner_pid",
				   "owner_tid", "owner_stack", CONTEXT_COLUMNS, STACK_COLUMNS),
		.report = &contention_report,
		.check = check_contention,
		.fn = run_contention,
	},
	{
		.name = "stalls",
		.doc = "waits for locks that last, and who holds them up",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_stalls, &group_filter, &group_json, &group_frames,
				 &group_output, &group_verbose, &group_run, &group_max_lost,
				 &group_waits, &group_stacks, &group_ring),
		.fn = run_stalls,
	},
	{
		TOOL_TIME,
		.name = "futex",
		.doc = "how long threads wait for futexes, the locks of programs",
		.columns = COLUMNS("futex", "op", "waker", "waker_pid", "waker_tid", "error",
				   "via", "via_ustack", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			/*
			 * A waker takes the waiter off the futex, and then wakes it up; else
			 * the waiter does that itself.
			 */
			{
				.from = "s:futex",
				.to = "sr:futex",
				.via = "k:__futex_unqueue",
				.on = "task:task:q->task",
				.by = FUTEX ",via.comm=waker",
				.also = "via.pid=waker_pid,via.tid=waker_tid,(errno)to.ret=error",
				.where = WAITS ";via.q->task != task",
			},
			/* Where the kernel tells no types. */
			{
				.from = "s:futex",
				.to = "sr:futex",
				.by = FUTEX,
				.also = "(errno)to.ret=error",
				.where = WAITS,
			},
			/* Without the events of system calls, arguments have no names. */
			{
				.from = "s:futex",
				.to = "sr:futex",
				.by = "comm,pid,(user_data)from.arg0=futex,(futex_op)from.arg1=op",
				.also = "(errno)to.ret=error",
				.where = WAITS_BY_NUMBER,
			},
		} },
	},
};

const struct noun noun_lock = {
	.name = "lock",
	.doc = "waits for the kernel's locks",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct lock_opts),
};
