/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: what the handlers of places in user-space programs share.
 *
 * Locking: none; task context.
 */
#ifndef KOBS_PROBE_USER_H
#define KOBS_PROBE_USER_H

#include <linux/compiler.h>
#include <linux/ptrace.h>

#include "sources/probe/probe.h"

static __always_inline struct kobs_probe_point *
kobs_probe_point_of(struct uprobe_consumer *consumer)
{
	return container_of(consumer, struct kobs_probe_point, place.consumer);
}

/*
 * Arguments as far as the program has them. C passes the first ones in the same
 * registers in the kernel and in user space.
 */
static __always_inline void kobs_probe_user_args(struct pt_regs *regs,
						 u64 *args, unsigned int n)
{
	unsigned int i;

	if (likely(!n))
		return;
#pragma GCC unroll 6
	for (i = 0; i < PROBE_ENTRY_ARGS; i++)
		args[i] = regs_get_kernel_argument(regs, i);
}

#endif /* KOBS_PROBE_USER_H */
