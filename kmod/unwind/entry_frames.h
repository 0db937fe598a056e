/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that are left out where a stack begins with them. */
#ifndef KOBS_COMPAT_UNWIND_HOOKS_H
#define KOBS_COMPAT_UNWIND_HOOKS_H

#include <linux/types.h>
#include "unwind/unwind.h"

bool kobs_unwind_is_hook(unsigned long ip);
unsigned int kobs_unwind_first(const unsigned long *ips, unsigned int n,
			       unsigned int max, unsigned long entry);

#ifdef CONFIG_UNWINDER_ORC
void kobs_unwind_forget(unsigned long from, unsigned long to);
#else
/* Nothing is known of code. */
static inline void kobs_unwind_forget(unsigned long from, unsigned long to)
{
}
#endif

#ifdef CONFIG_X86
#include <asm/unwind.h>

/* The addresses from a state on, behind @n others. Returns how many there are. */
static inline unsigned int kobs_unwind_rest(struct unwind_state *state,
					    unsigned long *ips, unsigned int n,
					    unsigned int max)
{
	for (; n < max && !unwind_done(state); unwind_next_frame(state)) {
		ips[n] = unwind_get_return_address(state);
		if (!ips[n])
			break;
		n++;
	}
	return n;
}
#endif

#endif /* KOBS_COMPAT_UNWIND_HOOKS_H */
