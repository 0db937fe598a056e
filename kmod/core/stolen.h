/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time that interrupts take from the thread that runs (stolen.c): each CPU's part
 * of a session adds it up, and a source takes the difference between two events.
 */
#ifndef KOBS_CORE_STOLEN_H
#define KOBS_CORE_STOLEN_H

#include <linux/percpu.h>
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

#endif /* KOBS_CORE_STOLEN_H */
