/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * User stacks as memory: what the records of pmu's mode record_stack have in the
 * attribute data of an event, for a client that unwinds them itself.
 *
 * A sample is one or more records of one CPU, its parts, with equal columns. The
 * word of the column ustack is the number of the sample. Those of another sample
 * can come between them, for samples nest. A sample whose last part is missing
 * was lost, and counted so.
 *
 * A part is an array of 64-bit words: enum kobs_ustack_word, in the first part the
 * registers of the user code, and KOBS_USTACK_BYTES bytes of memory, with zeroes
 * up to a whole word. The memory begins at the stack pointer and goes on from
 * part to part.
 *
 * Registers are numbered as in DWARF. x86_64: rax, rdx, rcx, rbx, rsi, rdi, rbp,
 * rsp, r8 to r15, rip. arm64: x0 to x30, sp, pc.
 */
#ifndef _UAPI_LINUX_KOBS_USTACK_H
#define _UAPI_LINUX_KOBS_USTACK_H

#include <linux/types.h>

/* Maximum bytes of memory of a sample. */
#define KOBS_USTACK_BYTES_MAX	65528
/* Registers of a sample: x86_64, arm64. */
#define KOBS_USTACK_REGS_X86_64	17
#define KOBS_USTACK_REGS_ARM64	33
#define KOBS_USTACK_REGS_MAX	33

/**
 * enum kobs_ustack_word - words of a part
 * @KOBS_USTACK_SAMPLE: number of the sample on its CPU, from 1
 * @KOBS_USTACK_PART: number of the part, from 0
 * @KOBS_USTACK_FLAGS: bits of enum kobs_ustack_flag
 * @KOBS_USTACK_BYTES: bytes of memory in this part
 * @KOBS_USTACK_WORDS: number of words in parts behind the first
 * @KOBS_USTACK_PID: process
 * @KOBS_USTACK_TIME: monotonic time, in ns
 * @KOBS_USTACK_PERIOD: events that the sample stands for
 * @KOBS_USTACK_REGS: number of registers that follow
 * @KOBS_USTACK_HEAD: number of words in the first part
 */
enum kobs_ustack_word {
	KOBS_USTACK_SAMPLE,
	KOBS_USTACK_PART,
	KOBS_USTACK_FLAGS,
	KOBS_USTACK_BYTES,
	KOBS_USTACK_WORDS,
	KOBS_USTACK_PID = KOBS_USTACK_WORDS,
	KOBS_USTACK_TIME,
	KOBS_USTACK_PERIOD,
	KOBS_USTACK_REGS,
	KOBS_USTACK_HEAD
};

/**
 * enum kobs_ustack_flag - what is said of a sample
 * @KOBS_USTACK_LAST: no part follows
 * @KOBS_USTACK_FAULT: the memory behind this part cannot be read: it is the end of
 *	the stack, or is not present
 * @KOBS_USTACK_THROTTLED: the kernel stopped the event for a tick
 * @KOBS_USTACK_NO_USER: the task has no user code
 * @KOBS_USTACK_NO_REGS: the registers were just being saved
 * @KOBS_USTACK_COMPAT: the process is one of 32 bits; there is no memory
 */
enum kobs_ustack_flag {
	KOBS_USTACK_LAST = 1,
	KOBS_USTACK_FAULT = 2,
	KOBS_USTACK_THROTTLED = 4,
	KOBS_USTACK_NO_USER = 8,
	KOBS_USTACK_NO_REGS = 16,
	KOBS_USTACK_COMPAT = 32
};

#endif /* _UAPI_LINUX_KOBS_USTACK_H */
