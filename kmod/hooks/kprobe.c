// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions: registration and removal of kprobes, and why one is refused.
 *
 * Locking: none; the caller serialises the functions below for each kprobe.
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "hooks/kprobe.h"

/* Bytes of the longest instruction of any architecture. */
#define INSN_MOST	15

/**
 * kobs_kprobe_refusal() - why the kernel refuses a kprobe
 * @err: error of kobs_kprobe_new()
 *
 * Context: any.
 * Return: a clause, or NULL when the error has no such meaning.
 */
const char *kobs_kprobe_refusal(int err)
{
	switch (err) {
	case -EILSEQ:
		return "it is inside an instruction, or at one that traps";
	case -EINVAL:
		return "it is in code that has no kprobes, or that the kernel patches";
	case -ENOENT:
		return "its code has been freed, or is not there yet";
	case -EOPNOTSUPP:
		return "this kernel has no kprobes";
	case -EPERM:
		return "it is part of kobs";
	default:
		return NULL;
	}
}

/* Register it, disabled: whether that is possible is known then. */
static int kprobe_register(struct kprobe *kp, unsigned long ip,
			   kprobe_pre_handler_t handler)
{
	*kp = (struct kprobe){
		.addr = (kprobe_opcode_t *)ip,
		.pre_handler = handler,
		.flags = KPROBE_FLAG_DISABLED,
	};
	return register_kprobe(kp);
}

/**
 * kobs_kprobe_new() - prepare a kprobe, which is off
 * @k: zeroed
 * @ip: address of an instruction
 * @handler: called before it
 * @ctx: for the handler
 *
 * Context: task, may sleep.
 * Return: 0, -EPERM for code of kobs, or an error of register_kprobe().
 */
int kobs_kprobe_new(struct kobs_kprobe *k, unsigned long ip,
		    kprobe_pre_handler_t handler, void *ctx)
{
	int err;

	/* Handlers are not to come upon themselves. */
	if (within_module(ip, THIS_MODULE))
		return -EPERM;
	k->ip = ip;
	k->ctx = ctx;
	err = kprobe_register(&k->kp, ip, handler);
	k->known = !err;
	return err;
}

/* Whether there can be a kprobe. */
static bool kprobe_fits(struct kprobe *kp, unsigned long ip)
{
	if (kprobe_register(kp, ip, NULL))
		return false;
	unregister_kprobe(kp);
	return true;
}

/**
 * kobs_kprobe_near() - the nearest instructions that can have a kprobe
 * @ip: address inside an instruction
 * @before: set to the one before, 0 for none
 * @after: set to the one after, likewise
 *
 * Context: task, may sleep.
 */
void kobs_kprobe_near(unsigned long ip, unsigned long *before,
		      unsigned long *after)
{
	struct kprobe *kp = kmalloc(sizeof(*kp), GFP_KERNEL);
	unsigned int i;

	*before = 0;
	*after = 0;
	for (i = 1; kp && i < INSN_MOST && !*before; i++)
		if (kprobe_fits(kp, ip - i))
			*before = ip - i;
	for (i = 1; kp && i < INSN_MOST && !*after; i++)
		if (kprobe_fits(kp, ip + i))
			*after = ip + i;
	kfree(kp);
}

/**
 * kobs_kprobe_start() - turn a kprobe on
 * @k: from kobs_kprobe_new(), removed or not
 *
 * Context: task, may sleep.
 * Return: 0, -EBUSY when kprobes are switched off, -EINVAL when its code went, or an
 * error of register_kprobe() or enable_kprobe().
 */
int kobs_kprobe_start(struct kobs_kprobe *k)
{
	int err = 0;

	if (!k->known)
		err = kprobe_register(&k->kp, k->ip, k->kp.pre_handler);
	k->known = !err;
	/* While it is off, those of others there count what they miss for it, too. */
	k->kp.nmissed = 0;
	if (!err)
		err = enable_kprobe(&k->kp);
	/* Nothing else leaves it off, and that of several here is not told. */
	if (!err && kprobe_disabled(&k->kp))
		return -EBUSY;
	return err;
}

/**
 * kobs_kprobes_free() - undo kobs_kprobe_new(), and wait until no handler runs
 * @v: kprobes; those that are not registered are left alone
 * @n: number of @v
 * @stuck: set to true when one can still be hit
 *
 * Context: task, may sleep.
 */
void kobs_kprobes_free(struct kobs_kprobe **v, unsigned int n, bool *stuck)
{
	struct kprobe *batch[64];
	unsigned int m = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (v[i] && v[i]->known)
			batch[m++] = &v[i]->kp;
		if (m < ARRAY_SIZE(batch) && i + 1 < n)
			continue;
		unregister_kprobes(batch, m);
		while (m > 0)
			/* The kernel could not remove it. */
			*stuck |= !batch[--m]->addr;
	}
	for (i = 0; i < n; i++)
		if (v[i])
			v[i]->known = false;
}
