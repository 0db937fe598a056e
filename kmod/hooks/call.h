/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry and exit of functions. fprobe where the kernel has it
 * (CONFIG_FPROBE), else kretprobe. Both keep a shadow stack for each task, so
 * that recursive and nested calls pair correctly.
 *
 * Locking: none of its own; the session's lock keeps the calls apart.
 */
#ifndef KOBS_COMPAT_RETURNS_H
#define KOBS_COMPAT_RETURNS_H

#include <linux/types.h>

struct kobs_returns;
struct kobs_session;
struct pt_regs;

/**
 * struct kobs_call - what is known of a call until it returns
 * @start: monotonic ns of the entry
 * @cost: time that the entry's handler took when the hit is timed, else 0
 * @kstack: kernel stack at the entry, 0 for none
 * @ustack: user stack at the entry, 0 for none
 */
struct kobs_call {
	u64 start;
	u64 cost;
	u32 kstack;
	u32 ustack;
};

const char *kobs_returns_how(bool *ok);
struct kobs_returns *kobs_returns_new(struct kobs_session *s,
				      unsigned long *ips, unsigned int *n,
				      unsigned int inflight);
int kobs_returns_start(struct kobs_returns *r);
void kobs_returns_stop(struct kobs_returns *r);
void kobs_returns_keep(struct kobs_returns *r, unsigned int n);
void kobs_returns_free(struct kobs_returns *r);
u64 kobs_returns_missed(const struct kobs_returns *r);

/* In func.c; called in any context with preemption off. */
bool kobs_func_enter(struct kobs_session *s, unsigned long ip,
		     const struct pt_regs *regs, struct kobs_call *call);
void kobs_func_exit(struct kobs_session *s, unsigned long ip,
		    unsigned long caller, const struct kobs_call *call);

#endif /* KOBS_COMPAT_RETURNS_H */
