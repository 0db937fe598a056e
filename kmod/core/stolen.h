/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time that interrupts take from the thread that runs (stolen.c): each CPU's part
 * of a session adds it up, and a source takes the difference between two events.
 */
#ifndef KOBS_CORE_STOLEN_H
#define KOBS_CORE_STOLEN_H

#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include "core/session.h"

struct kobs_probe;

/* Maximum number of probes. */
#define KOBS_STOLEN_PROBES	14

unsigned int kobs_stolen_probes(struct kobs_probe *probes);
void kobs_stolen_forget(struct kobs_session *s);

/**
 * kobs_stolen_now() - what interrupts have taken on this CPU in all
 * @s: session whose probes are those of kobs_stolen_probes()
 *
 * Context: any; preemption off.
 * Return: ns, up to the last interrupt that has ended.
 */
static __always_inline u64 kobs_stolen_now(const struct kobs_session *s)
{
	return this_cpu_read(s->cpu->stolen.ns);
}

/**
 * kobs_stolen_clock() - the same at a time, with interrupts on
 * @s: as for kobs_stolen_now()
 * @now: set to the time, monotonic ns
 *
 * An interrupt between the two readings would be part of one, and not of the other.
 *
 * Context: any; preemption off.
 * Return: as kobs_stolen_now().
 */
static __always_inline u64 kobs_stolen_clock(const struct kobs_session *s,
					     u64 *now)
{
	u64 stolen;

	do {
		stolen = kobs_stolen_now(s);
		*now = ktime_get_mono_fast_ns();
	} while (unlikely(kobs_stolen_now(s) != stolen));
	return stolen;
}

#endif /* KOBS_CORE_STOLEN_H */
