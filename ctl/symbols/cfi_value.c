// SPDX-License-Identifier: GPL-2.0
/*
 * Expressions of call frame information (DWARF 5, 2.5): a stack of numbers. Those
 * of frames read registers and the stack; others are refused.
 */

#include <dwarf.h>
#include <string.h>

#include "lib/macros.h"
#include "symbols/cfi_value.h"

#define DEPTH		64
/* Operations that are done at most: there are jumps back. */
#define MOST_STEPS	1000

struct machine {
	const struct cfi_regs *regs;
	struct cfi_memory *memory;
	uint64_t	cfa;
	uint64_t	v[DEPTH];
	size_t		n;
};

/** cfi_read() - Read a number of up to 8 bytes from the stack. Return: whether it is there. */
bool cfi_read(struct cfi_memory *m, uint64_t address, size_t bytes, uint64_t *value)
{
	uint64_t at = address - m->start;

	if (address < m->start)
		return false;
	if (at > m->bytes || bytes > m->bytes - at) {
		m->beyond = true;
		return false;
	}
	*value = 0;
	memcpy(value, m->data + at, bytes);
	return true;
}

static bool push(struct machine *s, uint64_t v)
{
	if (s->n == DEPTH)
		return false;
	s->v[s->n++] = v;
	return true;
}

static bool push_register(struct machine *s, uint64_t reg, uint64_t offset)
{
	return reg < CFI_REGS && s->regs->known >> reg & 1 && push(s, s->regs->v[reg] + offset);
}

/* Operations on the two numbers on top, of which one is left. */
static bool binary(unsigned int op, uint64_t a, uint64_t b, uint64_t *out)
{
	int64_t x = (int64_t)a;
	int64_t y = (int64_t)b;

	switch (op) {
	case DW_OP_and:
		*out = a & b;
		return true;
	case DW_OP_or:
		*out = a | b;
		return true;
	case DW_OP_xor:
		*out = a ^ b;
		return true;
	case DW_OP_plus:
		*out = a + b;
		return true;
	case DW_OP_minus:
		*out = a - b;
		return true;
	case DW_OP_mul:
		*out = a * b;
		return true;
	case DW_OP_shl:
		*out = b < 64 ? a << b : 0;
		return true;
	case DW_OP_shr:
		*out = b < 64 ? a >> b : 0;
		return true;
	case DW_OP_shra:
		*out = (uint64_t)(x >> (b < 64 ? b : 63));
		return true;
	case DW_OP_eq:
		*out = a == b;
		return true;
	case DW_OP_ne:
		*out = a != b;
		return true;
	case DW_OP_lt:
		*out = x < y;
		return true;
	case DW_OP_le:
		*out = x <= y;
		return true;
	case DW_OP_gt:
		*out = x > y;
		return true;
	case DW_OP_ge:
		*out = x >= y;
		return true;
	}
	return false;
}

/* Operations on the number on top, which is replaced. */
static bool unary(struct machine *s, const Dwarf_Op *op)
{
	uint64_t *top = &s->v[s->n - 1];

	switch (op->atom) {
	case DW_OP_deref:
		return cfi_read(s->memory, *top, sizeof(*top), top);
	case DW_OP_deref_size:
		return op->number <= sizeof(*top) && cfi_read(s->memory, *top, op->number, top);
	case DW_OP_plus_uconst:
		*top += op->number;
		return true;
	case DW_OP_not:
		*top = ~*top;
		return true;
	case DW_OP_neg:
		*top = -*top;
		return true;
	}
	return false;
}

/* Numbers that are there, moved or copied. */
static bool arrange(struct machine *s, const Dwarf_Op *op)
{
	uint64_t top = s->n ? s->v[s->n - 1] : 0;

	switch (op->atom) {
	case DW_OP_dup:
		return s->n && push(s, top);
	case DW_OP_over:
		return s->n > 1 && push(s, s->v[s->n - 2]);
	case DW_OP_pick:
		return op->number < s->n && push(s, s->v[s->n - 1 - op->number]);
	case DW_OP_drop:
		return s->n && s->n--;
	case DW_OP_swap:
		if (s->n < 2)
			return false;
		s->v[s->n - 1] = s->v[s->n - 2];
		s->v[s->n - 2] = top;
		return true;
	}
	return false;
}

static bool is_constant(unsigned int atom)
{
	static const uint8_t all[] = {
		DW_OP_const1u, DW_OP_const1s, DW_OP_const2u, DW_OP_const2s, DW_OP_const4u,
		DW_OP_const4s, DW_OP_const8u, DW_OP_const8s, DW_OP_constu, DW_OP_consts,
	};

	return memchr(all, (int)atom, sizeof(all));
}

static bool calculate(struct machine *s, const Dwarf_Op *op)
{
	unsigned int atom = op->atom;
	uint64_t result;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		return push(s, atom - DW_OP_lit0);
	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		return push_register(s, atom - DW_OP_breg0, op->number);
	if (atom == DW_OP_bregx)
		return push_register(s, op->number, op->number2);
	if (atom == DW_OP_call_frame_cfa)
		return push(s, s->cfa);
	if (is_constant(atom))
		return push(s, op->number);
	if (atom == DW_OP_nop || atom == DW_OP_stack_value || arrange(s, op))
		return true;
	if (s->n && unary(s, op))
		return true;
	if (s->n < 2 || !binary(atom, s->v[s->n - 2], s->v[s->n - 1], &result))
		return false;
	s->v[--s->n - 1] = result;
	return true;
}

/* Where a jump leads: behind it, by a number of bytes. SIZE_MAX when there is no operation. */
static size_t jump(const struct cfi_expression *e, size_t i)
{
	uint64_t to = e->op[i].offset + 3 + e->op[i].number;
	size_t k;

	for (k = 0; k < e->n; k++)
		if (e->op[k].offset == to)
			return k;
	return SIZE_MAX;
}

/**
 * cfi_evaluate() - Do what an expression says.
 * @cfa: what DW_OP_call_frame_cfa stands for
 * @result: set to the number on top
 *
 * Return: whether it has one.
 */
bool cfi_evaluate(const struct cfi_expression *e, struct cfi_memory *m,
		  const struct cfi_regs *regs, uint64_t cfa, uint64_t *result)
{
	struct machine s = { .regs = regs, .memory = m, .cfa = cfa };
	unsigned int steps = 0;
	size_t i = 0;

	while (i < e->n) {
		unsigned int atom = e->op[i].atom;
		bool jumps = atom == DW_OP_skip;

		if (++steps > MOST_STEPS)
			return false;
		if (atom == DW_OP_bra) {
			if (!s.n)
				return false;
			jumps = s.v[--s.n];
		} else if (!jumps && !calculate(&s, &e->op[i])) {
			return false;
		}
		i = jumps ? jump(e, i) : i + 1;
	}
	if (i == SIZE_MAX || !s.n)
		return false;
	*result = s.v[s.n - 1];
	return true;
}
