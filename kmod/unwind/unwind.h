/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel stacks of the current context, or of what it interrupted. On x86 with
 * ORC, by the exported unwinder, whose findings are remembered (frame_cache.h); on
 * arm64 and elsewhere by stack_trace_save(). Stacks that were seen before are
 * found in a cache (stack_cache.h), but for elsewhere.
 *
 * Locking: none for kobs_unwind(), which runs in handlers.
 */
#ifndef KOBS_COMPAT_UNWIND_H
#define KOBS_COMPAT_UNWIND_H

#include <linux/ftrace.h>
#include <linux/types.h>

struct kobs_session;

/**
 * struct kobs_at - where the hooked function was entered
 * @sp: stack pointer there: that of the word that holds the return address
 * @bp: frame pointer there
 */
struct kobs_at {
	unsigned long sp;
	unsigned long bp;
};

#ifdef CONFIG_X86_64
/* 6.12.57, 6.13: ftrace_regs became opaque. */
#ifdef arch_ftrace_regs
#define kobs_ftrace_pt_regs(fregs)	(&arch_ftrace_regs(fregs)->regs)
#else
#define kobs_ftrace_pt_regs(fregs)	(&(fregs)->regs)
#endif

static __always_inline struct kobs_at kobs_at_regs(const struct pt_regs *regs)
{
	return (struct kobs_at){ regs->sp, regs->bp };
}

static __always_inline struct kobs_at kobs_at_fregs(struct ftrace_regs *fregs)
{
	return kobs_at_regs(kobs_ftrace_pt_regs(fregs));
}
#else
static __always_inline struct kobs_at kobs_at_regs(const struct pt_regs *regs)
{
	return (struct kobs_at){};
}

static __always_inline struct kobs_at kobs_at_fregs(struct ftrace_regs *fregs)
{
	return (struct kobs_at){};
}
#endif

/*
 * Where the function that this is used in was entered: from there on a stack
 * is of interest, if kobs was called by that function's caller.
 */
#ifdef __CHECKER__
#define kobs_cfa()		((unsigned long)__builtin_frame_address(0))
#else
#define kobs_cfa()		((unsigned long)__builtin_dwarf_cfa())
#endif
#define kobs_at_here()							\
	((struct kobs_at){						\
		kobs_cfa() - sizeof(long),				\
		*(unsigned long *)__builtin_frame_address(0)		\
	})

int kobs_unwind_init(void);
void kobs_unwind_exit(void);
void kobs_unwind_hook(const void *fn);
void kobs_unwind_settle(const struct kobs_session *s);
unsigned int kobs_unwind(struct kobs_session *s, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips);
bool kobs_unwind_id(struct kobs_session *s, u64 *id, unsigned long entry,
		    const struct kobs_at *at);
bool kobs_unwind_regs(struct kobs_session *s, u64 *id, struct pt_regs *regs);

#endif /* KOBS_COMPAT_UNWIND_H */
