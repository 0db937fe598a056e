// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: handlers of modes that hook entries and returns (hooks/call.h).
 *
 * Locking: none; any context, NMI included.
 */
#include "core/hit.h"
#include "sources/func/func.h"

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
				      unsigned long caller, unsigned long ret,
				      const void *data)
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
		.value = kobs_elapsed(call->start, end),
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
	return kobs_func_keep_out(ctx, ip, reason);
}

static bool func_unwanted(void *ctx)
{
	return kobs_session_unwanted(ctx);
}

static const struct kobs_call_ops func_call_ops = {
	.size = sizeof(struct kobs_func_call),
	.plain = true,
	.begin = func_begin,
	.end = func_end,
	.missed = func_miss,
	.enter = func_enter,
	.exit = func_exit,
	.keep_out = func_keep_out,
	.unwanted = func_unwanted,
};

KOBS_CALL_HANDLERS(func_call, func_call_ops);

/**
 * kobs_func_calls() - hook the functions of a session and their returns
 * @f: session
 *
 * Context: task, may sleep; @f->lock is held.
 * Return: the calls, or ERR_PTR; @f->n is the number of functions hooked.
 */
struct kobs_calls *kobs_func_calls(struct kobs_func *f)
{
	return kobs_calls_new(&func_call, f->s, f->ips, &f->n,
			      f->s->source_params[FUNC_P_INFLIGHT].number,
			      &f->s->memory);
}
