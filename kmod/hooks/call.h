/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry and return of functions: by fprobe where the kernel has one that counts
 * what it misses, else by kretprobe. Both keep a shadow stack per task, so that
 * recursive and nested calls pair correctly.
 *
 * The handlers are a template: a source gives its operations as a constant to
 * KOBS_CALL_HANDLERS(), which makes the kernel's callbacks in the source's own
 * file, with the operations inlined. A hit takes no indirect call.
 *
 * Locking: none; the caller serialises the functions below for each
 * struct kobs_calls.
 */
#ifndef KOBS_CALL_H
#define KOBS_CALL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct kobs_calls;
struct pt_regs;

/**
 * struct kobs_call_ops - operations of a source, a static constant
 * @size: bytes of data kept from a call's entry to its return; a multiple of 8
 * @begin: enter the source's recursion guard; NULL in a recursion
 * @end: leave the recursion guard
 * @missed: count a call whose return could not be hooked
 * @enter: a call: context, function, registers, data to fill in; false when the
 *         return need not be hooked
 * @exit: a return: context, function, address it returns to, data
 * @keep_out: note a function that cannot be hooked: context, function, reason;
 *            0 or an error
 *
 * Context of @enter and @exit: any, NMI included; preemption off. @enter is inside
 * a recursion guard, and @exit outside: it calls nothing that can be hooked. Of
 * @keep_out: task, may sleep.
 */
struct kobs_call_ops {
	size_t size;
	void *(*begin)(void *ctx);
	void (*end)(void *guarded);
	void (*missed)(void *ctx, void *guarded);
	bool (*enter)(void *ctx, unsigned long ip, const struct pt_regs *regs,
		      void *data);
	void (*exit)(void *ctx, unsigned long ip, unsigned long caller,
		     const void *data);
	int (*keep_out)(void *ctx, unsigned long ip, const char *reason);
};

#if defined(CONFIG_FPROBE) && defined(KOBS_HAVE_FPROBE_CALLS)
#include "hooks/call/fprobe.h"
#else
#include "hooks/call/kretprobe.h"
#endif

const char *kobs_calls_how(bool *ok);
struct kobs_calls *kobs_calls_new(const struct kobs_call_handlers *handlers,
				  void *ctx, unsigned long *ips,
				  unsigned int *n, unsigned int inflight);
int kobs_calls_start(struct kobs_calls *c);
void kobs_calls_stop(struct kobs_calls *c);
void kobs_calls_drop(struct kobs_calls *c, unsigned int n);
bool kobs_calls_stuck(const struct kobs_calls *c);
void kobs_calls_free(struct kobs_calls *c);
u64 kobs_calls_missed(const struct kobs_calls *c);

#endif /* KOBS_CALL_H */
