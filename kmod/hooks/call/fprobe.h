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
	if (unlikely(instruction_pointer(regs) != ip))			\
		return 1;						\
	/* Not 0: do not hook the return. */				\
	return !kobs_calls_entry(kobs_calls_of(fp), ip, regs, data,	\
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

/**
 * struct kobs_call_taken - an entry on its way through the pool
 * @ip: function
 * @data: data of its call, once the pool has room
 */
struct kobs_call_taken {
	unsigned long ip;
	void *data;
};

static __always_inline void *
kobs_call_pool_take(struct kobs_call_pool *p, void *ctx, unsigned long ip,
		    unsigned long parent_ip, struct ftrace_regs *fregs,
		    struct pt_regs *regs)
{
	struct kobs_call_taken taken = { .ip = ip };
	unsigned long back = instruction_pointer(regs);

	/* No room for it but the instruction pointer, which no pool reads. */
	instruction_pointer_set(regs, (unsigned long)&taken);
	kobs_call_pool_pass(p, ip, parent_ip, fregs, regs);
	instruction_pointer_set(regs, back);
	return READ_ONCE(taken.data);
}

/* An entry of the anchor is told as in KOBS_CALL_POOL(). Returns 0 for others. */
static __always_inline int kobs_call_pool_lend(unsigned long ip,
					       struct pt_regs *regs, void *data)
{
	struct kobs_call_taken *taken = (void *)instruction_pointer(regs);

	if (unlikely(taken->ip != ip))
		return 1;
	taken->data = data;
	return 0;
}

/* @callback: of ftrace at the entry; __no_stack_protector. */
#define KOBS_CALL_HIT_HANDLERS(name, operations, callback)		\
static int name##_entry(struct fprobe *fp, unsigned long ip,		\
			unsigned long ret_ip, struct pt_regs *regs,	\
			void *data)					\
{									\
	return kobs_call_pool_lend(ip, regs, data);			\
}									\
									\
static void name##_exit(struct fprobe *fp, unsigned long ip,		\
			unsigned long ret_ip, struct pt_regs *regs,	\
			void *data)					\
{									\
	(operations).exit(kobs_calls_of(fp)->ctx, 0, ret_ip,		\
			  regs_return_value(regs), data);		\
}									\
									\
static const struct kobs_call_handlers name = {				\
	.ops = &(operations),						\
	.hit = callback,						\
	.entry = name##_entry,						\
	.exit = name##_exit,						\
}

#endif /* KOBS_CALL_FPROBE_H */
