/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel stacks of the current context, or of what it interrupted: the
 * interface of kmod/unwind/, and its part of a session and of a session's CPU.
 * Three implementations, by configuration:
 *
 *	orc.c		x86 with ORC: stack cache, frame cache, unwinder
 *	arm64.c		arm64: stack cache, stack_trace_save()
 *	generic.c	others: stack_trace_save()
 *
 * Locking: none. kobs_unwind(), kobs_unwind_id() and kobs_unwind_regs() run in
 * handlers, with preemption off, and write to their CPU's part only.
 */
#ifndef KOBS_UNWIND_H
#define KOBS_UNWIND_H

#include <asm/local64.h>
#include <linux/ftrace.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include "lib/stack_table.h"
#include "unwind/stack_cache.h"

/**
 * enum kobs_unwind_count - counters of kernel stacks
 * @KOBS_UNWIND_CACHED: came from a cache
 * @KOBS_UNWIND_UNWOUND: came from the unwinder
 * @KOBS_UNWIND_CHECKED: came from a cache and were compared with the unwinder
 * @KOBS_UNWIND_WRONG: differed then
 * @KOBS_UNWIND_N: number of counters
 */
enum kobs_unwind_count {
	KOBS_UNWIND_CACHED,
	KOBS_UNWIND_UNWOUND,
	KOBS_UNWIND_CHECKED,
	KOBS_UNWIND_WRONG,
	KOBS_UNWIND_N
};

/**
 * struct kobs_unwind_cpu - what one CPU of a session writes to
 * @cache: stack cache
 * @n: counters, by enum kobs_unwind_count
 */
struct kobs_unwind_cpu {
	struct kobs_stack_cache cache;
	local64_t n[KOBS_UNWIND_N];
};

/**
 * struct kobs_unwind - how a session takes kernel stacks
 * @cpu: per-CPU part
 * @depth: maximum number of frames
 * @full_stack: include the interrupted code in stacks of interrupts
 * @verify: compare every Nth cached stack with the unwinder; 0: no caches
 * @stack_cache: a CPU has a stack cache, unless there was no memory for it
 * @epoch: changes when a module comes or goes; x86 has one of all sessions
 * @user: counts for kobs_unwind_used()
 * @stacks: the stack table
 */
struct kobs_unwind {
	struct kobs_unwind_cpu __percpu *cpu;
	u32 depth;
	bool full_stack;
	u32 verify;
	bool stack_cache;
	u32 epoch;
	bool user;
	struct kobs_stack_table *stacks;
};

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
 * Where the function that uses this was entered: the start of the stack of a
 * handler that the hooked function's caller called directly.
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

/* unwind.c */
u64 kobs_unwind_configure(struct kobs_unwind *u, bool kernel_stacks);
int kobs_unwind_prepare(struct kobs_unwind *u, struct kobs_memory *m, unsigned int cpu);
void kobs_unwind_free(struct kobs_unwind *u);
bool kobs_unwind_used(void);
void kobs_unwind_counts(const struct kobs_unwind *u, u64 *sum);
void kobs_unwind_settle(const struct kobs_unwind *u);
bool kobs_unwind_intern(const struct kobs_unwind *u, u64 *id,
			const unsigned long *ips, unsigned int nr);

/**
 * kobs_unwind_code() - forget cached stacks when a module comes or goes
 * @u: unwind context
 *
 * Context: task; none of the module's code runs. One caller at a time.
 */
static inline void kobs_unwind_code(struct kobs_unwind *u)
{
	WRITE_ONCE(u->epoch, u->epoch + 1);
}

static __always_inline void kobs_unwind_inc(struct kobs_unwind_cpu *cpu,
					    enum kobs_unwind_count which)
{
	local64_inc(&cpu->n[which]);
}

/* orc.c, arm64.c, generic.c */
int kobs_unwind_init(void);
void kobs_unwind_exit(void);
void kobs_unwind_hook(const void *fn);
unsigned int kobs_unwind(const struct kobs_unwind *u, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips);
bool kobs_unwind_id(const struct kobs_unwind *u, u64 *id, unsigned long entry,
		    const struct kobs_at *at);
bool kobs_unwind_regs(const struct kobs_unwind *u, u64 *id,
		      struct pt_regs *regs);
unsigned int kobs_unwind_step(unsigned long ip);

#endif /* KOBS_UNWIND_H */
