// SPDX-License-Identifier: GPL-2.0
/* Operators with two sides. */

#include "expr/lower.h"
#include "expr/type.h"
#include "lib/diag.h"

/* The operations of arithmetic: for unsigned numbers, and for signed ones. */
static const struct {
	unsigned int	op;
	unsigned int	signed_op;
} operations[] = {
	[TOKEN_OR] = { KOBS_OP_OR, KOBS_OP_OR },
	[TOKEN_XOR] = { KOBS_OP_XOR, KOBS_OP_XOR },
	[TOKEN_AND] = { KOBS_OP_AND, KOBS_OP_AND },
	[TOKEN_SHL] = { KOBS_OP_SHL, KOBS_OP_SHL },
	[TOKEN_SHR] = { KOBS_OP_SHR, KOBS_OP_SAR },
	[TOKEN_PLUS] = { KOBS_OP_ADD, KOBS_OP_ADD },
	[TOKEN_MINUS] = { KOBS_OP_SUB, KOBS_OP_SUB },
	[TOKEN_STAR] = { KOBS_OP_MUL, KOBS_OP_MUL },
	[TOKEN_SLASH] = { KOBS_OP_DIV, KOBS_OP_SDIV },
	[TOKEN_PERCENT] = { KOBS_OP_MOD, KOBS_OP_SMOD },
};

/* Bytes of what a pointer counts; 1 for what is no pointer to a type. */
static int64_t step_of(const struct lowering *l, const struct operand *o)
{
	struct expr_type type;

	if (o->type.kind != EXPR_POINTER ||
	    !expr_type_target(l->scope->btf, &o->type, &type) || type.kind == EXPR_VOID)
		return 1;
	return expr_type_size(l->scope->btf, &type);
}

/* Adding to an address: C counts elements, others bytes. */
static int check_step(struct lowering *l, const struct ast *a, const struct operand *pointer)
{
	const char *other = spelt(l, pointer->ast == a->a ? a->b : a->a);
	const char *name = spelt(l, pointer->ast);

	if (step_of(l, pointer) == 1)
		return 0;
	if (pointer->ast == a->b)
		return wrong(l, a, "'%s' is %s: (u64)%s counts bytes", name,
			     described(l, &pointer->type), name);
	return wrong(l, a, "'%s' is %s: (u64)%s %c %s counts bytes, &%s[%s%s] counts elements",
		     name, described(l, &pointer->type), name, a->op == TOKEN_PLUS ? '+' : '-',
		     other, name, a->op == TOKEN_PLUS ? "" : "-", other);
}

/* Sums and differences of pointers. */
static int lower_sum(struct lowering *l, const struct ast *a, const struct operand *x,
		     const struct operand *y, struct operand *out)
{
	if (check_step(l, a, x) || check_step(l, a, y))
		return STATUS_USAGE;
	if (x->type.kind == EXPR_POINTER && y->type.kind != EXPR_POINTER)
		out->type = x->type;
	else if (y->type.kind == EXPR_POINTER && x->type.kind != EXPR_POINTER &&
		 a->op == TOKEN_PLUS)
		out->type = y->type;
	else if (x->type.kind == EXPR_POINTER && a->op == TOKEN_MINUS)
		out->type.is_signed = true;
	return 0;
}

static int lower_arithmetic(struct lowering *l, const struct ast *a, struct operand *out)
{
	bool shift = a->op == TOKEN_SHL || a->op == TOKEN_SHR;
	const struct node *node;
	struct operand x;
	struct operand y;
	bool is_signed;
	int err = 0;

	if (lower_number(l, a->a, &x) || lower_number(l, a->b, &y))
		return STATUS_USAGE;
	if ((a->op == TOKEN_SLASH || a->op == TOKEN_PERCENT) && node_is_const(y.node) &&
	    !y.node->imm)
		return wrong(l, a, "'%s' divides by 0", spelt(l, a));
	is_signed = !operand_is_unsigned(&x) && (shift || !operand_is_unsigned(&y));
	node = node_binary(&l->nodes, is_signed ? operations[a->op].signed_op :
			   operations[a->op].op, x.node, y.node);
	operand_value(out, a, node, expr_number(8, is_signed));
	if (a->op == TOKEN_PLUS || a->op == TOKEN_MINUS)
		err = lower_sum(l, a, &x, &y, out);
	out->type.user = x.type.user || (y.type.user && !shift);
	return err;
}

static int lower_logical(struct lowering *l, const struct ast *a, struct operand *out)
{
	const struct node *x;
	const struct node *y;

	if (lower_condition(l, a->a, &x) || lower_condition(l, a->b, &y))
		return STATUS_USAGE;
	operand_value(out, a, node_both(&l->nodes, a->op == TOKEN_AND_AND ? KOBS_OP_JUMP_ZERO :
					KOBS_OP_JUMP_SET, x, y),
		      (struct expr_type){ .kind = EXPR_BOOL, .bytes = 1 });
	return 0;
}

/** lower_binary() - An operator with two sides. */
int lower_binary(struct lowering *l, const struct ast *a, struct operand *out)
{
	switch (a->op) {
	case TOKEN_OR_OR:
	case TOKEN_AND_AND:
		return lower_logical(l, a, out);
	case TOKEN_EQ:
	case TOKEN_NE:
	case TOKEN_LT:
	case TOKEN_LE:
	case TOKEN_GT:
	case TOKEN_GE:
		return lower_comparison(l, a, out);
	default:
		return lower_arithmetic(l, a, out);
	}
}
