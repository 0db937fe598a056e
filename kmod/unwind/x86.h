/* SPDX-License-Identifier: GPL-2.0 */
/* What the implementations for x86 share: reading the kernel's unwinder. */
#ifndef KOBS_UNWIND_X86_H
#define KOBS_UNWIND_X86_H

#include <asm/unwind.h>

/* Append the addresses from a state on to @n others. Returns how many there are. */
static inline unsigned int kobs_unwind_collect(struct unwind_state *state,
					       unsigned long *ips,
					       unsigned int n, unsigned int max)
{
	for (; n < max && !unwind_done(state); unwind_next_frame(state)) {
		ips[n] = unwind_get_return_address(state);
		if (!ips[n])
			break;
		n++;
	}
	return n;
}

#endif /* KOBS_UNWIND_X86_H */
