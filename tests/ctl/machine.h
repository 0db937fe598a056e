/* SPDX-License-Identifier: GPL-2.0 */
/* Runs programs (kobs_program.h) on memory of the test. */
#ifndef KOBS_MACHINE_H
#define KOBS_MACHINE_H

#include "program_check.h"

enum outcome {
	PASSED,
	FILTERED,
	LOST,
	BROKEN,		/* against the rules */
};

struct memory {
	const void	*start;
	size_t		size;
};

struct machine {
	uint64_t	args[KOBS_PROG_ARGS];
	uint64_t	context[KOBS_PROG_CONTEXTS];
	struct memory	kernel[2];
	struct memory	user;
	struct memory	record;
	char		copy[72];	/* of a text of the record */
	/* What the program said. */
	uint64_t	keys[KOBS_PROG_KEYS];
	bool		key_faults[KOBS_PROG_KEYS];
	char		texts[KOBS_PROG_TEXTS][8 * KOBS_PROG_TEXT_WORDS];
	uint64_t	value;
	bool		value_signed;
	unsigned int	steps;
};

struct cell {
	uint64_t	v;
	bool		fault;
};

static inline struct cell number(uint64_t v)
{
	struct cell c = { .v = v };

	return c;
}

static inline struct cell fault(void)
{
	struct cell c = { .fault = true };

	return c;
}

/* A value that was computed from another one. */
static inline struct cell like(struct cell from, uint64_t v)
{
	return from.fault ? fault() : number(v);
}

static inline bool is_within(const struct memory *m, uint64_t at, size_t size)
{
	uint64_t start = (uintptr_t)m->start;

	return at >= start && size <= m->size && at - start <= m->size - size;
}

/* Return: where @size bytes at an address are, or NULL. */
static inline const void *memory_at(const struct machine *m, uint64_t at, size_t size, bool user)
{
	bool good = user ? is_within(&m->user, at, size) :
		    is_within(&m->kernel[0], at, size) || is_within(&m->kernel[1], at, size);

	/* Of the machine's own is what it copied. */
	if (!user && at - (uintptr_t)m->copy < sizeof(m->copy))
		good = true;
	return good ? (const void *)(uintptr_t)at : NULL;
}

static inline uint64_t cut(uint64_t v, unsigned int type)
{
	switch (type & (0xff | KOBS_PROG_SIGNED)) {
	case 1:
		return (uint8_t)v;
	case 2:
		return (uint16_t)v;
	case 4:
		return (uint32_t)v;
	case 1 | KOBS_PROG_SIGNED:
		return (uint64_t)(int8_t)v;
	case 2 | KOBS_PROG_SIGNED:
		return (uint64_t)(int16_t)v;
	case 4 | KOBS_PROG_SIGNED:
		return (uint64_t)(int32_t)v;
	default:
		return v;
	}
}

static inline struct cell machine_read(const struct machine *m, struct cell at,
				       const struct insn *i)
{
	struct cell out = { .fault = true };
	unsigned int bytes = i->arg & 0xff;
	const void *p = memory_at(m, at.v + (uint64_t)(int64_t)i->imm, bytes,
				  i->arg & KOBS_PROG_USER);

	if (at.fault || !p)
		return out;
	memcpy(&out.v, p, bytes);
	out.v = cut(out.v, i->arg);
	out.fault = false;
	return out;
}

/* Whether the text at an address begins with another one and its end. */
static inline struct cell machine_same(const struct machine *m, struct cell at, bool user,
				       const char *text)
{
	struct cell out = { .v = 1, .fault = at.fault };
	size_t n;

	for (n = 0; !out.fault && out.v; n++) {
		const char *c = memory_at(m, at.v + n, 1, user);

		if (!c)
			return fault();
		out.v = *c == text[n];
		if (!text[n])
			break;
	}
	return out.fault ? fault() : out;
}

static inline void machine_text(struct machine *m, struct cell at, unsigned int arg)
{
	char *out = m->texts[arg & 0xff];
	size_t n;

	memset(out, 0, sizeof(m->texts[0]));
	for (n = 0; n < sizeof(m->texts[0]) - 1; n++) {
		const char *c = at.fault ? NULL : memory_at(m, at.v + n, 1, arg & KOBS_PROG_USER);

		if (!c) {
			memcpy(out, "(fault)", 8);
			return;
		}
		out[n] = *c;
		if (!*c)
			return;
	}
}

static inline struct cell machine_divide(unsigned int op, uint64_t x, uint64_t y)
{
	int64_t sx = (int64_t)x;
	int64_t sy = (int64_t)y;

	if (!y)
		return fault();
	switch (op) {
	case KOBS_OP_DIV:
		return number(x / y);
	case KOBS_OP_MOD:
		return number(x % y);
	case KOBS_OP_SDIV:
		return number(sy == -1 ? -x : (uint64_t)(sx / sy));
	default:
		return number(sy == -1 ? 0 : (uint64_t)(sx % sy));
	}
}

static inline uint64_t machine_compare(unsigned int op, uint64_t x, uint64_t y)
{
	int64_t sx = (int64_t)x;
	int64_t sy = (int64_t)y;

	switch (op) {
	case KOBS_OP_EQ:
		return x == y;
	case KOBS_OP_NE:
		return x != y;
	case KOBS_OP_LT:
		return x < y;
	case KOBS_OP_LE:
		return x <= y;
	case KOBS_OP_GT:
		return x > y;
	case KOBS_OP_GE:
		return x >= y;
	case KOBS_OP_SLT:
		return sx < sy;
	case KOBS_OP_SLE:
		return sx <= sy;
	case KOBS_OP_SGT:
		return sx > sy;
	default:
		return sx >= sy;
	}
}

static inline struct cell machine_binary(unsigned int op, struct cell a, struct cell b)
{
	uint64_t x = a.v;
	uint64_t y = b.v;

	if (a.fault || b.fault)
		return fault();
	switch (op) {
	case KOBS_OP_ADD:
		return number(x + y);
	case KOBS_OP_SUB:
		return number(x - y);
	case KOBS_OP_MUL:
		return number(x * y);
	case KOBS_OP_AND:
		return number(x & y);
	case KOBS_OP_OR:
		return number(x | y);
	case KOBS_OP_XOR:
		return number(x ^ y);
	case KOBS_OP_SHL:
		return number(y < 64 ? x << y : 0);
	case KOBS_OP_SHR:
		return number(y < 64 ? x >> y : 0);
	case KOBS_OP_SAR:
		return number((uint64_t)((int64_t)x >> (y < 64 ? y : 63)));
	case KOBS_OP_DIV:
	case KOBS_OP_SDIV:
	case KOBS_OP_MOD:
	case KOBS_OP_SMOD:
		return machine_divide(op, x, y);
	default:
		return number(machine_compare(op, x, y));
	}
}

/* A number of the record, or the address of a copy of a text. */
static inline struct cell machine_field(struct machine *m, const struct insn *i)
{
	const char *record = m->record.start;
	size_t at = (size_t)i->imm;
	size_t n = i->arg;
	uint64_t v = 0;
	uint32_t where;

	if (i->op == KOBS_OP_FIELD) {
		memcpy(&v, record + at, i->arg & 0xff);
		return number(cut(v, i->arg));
	}
	if (!n) {
		memcpy(&where, record + at, sizeof(where));
		at = where & 0xffff;
		n = where >> 16;
	}
	if (at + n > m->record.size)
		return fault();
	memset(m->copy, 0, sizeof(m->copy));
	memcpy(m->copy, record + at, n < sizeof(m->copy) ? n : sizeof(m->copy) - 1);
	return number((uintptr_t)m->copy);
}

/* An instruction of those that give a register a value. */
static inline struct cell machine_compute(struct machine *m, const struct insn *i,
					  struct cell dst, struct cell src, const uint64_t *next)
{
	uint64_t imm = (uint64_t)(int64_t)i->imm;

	switch (i->op) {
	case KOBS_OP_ARG:
		return number(m->args[i->arg]);
	case KOBS_OP_CONTEXT:
		return number(m->context[i->arg]);
	case KOBS_OP_IMM:
		return number(imm);
	case KOBS_OP_FIELD:
	case KOBS_OP_FIELD_TEXT:
		return machine_field(m, i);
	case KOBS_OP_HIGH:
		return like(dst, (uint32_t)dst.v | imm << 32);
	case KOBS_OP_MOVE:
		return src;
	case KOBS_OP_NEG:
		return like(dst, -dst.v);
	case KOBS_OP_INVERT:
		return like(dst, ~dst.v);
	case KOBS_OP_NOT:
		return like(dst, !dst.v);
	case KOBS_OP_EXTEND:
		return like(dst, cut(dst.v, i->arg));
	case KOBS_OP_READ:
		return machine_read(m, src, i);
	case KOBS_OP_SAME:
		return machine_same(m, src, i->arg & KOBS_PROG_USER, (const char *)next);
	default:
		return machine_binary(i->op, dst, i->by_imm ? number(imm) : src);
	}
}

/* Runs a program of @n words, if it keeps the rules. */
static inline enum outcome machine_run(struct machine *m, const uint64_t *words, size_t n)
{
	struct cell r[KOBS_PROG_REGS] = {};
	size_t at;

	if (!program_is_sound(words, n))
		return BROKEN;
	m->steps = 0;
	for (at = 0;; at++) {
		struct insn i = insn_of(words[at]);
		struct cell *dst = &r[i.dst];
		struct cell src = r[i.src];

		m->steps++;
		switch (i.op) {
		case KOBS_OP_END:
			return PASSED;
		case KOBS_OP_JUMP:
			at += (size_t)i.imm;
			break;
		case KOBS_OP_JUMP_ZERO:
		case KOBS_OP_JUMP_SET:
			if (dst->fault)
				return LOST;
			if (i.op == KOBS_OP_JUMP_ZERO ? !dst->v : dst->v)
				at += (size_t)i.imm;
			break;
		case KOBS_OP_WANT:
			if (dst->fault || !dst->v)
				return dst->fault ? LOST : FILTERED;
			break;
		case KOBS_OP_KEY:
			m->keys[i.arg] = src.v;
			m->key_faults[i.arg] = src.fault;
			break;
		case KOBS_OP_TEXT:
			machine_text(m, src, i.arg);
			break;
		case KOBS_OP_VALUE:
			if (src.fault)
				return LOST;
			m->value = src.v;
			m->value_signed = i.arg;
			break;
		default:
			*dst = machine_compute(m, &i, *dst, src, &words[at + 1]);
			if (i.op == KOBS_OP_SAME)
				at += (size_t)i.imm;
		}
	}
}

#endif /* KOBS_MACHINE_H */
