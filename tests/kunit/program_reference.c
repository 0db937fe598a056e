// SPDX-License-Identifier: GPL-2.0
/*
 * What a program should give, in other ways than the module's: bit by bit, by
 * magnitudes and signs, with a mark on each number that is a fault.
 */
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "program_reference.h"
#include "program_rig.h"

static u64 shifted(enum kobs_op op, u64 v, u64 bits)
{
	for (bits = min_t(u64, bits, 64); bits; bits--) {
		if (op == KOBS_OP_SHL)
			v += v;
		else if (op == KOBS_OP_SAR && (s64)v < 0)
			v = v / 2 + BIT_ULL(63);
		else
			v /= 2;
	}
	return v;
}

static u64 magnitude(u64 v)
{
	return (s64)v < 0 ? 0 - v : v;
}

static u64 divided(enum kobs_op op, u64 a, u64 b)
{
	u64 quotient, rest;

	if (op == KOBS_OP_DIV || op == KOBS_OP_MOD)
		return op == KOBS_OP_DIV ? a / b : a - a / b * b;
	quotient = magnitude(a) / magnitude(b);
	rest = magnitude(a) - quotient * magnitude(b);
	if (op == KOBS_OP_SMOD)
		return (s64)a < 0 ? 0 - rest : rest;
	return (s64)(a ^ b) < 0 ? 0 - quotient : quotient;
}

static u64 combined(enum kobs_op op, u64 a, u64 b)
{
	switch (op) {
	case KOBS_OP_ADD:
		return a + b;
	case KOBS_OP_SUB:
		return a + ~b + 1;
	case KOBS_OP_MUL:
		return a * b;
	case KOBS_OP_AND:
		return ~(~a | ~b);
	case KOBS_OP_OR:
		return ~(~a & ~b);
	case KOBS_OP_XOR:
		return (a | b) - (a & b);
	case KOBS_OP_EQ:
		return a == b;
	case KOBS_OP_NE:
		return a != b;
	case KOBS_OP_LT:
		return a < b;
	case KOBS_OP_LE:
		return a <= b;
	case KOBS_OP_GT:
		return a > b;
	case KOBS_OP_GE:
		return a >= b;
	case KOBS_OP_SLT:
		return (s64)a < (s64)b;
	case KOBS_OP_SLE:
		return (s64)a <= (s64)b;
	case KOBS_OP_SGT:
		return (s64)a > (s64)b;
	case KOBS_OP_SGE:
		return (s64)a >= (s64)b;
	case KOBS_OP_SHL:
	case KOBS_OP_SHR:
	case KOBS_OP_SAR:
		return shifted(op, a, b);
	default:
		return divided(op, a, b);
	}
}

static u64 converted(u64 v, unsigned int type)
{
	const unsigned int bits = 8 * (type & 0xff);
	const u64 unit = bits < 64 ? BIT_ULL(bits) : 0;

	if (!unit)
		return v;
	v %= unit;
	return type & KOBS_PROG_SIGNED && v >= unit / 2 ? v - unit : v;
}

/* Byte by byte, the lowest first. */
static u64 recorded(unsigned int at, unsigned int type)
{
	unsigned int i;
	u64 v = 0;

	for (i = type & 0xff; i; i--)
		v = v * 256 + program_rig_record[at + i - 1];
	return converted(v, type);
}

/* What register dst becomes, that is @a; @b is register src or imm. */
static struct program_number result(const struct program_step *s,
				    struct program_number a,
				    struct program_number b, const u64 *args)
{
	const bool whole = s->op == KOBS_OP_IMM || s->op == KOBS_OP_ARG ||
			   s->op == KOBS_OP_FIELD;
	struct program_number r = { .bad = !whole && (a.bad || b.bad) };

	if (s->op == KOBS_OP_MOVE)
		return b;
	if (s->op >= KOBS_OP_DIV && s->op <= KOBS_OP_SMOD && !b.v)
		r.bad = true;
	if (r.bad)
		return r;
	if (s->op == KOBS_OP_ARG)
		r.v = args[s->arg];
	else if (s->op == KOBS_OP_FIELD)
		r.v = recorded(s->imm, s->arg);
	else if (s->op == KOBS_OP_IMM)
		r.v = (s64)s->imm;
	else if (s->op == KOBS_OP_HIGH)
		r.v = a.v % BIT_ULL(32) + (u32)s->imm * BIT_ULL(32);
	else if (s->op == KOBS_OP_NEG)
		r.v = 0 - a.v;
	else if (s->op == KOBS_OP_INVERT)
		r.v = U64_MAX - a.v;
	else if (s->op == KOBS_OP_NOT)
		r.v = a.v ? 0 : 1;
	else if (s->op == KOBS_OP_EXTEND)
		r.v = converted(a.v, s->arg);
	else
		r.v = combined(s->op, a.v, b.v);
	return r;
}

static enum kobs_program_end evaluate(const struct program_step *steps,
				      unsigned int n, const u64 *args,
				      struct program_expected *e)
{
	struct program_number reg[KOBS_PROG_REGS] = {};
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct program_step *s = &steps[i];
		const struct program_number imm = { .v = (s64)s->imm };
		const struct program_number a = reg[s->dst];
		const bool alone = s->by_imm || s->op == KOBS_OP_FIELD ||
				   (s->op < KOBS_OP_ADD &&
				    s->op != KOBS_OP_MOVE);
		const struct program_number b = alone ? imm : reg[s->src];
		const bool tests = s->op >= KOBS_OP_JUMP_ZERO &&
				   s->op <= KOBS_OP_WANT;

		if ((tests && a.bad) || (s->op == KOBS_OP_VALUE && b.bad))
			return KOBS_PROGRAM_FAULT;
		if (s->op == KOBS_OP_WANT && !a.v)
			return KOBS_PROGRAM_FILTERED;
		if (s->op == KOBS_OP_JUMP ||
		    (s->op == KOBS_OP_JUMP_ZERO && !a.v) ||
		    (s->op == KOBS_OP_JUMP_SET && a.v))
			i += s->imm;
		else if ((s->op < KOBS_OP_JUMP && s->op != KOBS_OP_END) ||
			 s->op == KOBS_OP_FIELD)
			reg[s->dst] = result(s, a, b, args);
		if (s->op == KOBS_OP_KEY)
			e->keys[s->arg] = b;
		if (s->op == KOBS_OP_VALUE) {
			e->value = b.v;
			e->is_signed = s->arg;
		}
	}
	return KOBS_PROGRAM_PASS;
}

/**
 * program_reference() - what a program should give
 * @steps: its instructions, none of which reads memory or the context
 * @n: number of them
 * @args: arguments of the hit
 * @e: what it should give
 */
void program_reference(const struct program_step *steps, unsigned int n,
		       const u64 *args, struct program_expected *e)
{
	unsigned int i;

	*e = (struct program_expected){ .value = VALUE_BEFORE };
	for (i = 0; i < KOBS_PROG_KEYS; i++)
		e->keys[i].v = KEY_BEFORE;
	e->end = evaluate(steps, n, args, e);
}
