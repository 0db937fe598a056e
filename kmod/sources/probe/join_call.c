// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of functions whose return begins or ends pairs. The entry
 * only keeps what the return's programs need, and is no hit.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/ptrace.h>
#include <linux/string.h>

#include "core/hit.h"
#include "sources/probe/probe.h"

/**
 * struct kobs_join_call - data of a call in progress
 * @start: monotonic ns of the entry
 * @args: arguments
 */
struct kobs_join_call {
	u64 start;
	u64 args[PROBE_ENTRY_ARGS];
};

static __always_inline void *join_call_begin(void *ctx)
{
	struct kobs_probe_point *p = ctx;

	return kobs_hit_enter(p->s);
}

static __always_inline void join_call_end(void *guarded)
{
	kobs_hit_leave(guarded);
}

static __always_inline void join_call_missed(void *ctx, void *guarded)
{
	struct kobs_probe_point *p = ctx;
	struct kobs_cpu *pc = guarded;

	if (!READ_ONCE(p->s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, PROBE_N_MISSED);
}

static __always_inline bool join_call_enter(void *ctx, unsigned long ip,
					    const struct pt_regs *regs,
					    void *data)
{
	struct kobs_probe_point *p = ctx;
	struct kobs_join_call *call = data;
	unsigned int i;

	if (!READ_ONCE(p->s->armed))
		return false;
	for (i = 0; i < PROBE_ENTRY_ARGS && p->program.n_args; i++)
		call->args[i] =
			regs_get_kernel_argument((struct pt_regs *)regs, i);
	call->start = ktime_get_mono_fast_ns();
	return true;
}

static __always_inline void join_call_exit(void *ctx, unsigned long ip,
					   unsigned long caller,
					   unsigned long ret, const void *data)
{
	u64 args[KOBS_PROBE_RETURN_ARGS] KOBS_UNINIT;
	const struct kobs_join_call *call = data;
	struct kobs_probe_point *p = ctx;

	if (p->program.n_args) {
		memcpy(args, call->args, sizeof(call->args));
		args[KOBS_PROBE_RESULT] = ret;
		args[KOBS_PROBE_DURATION] =
			kobs_elapsed(call->start, ktime_get_mono_fast_ns());
	}
	kobs_join_hit(p, ip, args, 0, NULL);
}

static int join_call_keep_out(void *ctx, unsigned long ip, const char *reason)
{
	struct kobs_probe_point *p = ctx;

	return kobs_session_keep_out(p->s, ip, reason, false);
}

static bool join_call_unwanted(void *ctx)
{
	struct kobs_probe_point *p = ctx;

	return kobs_session_unwanted(p->s);
}

static const struct kobs_call_ops join_call_ops = {
	.size = sizeof(struct kobs_join_call),
	.begin = join_call_begin,
	.end = join_call_end,
	.missed = join_call_missed,
	.enter = join_call_enter,
	.exit = join_call_exit,
	.keep_out = join_call_keep_out,
	.unwanted = join_call_unwanted,
};

KOBS_CALL_HANDLERS(join_return, join_call_ops);

/* The handlers of functions at their return. */
const struct kobs_call_handlers * const kobs_join_return = &join_return;
