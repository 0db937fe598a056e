/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The return of one function, by a kretprobe of its own: for what is not called often
 * and has no tracepoint. Many functions at a time: hooks/call.h.
 *
 * A call is missed when it comes in the handler of another kprobe, or when as many
 * calls are in progress as there is room for. The kernel counts it.
 *
 * Locking: none; the caller serialises the functions below for each hook.
 */
#ifndef KOBS_RETURN_H
#define KOBS_RETURN_H

#include <linux/kprobes.h>
#include <linux/types.h>

struct kobs_memory;

#ifdef CONFIG_KRETPROBES

/**
 * struct kobs_return - the hook of a function's return
 * @rp: the kernel's part: function, handlers, and how many calls there is room for
 * @ctx: context of the handlers, see kobs_return_ctx()
 * @memory: account in which the room for calls counts
 * @bytes: what counts there
 * @on: it is on
 */
struct kobs_return {
	struct kretprobe rp;
	void *ctx;
	struct kobs_memory *memory;
	u64 bytes;
	bool on;
};

/**
 * kobs_return_ctx() - the context of an entry handler
 * @ri: what it was called with
 *
 * A return handler takes it from the data of the call, where the entry handler has
 * put it: where there is no rethook, its kretprobe cannot be found any more while it
 * is being unregistered.
 *
 * Context: any, NMI included.
 * Return: the context; NULL while the hook is being removed.
 */
static __always_inline void *kobs_return_ctx(struct kretprobe_instance *ri)
{
	struct kretprobe *rp = get_kretprobe(ri);

	return rp ? container_of(rp, struct kobs_return, rp)->ctx : NULL;
}

bool kobs_returns_possible(const char * const *names, unsigned int n);
int kobs_return_hook(struct kobs_return *r);
void kobs_return_unhook(struct kobs_return *r, bool *stuck);
u64 kobs_return_missed(const struct kobs_return *r);

#endif /* CONFIG_KRETPROBES */
#endif /* KOBS_RETURN_H */
