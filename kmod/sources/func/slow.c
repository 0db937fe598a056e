// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: handlers of functions that are hooked at their entry and
 * their return.
 *
 * What a hit is: a call. One that took less than the session's over is filtered,
 * and counted. Of a slow one there is a record, with what its time went to: its
 * thread is followed by the scheduler's events from the entry of the first of its
 * calls in progress to the return of that one. Each interval between two events is
 * of one class, and of the innermost call; a call that returns adds what it has to
 * the one that it was made by. So the classes of a call add up to its duration.
 *
 * A call in an interrupt is no part of a thread's time: all of its time is one in
 * which it ran. (Softirqs of PREEMPT_RT are work of the thread that does them, and can
 * be blocked.) So is one that an interrupt makes between the lines of a handler
 * (kobs_slow_task.busy), before the kernel says which context it is in, and one of
 * the scheduler's that it makes for a thread of which it has told that it is switched
 * out: its record is that of whoever wakes it up (slow_time.c).
 *
 * With the parameter tree, a hit is also a call of one of its functions in such a call of
 * the same thread (slow_tree.h). It has no record of its own, and counts as filtered.
 *
 * A call that has not returned when the session ends has a record if it is slow by
 * then, and is lost as in flight if it is not.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/err.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/syscall.h>

#include "sources/func/slow_tree.h"

/* A system call's function has one argument: where all of them are. */
static noinline bool slow_syscall_args(struct kobs_slow_frame *f,
				       unsigned long where)
{
	unsigned long args[6];
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(args) != KOBS_SLOW_ARGS);
	if (where != (unsigned long)current_pt_regs())
		return false;
	syscall_get_arguments(current, current_pt_regs(), args);
	for (i = 0; i < KOBS_SLOW_ARGS; i++)
		f->args[i] = args[i];
	return true;
}

static __always_inline void slow_args(const struct kobs_slow *d,
				      struct kobs_slow_frame *f,
				      const struct pt_regs *regs)
{
	struct pt_regs *r = (struct pt_regs *)regs;
	unsigned int i;

	if (d->syscalls &&
	    slow_syscall_args(f, regs_get_kernel_argument(r, 0)))
		return;

#pragma GCC unroll 6
	for (i = 0; i < KOBS_SLOW_ARGS; i++)
		f->args[i] = regs_get_kernel_argument(r, i);
}

/* A call begins: the time from here on is its. */
static __always_inline u64 slow_push(struct kobs_slow *d,
				     struct kobs_slow_task *t, unsigned long ip,
				     const struct pt_regs *regs,
				     struct kobs_slow_tree_call *tree, u32 role)
{
	struct kobs_slow_frame *f = &t->frame[t->depth];
	u64 now;
	u64 stolen = kobs_stolen_clock(d->s, &now);

	if (t->depth) {
		slow_account(t, now, stolen, NULL);
	} else {
		t->since = now;
		t->stolen = stolen;
	}
	f->ip = ip;
	f->begin = t->since;
	memset(f->ns, 0, sizeof(f->ns));
	kobs_slow_parts_empty(&f->parts);
	slow_args(d, f, regs);
	if (tree)
		tree->inner = slow_push_below(d, t, ip, role);
	if (unlikely(d->counting))
		kobs_slow_count_enter(d, t);
	t->depth++;
	return now;
}

/*
 * Begin a call. @tree: with the parameter tree, the same call, whose function has that
 * @role. Returns what becomes of it.
 */
static __always_inline enum kobs_counter
slow_begin_call(struct kobs_slow *d, unsigned long ip, const struct pt_regs *regs,
		struct kobs_slow_call *call, struct kobs_slow_tree_call *tree,
		u32 role)
{
	struct kobs_slow_task *t = slow_seize(d);

	if (IS_ERR(t))
		return FUNC_N_TASKS;
	call->task = t;
	if (unlikely(!t)) {
		call->start = ktime_get_mono_fast_ns();
		return FUNC_N_IN_FLIGHT;
	}
	if (unlikely(t->depth == d->depth ||
		     (role & KOBS_SLOW_INNER && slow_inner_full(d, t)))) {
		slow_free(t);
		return FUNC_N_DEEP;
	}
	call->use = t->ref.use;
	call->place = t->depth;
	call->start = slow_push(d, t, ip, regs, tree, role);
	slow_free(t);
	return FUNC_N_IN_FLIGHT;
}

static __always_inline bool slow_enter_root(struct kobs_slow *d, unsigned long ip,
					    const struct pt_regs *regs,
					    struct kobs_slow_call *call,
					    struct kobs_slow_tree_call *tree,
					    u32 role)
{
	struct kobs_session *s = d->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	enum kobs_counter fate;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return false;
	if (kobs_hit_wanted(s, pc)) {
		fate = slow_begin_call(d, ip, regs, call, tree, role);
		kobs_count(&pc->counters, fate);
		if (likely(fate == FUNC_N_IN_FLIGHT)) {
			call->cost = unlikely(t0) ? (call->start - t0) ?: 1 : 0;
			return true;
		}
	}
	kobs_hit_end(s, pc, t0, 0);
	return false;
}

static __always_inline bool slow_enter(void *ctx, unsigned long ip,
				       const struct pt_regs *regs, void *data)
{
	return slow_enter_root(ctx, ip, regs, data, NULL, 0);
}

/* Calls above this one whose return was not seen are over, too. */
static __always_inline struct kobs_slow_frame *
slow_pop(struct kobs_slow *d, struct kobs_slow_task *t, u32 place, u64 *now)
{
	u64 stolen;
	u32 above;

	if (unlikely(d->counting))
		kobs_slow_count(d, t);
	stolen = kobs_stolen_clock(d->s, now);
	slow_account(t, *now, stolen, NULL);
	for (above = t->depth - 1; unlikely(above > place); above--)
		slow_fold(&t->frame[above - 1], &t->frame[above]);
	t->depth = place;
	return &t->frame[place];
}

/* A call has returned. Returns what becomes of it. */
static __always_inline enum kobs_counter
slow_judge(struct kobs_slow *d, struct kobs_cpu *pc, unsigned long ip,
	   unsigned long caller, u64 duration, const struct kobs_slow_call *call,
	   const struct kobs_slow_frame *f)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (likely(duration < d->over)) {
		this_cpu_inc(*d->fast);
		return KOBS_N_FILTERED;
	}
	v[FUNC_W_FUNC] = ip;
	v[FUNC_W_CALLER] = caller;
	v[FUNC_W_DURATION] = duration;
	return kobs_slow_record(d, pc, v, f ? f->begin : call->start, call->task,
				f);
}

/* @tree: as for slow_begin_call(). */
static __always_inline void slow_exit_root(struct kobs_slow *d, unsigned long ip,
					   unsigned long caller,
					   const struct kobs_slow_call *call,
					   const struct kobs_slow_tree_call *tree)
{
	struct kobs_slow_task *t = call->task;
	struct kobs_session *s = d->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_slow_frame *f = NULL;
	enum kobs_counter fate;
	u64 duration;
	u64 now;

	/* Another call is there now: this one stays in flight. */
	if (t && unlikely(READ_ONCE(t->ref.state->use) != call->use ||
			  call->place >= t->depth))
		return;
	if (likely(t)) {
		WRITE_ONCE(t->busy, true);
		barrier();
		f = slow_pop(d, t, call->place, &now);
		duration = t->since - f->begin;
		if (tree)
			slow_pop_below(d, t, call->place);
	} else {
		now = ktime_get_mono_fast_ns();
		duration = kobs_elapsed(call->start, now);
	}
	local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
	fate = slow_judge(d, pc, ip, caller, duration, call, f);
	kobs_count(&pc->counters, fate);
	if (likely(t && !call->place)) {
		/* Busy until it is gone: an interrupt must not find it empty. */
		slow_release(t);
	} else if (t) {
		if (tree && tree->inner < t->inner)
			kobs_slow_inner_pop(d, t, tree->inner);
		slow_fold(f - 1, f);
		slow_free(t);
	}
	kobs_hit_end(s, pc, call->cost ? now : 0, call->cost);
}

static __always_inline void slow_exit(void *ctx, unsigned long ip,
				      unsigned long caller, unsigned long ret,
				      const void *data)
{
	slow_exit_root(ctx, ip, caller, data, NULL);
}

/* One that is none has a cost, too: if it is timed, what it took is done again. */
static noinline void slow_tree_elsewhere(struct kobs_slow *d, unsigned long ip)
{
	struct kobs_cpu *pc;
	bool hits;
	u64 t0;

	preempt_disable_notrace();
	pc = this_cpu_ptr(d->s->cpu);
	t0 = kobs_hit_call_begin(d->s, pc);
	if (unlikely(t0)) {
		hits = slow_tree_hits(d, ip);
		OPTIMIZER_HIDE_VAR(hits);
		kobs_hit_call_end(d->s, pc, t0);
	}
	preempt_enable_notrace();
}

static __always_inline bool slow_tree_concerns(void *ctx, unsigned long ip)
{
	if (slow_tree_hits(ctx, ip))
		return true;
	slow_tree_elsewhere(ctx, ip);
	return false;
}

static __always_inline bool slow_tree_enter(void *ctx, unsigned long ip,
					    const struct pt_regs *regs, void *data)
{
	struct kobs_slow_tree_call *call = data;
	struct kobs_slow *d = ctx;
	u32 role = kobs_slow_role(&d->roles, ip);

	if (role & KOBS_SLOW_ROOT)
		return slow_enter_root(d, ip, regs, &call->call, call, role);
	return slow_enter_inner(d, ip, call);
}

static __always_inline void slow_tree_exit(void *ctx, unsigned long ip,
					   unsigned long caller,
					   unsigned long ret, const void *data)
{
	const struct kobs_slow_tree_call *call = data;

	if (call->call.task && call->call.place == SLOW_NO_PLACE)
		slow_exit_inner(ctx, call);
	else
		slow_exit_root(ctx, ip, caller, &call->call, call);
}

static __always_inline void *slow_guard(void *ctx)
{
	struct kobs_slow *d = ctx;

	return kobs_hit_enter(d->s);
}

static __always_inline void slow_unguard(void *guarded)
{
	kobs_hit_leave(guarded);
}

static __always_inline void slow_miss(void *ctx, void *guarded)
{
	struct kobs_slow *d = ctx;
	struct kobs_cpu *pc = guarded;

	if (!READ_ONCE(d->s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, FUNC_N_MISSED);
}

static int slow_keep_out(void *ctx, unsigned long ip, const char *reason)
{
	struct kobs_slow *d = ctx;

	return kobs_func_keep_out(d->s, ip, reason);
}

static bool slow_unwanted(void *ctx)
{
	struct kobs_slow *d = ctx;

	return kobs_session_unwanted(d->s);
}

static const struct kobs_call_ops slow_call_ops = {
	.size = sizeof(struct kobs_slow_call),
	.plain = true,
	.begin = slow_guard,
	.end = slow_unguard,
	.missed = slow_miss,
	.enter = slow_enter,
	.exit = slow_exit,
	.keep_out = slow_keep_out,
	.unwanted = slow_unwanted,
};

static const struct kobs_call_ops slow_tree_ops = {
	.size = sizeof(struct kobs_slow_tree_call),
	.plain = true,
	.concerns = slow_tree_concerns,
	.begin = slow_guard,
	.end = slow_unguard,
	.missed = slow_miss,
	.enter = slow_tree_enter,
	.exit = slow_tree_exit,
	.keep_out = slow_keep_out,
	.unwanted = slow_unwanted,
};

KOBS_CALL_HANDLERS(slow_call, slow_call_ops);
KOBS_CALL_HANDLERS(slow_tree_call, slow_tree_ops);

const struct kobs_call_handlers * const kobs_slow_call = &slow_call;
const struct kobs_call_handlers * const kobs_slow_tree_call = &slow_tree_call;
