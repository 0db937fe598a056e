// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of functions that are hooked at their entry and their
 * return (hooks/call.h). The program runs at the return, with the arguments of the
 * call, what it returns, and how long it took.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/err.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "sources/probe/call.h"
#include "sources/probe/run.h"

/**
 * struct kobs_probe_call - data of a call in progress
 * @start: monotonic ns of the entry
 * @cost: cost of the entry's handler if the hit is timed, else 0
 * @kstack: kernel stack at the entry, 0 for none
 * @ustack: user stack at the entry, 0 for none
 * @args: arguments
 */
struct kobs_probe_call {
	u64 start;
	u64 cost;
	u32 kstack;
	u32 ustack;
	u64 args[PROBE_ENTRY_ARGS];
};

/* Entry of a function whose return is hooked. */
static __always_inline bool probe_call_enter(void *ctx, unsigned long ip,
					     const struct pt_regs *regs,
					     void *data)
{
	struct kobs_probe_point *p = ctx;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_at at = kobs_at_regs(regs);
	struct kobs_probe_call *call = data;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	unsigned int i;
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
	for (i = 0; i < PROBE_ENTRY_ARGS && p->program.n_args; i++)
		call->args[i] =
			regs_get_kernel_argument((struct pt_regs *)regs, i);
	kobs_count(&pc->counters, KOBS_N_IN_FLIGHT);
	call->start = ktime_get_mono_fast_ns();
	call->cost = t0 ? (call->start - t0) ?: 1 : 0;
	return true;
out:
	kobs_hit_end(s, pc, t0, 0);
	return false;
}

static __always_inline void probe_call_record(struct kobs_probe_point *p,
					      struct kobs_cpu *pc,
					      unsigned long ip,
					      unsigned long ret,
					      const struct kobs_probe_call *call,
					      u64 end)
{
	u64 args[KOBS_PROBE_RETURN_ARGS] KOBS_UNINIT;
	u64 elapsed = kobs_elapsed(call->start, end);
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (p->program.n_args) {
		memcpy(args, call->args, sizeof(call->args));
		args[KOBS_PROBE_RESULT] = ret;
		args[KOBS_PROBE_DURATION] = elapsed;
	}
	v[PROBE_W_PROBE] = ip;
	v[KOBS_W_KSTACK] = call->kstack;
	v[KOBS_W_USTACK] = call->ustack;
	probe_run(p, pc, v, args, p->s->need & ~KOBS_W_STACKS, 0, NULL, elapsed,
		  KOBS_HIT_EITHER);
}

/*
 * The program reads memory by functions that can be hooked, too: it runs inside
 * the recursion guard. A return that the guard refuses has been counted as another
 * hit by it.
 */
static __always_inline void probe_call_exit(void *ctx, unsigned long ip,
					    unsigned long caller,
					    unsigned long ret, const void *data)
{
	u64 end = ktime_get_mono_fast_ns();
	const struct kobs_probe_call *call = data;
	struct kobs_probe_point *p = ctx;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);

	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (!kobs_hit_enter(s)) {
		kobs_count(&pc->counters, KOBS_N_RECURSION);
		return;
	}
	probe_call_record(p, pc, ip, ret, call, end);
	kobs_hit_end(s, pc, call->cost ? end : 0, call->cost);
	kobs_hit_leave(pc);
}

static const struct kobs_call_ops probe_call_ops = {
	.size = sizeof(struct kobs_probe_call),
	.begin = probe_call_begin,
	.end = probe_call_end,
	.missed = probe_call_missed,
	.enter = probe_call_enter,
	.exit = probe_call_exit,
	.keep_out = probe_call_keep_out,
	.unwanted = probe_call_unwanted,
};

KOBS_CALL_HANDLERS(probe_return, probe_call_ops);

/**
 * kobs_probe_calls() - prepare the hooks of a point's functions and their returns
 * @point: point with its functions, of which those that cannot be hooked go
 *
 * Context: task, may sleep; the lock of the session's hooks is held.
 * Return: 0 or an error of kobs_calls_new().
 */
int kobs_probe_calls(struct kobs_probe_point *point)
{
	u64 most = point->s->source_params[PROBE_P_INFLIGHT].number;
	struct kobs_calls *calls;

	calls = kobs_calls_new(point->join ? kobs_join_return : &probe_return,
			       point, point->ips, &point->n, most,
			       &point->s->memory);
	if (IS_ERR(calls))
		return PTR_ERR(calls);
	point->calls = calls;
	return 0;
}
