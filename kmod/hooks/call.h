/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry and return of functions. One ftrace_ops hooks all functions, and passes
 * each entry to a pool of calls in progress, which hooks the return: that of an
 * fprobe, or of a kretprobe. Neither is ever called by the kernel itself: the
 * pool lends its handler, its return trampoline and its memory. So functions come
 * and go by a change of one filter, and a call that finds no room is counted
 * where it happens, exactly; the kernel's own counters of such calls lose some
 * when two CPUs count at the same time. Both pools keep a shadow stack per task,
 * so that recursive and nested calls pair correctly.
 *
 * The handlers are a template: a source gives its operations as a constant to
 * KOBS_CALL_HANDLERS(), which makes the kernel's callbacks in the source's own
 * file, with the operations inlined. A hit takes one indirect call, to the pool.
 *
 * A source whose hits have to be cheap gives KOBS_CALL_HIT_HANDLERS() a callback of
 * its own for entries, which passes those that are hits to the pool itself, by
 * kobs_calls_pass(): what it looks up on the way is still there when the call has its
 * memory, and most pools need not call anything back.
 *
 * Locking: none; the caller serialises the functions below for each
 * struct kobs_calls.
 */
#ifndef KOBS_CALL_H
#define KOBS_CALL_H

#include <linux/compiler.h>
#include <linux/ftrace.h>
#include <linux/types.h>

struct kobs_memory;
struct pt_regs;

/**
 * struct kobs_call_ops - operations of a source, a static constant
 * @size: bytes of data kept from a call's entry to its return; a multiple of 8
 * @plain: @enter reads no registers but the stack pointer, the frame pointer and
 *         those of arguments: where the pool needs no others either, the rest is not
 *         saved
 * @concerns: whether a call is a hit at all: context, function; NULL where each is
 * @begin: enter the source's recursion guard; NULL in a recursion
 * @end: leave the recursion guard
 * @missed: count a call whose return could not be hooked
 * @enter: a call: context, function, registers, data to fill in; false when the
 *         return need not be hooked
 * @exit: a return: context, function, address it returns to, value it returns,
 *        data
 * @keep_out: note a function that cannot be hooked: context, function, reason;
 *            0 or an error
 * @unwanted: whether nobody waits for kobs_calls_new() any more: context
 *
 * Context of @enter and @exit: any, NMI included; preemption off. @enter is inside
 * a recursion guard, and @exit outside: it calls nothing that can be hooked. Of
 * @concerns: likewise outside, and preemption may be on. Of @keep_out and @unwanted:
 * task, may sleep.
 *
 * With KOBS_CALL_HIT_HANDLERS(), @concerns, @begin, @end, @missed and @enter are NULL,
 * and @exit gets 0 in place of the function.
 */
struct kobs_call_ops {
	size_t size;
	bool plain;
	bool (*concerns)(void *ctx, unsigned long ip);
	void *(*begin)(void *ctx);
	void (*end)(void *guarded);
	void (*missed)(void *ctx, void *guarded);
	bool (*enter)(void *ctx, unsigned long ip, const struct pt_regs *regs,
		      void *data);
	void (*exit)(void *ctx, unsigned long ip, unsigned long caller,
		     unsigned long ret, const void *data);
	int (*keep_out)(void *ctx, unsigned long ip, const char *reason);
	bool (*unwanted)(void *ctx);
};

/* Default for the maximum number of calls in progress. */
#define KOBS_INFLIGHT_AUTO	4096

/*
 * Function that a pool is registered for, as it needs one: it stays, can be
 * traced, and is not called while there is a session.
 */
#define KOBS_CALL_ANCHOR	kernel_halt

#if defined(CONFIG_FPROBE) && defined(KOBS_HAVE_FPROBE_CALLS)
#include "hooks/call/fprobe.h"
#else
#include "hooks/call/kretprobe.h"
#endif

/**
 * struct kobs_calls - functions whose entry and return are hooked
 * @ops: hooks the entries
 * @pool: calls in progress
 * @handlers: callbacks
 * @ctx: context of the handlers
 * @ips: functions
 * @n: number of @ips
 * @inflight: maximum number of calls in progress
 * @memory: account in which the pool counts
 * @bytes: what counts there
 * @running: between start and stop
 * @hooked: @ops is registered; not without functions
 * @lacks: there was no memory for the pool
 * @stuck: @ops can be called after the end
 */
struct kobs_calls {
	struct ftrace_ops ops;
	struct kobs_call_pool pool;
	const struct kobs_call_handlers *handlers;
	void *ctx;
	unsigned long *ips;
	unsigned int n;
	unsigned int inflight;
	struct kobs_memory *memory;
	u64 bytes;
	bool running;
	bool hooked;
	bool lacks;
	bool stuck;
};

/**
 * kobs_calls_of_ops() - the functions that an entry is one of
 * @ops: what ftrace passes to a callback
 *
 * Context: any.
 * Return: they.
 */
static __always_inline struct kobs_calls *kobs_calls_of_ops(struct ftrace_ops *ops)
{
	return container_of(ops, struct kobs_calls, ops);
}

#ifdef KOBS_CALL_POOL

/**
 * kobs_calls_pass() - have the return of a call hooked, of KOBS_CALL_HIT_HANDLERS()
 * @ops: as ftrace passed it to the callback, like the next three
 * @ip: function
 * @parent_ip: address it returns to
 * @fregs: registers
 * @plain: of the operations; a constant
 *
 * What it returns is to be filled in before the callback returns.
 *
 * Context: any where kobs_call_pool_unsafe() says no; preemption off.
 * Return: data of the call for the operation exit(), or NULL when there is no room.
 */
static __always_inline void *kobs_calls_pass(struct ftrace_ops *ops,
					     unsigned long ip,
					     unsigned long parent_ip,
					     struct ftrace_regs *fregs,
					     bool plain)
{
	struct kobs_calls *c = kobs_calls_of_ops(ops);

	return kobs_call_pool_take(&c->pool, c->ctx, ip, parent_ip, fregs,
				   kobs_call_pool_regs(fregs, plain));
}

/* Entry of a function. */
static __always_inline void kobs_calls_hit(unsigned long ip,
					   unsigned long parent_ip,
					   struct ftrace_ops *ops,
					   struct ftrace_regs *fregs,
					   const struct kobs_call_ops *call)
{
	struct kobs_calls *c = kobs_calls_of_ops(ops);
	struct pt_regs *regs = kobs_call_pool_regs(fregs, call->plain);
	unsigned long back;
	void *guarded;

	if (call->concerns && !call->concerns(c->ctx, ip))
		return;
	guarded = call->begin(c->ctx);
	if (!guarded)
		return;
	if (unlikely(kobs_call_pool_unsafe())) {
		call->missed(c->ctx, guarded);
		call->end(guarded);
		return;
	}
	/* No pool reads the instruction pointer: it passes the function on. */
	back = instruction_pointer(regs);
	instruction_pointer_set(regs, ip);
	kobs_call_pool_pass(&c->pool, ip, parent_ip, fregs, regs);
	/* Without room the pool did not call kobs_calls_entry(). */
	if (unlikely(instruction_pointer(regs)))
		call->missed(c->ctx, guarded);
	instruction_pointer_set(regs, back);
	call->end(guarded);
}

/* The pool has room for a call. Returns whether to hook the return. */
static __always_inline bool
kobs_calls_entry(struct kobs_calls *c, unsigned long ip, struct pt_regs *regs,
		 void *data, const struct kobs_call_ops *call)
{
	/* Tells kobs_calls_hit(). */
	instruction_pointer_set(regs, 0);
	return call->enter(c->ctx, ip, regs, data);
}

#define KOBS_CALL_HANDLERS(name, operations)				\
static __no_stack_protector void					\
name##_hit(unsigned long ip, unsigned long parent_ip,			\
	   struct ftrace_ops *ops, struct ftrace_regs *fregs)		\
{									\
	kobs_calls_hit(ip, parent_ip, ops, fregs, &(operations));	\
}									\
									\
KOBS_CALL_POOL(name, operations)					\
									\
static const struct kobs_call_handlers name = {				\
	.ops = &(operations),						\
	.hit = name##_hit,						\
	.entry = name##_entry,						\
	.exit = name##_exit,						\
}

#else

static inline void *kobs_calls_pass(struct ftrace_ops *ops, unsigned long ip,
				    unsigned long parent_ip,
				    struct ftrace_regs *fregs, bool plain)
{
	return NULL;
}

#define KOBS_CALL_HANDLERS(name, operations)				\
static const struct kobs_call_handlers name = { &(operations) }

#define KOBS_CALL_HIT_HANDLERS(name, operations, callback)		\
static const struct kobs_call_handlers name = { &(operations), callback }

#endif /* KOBS_CALL_POOL */

/* call/: the pool. */
const char *kobs_calls_how(bool *ok);
int kobs_call_pool_init(struct kobs_calls *c);
void kobs_call_pool_exit(struct kobs_calls *c);
int kobs_call_pool_choose(const struct kobs_calls *c, unsigned long *ips,
			  unsigned int *n);

/* call.c */
struct kobs_calls *kobs_calls_new(const struct kobs_call_handlers *handlers,
				  void *ctx, unsigned long *ips,
				  unsigned int *n, unsigned int inflight,
				  struct kobs_memory *memory);
int kobs_calls_add(struct kobs_calls *c, unsigned long *ips, unsigned int *n);
int kobs_calls_start(struct kobs_calls *c);
int kobs_calls_narrow(struct kobs_calls *c, unsigned int n);
void kobs_calls_stop(struct kobs_calls *c);
void kobs_calls_drop(struct kobs_calls *c, unsigned int n);
bool kobs_calls_lack_room(const struct kobs_calls *c);
bool kobs_calls_stuck(const struct kobs_calls *c);
void kobs_calls_free(struct kobs_calls *c);

#endif /* KOBS_CALL_H */
