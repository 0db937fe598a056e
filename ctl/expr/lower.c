// SPDX-License-Identifier: GPL-2.0
/* The parts of an expression: names, constants, and operators with one side. */

#include <stdarg.h>
#include <string.h>

#include "expr/lower.h"
#include "expr/type.h"
#include "lib/diag.h"
#include "lib/nearest.h"
#include "symbols/btf.h"

/* Characters of a task's name. */
#define COMM_MAX	15

/** wrong() - Refuse a part of the expression. Return: STATUS_USAGE. */
int wrong(const struct lowering *l, const struct ast *at, const char *fmt, ...)
{
	struct buf why = {};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&why, fmt, ap);
	va_end(ap);
	expr_wrong(l->e->text, at->from, "%s", why.p);
	buf_free(&why);
	return STATUS_USAGE;
}

static const char *keep(struct lowering *l, struct buf *text)
{
	strings_add(&l->words, text->len ? text->p : "");
	buf_free(text);
	return l->words.v[l->words.n - 1];
}

/** spelt() - Return: how a part was written. */
const char *spelt(struct lowering *l, const struct ast *a)
{
	struct buf text = {};

	expr_quote(&text, l->e->text + a->begin, a->to - a->begin);
	return keep(l, &text);
}

/** described() - Return: what a type is, as part of a sentence. */
const char *described(struct lowering *l, const struct expr_type *type)
{
	struct buf text = {};

	expr_type_describe(l->scope->btf, type, &text);
	return keep(l, &text);
}

/** operand_value() - Make a value. */
void operand_value(struct operand *o, const struct ast *a, const struct node *node,
		   struct expr_type type)
{
	memset(o, 0, sizeof(*o));
	o->ast = a;
	o->node = node;
	o->type = type;
}

/** operand_memory() - Make something in memory. */
void operand_memory(struct operand *o, const struct ast *a, const struct node *at,
		    struct expr_type type, bool user)
{
	operand_value(o, a, at, type);
	o->place = PLACE_MEMORY;
	o->user = user;
}

/** operand_is_unsigned() - Whether it makes an operation unsigned. */
bool operand_is_unsigned(const struct operand *o)
{
	return o->type.bytes == 8 && !o->type.is_signed;
}

static const struct {
	const char	*name;
	struct expr_symbol symbol;
} contexts[] = {
	{ "pid", { EXPR_CONTEXT, KOBS_PROG_PID, { EXPR_NUMBER, true, .bytes = 4 } } },
	{ "tid", { EXPR_CONTEXT, KOBS_PROG_TID, { EXPR_NUMBER, true, .bytes = 4 } } },
	{ "cpu", { EXPR_CONTEXT, KOBS_PROG_CPU, { EXPR_NUMBER, .bytes = 4 } } },
	{ "comm", { EXPR_CONTEXT, KOBS_PROG_COMM, { EXPR_TEXT, .bytes = 8 } } },
	{ "time", { EXPR_CONTEXT, KOBS_PROG_TIME, { EXPR_NUMBER, .bytes = 8 } } },
	{ "task", { EXPR_CONTEXT, KOBS_PROG_TASK,
		    { EXPR_POINTER, .bytes = 8, .levels = 1 } } },
};

/** expr_is_context() - Whether a name is one of every hit: pid, comm and so on. */
bool expr_is_context(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		if (!strcmp(contexts[i].name, name))
			return true;
	return false;
}

static bool find_context(const struct btf *btf, const char *name, struct expr_symbol *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		if (strcmp(contexts[i].name, name))
			continue;
		*out = contexts[i].symbol;
		if (out->number == KOBS_PROG_TASK && btf)
			out->type.id = kbtf_find(btf, "task_struct", 1u << BTF_KIND_STRUCT);
		return true;
	}
	return false;
}

/* A constant of the kernel's: that of the enum that it is compared with, or of any. */
static int find_constant(struct lowering *l, const struct ast *a, const struct expr_type *like,
			 struct expr_symbol *out)
{
	const struct btf *btf = l->scope->btf;
	struct kbtf_constant found[2] = {};
	size_t n = 0;

	if (btf && like && like->kind == EXPR_ENUM && like->id &&
	    kbtf_enumerator(btf, like->id, a->text, &found[0].value)) {
		found[0].type = like->id;
		n = 1;
	} else if (btf) {
		n = kbtf_constant(btf, a->text, found);
	}
	if (n > 1)
		return wrong(l, a, "'%s' is the name of several constants, %lld and %lld among them: use the number",
			     a->text, (long long)found[0].value, (long long)found[1].value);
	if (!n)
		return -1;
	out->source = EXPR_CONSTANT;
	out->number = (uint64_t)found[0].value;
	return expr_type_from_btf(btf, found[0].type, &out->type) ? 0 : -1;
}

static int unknown_name(struct lowering *l, const struct ast *a)
{
	const struct expr_scope *scope = l->scope;
	struct nearest near = {};
	const char *const *name;
	struct buf hint = {};
	size_t i;

	for (name = scope->names; name && *name; name++)
		nearest_offer(&near, a->text, *name);
	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		nearest_offer(&near, a->text, contexts[i].name);
	if (scope->btf && !near.v[0].name[0])
		kbtf_offer_constants(scope->btf, a->text, &near);
	nearest_describe(&near, &hint);
	if (!scope->btf && scope->no_btf)
		buf_printf(&hint, "; there are no names of types and parameters: %s",
			   scope->no_btf);
	wrong(l, a, "there is no '%s'%s%s%s", a->text, scope->what ? " in " : "",
	      scope->what ? scope->what : "", hint.len ? hint.p : "");
	buf_free(&hint);
	return STATUS_USAGE;
}

static int use_argument(struct lowering *l, const struct ast *a, const struct expr_symbol *s,
			struct operand *out)
{
	const struct node *node = node_leaf(&l->nodes, KOBS_OP_ARG, (unsigned int)s->number);
	int64_t size = expr_type_size(l->scope->btf, &s->type);

	operand_value(out, a, node, s->type);
	switch (s->type.kind) {
	case EXPR_STRUCT:
		if (size <= 0 || size > 8)
			return wrong(l, a, "'%s' is %s and passed by value: it has no address",
				     a->text, described(l, &s->type));
		out->place = PLACE_PART;
		return 0;
	case EXPR_ARRAY:
	case EXPR_VOID:
		return wrong(l, a, "'%s' is %s, which is no value", a->text,
			     described(l, &s->type));
	default:
		/* What is above a small argument in its register is left over from others. */
		out->node = node_extend(&l->nodes, node,
					KOBS_PROG_TYPE(s->type.bytes, s->type.is_signed ?
						       KOBS_PROG_SIGNED : 0));
		return 0;
	}
}

static void use_field(struct lowering *l, const struct ast *a, const struct expr_symbol *s,
		      struct operand *out)
{
	unsigned int type = KOBS_PROG_TYPE(s->type.bytes,
					   s->type.is_signed ? KOBS_PROG_SIGNED : 0u);
	unsigned int bytes = (unsigned int)(s->number >> 32);
	uint64_t offset = s->number & UINT32_MAX;

	if (s->source == EXPR_FIELD) {
		operand_value(out, a, node_field(&l->nodes, KOBS_OP_FIELD, type, offset), s->type);
		return;
	}
	operand_value(out, a, node_field(&l->nodes, KOBS_OP_FIELD_TEXT, bytes, offset), s->type);
	out->text_max = bytes;
}

/**
 * expr_lacks() - Return: a name in an expression that a scope does not have, or NULL.
 */
const char *expr_lacks(const struct expr *e, const struct expr_scope *scope)
{
	const struct ast *a;

	for (a = e->all; a; a = a->next) {
		struct kbtf_constant found[2];
		struct expr_symbol s;

		if (a->kind == AST_NAME && !scope->find(scope, a->text, &s) &&
		    !find_context(scope->btf, a->text, &s) &&
		    (!scope->btf || !kbtf_constant(scope->btf, a->text, found)))
			return a->text;
	}
	return NULL;
}

/**
 * lower_name() - A name.
 * @like: type of what it is compared with; or NULL
 */
int lower_name(struct lowering *l, const struct ast *a, const struct expr_type *like,
	       struct operand *out)
{
	const struct expr_scope *scope = l->scope;
	struct expr_symbol s = {};
	int err;

	if (!scope->find(scope, a->text, &s) && !find_context(scope->btf, a->text, &s)) {
		err = find_constant(l, a, like, &s);
		if (err)
			return err < 0 ? unknown_name(l, a) : err;
	}
	switch (s.source) {
	case EXPR_ARGUMENT:
		return use_argument(l, a, &s, out);
	case EXPR_FIELD:
	case EXPR_FIELD_TEXT:
		use_field(l, a, &s, out);
		return 0;
	case EXPR_CONTEXT:
		operand_value(out, a, node_leaf(&l->nodes, KOBS_OP_CONTEXT,
						(unsigned int)s.number), s.type);
		if (s.number == KOBS_PROG_COMM)
			out->text_max = COMM_MAX;
		return 0;
	default:
		operand_value(out, a, node_const(&l->nodes, (int64_t)s.number), s.type);
		return 0;
	}
}

static int lower_unary(struct lowering *l, const struct ast *a, struct operand *out)
{
	const struct node *node;
	struct operand o;

	if (a->op == TOKEN_STAR)
		return lower_target(l, a, out);
	if (a->op == TOKEN_AND)
		return lower_address_of(l, a, out);
	if (lower_number(l, a->a, &o))
		return STATUS_USAGE;
	node = node_unary(&l->nodes, a->op == TOKEN_NOT ? KOBS_OP_NOT :
			  a->op == TOKEN_MINUS ? KOBS_OP_NEG : KOBS_OP_INVERT, o.node);
	if (a->op == TOKEN_NOT) {
		operand_value(out, a, node, (struct expr_type){ .kind = EXPR_BOOL, .bytes = 1 });
		return 0;
	}
	operand_value(out, a, node, expr_number(8, !operand_is_unsigned(&o)));
	out->type.user = o.type.user;
	return 0;
}

static int lower_call(struct lowering *l, const struct ast *a, struct operand *out)
{
	struct expr_type text = { .kind = EXPR_TEXT, .bytes = 8 };
	struct operand o;

	if (lower_address(l, a->a, &o))
		return STATUS_USAGE;
	text.user = o.type.user || a->kind == AST_USTR;
	operand_value(out, a, o.node, a->kind == AST_USER ? o.type : text);
	if (a->kind == AST_USER)
		out->type.user = true;
	return 0;
}

/** lower() - A part of an expression. Return: 0, or STATUS_USAGE after a sentence. */
int lower(struct lowering *l, const struct ast *a, struct operand *out)
{
	switch (a->kind) {
	case AST_NUMBER:
		operand_value(out, a, node_const(&l->nodes, (int64_t)a->number),
			      expr_number(8, a->number <= INT64_MAX));
		return 0;
	case AST_STRING:
		return wrong(l, a, "a text in quotes can only stand beside == and !=");
	case AST_NAME:
		return lower_name(l, a, NULL, out);
	case AST_MEMBER:
		return lower_member(l, a, out);
	case AST_INDEX:
		return lower_index(l, a, out);
	case AST_UNARY:
		return lower_unary(l, a, out);
	case AST_BINARY:
		return lower_binary(l, a, out);
	case AST_CAST:
		return lower_cast(l, a, out);
	default:
		return lower_call(l, a, out);
	}
}

/** lower_value() - A part that has a value: a number, an address or a text. */
int lower_value(struct lowering *l, const struct ast *a, struct operand *out)
{
	return lower(l, a, out) || lower_load(l, out) ? STATUS_USAGE : 0;
}

/** lower_load_number() - Make a value of what is in memory, which is to be no text. */
int lower_load_number(struct lowering *l, struct operand *o)
{
	if (lower_load(l, o))
		return STATUS_USAGE;
	if (o->type.kind == EXPR_TEXT)
		return wrong(l, o->ast, "'%s' is a text: it can be compared with one in quotes by == and !=",
			     spelt(l, o->ast));
	return 0;
}

/** lower_number() - A part that has a value, which is no text. */
int lower_number(struct lowering *l, const struct ast *a, struct operand *out)
{
	return lower(l, a, out) || lower_load_number(l, out) ? STATUS_USAGE : 0;
}

/** lower_condition() - A part of which it matters whether it is 0. */
int lower_condition(struct lowering *l, const struct ast *a, const struct node **out)
{
	struct operand o;

	if (lower_number(l, a, &o))
		return STATUS_USAGE;
	if (node_is_const(o.node))
		return wrong(l, a, "'%s' is always %s", spelt(l, a),
			     o.node->imm ? "true" : "false");
	*out = o.node;
	return 0;
}
