// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: what is reported about them (state, counters, duration), and the
 * targets kept out.
 *
 * Locking: all callers hold the session's lock, except for what is constant
 * after a session's creation.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "core/session.h"

/**
 * kobs_session_dead() - whether a session was deleted
 * @s: session
 *
 * Its source has released it, and cannot be asked any more.
 *
 * Context: task; the session's lock is held.
 * Return: true when it was.
 */
bool kobs_session_dead(const struct kobs_session *s)
{
	lockdep_assert_held(&s->lock);
	return s->life == KOBS_LIFE_DEAD;
}

/**
 * kobs_session_state() - the state of a session as clients see it
 * @s: session
 *
 * A reader can still hold a reference to a session that was deleted.
 *
 * Context: task; the session's lock is held.
 * Return: the state; that before the deletion for a deleted session.
 */
enum kobs_state kobs_session_state(const struct kobs_session *s)
{
	if (!s->started)
		return KOBS_STATE_NEW;
	return s->life == KOBS_LIFE_STARTED ? KOBS_STATE_STARTED :
					      KOBS_STATE_STOPPED;
}

/**
 * kobs_session_counts() - add up a session's counters
 * @s: session
 * @sum: result; the equation of hits holds once the session has stopped
 *
 * Context: task; the session's lock is held.
 */
void kobs_session_counts(const struct kobs_session *s, struct kobs_counts *sum)
{
	u64 skipped = 0;
	u64 missed = 0;
	unsigned int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu)
		kobs_counters_add(sum, &per_cpu_ptr(s->cpu, cpu)->counters);
	if (s->source->missed && !kobs_session_dead(s))
		missed = s->source->missed(s);
	sum->n[KOBS_N_HITS] += missed;
	if (missed)
		sum->n[s->source->missed_as] += missed;
	if (s->source->skipped && !kobs_session_dead(s))
		skipped = s->source->skipped(s);
	sum->n[KOBS_N_HITS] += skipped;
	sum->n[KOBS_N_FILTERED] += skipped;
}

/**
 * kobs_session_duration() - time for which a session has been running, or ran
 * @s: session
 *
 * Context: task; the session's lock is held.
 * Return: ns.
 */
u64 kobs_session_duration(const struct kobs_session *s)
{
	if (!s->started)
		return 0;
	return (s->stopped ?: ktime_get_mono_fast_ns()) - s->started;
}

/**
 * kobs_session_keep_out() - note a requested target that is not observed
 * @s: session being prepared
 * @address: target
 * @reason: why not; a constant text
 * @denied: it is on the deny list
 *
 * Context: task, may sleep; in the source's prepare.
 * Return: 0, or -ENOMEM.
 */
int kobs_session_keep_out(struct kobs_session *s, u64 address,
			  const char *reason, bool denied)
{
	unsigned int n = s->untraceable + s->denied;

	if (!s->kept_out)
		s->kept_out = kvmalloc_array(KOBS_KEPT_OUT,
					     sizeof(*s->kept_out),
					     GFP_KERNEL_ACCOUNT);
	if (!s->kept_out)
		return -ENOMEM;
	if (n < KOBS_KEPT_OUT)
		s->kept_out[n] = (struct kobs_kept_out){
			address, reason, denied
		};
	if (denied)
		s->denied++;
	else
		s->untraceable++;
	return 0;
}

/**
 * kobs_session_kept_out() - number of targets listed as kept out
 * @s: session
 *
 * Context: task.
 * Return: number of valid entries of kept_out.
 */
unsigned int kobs_session_kept_out(const struct kobs_session *s)
{
	return min_t(unsigned int, s->untraceable + s->denied, KOBS_KEPT_OUT);
}
