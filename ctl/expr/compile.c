// SPDX-License-Identifier: GPL-2.0
/* Adds what an expression asks for to a program. */

#include "expr/lower.h"
#include "lib/diag.h"

/* What an expression is for. */
enum use {
	USE_TYPE,
	USE_WHERE,
	USE_KEY,
	USE_VALUE,
};

static bool is_text(const struct expr_type *type)
{
	return type->kind == EXPR_TEXT ||
	       (type->kind == EXPR_POINTER && type->levels == 1 && type->to_chars);
}

static int lower_root(struct lowering *l, enum use what, struct operand *out)
{
	const struct ast *root = l->e->root;
	const struct node *node;

	if (what == USE_WHERE) {
		if (lower_condition(l, root, &node))
			return STATUS_USAGE;
		operand_value(out, root, node, (struct expr_type){ .kind = EXPR_BOOL, .bytes = 1 });
		return 0;
	}
	if (lower_value(l, root, out))
		return STATUS_USAGE;
	if (is_text(&out->type))
		out->type.kind = EXPR_TEXT;
	if (what == USE_VALUE && out->type.kind != EXPR_NUMBER && out->type.kind != EXPR_BOOL &&
	    out->type.kind != EXPR_ENUM)
		return expr_wrong(l->e->text, EXPR_NOWHERE, "a value is a number, and it is %s",
				  described(l, &out->type));
	return 0;
}

/* What is too much, for one expression or for all of a program. */
static int check_size(const struct lowering *l, const struct program *to)
{
	if (to->reads > KOBS_PROG_READS)
		return expr_wrong(l->e->text, EXPR_NOWHERE,
				  "with it memory is read by more than %d instructions",
				  KOBS_PROG_READS);
	/* One word is for the end. */
	if (to->words.n - to->start >= KOBS_PROG_WORDS)
		return expr_wrong(l->e->text, EXPR_NOWHERE,
				  "with it the program has more than %d words", KOBS_PROG_WORDS);
	return 0;
}

static int emit(struct lowering *l, enum use what, unsigned int number, const struct operand *o,
		struct program *to)
{
	size_t n = to->words.n;
	unsigned int reads = to->reads;

	if (o->node->need > KOBS_PROG_REGS)
		return expr_wrong(l->e->text, EXPR_NOWHERE,
				  "it is too complex, with more than %d intermediate values",
				  KOBS_PROG_REGS);
	if (what == USE_WHERE) {
		node_emit_where(to, o->node);
	} else {
		node_emit(to, o->node);
		if (what == USE_VALUE)
			program_add(to, KOBS_OP_VALUE, 0, 0, o->type.is_signed, 0);
		else if (o->type.kind == EXPR_TEXT)
			program_add(to, KOBS_OP_TEXT, 0, 0,
				    number | (o->type.user ? KOBS_PROG_USER : 0), 0);
		else
			program_add(to, KOBS_OP_KEY, 0, 0, number, 0);
	}
	if (!check_size(l, to))
		return 0;
	to->words.n = n;
	to->reads = reads;
	return STATUS_USAGE;
}

static int compile(struct program *to, const struct expr *e, const struct expr_scope *scope,
		   enum use what, unsigned int number, struct expr_type *type)
{
	struct lowering l = { .e = e, .scope = scope };
	struct operand o;
	int err = lower_root(&l, what, &o);

	if (!err && type)
		*type = o.type;
	if (!err && what != USE_TYPE)
		err = emit(&l, what, number, &o, to);
	nodes_free(&l.nodes);
	strings_free(&l.words);
	return err;
}

/** expr_type_of() - What an expression's value is as a column. Return: 0 or STATUS_USAGE. */
int expr_type_of(const struct expr *e, const struct expr_scope *scope, struct expr_type *type)
{
	return compile(NULL, e, scope, USE_TYPE, 0, type);
}

/**
 * expr_compile_where() - Let only hits pass for which an expression is not 0.
 *
 * Return: 0, or STATUS_USAGE after a sentence; the program is then as it was.
 */
int expr_compile_where(struct program *to, const struct expr *e, const struct expr_scope *scope)
{
	return compile(to, e, scope, USE_WHERE, 0, NULL);
}

/**
 * expr_compile_key() - Give a hit a column.
 * @number: of the column: of texts if its type is EXPR_TEXT, else of numbers
 *
 * Return: 0, or STATUS_USAGE after a sentence; the program is then as it was.
 */
int expr_compile_key(struct program *to, const struct expr *e, const struct expr_scope *scope,
		     unsigned int number, struct expr_type *type)
{
	return compile(to, e, scope, USE_KEY, number, type);
}

/**
 * expr_compile_value() - Give a hit its value, which is a number.
 *
 * Return: 0, or STATUS_USAGE after a sentence; the program is then as it was.
 */
int expr_compile_value(struct program *to, const struct expr *e, const struct expr_scope *scope,
		       struct expr_type *type)
{
	return compile(to, e, scope, USE_VALUE, 0, type);
}
