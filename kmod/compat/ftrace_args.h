/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arguments of a function at its entry. 94d095ffa0e1 ("ftrace: abstract
 * DYNAMIC_FTRACE_WITH_ARGS accesses"), first in 6.2, added an accessor;
 * before, the registers are in struct ftrace_regs.
 */
#ifndef KOBS_COMPAT_FTRACE_ARGS_H
#define KOBS_COMPAT_FTRACE_ARGS_H

#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/ptrace.h>

static __always_inline unsigned long
kobs_ftrace_arg(struct ftrace_regs *fregs, unsigned int n)
{
#ifdef KOBS_HAVE_FTRACE_ARGS
	return ftrace_regs_get_argument(fregs, n);
#else
	return regs_get_kernel_argument(&fregs->regs, n);
#endif
}

/*
 * The object of a call of kvfree_call_rcu(); NULL for memory of vmalloc(). Until
 * 04a522b7da3d ("rcu: Refactor kvfree_call_rcu() and high-level helpers"),
 * first in 6.2, a caller with a struct rcu_head passed its offset in the object.
 */
static __always_inline void *kobs_kvfree_arg(struct ftrace_regs *fregs)
{
	unsigned long ptr = kobs_ftrace_arg(fregs, 1);
#ifndef KOBS_HAVE_KVFREE_PTR
	unsigned long head = kobs_ftrace_arg(fregs, 0);

	if (head)
		ptr = head - ptr;
#endif
	return is_vmalloc_addr((void *)ptr) ? NULL : (void *)ptr;
}

#endif /* KOBS_COMPAT_FTRACE_ARGS_H */
