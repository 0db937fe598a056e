// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks of x86 without ORC tables: from stack_trace_save(), and those
 * of interrupted code from the exported unwinder. There are no caches. The
 * interface is documented in orc.c.
 *
 * Locking: none.
 */
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "lib/uninit.h"
#include "unwind/entry_frames.h"
#include "unwind/unwind.h"
#include "unwind/x86.h"

/* Maximum number of frames of kobs and of a hook, which are left out. */
#define HOOK_FRAMES	16

unsigned int kobs_unwind(const struct kobs_unwind *u, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	unsigned long all[KOBS_STACK_DEPTH + HOOK_FRAMES] KOBS_UNINIT;
	unsigned int skip;
	unsigned int nr;

	kobs_unwind_inc(this_cpu_ptr(u->cpu), KOBS_UNWIND_UNWOUND);
	nr = stack_trace_save(all, u->depth + HOOK_FRAMES, 0);
	skip = kobs_entry_frames_skip(all, nr, HOOK_FRAMES, entry);
	nr = min(nr - skip, u->depth);
	memcpy(ips, all + skip, nr * sizeof(*ips));
	return nr;
}

bool kobs_unwind_id(const struct kobs_unwind *u, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;

	return kobs_unwind_intern(u, id, ips, kobs_unwind(u, entry, at, ips));
}

bool kobs_unwind_regs(const struct kobs_unwind *u, u64 *id,
		      struct pt_regs *regs)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	bool made_up = !(regs->flags & X86_EFLAGS_FIXED);
	struct unwind_state state;

	kobs_unwind_inc(this_cpu_ptr(u->cpu), KOBS_UNWIND_UNWOUND);
	ips[0] = regs->ip;
	/* Of registers made up for a call only the stack pointer is usable. */
	unwind_start(&state, current, made_up ? NULL : regs,
		     made_up ? (void *)regs->sp : NULL);
	return kobs_unwind_intern(u, id, ips,
				  kobs_unwind_collect(&state, ips, 1, u->depth));
}

/* No rules: the kernel's unwinder is asked each time. */
unsigned int kobs_unwind_step(unsigned long ip)
{
	return 0;
}

void kobs_unwind_hook(const void *fn)
{
	kobs_entry_frames_add(fn);
}

int kobs_unwind_init(void)
{
	return 0;
}

void kobs_unwind_exit(void)
{
}
