/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry and return of functions by kretprobe: the template of the handlers, for
 * kernels without fprobe (Debian's 6.1), and for those whose fprobe lets calls
 * pass uncounted: since 4346ba160409 ("fprobe: Rewrite fprobe on function-graph
 * tracer"), first in 6.14, a call that finds its task's shadow stack full is not
 * seen at all.
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
 * @registered: @rp is registered
 * @hooked: @ops is registered
 */
struct kobs_calls {
	struct kretprobe rp;
	struct ftrace_ops ops;
	const struct kobs_call_handlers *handlers;
	void *ctx;
	unsigned long *ips;
	bool registered;
	bool hooked;
};

/**
 * struct kobs_call_instance - data of a call in progress
 * @ip: function
 * @data: data of the source
 */
struct kobs_call_instance {
	unsigned long ip;
	u64 data[];
};

static __always_inline void *kobs_calls_ctx(struct kretprobe_instance *ri)
{
	return container_of(get_kretprobe(ri), struct kobs_calls, rp)->ctx;
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

	i->ip = instruction_pointer(regs);
	/* Tells kobs_calls_hit() that there was a free instance. */
	instruction_pointer_set(regs, 0);
	/* Not 0: do not hook the return. */
	return !call->enter(kobs_calls_ctx(ri), i->ip, regs, i->data);
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
	call->exit(kobs_calls_ctx(ri), i->ip, instruction_pointer(regs),
		   i->data);
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
