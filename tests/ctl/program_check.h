/* SPDX-License-Identifier: GPL-2.0 */
/* The rules of programs (kobs_program.h), as a test has to find them kept. */
#ifndef KOBS_PROGRAM_CHECK_H
#define KOBS_PROGRAM_CHECK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kobs_program.h"

struct insn {
	unsigned int	op;
	bool		by_imm;
	unsigned int	dst;
	unsigned int	src;
	unsigned int	arg;
	int32_t		imm;
};

static inline struct insn insn_of(uint64_t word)
{
	struct insn i = {
		.op = word & 0x7f,
		.by_imm = word & KOBS_OP_BY_IMM,
		.dst = word >> 8 & 15,
		.src = word >> 12 & 15,
		.arg = word >> 16 & 0xffff,
		.imm = (int32_t)(word >> 32),
	};

	return i;
}

static inline bool is_type(unsigned int arg, unsigned int flags)
{
	unsigned int bytes = arg & 0xff;

	return (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) &&
	       !(arg & ~(0xff | flags));
}

static inline bool operands_are_sound(const struct insn *i)
{
	bool binary = i->op >= KOBS_OP_ADD && i->op <= KOBS_OP_SGE;

	if (i->dst >= KOBS_PROG_REGS || i->src >= KOBS_PROG_REGS || (i->by_imm && !binary))
		return false;
	switch (i->op) {
	case KOBS_OP_ARG:
		return i->arg < KOBS_PROG_ARGS;
	case KOBS_OP_CONTEXT:
		return i->arg < KOBS_PROG_CONTEXTS;
	case KOBS_OP_EXTEND:
		return is_type(i->arg, KOBS_PROG_SIGNED);
	case KOBS_OP_READ:
		return is_type(i->arg, KOBS_PROG_SIGNED | KOBS_PROG_USER);
	case KOBS_OP_SAME:
		return !(i->arg & ~KOBS_PROG_USER);
	case KOBS_OP_KEY:
		return i->arg < KOBS_PROG_KEYS;
	case KOBS_OP_TEXT:
		return (i->arg & ~KOBS_PROG_USER) < KOBS_PROG_TEXTS;
	case KOBS_OP_VALUE:
		return i->arg < 2;
	case KOBS_OP_FIELD:
		return is_type(i->arg, KOBS_PROG_SIGNED) && i->imm >= 0 &&
		       i->imm + (i->arg & 0xff) <= KOBS_PROG_RECORD;
	case KOBS_OP_FIELD_TEXT:
		return i->imm >= 0 && i->imm + i->arg <= KOBS_PROG_RECORD;
	default:
		return i->op < KOBS_OPS && !i->arg;
	}
}

static inline bool literal_is_sound(const uint64_t *words, size_t left, int32_t n)
{
	return n > 0 && n <= KOBS_PROG_LITERAL && (size_t)n < left &&
	       memchr(words, 0, (size_t)n * 8);
}

/* A whole program, of @n words. */
static inline bool program_is_sound(const uint64_t *words, size_t n)
{
	bool begins[KOBS_PROG_WORDS] = {};
	bool lands[KOBS_PROG_WORDS] = {};
	unsigned int reads = 0;
	size_t at;

	if (!n || n > KOBS_PROG_WORDS)
		return false;
	for (at = 0; at < n; at++) {
		struct insn i = insn_of(words[at]);

		begins[at] = true;
		if (!operands_are_sound(&i) || (at == n - 1 ? i.op != KOBS_OP_END : !i.op))
			return false;
		reads += i.op == KOBS_OP_READ || i.op == KOBS_OP_SAME || i.op == KOBS_OP_TEXT;
		if (i.op >= KOBS_OP_JUMP && i.op <= KOBS_OP_JUMP_SET) {
			if (i.imm < 0 || (size_t)i.imm >= n - at - 1)
				return false;
			lands[at + 1 + (size_t)i.imm] = true;
		}
		if (i.op == KOBS_OP_SAME) {
			if (!literal_is_sound(words + at + 1, n - at - 1, i.imm))
				return false;
			at += (size_t)i.imm;
		}
	}
	for (at = 0; at < n; at++)
		if (lands[at] && !begins[at])
			return false;
	return reads <= KOBS_PROG_READS;
}

#endif /* KOBS_PROGRAM_CHECK_H */
