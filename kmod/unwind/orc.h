/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files for x86's ORC unwinder share. Each knows only those above it:
 *
 *	orc_learn.c	fills the frame cache, one for all sessions
 *	orc_unwinder.c	unwinds by the kernel's unwinder; lets orc_learn.c learn
 *	verify.c	compares a cached stack with orc_unwinder.c's
 *	orc.c		the ladder of caches
 */
#ifndef KOBS_ORC_H
#define KOBS_ORC_H

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include "unwind/frame_cache.h"
#include "unwind/unwind.h"

/* orc_learn.c */
extern struct kobs_frame_cache kobs_frames;
/* Changes when cached rules and stacks become invalid. */
extern atomic_t kobs_frames_epoch;
int kobs_orc_learn_init(void);
void kobs_orc_learn_exit(void);
void kobs_orc_learn(unsigned long ip);
void kobs_orc_forget(unsigned long from, unsigned long to);

/* orc_unwinder.c */
unsigned int kobs_orc_unwind(const struct kobs_unwind *u,
			     const struct kobs_cursor *c, bool here,
			     unsigned long entry, unsigned long *ips);
unsigned int kobs_orc_bridge(struct kobs_cursor *c, unsigned long *ips,
			     unsigned int n, unsigned int max);
unsigned int kobs_orc_made_up(struct pt_regs *regs, unsigned long *ips,
			      unsigned int max);
unsigned long kobs_orc_cpu_stack_top(unsigned long sp);

/* verify.c */
bool kobs_verify_stack(const struct kobs_unwind *u, const struct kobs_cursor *c,
		       unsigned long entry, u32 id, const unsigned long *ips,
		       unsigned int nr);
void kobs_verify_exit(void);

/* End of the stack that an address lies in, or 0. */
static __always_inline unsigned long kobs_orc_stack_top(unsigned long sp)
{
	unsigned long start = (unsigned long)task_stack_page(current);

	if (likely(sp - start < THREAD_SIZE))
		return start + THREAD_SIZE;
	return kobs_orc_cpu_stack_top(sp);
}

#endif /* KOBS_ORC_H */
