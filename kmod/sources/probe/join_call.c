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
#include "sources/probe/call.h"
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

static __always_inline bool join_call_enter(void *ctx, unsigned long ip,
					    const struct pt_regs *regs,
					    void *data)
{
	struct kobs_probe_point *p = ctx;
	struct kobs_cpu *pc = this_cpu_ptr(p->s->cpu);
	struct kobs_join_call *call = data;
	unsigned int i;
	u64 t0;

	if (!READ_ONCE(p->s->armed))
		return false;
	t0 = kobs_hit_call_begin(p->s, pc);
	for (i = 0; i < PROBE_ENTRY_ARGS && p->program.n_args; i++)
		call->args[i] =
			regs_get_kernel_argument((struct pt_regs *)regs, i);
	call->start = ktime_get_mono_fast_ns();
	kobs_hit_call_end(p->s, pc, t0);
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

static const struct kobs_call_ops join_call_ops = {
	.size = sizeof(struct kobs_join_call),
	.begin = probe_call_begin,
	.end = probe_call_end,
	.missed = probe_call_missed,
	.enter = join_call_enter,
	.exit = join_call_exit,
	.keep_out = probe_call_keep_out,
	.unwanted = probe_call_unwanted,
};

KOBS_CALL_HANDLERS(join_return, join_call_ops);

/* The handlers of functions at their return. */
const struct kobs_call_handlers * const kobs_join_return = &join_return;
