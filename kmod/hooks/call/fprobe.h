/* SPDX-License-Identifier: GPL-2.0 */
/* A pool of calls in progress: that of an fprobe (see hooks/call.h). */
#ifndef KOBS_CALL_FPROBE_H
#define KOBS_CALL_FPROBE_H

#include <linux/fprobe.h>
#include <linux/kernel.h>
#include <linux/rethook.h>

/**
 * struct kobs_call_handlers - callbacks made by KOBS_CALL_HANDLERS()
 * @ops: operations of the source
 * @hit: callback of ftrace at the entry
 * @entry: callback of the fprobe at the entry
 * @exit: callback of the fprobe at the return
 */
struct kobs_call_handlers {
	const struct kobs_call_ops *ops;
	ftrace_func_t hit;
	int (*entry)(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		     struct pt_regs *regs, void *data);
	void (*exit)(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		     struct pt_regs *regs, void *data);
};

/**
 * struct kobs_call_pool - calls in progress
 * @fp: the fprobe
 * @registered: @fp is registered
 */
struct kobs_call_pool {
	struct fprobe fp;
	bool registered;
};

/* Bytes of a call: the kernel keeps two addresses in front of the source's data. */
static inline size_t kobs_call_pool_each(size_t data)
{
	return sizeof(struct rethook_node) + 2 * sizeof(long) + data;
}

static __always_inline bool kobs_call_pool_unsafe(void)
{
	return false;
}

/* The fprobe reads all registers. */
#define KOBS_CALL_POOL_PLAIN	false

static __always_inline struct pt_regs *
kobs_call_pool_regs(struct ftrace_regs *fregs, bool plain)
{
	return ftrace_get_regs(fregs);
}

static __always_inline void kobs_call_pool_pass(struct kobs_call_pool *p,
						unsigned long ip,
						unsigned long parent_ip,
						struct ftrace_regs *fregs,
						struct pt_regs *regs)
{
	p->fp.ops.func(ip, parent_ip, &p->fp.ops, fregs);
}

#define kobs_calls_of(fprobe)						\
	container_of(fprobe, struct kobs_calls, pool.fp)

/*
 * An entry without kobs_calls_hit() is one of the anchor: its registers show where
 * it is in the code, which is neither its address nor has that there.
 */
#define KOBS_CALL_POOL(name, operations)				\
static int name##_entry(struct fprobe *fp, unsigned long ip,		\
			unsigned long ret_ip, struct pt_regs *regs,	\
			void *data)					\
{									\
	struct kobs_call_passed passed = kobs_calls_passed(regs,	\
							   &(operations)); \
									\
	if (unlikely(passed.ip != ip))					\
		return 1;						\
	/* Not 0: do not hook the return. */				\
	return !kobs_calls_entry(kobs_calls_of(fp), &passed, regs, data, \
				 &(operations));			\
}									\
									\
static void name##_exit(struct fprobe *fp, unsigned long ip,		\
			unsigned long ret_ip, struct pt_regs *regs,	\
			void *data)					\
{									\
	(operations).exit(kobs_calls_of(fp)->ctx, ip, ret_ip,		\
			  regs_return_value(regs), data);		\
}

#endif /* KOBS_CALL_FPROBE_H */
