// SPDX-License-Identifier: GPL-2.0
/* What is to be computed, without what can be computed at once. */

#include <limits.h>
#include <stdlib.h>

#include "expr/node.h"
#include "lib/buf.h"

/* Comparisons come as the opposites of each other. */
static const struct {
	unsigned int	op;
	unsigned int	opposite;
	unsigned int	mirrored;	/* with its sides exchanged */
} comparisons[] = {
	{ KOBS_OP_EQ, KOBS_OP_NE, KOBS_OP_EQ },
	{ KOBS_OP_NE, KOBS_OP_EQ, KOBS_OP_NE },
	{ KOBS_OP_LT, KOBS_OP_GE, KOBS_OP_GT },
	{ KOBS_OP_LE, KOBS_OP_GT, KOBS_OP_GE },
	{ KOBS_OP_GT, KOBS_OP_LE, KOBS_OP_LT },
	{ KOBS_OP_GE, KOBS_OP_LT, KOBS_OP_LE },
	{ KOBS_OP_SLT, KOBS_OP_SGE, KOBS_OP_SGT },
	{ KOBS_OP_SLE, KOBS_OP_SGT, KOBS_OP_SGE },
	{ KOBS_OP_SGT, KOBS_OP_SLE, KOBS_OP_SLT },
	{ KOBS_OP_SGE, KOBS_OP_SLT, KOBS_OP_SLE },
};

/** op_is_comparison() - Whether an operation gives 0 or 1. */
bool op_is_comparison(unsigned int op)
{
	return op >= KOBS_OP_EQ && op <= KOBS_OP_SGE;
}

/** node_is_const() - Whether a value is known. */
bool node_is_const(const struct node *n)
{
	return n->op == KOBS_OP_IMM;
}

/** node_is_immediate() - Whether an instruction can hold it. */
bool node_is_immediate(const struct node *n)
{
	return node_is_const(n) && n->imm == (int32_t)n->imm;
}

static struct node *new_node(struct nodes *n, unsigned int op, const struct node *a,
			     const struct node *b)
{
	struct node *new = zalloc(sizeof(*new));

	new->op = op;
	new->a = a;
	new->b = b;
	new->need = a && a->need > 1 ? a->need : 1;
	new->next = n->all;
	n->all = new;
	return new;
}

/** node_const() - A number. */
const struct node *node_const(struct nodes *n, int64_t value)
{
	struct node *new = new_node(n, KOBS_OP_IMM, NULL, NULL);

	new->imm = value;
	new->is_bool = value == 0 || value == 1;
	return new;
}

/** node_leaf() - What a hit has: an argument, or something of its context. */
const struct node *node_leaf(struct nodes *n, unsigned int op, unsigned int arg)
{
	struct node *new = new_node(n, op, NULL, NULL);

	new->arg = arg;
	return new;
}

/** node_field() - A number or a text of the hit's record: KOBS_OP_FIELD, KOBS_OP_FIELD_TEXT. */
const struct node *node_field(struct nodes *n, unsigned int op, unsigned int arg, uint64_t offset)
{
	struct node *new = new_node(n, op, NULL, NULL);

	new->arg = arg;
	new->imm = (int64_t)offset;
	return new;
}

/** node_unary() - KOBS_OP_NEG, KOBS_OP_INVERT or KOBS_OP_NOT of a value. */
const struct node *node_unary(struct nodes *n, unsigned int op, const struct node *a)
{
	struct node *new;
	size_t i;

	if (node_is_const(a))
		return node_const(n, op == KOBS_OP_NEG ? (int64_t)(0 - (uint64_t)a->imm) :
				  op == KOBS_OP_INVERT ? ~a->imm : !a->imm);
	new = new_node(n, op, a, NULL);
	if (op != KOBS_OP_NOT)
		return new;
	new->is_bool = true;
	for (i = 0; i < ARRAY_SIZE(comparisons); i++)
		if (comparisons[i].op == a->op) {
			new->op = comparisons[i].opposite;
			new->a = a->a;
			new->b = a->b;
			new->need = a->need;
		}
	return new;
}

/* As the module computes; @y is not 0 where it divides. */
static uint64_t compute(unsigned int op, uint64_t x, uint64_t y)
{
	int64_t sx = (int64_t)x;
	int64_t sy = (int64_t)y;

	switch (op) {
	case KOBS_OP_ADD:
		return x + y;
	case KOBS_OP_SUB:
		return x - y;
	case KOBS_OP_MUL:
		return x * y;
	case KOBS_OP_DIV:
		return x / y;
	case KOBS_OP_SDIV:
		return sy == -1 ? 0 - x : (uint64_t)(sx / sy);
	case KOBS_OP_MOD:
		return x % y;
	case KOBS_OP_SMOD:
		return sy == -1 ? 0 : (uint64_t)(sx % sy);
	case KOBS_OP_AND:
		return x & y;
	case KOBS_OP_OR:
		return x | y;
	case KOBS_OP_XOR:
		return x ^ y;
	case KOBS_OP_SHL:
		return y > 63 ? 0 : x << y;
	case KOBS_OP_SHR:
		return y > 63 ? 0 : x >> y;
	case KOBS_OP_SAR:
		return (uint64_t)(sx >> (y > 63 ? 63 : y));
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

/* The operation with its sides exchanged, 0 if there is none. */
static unsigned int mirror(unsigned int op)
{
	size_t i;

	if (op == KOBS_OP_ADD || op == KOBS_OP_MUL || op == KOBS_OP_AND || op == KOBS_OP_OR ||
	    op == KOBS_OP_XOR)
		return op;
	for (i = 0; i < ARRAY_SIZE(comparisons); i++)
		if (comparisons[i].op == op)
			return comparisons[i].mirrored;
	return 0;
}

/* Whether a value stays what it is. */
static bool changes_nothing(unsigned int op, const struct node *a, int64_t value)
{
	switch (op) {
	case KOBS_OP_ADD:
	case KOBS_OP_OR:
	case KOBS_OP_XOR:
	case KOBS_OP_SHL:
	case KOBS_OP_SHR:
	case KOBS_OP_SAR:
		return !value;
	case KOBS_OP_MUL:
	case KOBS_OP_DIV:
	case KOBS_OP_SDIV:
		return value == 1;
	case KOBS_OP_NE:
		return !value && a->is_bool;
	default:
		return false;
	}
}

/**
 * node_binary() - One of KOBS_OP_ADD to KOBS_OP_SGE.
 *
 * The caller does not divide by a constant that is 0.
 */
const struct node *node_binary(struct nodes *n, unsigned int op, const struct node *a,
			       const struct node *b)
{
	struct node *new;

	if (node_is_const(a) && node_is_const(b))
		return node_const(n, (int64_t)compute(op, (uint64_t)a->imm, (uint64_t)b->imm));
	if (node_is_const(a) && mirror(op))
		return node_binary(n, mirror(op), b, a);
	if (op == KOBS_OP_SUB && node_is_const(b))
		return node_by(n, KOBS_OP_ADD, a, (int64_t)(0 - (uint64_t)b->imm));
	if (op == KOBS_OP_ADD && node_is_const(b) && a->op == op && node_is_const(a->b))
		return node_by(n, op, a->a, (int64_t)((uint64_t)a->b->imm + (uint64_t)b->imm));
	if (node_is_const(b) && changes_nothing(op, a, b->imm))
		return a;
	new = new_node(n, op, a, b);
	new->is_bool = op_is_comparison(op);
	if (!node_is_immediate(b)) {
		if (a->need == b->need)
			new->need = a->need + 1;
		else if (b->need > a->need)
			new->need = b->need;
	}
	return new;
}

/** node_by() - node_binary() with a constant. */
const struct node *node_by(struct nodes *n, unsigned int op, const struct node *a, int64_t value)
{
	return node_binary(n, op, a, node_const(n, value));
}

static int64_t extend(uint64_t value, unsigned int type)
{
	unsigned int shift = 64 - 8 * (type & 0xff);

	value <<= shift;
	return type & KOBS_PROG_SIGNED ? (int64_t)value >> shift : (int64_t)(value >> shift);
}

/** node_extend() - A value, cut to a type (KOBS_PROG_TYPE()). */
const struct node *node_extend(struct nodes *n, const struct node *a, unsigned int type)
{
	struct node *new;

	if (node_is_const(a))
		return node_const(n, extend((uint64_t)a->imm, type));
	if ((type & 0xff) == 8 || a->is_bool)
		return a;
	if ((a->op == KOBS_OP_EXTEND || a->op == KOBS_OP_READ || a->op == KOBS_OP_FIELD) &&
	    (a->arg & ~(unsigned int)KOBS_PROG_USER) == type)
		return a;
	new = new_node(n, KOBS_OP_EXTEND, a, NULL);
	new->arg = type;
	return new;
}

/** node_read() - Memory at an address, of a type (KOBS_PROG_TYPE()). */
const struct node *node_read(struct nodes *n, const struct node *at, unsigned int type)
{
	int64_t offset = 0;
	struct node *new;

	if (at->op == KOBS_OP_ADD && node_is_immediate(at->b)) {
		offset = at->b->imm;
		at = at->a;
	}
	new = new_node(n, KOBS_OP_READ, at, NULL);
	new->arg = type;
	new->imm = offset;
	return new;
}

/** node_same() - Whether a text is at an address. */
const struct node *node_same(struct nodes *n, const struct node *at, const char *text, bool user)
{
	struct node *new = new_node(n, KOBS_OP_SAME, at, NULL);

	new->arg = user ? KOBS_PROG_USER : 0;
	new->text = text;
	new->is_bool = true;
	return new;
}

/** node_bool() - Whether a value is not 0. */
const struct node *node_bool(struct nodes *n, const struct node *a)
{
	return node_by(n, KOBS_OP_NE, a, 0);
}

static bool is_made(const struct node *n)
{
	return n->op == KOBS_OP_JUMP_ZERO || n->op == KOBS_OP_JUMP_SET ? n->made : n->is_bool;
}

/** node_both() - KOBS_OP_JUMP_ZERO for &&, KOBS_OP_JUMP_SET for ||. */
const struct node *node_both(struct nodes *n, unsigned int op, const struct node *a,
			     const struct node *b)
{
	struct node *new = new_node(n, op, a, b);

	new->is_bool = true;
	/* Where && leaves out its right side, its left side is 0. */
	new->made = is_made(b) && (op == KOBS_OP_JUMP_ZERO || is_made(a));
	if (b->need > new->need)
		new->need = b->need;
	return new;
}

/** nodes_free() - Forget all of them. */
void nodes_free(struct nodes *n)
{
	struct node *next;

	for (; n->all; n->all = next) {
		next = n->all->next;
		free(n->all);
	}
}
