// SPDX-License-Identifier: GPL-2.0
/* Comparisons: of numbers, of texts, and those that say nothing. */

#include <stdio.h>
#include <string.h>

#include "expr/lower.h"
#include "expr/type.h"
#include "lib/diag.h"

/* The operations of comparisons: of unsigned numbers, and of signed ones. */
static const struct {
	unsigned int	op;
	unsigned int	signed_op;
} operations[] = {
	[TOKEN_EQ] = { KOBS_OP_EQ, KOBS_OP_EQ },
	[TOKEN_NE] = { KOBS_OP_NE, KOBS_OP_NE },
	[TOKEN_LT] = { KOBS_OP_LT, KOBS_OP_SLT },
	[TOKEN_LE] = { KOBS_OP_LE, KOBS_OP_SLE },
	[TOKEN_GT] = { KOBS_OP_GT, KOBS_OP_SGT },
	[TOKEN_GE] = { KOBS_OP_GE, KOBS_OP_SGE },
};

/* What a value can be, as a number of more bits than it has. */
struct range {
	__int128	low;
	__int128	high;
};

static unsigned int width_of(const struct operand *o)
{
	if (o->type.kind == EXPR_BOOL)
		return 1;
	return o->type.bits ? o->type.bits : o->type.bytes * 8u;
}

static struct range range_of(const struct operand *o)
{
	unsigned int width = width_of(o);
	__int128 one = 1;

	if (o->type.is_signed)
		return (struct range){ -(one << (width - 1)), (one << (width - 1)) - 1 };
	return (struct range){ 0, (one << width) - 1 };
}

/* Whether an operator holds for all of a range and a number: 1, for none of it: 0; else -1. */
static int decide(enum token_kind op, const struct range *r, __int128 number)
{
	switch (op) {
	case TOKEN_EQ:
		return number < r->low || number > r->high ? 0 : -1;
	case TOKEN_NE:
		return number < r->low || number > r->high ? 1 : -1;
	case TOKEN_LT:
		return r->high < number ? 1 : r->low >= number ? 0 : -1;
	case TOKEN_LE:
		return r->high <= number ? 1 : r->low > number ? 0 : -1;
	case TOKEN_GT:
		return r->low > number ? 1 : r->high <= number ? 0 : -1;
	default:
		return r->low >= number ? 1 : r->high < number ? 0 : -1;
	}
}

static enum token_kind mirror(enum token_kind op)
{
	switch (op) {
	case TOKEN_LT:
		return TOKEN_GT;
	case TOKEN_LE:
		return TOKEN_GE;
	case TOKEN_GT:
		return TOKEN_LT;
	case TOKEN_GE:
		return TOKEN_LE;
	default:
		return op;
	}
}

/* What to write for a value that is to be signed. */
static const char *as_signed(struct lowering *l, const struct operand *o)
{
	const char *text = spelt(l, o->ast);
	bool bare = o->ast->kind == AST_BINARY && *text != '(';
	struct buf out = {};

	buf_printf(&out, "(s%d)%s%s%s", o->type.bytes * 8, bare ? "(" : "", text,
		   bare ? ")" : "");
	strings_add(&l->words, out.p);
	buf_free(&out);
	return l->words.v[l->words.n - 1];
}

static int decided(struct lowering *l, const struct ast *a, const struct operand *o,
		   __int128 number, int always)
{
	const char *how = always ? "always" : "never";
	unsigned int width = width_of(o);
	struct range r = range_of(o);

	if (!o->type.is_signed && o->type.kind != EXPR_BOOL && number <= 0)
		return wrong(l, a, "'%s' is %s true: '%s' is unsigned, and %s is signed",
			     spelt(l, a), how, spelt(l, o->ast), as_signed(l, o));
	if (width == 64)
		return wrong(l, a, "'%s' is %s true", spelt(l, a), how);
	return wrong(l, a, "'%s' is %s true: '%s' is from %lld to %lld", spelt(l, a), how,
		     spelt(l, o->ast), (long long)r.low, (long long)r.high);
}

/*
 * A value and a constant. Numbers of 64 bits that are equal can have been written
 * with another sign than they are compared with.
 */
static int check_constant(struct lowering *l, const struct ast *a, enum token_kind op,
			  const struct operand *o, const struct operand *constant)
{
	bool is_equality = op == TOKEN_EQ || op == TOKEN_NE;
	__int128 number = constant->node->imm;
	struct range r = range_of(o);
	int always;

	if (operand_is_unsigned(constant))
		number = (uint64_t)number;
	else if (operand_is_unsigned(o) && number < 0 && !is_equality)
		return wrong(l, a, "'%s' is unsigned and compared with a negative number: %s is signed",
			     spelt(l, o->ast), as_signed(l, o));
	if (is_equality && operand_is_unsigned(o))
		return 0;
	/* As unsigned numbers, negative ones are above all others. */
	if (o->type.is_signed && operand_is_unsigned(constant))
		return 0;
	always = decide(op, &r, number);
	return always < 0 ? 0 : decided(l, a, o, number, always);
}

static int check_meaning(struct lowering *l, const struct ast *a, const struct operand *x,
			 const struct operand *y, const struct node *result)
{
	if (node_is_const(result))
		return wrong(l, a, "'%s' is %s true", spelt(l, a),
			     result->imm ? "always" : "never");
	if (node_is_const(y->node))
		return check_constant(l, a, a->op, x, y);
	if (node_is_const(x->node))
		return check_constant(l, a, mirror(a->op), y, x);
	return 0;
}

static void set_bool(struct operand *out, const struct ast *a, const struct node *node)
{
	operand_value(out, a, node, (struct expr_type){ .kind = EXPR_BOOL, .bytes = 1 });
}

/* Where the text is that is compared with one in quotes. */
static int lower_text(struct lowering *l, const struct ast *a, struct operand *o)
{
	struct expr_type target;

	if (a->kind == AST_STRING)
		return wrong(l, a, "a text in quotes is compared with another one");
	if (lower(l, a, o) || lower_load_text(l, o))
		return STATUS_USAGE;
	if (o->type.kind == EXPR_TEXT)
		return 0;
	if (o->type.kind == EXPR_POINTER && o->type.levels == 1 &&
	    expr_type_target(l->scope->btf, &o->type, &target) && target.kind == EXPR_NUMBER &&
	    target.bytes == 1)
		return 0;
	return wrong(l, a, "'%s' is %s: str(%s) is the text there", spelt(l, a),
		     described(l, &o->type), spelt(l, a));
}

static int compare_texts(struct lowering *l, const struct ast *a, struct operand *out)
{
	const struct ast *string = a->a->kind == AST_STRING ? a->a : a->b;
	const struct node *node;
	struct operand o;

	if (lower_text(l, string == a->a ? a->b : a->a, &o))
		return STATUS_USAGE;
	if (o.text_max && strlen(string->text) > o.text_max)
		return wrong(l, a, "'%s' is %s true: '%s' has at most %zu characters",
			     spelt(l, a), a->op == TOKEN_EQ ? "never" : "always",
			     spelt(l, o.ast), o.text_max);
	node = node_same(&l->nodes, o.node, string->text, o.type.user);
	set_bool(out, a, a->op == TOKEN_NE ? node_unary(&l->nodes, KOBS_OP_NOT, node) : node);
	return 0;
}

/* A constant's name is first looked for in the enum of the other side. */
static int lower_side(struct lowering *l, const struct ast *a, const struct operand *other,
		      struct operand *out)
{
	int err = a->kind == AST_NAME ? lower_name(l, a, &other->type, out) : lower(l, a, out);

	return err || lower_load_number(l, out) ? STATUS_USAGE : 0;
}

/** lower_comparison() - == != < <= > >=. */
int lower_comparison(struct lowering *l, const struct ast *a, struct operand *out)
{
	const struct node *node;
	struct operand x;
	struct operand y;
	bool is_signed;

	if ((a->op == TOKEN_EQ || a->op == TOKEN_NE) &&
	    (a->a->kind == AST_STRING || a->b->kind == AST_STRING))
		return compare_texts(l, a, out);
	if (lower_number(l, a->a, &x) || lower_side(l, a->b, &x, &y))
		return STATUS_USAGE;
	is_signed = !operand_is_unsigned(&x) && !operand_is_unsigned(&y);
	node = node_binary(&l->nodes, is_signed ? operations[a->op].signed_op :
			   operations[a->op].op, x.node, y.node);
	if (check_meaning(l, a, &x, &y, node))
		return STATUS_USAGE;
	set_bool(out, a, node);
	return 0;
}
