/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions: a kprobe at any of them, and at functions that ftrace cannot hook.
 *
 * A kprobe begins as a breakpoint, and becomes a jump a few ticks later where the
 * instructions allow that. Its handler runs with preemption off; by a breakpoint of
 * x86, which is handled like an NMI, preempt_count() says that it is one.
 *
 * kprobes do not nest: one that is hit while another one's handler runs on the CPU,
 * in any context, calls nothing, and is counted by the kernel.
 */
#ifndef KOBS_KPROBE_H
#define KOBS_KPROBE_H

#include <linux/compiler.h>
#include <linux/hardirq.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <linux/types.h>
#ifdef CONFIG_X86
#include <asm/text-patching.h>
#endif

/**
 * struct kobs_kprobe - a kprobe
 * @kp: the kernel's part
 * @ctx: context of its handler
 * @ip: address of the instruction, as it was asked for
 * @known: it is registered
 */
struct kobs_kprobe {
	struct kprobe kp;
	void *ctx;
	unsigned long ip;
	bool known;
};

/**
 * kobs_kprobe_in_task() - whether a kprobe was hit by a task, not in an interrupt
 * @k: kprobe whose handler runs
 *
 * Context: any, NMI included; preemption off.
 * Return: true when it was.
 */
static __always_inline bool kobs_kprobe_in_task(const struct kobs_kprobe *k)
{
	u32 count = preempt_count();

#ifdef CONFIG_X86
	if (in_nmi() && *k->kp.addr == INT3_INSN_OPCODE)
		count -= NMI_OFFSET + HARDIRQ_OFFSET;
#endif
	return !(count & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET));
}

int kobs_kprobe_new(struct kobs_kprobe *k, unsigned long ip,
		    kprobe_pre_handler_t handler, void *ctx);
const char *kobs_kprobe_refusal(int err);
void kobs_kprobe_near(unsigned long ip, unsigned long *before,
		      unsigned long *after);
int kobs_kprobe_start(struct kobs_kprobe *k);
void kobs_kprobes_free(struct kobs_kprobe **v, unsigned int n, bool *stuck);

#endif /* KOBS_KPROBE_H */
