// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of system calls that are measured.
 *
 * A call is an entry of the in-flight table, which its return takes out. A task that
 * ends in a call, as by exit_group(), takes it out when it exits: the call counts as
 * one that has not ended. A return without an entry is no hit: the call had begun
 * before the session, or is one whose entry the kernel does not trace, as of a new
 * task, or where seccomp refuses it.
 *
 * The clock is read last at the entry and first at the return: what the handlers take
 * is not in what a call takes.
 *
 * Locking: see syscall.h.
 */
#include "sources/probe/syscall.h"

/* Data words of a call in progress: arguments, then what was at its entry. */
enum {
	CALL_D_NR = KOBS_PROBE_NR,
	CALL_D_COST,
	CALL_D_STACKS,
	CALL_D_WORDS
};

static_assert(CALL_D_WORDS == PROBE_CALL_WORDS);

/* The stacks of an entry, the user's in the upper half; U64_MAX: no room. */
static noinline u64 call_stacks(struct kobs_session *s)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[KOBS_W_KSTACK] = 0;
	v[KOBS_W_USTACK] = 0;
	if (!kobs_context(s, v, s->need & KOBS_W_STACKS, true))
		return U64_MAX;
	return v[KOBS_W_KSTACK] | v[KOBS_W_USTACK] << 32;
}

/* Keep what is known at the entry. Returns what becomes of the hit. */
static __always_inline enum kobs_counter
call_keep(struct kobs_probe_point *p, struct pt_regs *regs, long nr, u64 t0)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_session *s = p->s;
	enum kobs_inflight_got got;
	u64 stacks = 0;
	u64 *data;

	if (s->need & KOBS_W_STACKS)
		stacks = call_stacks(s);
	if (unlikely(stacks == U64_MAX))
		return KOBS_N_STACK_FULL;
	got = kobs_inflight_begin(&p->probes->inflight, (u64)current, (u64)p,
				  &ref);
	if (unlikely(got == KOBS_INFLIGHT_FULL))
		return KOBS_N_INFLIGHT_FULL;
	/* Its end was not seen: the entry is made anew for this call. */
	if (unlikely(got == KOBS_INFLIGHT_FOUND)) {
		kobs_inflight_end_own(&ref);
		if (kobs_inflight_begin(&p->probes->inflight, (u64)current,
					(u64)p, &ref) != KOBS_INFLIGHT_BEGUN)
			return KOBS_N_INFLIGHT_FULL;
		local64_dec(&this_cpu_ptr(s->cpu)->counters.n[KOBS_N_IN_FLIGHT]);
		kobs_count(&this_cpu_ptr(s->cpu)->counters, PROBE_N_STALE);
	}
	data = ref.entry->data;
	if (p->own_args)
		take_args(regs, data);
	data[CALL_D_NR] = nr;
	data[CALL_D_STACKS] = stacks;
	ref.entry->start = ktime_get_mono_fast_ns();
	data[CALL_D_COST] = t0 ? (ref.entry->start - t0) ?: 1 : 0;
	kobs_inflight_publish(&ref);
	return KOBS_N_IN_FLIGHT;
}

/* Keep a call whose hit was counted, and end the handler. */
static noinline void call_keep_on(struct kobs_probe_point *p,
				  struct kobs_cpu *pc, struct pt_regs *regs,
				  long nr, u64 t0)
{
	enum kobs_counter fate = call_keep(p, regs, nr, t0);

	kobs_count(&pc->counters, fate);
	if (unlikely(fate != KOBS_N_IN_FLIGHT))
		kobs_hit_end(p->s, pc, t0, 0);
	kobs_hit_leave(pc);
}

/* The entry of a call that is measured. */
static void probe_call_begins(void *data, struct pt_regs *regs, long nr)
{
	struct kobs_probe_point *p = data;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	u64 t0;

	nr = probe_call_number(nr);
	if (!is_ours(p, nr))
		return;
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	if (syscall_begin(s, pc, &t0))
		call_keep_on(p, pc, regs, nr, t0);
	else
		kobs_hit_leave(pc);
}

/* Likewise, of a point that needs nothing of the call but its number. */
static void probe_call_begins_usual(void *data, struct pt_regs *regs, long nr)
{
	long number = probe_call_number(nr);
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_probe_point *p = data;
	struct kobs_cpu *pc;

	if (!is_ours(p, number))
		return;
	pc = kobs_hit_enter_usual_task(p->s);
	if (unlikely(!pc)) {
		probe_call_begins(data, regs, nr);
		return;
	}
	if (unlikely(!kobs_inflight_begin_home(&p->probes->inflight,
					       (u64)current, (u64)p, &ref))) {
		call_keep_on(p, pc, regs, number, 0);
		return;
	}
	ref.entry->data[CALL_D_NR] = number;
	ref.entry->data[CALL_D_COST] = 0;
	ref.entry->start = ktime_get_mono_fast_ns();
	kobs_inflight_publish(&ref);
	kobs_count(&pc->counters, KOBS_N_IN_FLIGHT);
	kobs_hit_leave(pc);
}

/* Record a call that ends. */
static noinline void call_record(struct kobs_probe_point *p,
				 struct kobs_cpu *pc, const u64 *data,
				 long ret, u64 elapsed)
{
	u64 args[KOBS_PROBE_SYSCALL_ARGS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (p->own_args)
		memcpy(args, data, KOBS_PROBE_NR * sizeof(*args));
	args[KOBS_PROBE_NR] = data[CALL_D_NR];
	args[KOBS_PROBE_RET] = ret;
	args[KOBS_PROBE_TOOK] = elapsed;
	v[PROBE_W_PROBE] = p->id;
	v[KOBS_W_KSTACK] = (u32)data[CALL_D_STACKS];
	v[KOBS_W_USTACK] = data[CALL_D_STACKS] >> 32;
	probe_run(p, pc, v, args, p->s->need & ~KOBS_W_STACKS, 0, NULL, elapsed,
		  KOBS_HIT_EITHER);
}

/* The return of a call that is not measured. */
static noinline void call_is_none(struct kobs_session *s, u64 end)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);

	if (!pc)
		return;
	kobs_hit_call(s, pc, end);
	kobs_hit_leave(pc);
}

/* The return of a call that is measured, at @end. */
static noinline void call_ends(struct kobs_probe_point *p, long ret, u64 end)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	u64 elapsed, cost;

	/* Not by its number, which execve() and rt_sigreturn() change. */
	if (!kobs_inflight_find(&p->probes->inflight, (u64)current, (u64)p,
				&ref)) {
		call_is_none(s, end);
		return;
	}
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	elapsed = kobs_elapsed(ref.entry->start, end);
	cost = ref.entry->data[CALL_D_COST];
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (likely(p->brief && !cost)) {
		struct kobs_brief b = { ref.entry->data[CALL_D_NR], ret, elapsed };

		kobs_inflight_end_own(&ref);
		probe_run_brief(p, pc, b, true);
		return;
	}
	call_record(p, pc, ref.entry->data, ret, elapsed);
	kobs_inflight_end_own(&ref);
	kobs_hit_end(s, pc, cost ? end : 0, cost);
	kobs_hit_leave(pc);
}

static void probe_call_ends(void *data, struct pt_regs *regs, long ret)
{
	call_ends(data, ret, ktime_get_mono_fast_ns());
}

/*
 * Likewise, of a usual point. What is not found where it should be, was timed, or
 * comes upon another handler is left to the slow path, before anything is done.
 */
static __always_inline void call_ends_usual(struct kobs_probe_point *p, long ret,
					    bool by_number)
{
	u64 end = ktime_get_mono_fast_ns();
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc = NULL;
	u64 elapsed, key;

	if (likely(kobs_inflight_find_home(&p->probes->inflight, (u64)current,
					   (u64)p, &ref) &&
		   !ref.entry->data[CALL_D_COST]))
		pc = kobs_hit_enter_task(p->s);
	if (unlikely(!pc)) {
		call_ends(p, ret, end);
		return;
	}
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	elapsed = kobs_elapsed(ref.entry->start, end);
	key = usual_key(p, ref.entry->data[CALL_D_NR], by_number);
	kobs_inflight_end_own(&ref);
	probe_run_usual(p, pc, key, elapsed, true);
}

static void probe_call_ends_numbers(void *data, struct pt_regs *regs, long ret)
{
	call_ends_usual(data, ret, true);
}

static void probe_call_ends_ids(void *data, struct pt_regs *regs, long ret)
{
	call_ends_usual(data, ret, false);
}

/* A task exits: a call that it is in does not return. */
static void probe_call_dies(void *data, struct task_struct *task)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_probe_point *p = data;
	struct kobs_cpu *pc = kobs_hit_enter(p->s);

	if (!pc)
		return;
	/* It stays one that has not ended. */
	if (kobs_inflight_find(&p->probes->inflight, (u64)current, (u64)p,
			       &ref))
		kobs_inflight_end_own(&ref);
	kobs_hit_leave(pc);
}

KOBS_PROBE_TYPE(probe_call_begins, sys_enter);
KOBS_PROBE_TYPE(probe_call_begins_usual, sys_enter);
KOBS_PROBE_TYPE(probe_call_ends, sys_exit);
KOBS_PROBE_TYPE(probe_call_ends_numbers, sys_exit);
KOBS_PROBE_TYPE(probe_call_ends_ids, sys_exit);

/**
 * kobs_probe_syscall_calls() - the hooks of a point of system calls that are measured
 * @point: point with its program, whose session is configured
 *
 * Context: task.
 */
void kobs_probe_syscall_calls(struct kobs_probe_point *point)
{
	bool bare = !point->own_args && !(point->s->need & KOBS_W_STACKS);

	probe_add_trace(point, "sched_process_exit", probe_call_dies);
	probe_add_trace(point, "sys_exit",
			usual_by_number(point) ? probe_call_ends_numbers :
			usual_by_id(point) ? probe_call_ends_ids :
			probe_call_ends);
	probe_add_trace(point, "sys_enter",
			bare ? probe_call_begins_usual : probe_call_begins);
}
