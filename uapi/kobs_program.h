/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Programs of the source probe: what they consist of. A client compiles its
 * expressions to them; the module checks them again (kmod/lib/program.h) and
 * runs one for each hit.
 *
 * A program is an array of words, most of which are instructions:
 *
 *	bits  0- 7  op	enum kobs_op
 *	bits  8-11  dst	register, KOBS_PROG_REGS of them, 64 bits each
 *	bits 12-15  src	register
 *	bits 16-31  arg	depends on the instruction
 *	bits 32-63  imm	depends on the instruction, signed
 *
 * A field that an instruction does not use is 0.
 *
 * Registers are 0 when it begins. Jumps go forward only. It ends with
 * KOBS_OP_END, which occurs only there: programs can follow one another in one
 * array.
 *
 * A value is a fault when it was read from an address that cannot be read, when
 * it was divided by zero, or when it was computed from a fault. Its number is 0.
 */
#ifndef _UAPI_LINUX_KOBS_PROGRAM_H
#define _UAPI_LINUX_KOBS_PROGRAM_H

#include <linux/types.h>

#define KOBS_PROG_REGS		8
/* Most words of a program, with literals and its end. */
#define KOBS_PROG_WORDS		512
/* Most instructions of a program that read memory. */
#define KOBS_PROG_READS		64
/* Arguments of a hit. */
#define KOBS_PROG_ARGS		12
/* Numbers and texts that a program can give a hit as columns. */
#define KOBS_PROG_KEYS		7
#define KOBS_PROG_TEXTS		2
/* Words of a text, which is cut to fit, with its terminating NUL. */
#define KOBS_PROG_TEXT_WORDS	4
/* Most words of a literal. */
#define KOBS_PROG_LITERAL	8
/* Most bytes of a record. */
#define KOBS_PROG_RECORD	8192

/**
 * enum kobs_op - instructions
 * @KOBS_OP_END: the hit passes
 * @KOBS_OP_ARG: dst = argument number arg of the hit
 * @KOBS_OP_CONTEXT: dst = enum kobs_prog_context, arg
 * @KOBS_OP_IMM: dst = imm, sign-extended
 * @KOBS_OP_HIGH: dst = lower half of dst, with imm as its upper half
 * @KOBS_OP_MOVE: dst = src
 * @KOBS_OP_NEG: dst = -dst
 * @KOBS_OP_INVERT: dst = ~dst
 * @KOBS_OP_NOT: dst = !dst
 * @KOBS_OP_EXTEND: dst = dst cut to a type, arg (KOBS_PROG_TYPE(), not of user
 *	space)
 * @KOBS_OP_ADD: dst += src
 * @KOBS_OP_SUB: dst -= src
 * @KOBS_OP_MUL: dst *= src
 * @KOBS_OP_DIV: dst /= src, unsigned
 * @KOBS_OP_SDIV: dst /= src, signed, rounded to zero
 * @KOBS_OP_MOD: dst %= src, unsigned
 * @KOBS_OP_SMOD: dst %= src, signed, with the sign of dst
 * @KOBS_OP_AND: dst &= src
 * @KOBS_OP_OR: dst |= src
 * @KOBS_OP_XOR: dst ^= src
 * @KOBS_OP_SHL: dst <<= src; 64 and more give 0
 * @KOBS_OP_SHR: dst >>= src; 64 and more give 0
 * @KOBS_OP_SAR: dst >>= src, signed; 64 and more give 0 or -1
 * @KOBS_OP_EQ: dst = dst == src
 * @KOBS_OP_NE: dst = dst != src
 * @KOBS_OP_LT: dst = dst < src, unsigned
 * @KOBS_OP_LE: dst = dst <= src, unsigned
 * @KOBS_OP_GT: dst = dst > src, unsigned
 * @KOBS_OP_GE: dst = dst >= src, unsigned
 * @KOBS_OP_SLT: dst = dst < src, signed
 * @KOBS_OP_SLE: dst = dst <= src, signed
 * @KOBS_OP_SGT: dst = dst > src, signed
 * @KOBS_OP_SGE: dst = dst >= src, signed
 * @KOBS_OP_READ: dst = memory at src + imm, of a type, arg (KOBS_PROG_TYPE())
 * @KOBS_OP_SAME: dst = the text at src begins with the literal, with its NUL;
 *	arg: KOBS_PROG_USER or 0; imm: words of the literal, which follow, its bytes
 *	in the order of memory, filled up with zeroes: at least one byte is. Bytes
 *	of the text after the first that differs need not be readable.
 * @KOBS_OP_JUMP: skip imm words
 * @KOBS_OP_JUMP_ZERO: skip imm words if dst is 0; a fault ends the program, and the
 *	hit is lost
 * @KOBS_OP_JUMP_SET: skip imm words if dst is not 0; a fault likewise
 * @KOBS_OP_WANT: the hit is filtered, and the program ends, if dst is 0; a fault
 *	likewise is a lost hit
 * @KOBS_OP_KEY: number arg of the hit = src
 * @KOBS_OP_TEXT: text number arg & 0xff of the hit = the text at src;
 *	arg & KOBS_PROG_USER: of user space. A fault, or memory that cannot be
 *	read, gives "(fault)".
 * @KOBS_OP_VALUE: value of the hit = src; arg: 1 if it is signed. A fault ends
 *	the program, and the hit is lost.
 * @KOBS_OP_FIELD: dst = number at byte imm of the hit's record, of a type, arg
 *	(KOBS_PROG_TYPE(), not of user space)
 * @KOBS_OP_FIELD_TEXT: dst = address of a copy of a text of the hit's record, with a
 *	NUL, until the next such instruction: of the arg bytes at byte imm; if arg is
 *	0, of what the 32 bits there say, the place in the lower half and the length
 *	in the upper one. A place that is not in the record gives a fault.
 *
 * Those from @KOBS_OP_ADD to @KOBS_OP_SGE take imm, sign-extended, in place of src
 * with KOBS_OP_BY_IMM.
 */
enum kobs_op {
	KOBS_OP_END,
	KOBS_OP_ARG,
	KOBS_OP_CONTEXT,
	KOBS_OP_IMM,
	KOBS_OP_HIGH,
	KOBS_OP_MOVE,
	KOBS_OP_NEG,
	KOBS_OP_INVERT,
	KOBS_OP_NOT,
	KOBS_OP_EXTEND,
	KOBS_OP_ADD,
	KOBS_OP_SUB,
	KOBS_OP_MUL,
	KOBS_OP_DIV,
	KOBS_OP_SDIV,
	KOBS_OP_MOD,
	KOBS_OP_SMOD,
	KOBS_OP_AND,
	KOBS_OP_OR,
	KOBS_OP_XOR,
	KOBS_OP_SHL,
	KOBS_OP_SHR,
	KOBS_OP_SAR,
	KOBS_OP_EQ,
	KOBS_OP_NE,
	KOBS_OP_LT,
	KOBS_OP_LE,
	KOBS_OP_GT,
	KOBS_OP_GE,
	KOBS_OP_SLT,
	KOBS_OP_SLE,
	KOBS_OP_SGT,
	KOBS_OP_SGE,
	KOBS_OP_READ,
	KOBS_OP_SAME,
	KOBS_OP_JUMP,
	KOBS_OP_JUMP_ZERO,
	KOBS_OP_JUMP_SET,
	KOBS_OP_WANT,
	KOBS_OP_KEY,
	KOBS_OP_TEXT,
	KOBS_OP_VALUE,
	KOBS_OP_FIELD,
	KOBS_OP_FIELD_TEXT,
	KOBS_OPS,

	KOBS_OP_BY_IMM = 0x80
};

/**
 * enum kobs_prog_context - what KOBS_OP_CONTEXT gives
 * @KOBS_PROG_CPU: processor
 * @KOBS_PROG_PID: process of the current task
 * @KOBS_PROG_TID: the current task
 * @KOBS_PROG_COMM: address of the current task's name, in the kernel
 * @KOBS_PROG_TASK: address of the current task's struct task_struct
 * @KOBS_PROG_TIME: monotonic ns
 * @KOBS_PROG_ELAPSED: ns since the begin, where a pair of hits ends (enum
 *	kobs_join_part); else 0
 */
enum kobs_prog_context {
	KOBS_PROG_CPU,
	KOBS_PROG_PID,
	KOBS_PROG_TID,
	KOBS_PROG_COMM,
	KOBS_PROG_TASK,
	KOBS_PROG_TIME,
	KOBS_PROG_ELAPSED,
	KOBS_PROG_CONTEXTS
};

/* A type: bytes (1, 2, 4 or 8), signed or not, of user space or not. */
#define KOBS_PROG_SIGNED	0x100
#define KOBS_PROG_USER		0x200
#define KOBS_PROG_TYPE(bytes, flags)	((bytes) | (flags))

/**
 * enum kobs_probe_kind - kinds of targets
 * @KOBS_PROBE_FUNCTION: entry of a kernel function; its arguments are 0 to 5
 * @KOBS_PROBE_TRACEPOINT: tracepoint; its arguments are those of its prototype
 * @KOBS_PROBE_ENTER: entry of a system call, of any; its arguments are enum
 *	kobs_probe_syscall
 * @KOBS_PROBE_EXIT: its return, likewise
 * @KOBS_PROBE_CALL: a system call from its entry to its return, likewise
 * @KOBS_PROBE_RETURN: return of a kernel function; its arguments are those that it
 *	was called with, and enum kobs_probe_return
 * @KOBS_PROBE_INSTRUCTION: instruction of a kernel function; its record is the
 *	registers before it, laid out as in struct user_regs_struct (x86) or struct
 *	user_pt_regs (arm64). At the function's entry it has the arguments of
 *	KOBS_PROBE_FUNCTION. If ftrace can hook it, it does, and it counts as that
 *	kind; else a kprobe.
 * @KOBS_PROBE_EVENT: tracepoint, with the record of its event and no arguments
 * @KOBS_PROBE_USER: place in a user-space program or library; its arguments, 0 to
 *	5, are those of a function that begins there, else what is in their registers
 * @KOBS_PROBE_USER_RETURN: return of a function that begins there; its arguments
 *	are those of @KOBS_PROBE_RETURN
 *
 * Entries of functions have such a record, too, where ftrace gives registers (x86).
 *
 * A target is two words: the kind, with the number of its program shifted left by
 * 16, and for instructions the number of a name plus 1, or 0, shifted left by 32;
 * and the address of the function, or the number of its name, with that of the
 * system call plus 1, or 0 for all of them, shifted left by 32. The name of a
 * tracepoint or event is what is hooked; that of system calls only tells them apart. A hit
 * tells its target by the address, or by the number of the name plus 1, if there is
 * one.
 *
 * The upper half of the second word of a place of a program is its number, plus 1,
 * among those of the parameter places, each of which is three words: the number of
 * its file's line in the parameter files; the offset in the file; and the 8 bytes
 * that the client read there, in the order of memory, fewer at the file's end. The
 * module refuses a file that has others.
 */
enum kobs_probe_kind {
	KOBS_PROBE_FUNCTION,
	KOBS_PROBE_TRACEPOINT,
	KOBS_PROBE_ENTER,
	KOBS_PROBE_EXIT,
	KOBS_PROBE_CALL,
	KOBS_PROBE_RETURN,
	KOBS_PROBE_INSTRUCTION,
	KOBS_PROBE_EVENT,
	KOBS_PROBE_USER,
	KOBS_PROBE_USER_RETURN,
	KOBS_PROBE_KINDS
};

/**
 * enum kobs_probe_return - arguments of a return's hit, after those of the call
 * @KOBS_PROBE_RESULT: what the function returns
 * @KOBS_PROBE_DURATION: ns since it was called
 */
enum kobs_probe_return {
	KOBS_PROBE_RESULT = 6,
	KOBS_PROBE_DURATION,
	KOBS_PROBE_RETURN_ARGS
};

/**
 * enum kobs_probe_syscall - arguments of a system call's hit, after its own six
 * @KOBS_PROBE_NR: its number
 * @KOBS_PROBE_RET: what it returns; 0 at the entry
 * @KOBS_PROBE_TOOK: ns since its entry, of KOBS_PROBE_CALL; else 0
 */
enum kobs_probe_syscall {
	KOBS_PROBE_NR = 6,
	KOBS_PROBE_RET,
	KOBS_PROBE_TOOK,
	KOBS_PROBE_SYSCALL_ARGS
};

/**
 * enum kobs_join_part - parts of a word of the parameter joins
 * @KOBS_JOIN_FROM: a hit begins a pair, if this program lets it pass
 * @KOBS_JOIN_FROM_KEY: gives the key of the pair
 * @KOBS_JOIN_TO: a hit ends the pair of its key; the program says whether it counts
 * @KOBS_JOIN_TO_KEY: gives the key
 *
 * @KOBS_JOIN_FROM with KOBS_JOIN_VIA: a hit gives words to the pair that its key has
 * begun, if this program lets it pass; the last one before the end counts. It is no
 * hit of the session, but for one whose program has a fault, and has no end.
 * @KOBS_JOIN_TO with KOBS_JOIN_OWN: an end without a begin is no hit, as it is the
 * return of what a condition of the begin left out.
 *
 * A session with joins measures the time from one hit to another. Its targets, of
 * any kind but KOBS_PROBE_CALL, have the number of such a word in place of that of a
 * program. Each part has 16 bits, the first the lowest: the number of a program plus
 * 1, or 0 for none. A hit that is both ends a pair before it begins the next one.
 *
 * The key is what a program gives as its first numbers and texts, KOBS_JOIN_NUMBERS
 * and KOBS_PROG_TEXTS of them at most, which are the same ones in all programs of
 * keys; without these, it is the current thread. The columns of a pair are those of
 * its begin, but for numbers and texts that the other programs give: none is given by
 * two of the three kinds.
 */
enum kobs_join_part {
	KOBS_JOIN_FROM,
	KOBS_JOIN_FROM_KEY,
	KOBS_JOIN_TO,
	KOBS_JOIN_TO_KEY,
	KOBS_JOIN_PARTS
};

#define KOBS_JOIN_NUMBERS	2

/* Bits of the number of a program. */
#define KOBS_JOIN_VIA		0x8000
#define KOBS_JOIN_OWN		0x8000

/*
 * A bit of the numbers of system calls by another interface than the kernel's own, of
 * 32 bits: they are numbers of their own. Those of x32 have bit 30, as its programs
 * give it to them.
 */
#define KOBS_PROBE_COMPAT	0x20000000

#define KOBS_INSN(op, dst, src, arg, imm)				\
	((__u64)(op) | (__u64)(dst) << 8 | (__u64)(src) << 12 |		\
	 (__u64)(arg) << 16 | (__u64)(__u32)(imm) << 32)

#endif /* _UAPI_LINUX_KOBS_PROGRAM_H */
