// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks by stack_trace_save(), and by the exported unwinder those of
 * registers: x86 without ORC tables.
 *
 * Locking: none.
 */
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <asm/unwind.h>

#include "core/hit.h"
#include "unwind/entry_frames.h"

/* Room for the frames of kobs and of a hook, which are left out. */
#define HOOK_FRAMES	16

/* Described in orc.c, as are the others. */
unsigned int kobs_unwind(struct kobs_session *s, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	unsigned long all[KOBS_STACK_DEPTH + HOOK_FRAMES] KOBS_UNINIT;
	unsigned int skip;
	unsigned int nr;

	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	nr = stack_trace_save(all, s->stack_depth + HOOK_FRAMES, 0);
	skip = kobs_unwind_first(all, nr, HOOK_FRAMES, entry);
	nr = min(nr - skip, s->stack_depth);
	memcpy(ips, all + skip, nr * sizeof(*ips));
	return nr;
}

bool kobs_unwind_id(struct kobs_session *s, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;

	return kobs_context_intern(s, id, ips, kobs_unwind(s, entry, at, ips));
}

bool kobs_unwind_regs(struct kobs_session *s, u64 *id, struct pt_regs *regs)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	bool made_up = !(regs->flags & X86_EFLAGS_FIXED);
	struct unwind_state state;

	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	ips[0] = regs->ip;
	/* Those made up for a call do not tell more than their stack pointer. */
	unwind_start(&state, current, made_up ? NULL : regs,
		     made_up ? (void *)regs->sp : NULL);
	return kobs_context_intern(s, id, ips,
				   kobs_unwind_rest(&state, ips, 1,
						    s->stack_depth));
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
