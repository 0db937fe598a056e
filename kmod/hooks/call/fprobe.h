/* SPDX-License-Identifier: GPL-2.0 */
/* Entry and return of functions by fprobe: the template of the handlers. */
#ifndef KOBS_CALL_FPROBE_H
#define KOBS_CALL_FPROBE_H

#include <linux/fprobe.h>

/**
 * struct kobs_call_handlers - callbacks made by KOBS_CALL_HANDLERS()
 * @ops: operations of the source
 * @entry: callback at the entry
 * @exit: callback at the return
 */
struct kobs_call_handlers {
	const struct kobs_call_ops *ops;
	int (*entry)(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		     struct pt_regs *regs, void *data);
	void (*exit)(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		     struct pt_regs *regs, void *data);
};

/**
 * struct kobs_calls - functions whose entry and return are hooked
 * @fp: the fprobe
 * @ctx: context of the handlers
 * @ips: functions
 * @n: number of @ips
 * @hooked: @fp is registered
 * @stuck: @fp can be called after the end
 * @missed: calls missed, once @fp is not registered any more
 */
struct kobs_calls {
	struct fprobe fp;
	void *ctx;
	unsigned long *ips;
	unsigned int n;
	bool hooked;
	bool stuck;
	u64 missed;
};

static __always_inline void *kobs_calls_ctx(struct fprobe *fp)
{
	return container_of(fp, struct kobs_calls, fp)->ctx;
}

/* Ftrace's recursion guard lets a handler hit its own hook once. */
static __always_inline int kobs_calls_enter(void *ctx, unsigned long ip,
					    const struct pt_regs *regs,
					    void *data,
					    const struct kobs_call_ops *call)
{
	void *guarded = call->begin(ctx);
	bool hook;

	if (!guarded)
		return 1;
	hook = call->enter(ctx, ip, regs, data);
	call->end(guarded);
	/* Not 0: do not hook the return. */
	return !hook;
}

#define KOBS_CALL_HANDLERS(name, operations)				\
static int name##_entry(struct fprobe *fp, unsigned long ip,		\
			unsigned long ret_ip, struct pt_regs *regs,	\
			void *data)					\
{									\
	return kobs_calls_enter(kobs_calls_ctx(fp), ip, regs, data,	\
				&(operations));				\
}									\
									\
static void name##_exit(struct fprobe *fp, unsigned long ip,		\
			unsigned long ret_ip, struct pt_regs *regs,	\
			void *data)					\
{									\
	(operations).exit(kobs_calls_ctx(fp), ip, ret_ip, data);	\
}									\
									\
static const struct kobs_call_handlers name = {				\
	.ops = &(operations),						\
	.entry = name##_entry,						\
	.exit = name##_exit,						\
}

#endif /* KOBS_CALL_FPROBE_H */
