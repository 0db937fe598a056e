/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool of calls in progress: that of a kretprobe (see hooks/call.h), for
 * kernels without fprobe (Debian's 6.1), for those whose fprobe has handlers of
 * an older form, and for those whose fprobe has no pool of its own: since
 * 4346ba160409 ("fprobe: Rewrite fprobe on function-graph tracer"), first in
 * 6.14, a call that finds its task's shadow stack full is not seen at all.
 *
 * The kretprobe owns the return trampoline and the instances that hold calls in
 * progress. Its pre_handler is called as the ftrace_ops of kprobes would.
 */
#ifndef KOBS_CALL_KRETPROBE_H
#define KOBS_CALL_KRETPROBE_H

#if defined(CONFIG_KRETPROBES) && defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>

#include "unwind/unwind.h"

/**
 * struct kobs_call_handlers - callbacks made by KOBS_CALL_HANDLERS()
 * @ops: operations of the source
 * @hit: callback of ftrace at the entry
 * @entry: callback of the kretprobe at the entry, or NULL
 * @exit: callback of the kretprobe at the return
 */
struct kobs_call_handlers {
	const struct kobs_call_ops *ops;
	ftrace_func_t hit;
	kretprobe_handler_t entry;
	kretprobe_handler_t exit;
};

/**
 * struct kobs_call_pool - calls in progress
 * @rp: the kretprobe
 * @registered: @rp is registered
 */
struct kobs_call_pool {
	struct kretprobe rp;
	bool registered;
};

/**
 * struct kobs_call_instance - data of a call in progress
 * @ctx: context of the handlers
 * @ip: function, for KOBS_CALL_HANDLERS()
 * @data: data of the source
 *
 * The return takes the context from here: its kretprobe cannot be found any
 * more, where there is no rethook, while it is being unregistered.
 */
struct kobs_call_instance {
	void *ctx;
	unsigned long ip;
	u64 data[];
};

/* Bytes of a call. */
static inline size_t kobs_call_pool_each(size_t data)
{
	return sizeof(struct kretprobe_instance) +
	       sizeof(struct kobs_call_instance) + data;
}

/*
 * Whether a kprobe may be active on this CPU whose state the return handler
 * would clear: the kernel's writes NULL to current_kprobe at its end, and is
 * meant for functions at whose entry the kernel saw that no kprobe was active.
 * That variable is not exported. A breakpoint's handlers run in NMI context, as
 * do NMIs that interrupt its single step.
 */
static __always_inline bool kobs_call_pool_unsafe(void)
{
	return in_nmi();
}

/*
 * Of the registers the kretprobe reads the stack pointer alone, to replace the
 * return address there; x86 passes that to every ftrace_ops, without the cost of
 * saving all of them.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define KOBS_CALL_POOL_PLAIN	true
#define kobs_call_pool_plain(fregs)	kobs_ftrace_pt_regs(fregs)
#else
#define KOBS_CALL_POOL_PLAIN	false
#define kobs_call_pool_plain(fregs)	ftrace_get_regs(fregs)
#endif

static __always_inline struct pt_regs *
kobs_call_pool_regs(struct ftrace_regs *fregs, bool plain)
{
	return plain ? kobs_call_pool_plain(fregs) : ftrace_get_regs(fregs);
}

/*
 * The kernel's pool needs no instruction pointer: what a kprobe would have as its
 * own is what KOBS_CALL_POOL() reads.
 */
static __always_inline void kobs_call_pool_pass(struct kobs_call_pool *p,
						unsigned long ip,
						unsigned long parent_ip,
						struct ftrace_regs *fregs,
						struct pt_regs *regs)
{
	p->rp.kp.pre_handler(&p->rp.kp, regs);
}

/* The current task's calls in progress, as the kernel keeps them: the last one. */
#ifdef CONFIG_KRETPROBE_ON_RETHOOK
#define kobs_call_pool_last()	READ_ONCE(current->rethooks.first)
#define kobs_call_pool_at(last)						\
	container_of(last, struct kretprobe_instance, node.llist)
#else
#define kobs_call_pool_last()	READ_ONCE(current->kretprobe_instances.first)
#define kobs_call_pool_at(last)						\
	container_of(last, struct kretprobe_instance, llist)
#endif

/*
 * With preemption off nothing else is the last one when the pool comes back: what
 * calls interrupts had in progress have returned.
 */
static __always_inline void *
kobs_call_pool_take(struct kobs_call_pool *p, void *ctx, unsigned long ip,
		    unsigned long parent_ip, struct ftrace_regs *fregs,
		    struct pt_regs *regs)
{
	struct llist_node *before = kobs_call_pool_last();
	struct kobs_call_instance *i;
	struct llist_node *last;
	void *data;

	kobs_call_pool_pass(p, ip, parent_ip, fregs, regs);
	last = kobs_call_pool_last();
	if (unlikely(last == before))
		return NULL;
	i = (void *)kobs_call_pool_at(last)->data;
	i->ctx = ctx;
	data = i->data;
	/* Spares callers the test for NULL. */
	if (!data)
		__builtin_unreachable();
	return data;
}

/*
 * At the entry the kretprobe is registered, as it is as long as the ops that
 * passed the call. The call returns to the instruction pointer: the instance's
 * own return address can be a trampoline when two probes share the call.
 */
#define KOBS_CALL_POOL(name, operations)				\
static int name##_entry(struct kretprobe_instance *ri,			\
			struct pt_regs *regs)				\
{									\
	struct kobs_calls *c = container_of(get_kretprobe(ri),		\
					    struct kobs_calls, pool.rp); \
	struct kobs_call_instance *i = (void *)ri->data;		\
									\
	i->ctx = c->ctx;						\
	i->ip = instruction_pointer(regs);				\
	/* Not 0: do not hook the return. */				\
	return !kobs_calls_entry(c, i->ip, regs, i->data, &(operations)); \
}									\
									\
static int name##_exit(struct kretprobe_instance *ri,			\
		       struct pt_regs *regs)				\
{									\
	struct kobs_call_instance *i = (void *)ri->data;		\
									\
	(operations).exit(i->ctx, i->ip, instruction_pointer(regs),	\
			  regs_return_value(regs), i->data);		\
	return 0;							\
}

/* @callback: of ftrace at the entry; __no_stack_protector. */
#define KOBS_CALL_HIT_HANDLERS(name, operations, callback)		\
static int name##_exit(struct kretprobe_instance *ri,			\
		       struct pt_regs *regs)				\
{									\
	struct kobs_call_instance *i = (void *)ri->data;		\
									\
	(operations).exit(i->ctx, 0, instruction_pointer(regs),		\
			  regs_return_value(regs), i->data);		\
	return 0;							\
}									\
									\
static const struct kobs_call_handlers name = {				\
	.ops = &(operations),						\
	.hit = callback,						\
	.exit = name##_exit,						\
}

#else

#define KOBS_CALL_POOL_PLAIN	false

struct kobs_call_handlers {
	const struct kobs_call_ops *ops;
	ftrace_func_t hit;
};

struct kobs_call_pool {
};

static inline bool kobs_call_pool_unsafe(void)
{
	return true;
}

static inline size_t kobs_call_pool_each(size_t data)
{
	return 0;
}

#endif /* CONFIG_KRETPROBES && CONFIG_DYNAMIC_FTRACE_WITH_REGS */

#endif /* KOBS_CALL_KRETPROBE_H */
