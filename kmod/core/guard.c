// SPDX-License-Identifier: GPL-2.0
/*
 * Self-cost and the guard: the cost of a session's handlers is measured on
 * sampled hits, and on sampled calls of handlers that are no hits; a session above
 * its CPU budget is disarmed. Also the slow path of the guard against recursion
 * (hit_enter.h).
 *
 * Every CPU checks the budget itself, in the handler, because a machine flooded
 * with hits may run nothing else. The estimate for a window is its number of
 * calls, hits or not, times the mean cost of the timed ones, without the highest
 * cost, which can include an interrupt. One in KOBS_HIT_SAMPLE is timed of either.
 * As a hypervisor can preempt the CPU during several timed hits, the guard fires
 * after GUARD_WINDOWS consecutive windows above the budget.
 *
 * Locking: the window belongs to its CPU; a nested hit that finds it busy does
 * not change it. The session is disarmed by one store; the rest happens in task
 * context (irq_work, then a work item that stops the session).
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/uaccess.h>

#include "core/hit.h"
#include "core/session.h"

#define GUARD_WINDOW_NS		(250 * NSEC_PER_MSEC)
#define GUARD_WINDOWS		2
#define GUARD_SAMPLES		4

/* Calls of handlers on this CPU, of which most are hits. */
static u64 guard_calls(const struct kobs_cpu *pc)
{
	return local64_read(&pc->counters.n[KOBS_N_HITS]) +
	       local64_read(&pc->counters.n[KOBS_N_CALLS]);
}

static void guard_window(struct kobs_guard *g, u64 calls, u64 now)
{
	g->start = now;
	g->calls = calls;
	g->cost = 0;
	g->worst = 0;
	g->timed = 0;
}

/* Percent of this CPU that the session took in the window. */
static u32 guard_percent(const struct kobs_guard *g, u64 calls, u64 now)
{
	u64 mean = div_u64(g->cost - g->worst, g->timed - 1);

	return min_t(u64, div64_u64((calls - g->calls) * mean * 100,
				    now - g->start), 1000);
}

/* Add a cost to the window, and check the budget at its end. */
static void guard_add(struct kobs_session *s, struct kobs_cpu *pc, u64 now,
		      u64 cost)
{
	struct kobs_guard *g = &pc->guard;
	u32 percent;
	u64 calls;

	if (!s->budget || cmpxchg_local(&g->busy, 0, 1))
		return;
	calls = guard_calls(pc);
	if (!g->start) {
		guard_window(g, calls, now);
		goto out;
	}
	g->cost += cost;
	g->worst = max(g->worst, cost);
	g->timed++;
	if (g->timed < GUARD_SAMPLES || now - g->start < GUARD_WINDOW_NS)
		goto out;
	percent = guard_percent(g, calls, now);
	g->over = percent > s->budget ? g->over + 1 : 0;
	if (g->over >= GUARD_WINDOWS && !cmpxchg(&s->guard_cost, 0, percent)) {
		s->disarmed = now;
		WRITE_ONCE(s->armed, false);
		irq_work_queue(&s->guard_work);
	}
	guard_window(g, calls, now);
out:
	WRITE_ONCE(g->busy, 0);
}

/**
 * kobs_guard_check() - account for a timed hit and check the budget
 * @s: session
 * @pc: its part of this CPU
 * @now: monotonic ns
 * @cost: time the handler took, ns
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_guard_check(struct kobs_session *s, struct kobs_cpu *pc, u64 now,
		      u64 cost)
{
	kobs_count(&pc->counters, KOBS_N_TIMED);
	local64_add(cost, &pc->counters.n[KOBS_N_COST]);
	guard_add(s, pc, now, cost);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_guard_check);

/**
 * kobs_guard_more() - account for another handler of a timed hit
 * @s: session
 * @pc: its part of this CPU
 * @cost: time the handler took, ns
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_guard_more(struct kobs_session *s, struct kobs_cpu *pc, u64 cost)
{
	struct kobs_guard *g = &pc->guard;

	local64_add(cost, &pc->counters.n[KOBS_N_COST]);
	if (!s->budget || cmpxchg_local(&g->busy, 0, 1))
		return;
	if (g->start) {
		g->cost += cost;
		g->worst = max(g->worst, cost);
	}
	WRITE_ONCE(g->busy, 0);
}

/**
 * kobs_guard_check_call() - the same of a timed call that was no hit
 * @s: session
 * @pc: its part of this CPU
 * @now: monotonic ns
 * @cost: time the handler took, ns
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_guard_check_call(struct kobs_session *s, struct kobs_cpu *pc,
			   u64 now, u64 cost)
{
	kobs_count(&pc->counters, KOBS_N_CALLS_TIMED);
	local64_add(cost, &pc->counters.n[KOBS_N_CALLS_COST]);
	guard_add(s, pc, now, cost);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_guard_check_call);

/*
 * Whether the current context has an active handler already.
 *
 * Hard interrupts begin and end a few functions before and after
 * preempt_count() says so. A hit there seems to be in the interrupted context;
 * what tells it from a recursion is that interrupts were on when that context's
 * handler began, and are off. There is one such hit at a time. They are off, too,
 * in a page fault of the handler's own, which reads user memory with page faults
 * disabled.
 */
static bool hit_recurs(u64 busy)
{
	u16 context = kobs_hit_context() & KOBS_HIT_CONTEXT;
	bool edge = irqs_disabled() && !pagefault_disabled();

	for (; busy; busy >>= KOBS_HIT_LANE) {
		if ((busy & KOBS_HIT_CONTEXT) != context)
			continue;
		if (!edge || (busy & KOBS_HIT_IRQS_OFF))
			return true;
		edge = false;
	}
	return false;
}

/**
 * kobs_hit_nest() - enter a handler while another one is active
 * @s: session
 * @pc: its part of this CPU
 *
 * Context: any, NMI included; preemption off.
 * Return: false for a hit in the session's own handler, counted as lost.
 */
bool kobs_hit_nest(struct kobs_session *s, struct kobs_cpu *pc)
{
	u64 busy = pc->busy;

	if (!(busy >> KOBS_HIT_LANE) && irqs_disabled_flags(pc->flags))
		busy |= KOBS_HIT_IRQS_OFF;
	/* More contexts than there is room for count as a recursion, too. */
	if (!(busy >> 3 * KOBS_HIT_LANE) && !hit_recurs(busy)) {
		busy = busy << KOBS_HIT_LANE | kobs_hit_context();
		pc->busy = irqs_disabled() ? busy | KOBS_HIT_IRQS_OFF : busy;
		return true;
	}
	if (READ_ONCE(s->armed)) {
		kobs_count(&pc->counters, KOBS_N_HITS);
		kobs_count(&pc->counters, KOBS_N_RECURSION);
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_hit_nest);

static void guard_to_task(struct irq_work *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      guard_work);

	queue_work(kobs_wq, &s->stop_work);
}

static void guard_stop(struct work_struct *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      stop_work);

	kobs_session_guarded(s);
}

/**
 * kobs_guard_init() - initialise the guard of a new session
 * @s: session
 *
 * Context: task.
 */
void kobs_guard_init(struct kobs_session *s)
{
	init_irq_work(&s->guard_work, guard_to_task);
	INIT_WORK(&s->stop_work, guard_stop);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_guard_init);

/**
 * kobs_guard_sync() - wait for the work items of a stopped session's guard
 * @s: session whose handlers have ended; its lock is not held
 *
 * Context: task, may sleep.
 */
void kobs_guard_sync(struct kobs_session *s)
{
	irq_work_sync(&s->guard_work);
	cancel_work_sync(&s->stop_work);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_guard_sync);
