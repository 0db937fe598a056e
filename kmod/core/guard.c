// SPDX-License-Identifier: GPL-2.0
/*
 * Self-cost and the guard: what a session's handlers take is measured on
 * sampled hits; a session above its CPU budget is disarmed.
 *
 * Each CPU judges itself, in the handler, because a machine that is flooded
 * with hits may not get to run anything else. The estimate of a window is its
 * hits times the mean cost of those that were timed, without the dearest,
 * which an interrupt may have fallen into. A hypervisor may have taken the CPU
 * away in others: it takes GUARD_WINDOWS in a row above the budget.
 *
 * Locking: the window belongs to its CPU; a nested hit that finds it in use
 * leaves it alone. The session is disarmed by one store, the rest happens in
 * task context (irq_work, then a work item that stops the session).
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/math64.h>

#include "core/hit.h"
#include "core/kobs.h"

#define GUARD_WINDOW_NS		(250 * NSEC_PER_MSEC)
#define GUARD_WINDOWS		2
#define GUARD_SAMPLES		4

static void guard_window(struct kobs_cpu *pc, u64 now)
{
	pc->window = now;
	pc->window_hits = local64_read(&pc->counters.n[KOBS_N_HITS]);
	pc->window_cost = 0;
	pc->window_worst = 0;
	pc->window_timed = 0;
}

/* Percent of this CPU that the session took in the window. */
static u32 guard_percent(const struct kobs_cpu *pc, u64 now)
{
	u64 hits = local64_read(&pc->counters.n[KOBS_N_HITS]) -
		   pc->window_hits;
	u64 mean = div_u64(pc->window_cost - pc->window_worst,
			   pc->window_timed - 1);

	return min_t(u64, div64_u64(hits * mean * 100, now - pc->window),
		     1000);
}

/**
 * kobs_guard_check() - account for a timed hit and judge the session
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
	u32 percent;

	kobs_count(&pc->counters, KOBS_N_TIMED);
	local64_add(cost, &pc->counters.n[KOBS_N_COST]);
	if (!s->budget || cmpxchg_local(&pc->window_busy, 0, 1))
		return;
	if (!pc->window) {
		guard_window(pc, now);
		goto out;
	}
	pc->window_cost += cost;
	pc->window_worst = max(pc->window_worst, cost);
	pc->window_timed++;
	if (pc->window_timed < GUARD_SAMPLES ||
	    now - pc->window < GUARD_WINDOW_NS)
		goto out;
	percent = guard_percent(pc, now);
	pc->windows_over = percent > s->budget ? pc->windows_over + 1 : 0;
	if (pc->windows_over >= GUARD_WINDOWS &&
	    !cmpxchg(&s->guard_cost, 0, percent)) {
		s->disarmed = now;
		WRITE_ONCE(s->armed, false);
		irq_work_queue(&s->guard_work);
	}
	guard_window(pc, now);
out:
	WRITE_ONCE(pc->window_busy, 0);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_guard_check);

/**
 * kobs_hit_recursion() - count a hit inside the session's own handler
 * @s: session
 * @pc: its part of this CPU
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_hit_recursion(struct kobs_session *s, struct kobs_cpu *pc)
{
	if (!READ_ONCE(s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, KOBS_N_RECURSION);
}

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
 * kobs_guard_init() - make the guard of a new session ready
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
 * kobs_guard_sync() - wait until the guard of a stopped session is at rest
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
