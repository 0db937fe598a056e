// SPDX-License-Identifier: GPL-2.0
/*
 * The instructions for what is to be computed. Of two sides the one that needs
 * more registers comes first: with n of them there is room for trees that are
 * balanced and n - 1 operations high, and for any that lean to one side.
 */

#include "expr/node.h"

/*
 * @dst: register of the value
 * @others: those that can be used, too, a bit each
 * @truth: it only matters whether the value is 0
 */
static void emit(struct program *to, const struct node *n, unsigned int dst,
		 unsigned int others, bool truth);

static void emit_const(struct program *to, int64_t value, unsigned int dst)
{
	program_add(to, KOBS_OP_IMM, dst, 0, 0, (int32_t)value);
	if (value != (int32_t)value)
		program_add(to, KOBS_OP_HIGH, dst, 0, 0, (int32_t)(value >> 32));
}

static void emit_binary(struct program *to, const struct node *n, unsigned int dst,
			unsigned int others)
{
	unsigned int rest;
	unsigned int temp;

	if (node_is_immediate(n->b)) {
		emit(to, n->a, dst, others, false);
		program_add(to, n->op | KOBS_OP_BY_IMM, dst, 0, 0, (int32_t)n->b->imm);
		return;
	}
	temp = (unsigned int)__builtin_ctz(others);
	rest = others & ~(1u << temp);
	if (n->b->need > n->a->need) {
		emit(to, n->b, temp, rest | 1u << dst, false);
		emit(to, n->a, dst, rest, false);
	} else {
		emit(to, n->a, dst, others, false);
		emit(to, n->b, temp, rest, false);
	}
	program_add(to, n->op, dst, temp, 0, 0);
}

static void emit_both(struct program *to, const struct node *n, unsigned int dst,
		      unsigned int others, bool truth)
{
	size_t jump;

	emit(to, n->a, dst, others, true);
	jump = program_jump(to, n->op, dst);
	emit(to, n->b, dst, others, true);
	program_land(to, jump);
	if (!truth && !n->made)
		program_add(to, KOBS_OP_NE | KOBS_OP_BY_IMM, dst, 0, 0, 0);
}

static void emit(struct program *to, const struct node *n, unsigned int dst,
		 unsigned int others, bool truth)
{
	switch (n->op) {
	case KOBS_OP_IMM:
		emit_const(to, n->imm, dst);
		break;
	case KOBS_OP_ARG:
	case KOBS_OP_CONTEXT:
		program_add(to, n->op, dst, 0, n->arg, 0);
		break;
	case KOBS_OP_FIELD:
	case KOBS_OP_FIELD_TEXT:
		program_add(to, n->op, dst, 0, n->arg, (int32_t)n->imm);
		break;
	case KOBS_OP_NEG:
	case KOBS_OP_INVERT:
	case KOBS_OP_NOT:
	case KOBS_OP_EXTEND:
		emit(to, n->a, dst, others, n->op == KOBS_OP_NOT);
		program_add(to, n->op, dst, 0, n->arg, 0);
		break;
	case KOBS_OP_READ:
		emit(to, n->a, dst, others, false);
		program_add(to, n->op, dst, dst, n->arg, (int32_t)n->imm);
		break;
	case KOBS_OP_SAME:
		emit(to, n->a, dst, others, false);
		program_add(to, n->op, dst, dst, n->arg, program_text_words(n->text));
		program_add_text(to, n->text);
		break;
	case KOBS_OP_JUMP_ZERO:
	case KOBS_OP_JUMP_SET:
		emit_both(to, n, dst, others, truth);
		break;
	default:
		emit_binary(to, n, dst, others);
	}
}

/** node_emit() - Compute a value, whose need is at most KOBS_PROG_REGS, in register 0. */
void node_emit(struct program *to, const struct node *n)
{
	emit(to, n, 0, ((1u << KOBS_PROG_REGS) - 1) & ~1u, false);
}

/** node_emit_where() - Let a hit pass only if a value is not 0. */
void node_emit_where(struct program *to, const struct node *n)
{
	/* Of conditions that all have to hold, each can be the last one. */
	if (n->op == KOBS_OP_JUMP_ZERO) {
		node_emit_where(to, n->a);
		node_emit_where(to, n->b);
		return;
	}
	emit(to, n, 0, ((1u << KOBS_PROG_REGS) - 1) & ~1u, true);
	program_add(to, KOBS_OP_WANT, 0, 0, 0, 0);
}
