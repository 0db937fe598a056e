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

bool kobs_unwind(struct kobs_session *s, u64 *id, unsigned long entry,
		 const struct kobs_at *at)
{
	unsigned long ips[KOBS_STACK_DEPTH + KOBS_HOOK_FRAMES] KOBS_UNINIT;
	/* This, and the handler; interrupts cannot be told apart here. */
	unsigned int skip = 2;
	unsigned int nr;
	unsigned int i;

	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	nr = stack_trace_save(ips, s->stack_depth + KOBS_HOOK_FRAMES, 0);
	/*
	 * The first frame of interest is the hooked function: its address lies
	 * just behind the call to the trampoline at @entry.
	 */
	for (i = 0; entry && i < nr && i < KOBS_HOOK_FRAMES; i++) {
		if (ips[i] - entry - 1 < 2 * MCOUNT_INSN_SIZE) {
			skip = i;
			break;
		}
	}
	*id = 0;
	if (nr <= skip)
		return true;
	*id = kobs_stacks_intern(&s->stacks, 0, ips + skip,
				 min(nr - skip, s->stack_depth));
	return *id;
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
