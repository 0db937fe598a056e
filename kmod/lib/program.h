/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs: expressions of a session that run for each hit; the instructions
 * are those of uapi/kobs_program.h. Pure, but for reading memory and the
 * context of the current task.
 *
 * Locking: none; a program does not change once its session exists.
 */
#ifndef KOBS_PROGRAM_H
#define KOBS_PROGRAM_H

#include <linux/types.h>
#include <uapi/kobs_program.h>

/**
 * struct kobs_program - a program that was found correct
 * @words: its words, which must outlive it
 * @n: number of words, with its end
 * @n_args: number of arguments that a hit must have at least
 * @keys: mask of the numbers that it can give a hit
 * @texts: mask of the texts that it can give a hit
 * @value: it can give a hit a value
 * @reads: it reads memory
 * @record: bytes that the record of a hit must have at least; 0: it needs none
 */
struct kobs_program {
	const u64 *words;
	u16 n;
	u8 n_args;
	u8 keys;
	u8 texts;
	bool value;
	bool reads;
	u16 record;
};

/**
 * struct kobs_program_in - what a program is given
 * @args: arguments of the hit, as many as the program was checked for
 * @elapsed: ns since the begin of the pair that the hit ends, or 0
 * @record: record of the hit
 * @record_len: its bytes, as many as the program needs at least
 */
struct kobs_program_in {
	const u64 *args;
	u64 elapsed;
	const void *record;
	size_t record_len;
};

/**
 * struct kobs_program_out - what a program gives a hit
 * @keys: numbers
 * @texts: texts of KOBS_PROG_TEXT_WORDS words, filled up with zeroes; the last
 *         byte is always one
 * @faults: mask of the numbers that are faults
 * @value: value
 * @is_signed: @value is signed
 *
 * Only @faults is always set. A program can jump past the others: what it does
 * not give stays what it was, and the caller clears it before.
 */
struct kobs_program_out {
	u64 *keys;
	u64 *texts;
	u32 faults;
	u64 value;
	bool is_signed;
};

/**
 * enum kobs_program_end - what becomes of the hit
 * @KOBS_PROGRAM_PASS: it counts
 * @KOBS_PROGRAM_FILTERED: it is filtered
 * @KOBS_PROGRAM_FAULT: it is lost: a condition or the value is a fault
 */
enum kobs_program_end {
	KOBS_PROGRAM_PASS,
	KOBS_PROGRAM_FILTERED,
	KOBS_PROGRAM_FAULT
};

int kobs_program_check(struct kobs_program *p, const u64 *words, unsigned int n,
		       unsigned int n_args, char *why, size_t len);
enum kobs_program_end kobs_program_run(const struct kobs_program *p,
				       const struct kobs_program_in *in,
				       struct kobs_program_out *out);

/* Fields of an instruction. */
#define KOBS_PROG_OP(insn)	((unsigned int)((insn) & 0xff))
#define KOBS_PROG_DST(insn)	((unsigned int)((insn) >> 8 & 0xf))
#define KOBS_PROG_SRC(insn)	((unsigned int)((insn) >> 12 & 0xf))
#define KOBS_PROG_ARG(insn)	((unsigned int)((insn) >> 16 & 0xffff))
#define KOBS_PROG_IMM(insn)	((s64)(insn) >> 32)

/* Bytes of a type. */
#define KOBS_PROG_BYTES(type)	((type) & 0xff)

#endif /* KOBS_PROGRAM_H */
