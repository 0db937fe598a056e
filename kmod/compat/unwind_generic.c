// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks by stack_trace_save(), where there is no ORC unwinder. Where
 * frames are linked by frame pointers, as on arm64, this is cheap enough: there
 * is no memo.
 *
 * Locking: none.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "../hit.h"
#include "unwind.h"

/* Room for the frames of kobs and of a hook, which are left out. */
#define KOBS_HOOK_FRAMES	16

unsigned int kobs_unwind(struct kobs_session *s, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	unsigned long all[KOBS_STACK_DEPTH + KOBS_HOOK_FRAMES] KOBS_UNINIT;
	unsigned int skip = 0;
	unsigned int nr;
	unsigned int i;

	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	nr = stack_trace_save(all, s->stack_depth + KOBS_HOOK_FRAMES, 0);
	/*
	 * The first frame of interest is the hooked function: its address lies
	 * just behind the call to the trampoline at @entry. Without one it is
	 * the first that is not of kobs.
	 */
	for (i = 0; i < nr && i < KOBS_HOOK_FRAMES; i++) {
		if (entry ? all[i] - entry - 1 < 2 * MCOUNT_INSN_SIZE :
			    !within_module_core(all[i], THIS_MODULE)) {
			skip = i;
			break;
		}
	}
	nr = min(nr - skip, s->stack_depth);
	memcpy(ips, all + skip, nr * sizeof(*ips));
	return nr;
}

bool kobs_unwind_id(struct kobs_session *s, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;

	return kobs_capture_intern(s, id, ips, kobs_unwind(s, entry, at, ips));
}

void kobs_unwind_hook(const void *fn)
{
}

void kobs_unwind_settle(const struct kobs_session *s)
{
}

int kobs_unwind_init(void)
{
	return 0;
}

void kobs_unwind_exit(void)
{
}
