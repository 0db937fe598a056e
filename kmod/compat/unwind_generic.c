// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks by stack_trace_save(), where there is no ORC unwinder. Where
 * frames are linked by frame pointers, as on arm64, this is cheap enough: there
 * is no memo.
 *
 * Locking: none.
 */
#include <linux/minmax.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "../hit.h"
#include "unwind.h"

/* Stacks end where they end: interrupts cannot be told apart here. */
unsigned int kobs_unwind(struct kobs_session *s, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	unsigned long all[KOBS_STACK_DEPTH + KOBS_HOOK_FRAMES] KOBS_UNINIT;
	struct kobs_counters *c = &this_cpu_ptr(s->cpu)->counters;
	/* Whoever called the caller of this. */
	unsigned int skip = 2;
	unsigned int nr;
	unsigned int i;

	kobs_count(c, KOBS_N_UNWOUND);
	nr = stack_trace_save(all, s->stack_depth + KOBS_HOOK_FRAMES, 0);
	/*
	 * The first frame of interest is the hooked function: its address lies
	 * just behind the call to the trampoline at @entry.
	 */
	for (i = 0; entry && i < nr && i < KOBS_HOOK_FRAMES; i++) {
		if (all[i] - entry - 1 < 2 * MCOUNT_INSN_SIZE) {
			skip = i;
			break;
		}
	}
	if (nr <= skip)
		return 0;
	nr = min(nr - skip, s->stack_depth);
	memcpy(ips, all + skip, nr * sizeof(*ips));
	return nr;
}

void kobs_unwind_hook(const void *fn)
{
}

size_t kobs_unwind_bytes(void)
{
	return 0;
}

int kobs_unwind_init(void)
{
	return 0;
}

void kobs_unwind_exit(void)
{
}
