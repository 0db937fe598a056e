/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry and return of functions by kretprobe: the template of the handlers, for
 * kernels without fprobe (Debian's 6.1), for those whose fprobe has handlers of
 * an older form, and for those whose fprobe lets calls pass uncounted: since
 * 4346ba160409 ("fprobe: Rewrite fprobe on function-graph tracer"), first in
 * 6.14, a call that finds its task's shadow stack full is not seen at all.
 *
 * A kretprobe enabled for each function would mean one filter update of ftrace
 * per function. So there is one kretprobe, which is never enabled: it owns the
 * return trampoline and the instances that hold calls in progress. One
 * ftrace_ops hooks all functions, and passes each entry to the kretprobe's
 * pre_handler as the ftrace_ops of kprobes would.
 */
#ifndef KOBS_CALL_KRETPROBE_H
#define KOBS_CALL_KRETPROBE_H

#if defined(CONFIG_KRETPROBES) && defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>

/**
 * struct kobs_call_handlers - callbacks made by KOBS_CALL_HANDLERS()
 * @ops: operations of the source
 * @hit: callback of ftrace at the entry
 * @entry: callback of the kretprobe at the entry
 * @exit: callback of the kretprobe at the return
 */
struct kobs_call_handlers {
	const struct kobs_call_ops *ops;
	ftrace_func_t hit;
	kretprobe_handler_t entry;
	kretprobe_handler_t exit;
};

/**
 * struct kobs_calls - functions whose entry and return are hooked
 * @rp: the kretprobe
 * @ops: the ftrace_ops
 * @handlers: callbacks
 * @ctx: context of the handlers
 * @ips: functions
 * @n: number of @ips
 * @registered: @rp is registered
 * @hooked: @ops is registered
 * @stuck: @ops can be called after the end
 */
struct kobs_calls {
	struct kretprobe rp;
	struct ftrace_ops ops;
	const struct kobs_call_handlers *handlers;
	void *ctx;
	unsigned long *ips;
	unsigned int n;
	bool registered;
	bool hooked;
	bool stuck;
};

/**
 * struct kobs_call_instance - data of a call in progress
 * @ctx: context of the handlers
 * @ip: function
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

/*
 * Whether a kprobe may be active on this CPU whose state the return handler
 * would clear: the kernel's writes NULL to current_kprobe at its end, and is
 * meant for functions at whose entry the kernel saw that no kprobe was active.
 * That variable is not exported. A breakpoint's handlers run in NMI context, as
 * do NMIs that interrupt its single step.
 */
static __always_inline bool kobs_calls_in_kprobe(void)
{
	return in_nmi();
}

static __always_inline void kobs_calls_hit(unsigned long ip,
					   struct ftrace_ops *ops,
					   struct ftrace_regs *fregs,
					   const struct kobs_call_ops *call)
{
	struct kobs_calls *c = container_of(ops, struct kobs_calls, ops);
	struct pt_regs *regs = ftrace_get_regs(fregs);
	void *guarded = call->begin(c->ctx);
	unsigned long back;

	if (!guarded)
		return;
	if (unlikely(kobs_calls_in_kprobe())) {
		call->missed(c->ctx, guarded);
		call->end(guarded);
		return;
	}
	/* A kprobe's registers show the probed address. */
	back = instruction_pointer(regs);
	instruction_pointer_set(regs, ip);
	c->rp.kp.pre_handler(&c->rp.kp, regs);
	/* Without a free instance the entry handler was not called. */
	if (unlikely(instruction_pointer(regs)))
		call->missed(c->ctx, guarded);
	instruction_pointer_set(regs, back);
	call->end(guarded);
}

static __always_inline int kobs_calls_entry(struct kretprobe_instance *ri,
					    struct pt_regs *regs,
					    const struct kobs_call_ops *call)
{
	struct kobs_call_instance *i = (struct kobs_call_instance *)ri->data;

	/* It is registered as long as the ops that calls this. */
	i->ctx = container_of(get_kretprobe(ri), struct kobs_calls, rp)->ctx;
	i->ip = instruction_pointer(regs);
	/* Tells kobs_calls_hit() that there was a free instance. */
	instruction_pointer_set(regs, 0);
	/* Not 0: do not hook the return. */
	return !call->enter(i->ctx, i->ip, regs, i->data);
}

static __always_inline int kobs_calls_exit(struct kretprobe_instance *ri,
					   struct pt_regs *regs,
					   const struct kobs_call_ops *call)
{
	struct kobs_call_instance *i = (struct kobs_call_instance *)ri->data;

	/*
	 * The call returns to the instruction pointer: the instance's own
	 * return address can be a trampoline when two probes share the call.
	 */
	call->exit(i->ctx, i->ip, instruction_pointer(regs), i->data);
	return 0;
}

#define KOBS_CALL_HANDLERS(name, operations)				\
static void name##_hit(unsigned long ip, unsigned long parent_ip,	\
		       struct ftrace_ops *ops, struct ftrace_regs *fregs) \
{									\
	kobs_calls_hit(ip, ops, fregs, &(operations));			\
}									\
									\
static int name##_entry(struct kretprobe_instance *ri,			\
			struct pt_regs *regs)				\
{									\
	return kobs_calls_entry(ri, regs, &(operations));		\
}									\
									\
static int name##_exit(struct kretprobe_instance *ri,			\
		       struct pt_regs *regs)				\
{									\
	return kobs_calls_exit(ri, regs, &(operations));		\
}									\
									\
static const struct kobs_call_handlers name = {				\
	.ops = &(operations),						\
	.hit = name##_hit,						\
	.entry = name##_entry,						\
	.exit = name##_exit,						\
}

#else

struct kobs_call_handlers {
	const struct kobs_call_ops *ops;
};

#define KOBS_CALL_HANDLERS(name, operations)				\
static const struct kobs_call_handlers name = { &(operations) }

#endif /* CONFIG_KRETPROBES && CONFIG_DYNAMIC_FTRACE_WITH_REGS */

#endif /* KOBS_CALL_KRETPROBE_H */
