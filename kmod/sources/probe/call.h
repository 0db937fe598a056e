/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: operations of hooks at functions' returns (hooks/call.h) that calls
 * which are measured and pairs have in common.
 *
 * Locking: none; any context, NMI included, but for probe_call_keep_out() and
 * probe_call_unwanted(): task.
 */
#ifndef KOBS_PROBE_CALL_H
#define KOBS_PROBE_CALL_H

#include "core/hit.h"
#include "sources/probe/probe.h"

static __always_inline void *probe_call_begin(void *ctx)
{
	struct kobs_probe_point *p = ctx;

	return kobs_hit_enter(p->s);
}

static __always_inline void probe_call_end(void *guarded)
{
	kobs_hit_leave(guarded);
}

static __always_inline void probe_call_missed(void *ctx, void *guarded)
{
	struct kobs_probe_point *p = ctx;
	struct kobs_cpu *pc = guarded;

	if (!READ_ONCE(p->s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, PROBE_N_MISSED);
}

static inline int probe_call_keep_out(void *ctx, unsigned long ip,
				      const char *reason)
{
	struct kobs_probe_point *p = ctx;

	return kobs_session_keep_out(p->s, ip, reason, false);
}

static inline bool probe_call_unwanted(void *ctx)
{
	struct kobs_probe_point *p = ctx;

	return kobs_session_unwanted(p->s);
}

#endif /* KOBS_PROBE_CALL_H */
