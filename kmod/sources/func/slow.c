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

#include "sources/func/slow.h"

/**
 * struct kobs_slow_call - data of a call in progress
 * @task: record of its thread; NULL in an interrupt
 * @start: of such a call, when it began, ns
 * @use: use of the record's entry: it changes when the thread's calls are over
 * @place: its place among these
 * @cost: cost of the entry's handler if the hit is timed, else 0
 */
struct kobs_slow_call {
	struct kobs_slow_task *task;
	u64 start;
	u32 use;
	u32 place;
	u64 cost;
};

/* The current thread enters a call, and is in none. NULL when there is no room. */
static __always_inline struct kobs_slow_task *slow_claim(struct kobs_slow *d)
{
	const u64 *comm = (const u64 *)current->comm;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_slow_task *t;

	if (kobs_inflight_begin(&d->tasks, (u64)current, 0, &ref) !=
	    KOBS_INFLIGHT_BEGUN)
		return NULL;
	t = d->records + (ref.state - d->tasks.states) * d->stride;
	t->ref = ref;
	t->depth = 0;
	t->class = SLOW_RUN;
	t->busy = true;
	t->lock = 0;
	t->cpu = raw_smp_processor_id();
	t->pid = current->tgid;
	t->tid = current->pid;
	t->comm[0] = comm[0];
	t->comm[1] = comm[1];
	if (unlikely(d->s->need & BIT(KOBS_W_CGROUP)))
		t->cgroup = kobs_cgroup_id(current);
	ref.entry->start = 0;
	ref.entry->data[0] = (u64)t;
	kobs_inflight_publish(&ref);
	return t;
}

/* The thread has left its last call. */
static __always_inline void slow_release(struct kobs_slow_task *t)
{
	struct kobs_inflight_ref ref = t->ref;

	kobs_inflight_end_own(&ref);
}

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
				     const struct pt_regs *regs)
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
	if (unlikely(d->counting))
		kobs_slow_count_enter(d, t);
	t->depth++;
	return now;
}

/*
 * The record of the current thread, which nobody else changes until slow_free();
 * NULL for a call that is no part of its time. Of a thread that is in no call, and
 * finds no room, it is an error pointer.
 */
static __always_inline struct kobs_slow_task *slow_seize(struct kobs_slow *d)
{
	struct kobs_slow_task *t;

	if (unlikely(!slow_in_thread()))
		return NULL;
	t = slow_find(d, current);
	if (!t)
		return slow_claim(d) ?: ERR_PTR(-ENOSPC);
	if (unlikely(READ_ONCE(t->busy) || READ_ONCE(t->class) != SLOW_RUN))
		return NULL;
	WRITE_ONCE(t->busy, true);
	barrier();
	return t;
}

static __always_inline void slow_free(struct kobs_slow_task *t)
{
	barrier();
	WRITE_ONCE(t->busy, false);
}

/* Begin a call. Returns what becomes of it. */
static __always_inline enum kobs_counter
slow_begin_call(struct kobs_slow *d, unsigned long ip, const struct pt_regs *regs,
		struct kobs_slow_call *call)
{
	struct kobs_slow_task *t = slow_seize(d);

	if (IS_ERR(t))
		return FUNC_N_TASKS;
	call->task = t;
	if (unlikely(!t)) {
		call->start = ktime_get_mono_fast_ns();
		return FUNC_N_IN_FLIGHT;
	}
	if (unlikely(t->depth == d->depth)) {
		slow_free(t);
		return FUNC_N_DEEP;
	}
	call->use = t->ref.use;
	call->place = t->depth;
	call->start = slow_push(d, t, ip, regs);
	slow_free(t);
	return FUNC_N_IN_FLIGHT;
}

static __always_inline bool slow_enter(void *ctx, unsigned long ip,
				       const struct pt_regs *regs, void *data)
{
	struct kobs_slow *d = ctx;
	struct kobs_session *s = d->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_slow_call *call = data;
	enum kobs_counter fate;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return false;
	if (kobs_hit_wanted(s, pc)) {
		fate = slow_begin_call(d, ip, regs, call);
		kobs_count(&pc->counters, fate);
		if (likely(fate == FUNC_N_IN_FLIGHT)) {
			call->cost = unlikely(t0) ? (call->start - t0) ?: 1 : 0;
			return true;
		}
	}
	kobs_hit_end(s, pc, t0, 0);
	return false;
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
	return kobs_slow_record(d, pc, v, f ? f->begin : call->start, f);
}

static __always_inline void slow_exit(void *ctx, unsigned long ip,
				      unsigned long caller, unsigned long ret,
				      const void *data)
{
	const struct kobs_slow_call *call = data;
	struct kobs_slow_task *t = call->task;
	struct kobs_slow *d = ctx;
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
		slow_fold(f - 1, f);
		slow_free(t);
	}
	kobs_hit_end(s, pc, call->cost ? now : 0, call->cost);
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

KOBS_CALL_HANDLERS(slow_call, slow_call_ops);

const struct kobs_call_handlers * const kobs_slow_call = &slow_call;
