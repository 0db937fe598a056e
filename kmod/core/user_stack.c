// SPDX-License-Identifier: GPL-2.0
/*
 * Context of a hit: the frames of a user stack, and its memory.
 *
 * Locking: none; any context, NMI included.
 */
#include <kunit/visibility.h>
#include <linux/compat.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>

#include "core/context.h"

/* Bytes of a stack that are looked at: what most threads have. */
#define STACK_BYTES	(8UL << 20)

/* arm64 may have signed a return address. */
static unsigned long user_return(unsigned long ip)
{
#ifdef CONFIG_ARM64
	return ptrauth_strip_user_insn_pac(ip);
#else
	return ip;
#endif
}

/* Frames of a 32-bit process have another layout, which is not followed. */
static bool frames_known(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return user_64bit_mode(regs);
#else
	return !is_compat_task();
#endif
}

/*
 * The handler of a probe in user space runs: the kernel does not change the list of
 * returns that it hooked.
 */
DEFINE_PER_CPU(bool, kobs_context_in_uprobe);

#ifdef CONFIG_X86_64

/*
 * What lies at @at is the return address @ret, unless the kernel has hooked that
 * return: then it keeps the address. Of functions that jumped to one another the last
 * one of a place has it.
 */
static unsigned long hooked_return(unsigned long at, unsigned long ret)
{
#ifdef CONFIG_UPROBES
	const struct return_instance *ri;

	if (likely(!this_cpu_read(kobs_context_in_uprobe)) || !current->utask)
		return ret;
	ri = current->utask->return_instances;
	for (; ri && ri->stack <= at; ri = ri->next)
		if (ri->stack == at)
			ret = ri->orig_ret_vaddr;
#endif
	return ret;
}

/* A function's entry is so near that what it was called by is on top of the stack. */
#define ENTRY_BYTES	128

static bool user_read(void *to, unsigned long from, size_t bytes)
{
	return !copy_from_user_nofault(to, (const void __user *)from, bytes);
}

/* What was called by the instruction before a return address, or 0. */
static unsigned long call_target(unsigned long ret)
{
	unsigned long target;
	u8 code[6];
	s32 offset;

	if (!user_read(code, ret - sizeof(code), sizeof(code)))
		return 0;
	memcpy(&offset, code + 2, sizeof(offset));
	target = ret + offset;
	if (code[1] == 0xe8)	/* call target */
		return target;
	if (code[0] != 0xff || code[1] != 0x15 ||	/* call *target */
	    !user_read(&target, target, sizeof(target)))
		return 0;
	return target;
}

/* Where an entry of a procedure linkage table jumps to, or 0. */
static unsigned long linkage_target(unsigned long entry)
{
	static const u8 endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	unsigned long target;
	unsigned int at = 0;
	u8 code[11];
	s32 offset;

	if (!user_read(code, entry, sizeof(code)))
		return 0;
	if (!memcmp(code, endbr, sizeof(endbr)))
		at += sizeof(endbr);
	at += code[at] == 0xf2;	/* bnd */
	if (code[at] != 0xff || code[at + 1] != 0x25)	/* jmp *target */
		return 0;
	memcpy(&offset, code + at + 2, sizeof(offset));
	target = entry + at + 6 + offset;
	return user_read(&target, target, sizeof(target)) ? target : 0;
}

/*
 * The caller of a leaf that has no frame, as libc's system calls have none; or
 * 0. It is on top of the stack as long as the leaf has pushed nothing: if what
 * lies there follows a call of a function that begins just before the leaf's
 * instruction, it is the return address. The ABI aligns the stack to 16 bytes at
 * a call: elsewhere nothing but an old return address can look like one.
 */
static unsigned long leaf_caller(const struct pt_regs *regs)
{
	unsigned long target;
	unsigned long ret;

	if (regs->sp % 16 != sizeof(ret) ||
	    !user_read(&ret, regs->sp, sizeof(ret)))
		return 0;
	ret = hooked_return(regs->sp, ret);
	target = call_target(ret);
	if (target && regs->ip - target >= ENTRY_BYTES)
		target = linkage_target(target);
	return target && regs->ip - target < ENTRY_BYTES ? ret : 0;
}

#else

/* Where it lies is up to the function. */
static unsigned long hooked_return(unsigned long at, unsigned long ret)
{
	return ret;
}

static unsigned long leaf_caller(const struct pt_regs *regs)
{
	return 0;
}

#endif /* CONFIG_X86_64 */

/**
 * kobs_context_user_copy() - copy memory of the current task
 * @to: set to the bytes
 * @from: where they begin
 * @bytes: how many to copy
 *
 * Whole pages are there, or are not: what is copied ends where the first one
 * begins that is not.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of bytes copied.
 */
size_t kobs_context_user_copy(void *to, unsigned long from, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		unsigned long at = from + done;
		size_t part = min(bytes - done, PAGE_SIZE - offset_in_page(at));

		if (copy_from_user_nofault(to + done, (void __user *)at, part))
			break;
		done += part;
	}
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_context_user_copy);

/*
 * Walk frame pointers. With @sp, frames lie above it, not too far: not in what else a
 * register can point to.
 */
static unsigned int user_walk(struct pt_regs *regs, unsigned long *ips,
			      unsigned int nr, unsigned int max, unsigned long sp)
{
	unsigned long fp = frame_pointer(regs);

	while (nr < max && frames_known(regs)) {
		struct { unsigned long fp, ret; } frame;

		if (!fp || fp % sizeof(fp) || (sp && fp - sp > STACK_BYTES) ||
		    copy_from_user_nofault(&frame, (void __user *)fp,
					   sizeof(frame)) || !frame.ret)
			break;
		ips[nr++] = user_return(hooked_return(fp + sizeof(fp),
						      frame.ret));
		if (frame.fp <= fp)
			break;
		fp = frame.fp;
	}
	return nr;
}

/**
 * kobs_context_user_frames() - capture a user stack
 * @regs: registers of the current task in user mode
 * @ips: set to the frames, leaf first
 * @max: room, at least 1
 *
 * Walks frame pointers; a program built without them shows its leaf, and on x86
 * the leaf's caller if the leaf has pushed nothing yet.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of frames.
 */
unsigned int kobs_context_user_frames(struct pt_regs *regs, unsigned long *ips,
				      unsigned int max)
{
	unsigned long caller = 0;
	unsigned int nr = 0;

	ips[nr++] = instruction_pointer(regs);
	if (max > 1 && frames_known(regs))
		caller = leaf_caller(regs);
	if (caller)
		ips[nr++] = caller;
	return user_walk(regs, ips, nr, max, 0);
}

/*
 * Where a function that is being entered returns to, also where the kernel has hooked
 * that; 0 if it cannot be read.
 */
static unsigned long entry_caller(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	unsigned long ret;

	if (!user_read(&ret, regs->sp, sizeof(ret)))
		return 0;
	return hooked_return(regs->sp, ret);
#else
	return user_return(procedure_link_pointer(regs));
#endif
}

/**
 * kobs_context_entry_frames() - capture a user stack at a function's entry
 * @regs: registers of the current task in user mode, at a function's entry
 * @ips: set to the frames, that function first
 * @max: room, at least 1
 *
 * The caller is known however the program was built. Walks frame pointers from
 * there; without them, the register holds something else, which is no frame of
 * this stack.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of frames.
 */
unsigned int kobs_context_entry_frames(struct pt_regs *regs, unsigned long *ips,
				       unsigned int max)
{
	unsigned long caller = entry_caller(regs);
	unsigned int nr = 0;

	ips[nr++] = instruction_pointer(regs);
	if (nr == max || !frames_known(regs) || !caller)
		return nr;
	ips[nr++] = caller;
	return user_walk(regs, ips, nr, max, user_stack_pointer(regs));
}
