// SPDX-License-Identifier: GPL-2.0
/* Makes a tree of an expression's words, by C's precedence. */

#include <stdlib.h>
#include <string.h>

#include "expr/ast.h"
#include "expr/expr.h"
#include "expr/type_name.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/nearest.h"

struct parser {
	struct expr		*e;
	const struct token	*t;	/* the next one */
	unsigned int		depth;
};

static int parse_binary(struct parser *p, unsigned int lowest, struct ast **out);
static int parse_unary(struct parser *p, struct ast **out);

static struct ast *new_node(struct parser *p, enum ast_kind kind, struct ast *a, struct ast *b)
{
	struct ast *n = zalloc(sizeof(*n));

	n->kind = kind;
	n->a = a;
	n->b = b;
	n->from = a ? a->begin : p->t->from;
	n->begin = n->from;
	n->depth = 1;
	if (a && a->depth >= n->depth)
		n->depth = a->depth + 1;
	if (b && b->depth >= n->depth)
		n->depth = b->depth + 1;
	n->next = p->e->all;
	p->e->all = n;
	return n;
}

static int too_deep(struct parser *p, size_t at)
{
	return expr_wrong(p->e->text, at, "it is nested too deeply, by more than %d levels",
			  EXPR_DEPTH);
}

/* Return: the tree if it is not too deep. */
static int finish(struct parser *p, struct ast *n, struct ast **out)
{
	n->to = p->t[-1].to;
	*out = n;
	return n->depth > EXPR_DEPTH ? too_deep(p, n->from) : 0;
}

/* Something is missing where the next word is. */
static int expected(struct parser *p, const char *what)
{
	if (p->t->kind == TOKEN_END)
		return expr_wrong(p->e->text, EXPR_NOWHERE, "%s is missing at its end", what);
	return expr_wrong(p->e->text, p->t->from, "%s is missing before '%.*s'", what,
			  (int)(p->t->to - p->t->from), p->e->text + p->t->from);
}

static int expect(struct parser *p, enum token_kind kind, const char *what)
{
	if (p->t->kind != kind)
		return expected(p, what);
	p->t++;
	return 0;
}

static const struct {
	const char	*name;
	enum ast_kind	kind;
} calls[] = {
	{ "user", AST_USER },
	{ "str", AST_STR },
	{ "ustr", AST_USTR },
};

static int parse_call(struct parser *p, struct ast **out)
{
	static const char *const names[] = { "user", "str", "ustr", NULL };
	const struct token *name = p->t;
	struct ast *n = NULL;
	const char *near;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, name->string))
			n = new_node(p, calls[i].kind, NULL, NULL);
	if (!n) {
		near = nearest_of(name->string, names);
		return expr_wrong(p->e->text, name->from,
				  near ? "there is no '%s()'; did you mean '%s()'?" :
				  "there is no '%s()': there are user(), str() and ustr()",
				  name->string, near);
	}
	p->t += 2;
	if (parse_binary(p, 1, &n->a))
		return STATUS_USAGE;
	n->depth = n->a->depth + 1;
	return expect(p, TOKEN_RIGHT, "')'") ? STATUS_USAGE : finish(p, n, out);
}

static int parse_primary(struct parser *p, struct ast **out)
{
	size_t begin = p->t->from;
	struct ast *n;

	switch (p->t->kind) {
	case TOKEN_LEFT:
		p->t++;
		if (parse_binary(p, 1, out) || expect(p, TOKEN_RIGHT, "')'"))
			return STATUS_USAGE;
		(*out)->begin = begin;
		(*out)->to = p->t[-1].to;
		return 0;
	case TOKEN_NAME:
		if (p->t[1].kind == TOKEN_LEFT)
			return parse_call(p, out);
		n = new_node(p, AST_NAME, NULL, NULL);
		break;
	case TOKEN_NUMBER:
		n = new_node(p, AST_NUMBER, NULL, NULL);
		break;
	case TOKEN_STRING:
		n = new_node(p, AST_STRING, NULL, NULL);
		break;
	default:
		return expected(p, "a value");
	}
	n->number = p->t->number;
	n->text = p->t->string;
	p->t++;
	return finish(p, n, out);
}

/* What follows a value: members and indices. */
static int parse_postfix(struct parser *p, struct ast **out)
{
	struct ast *n;

	if (parse_primary(p, out))
		return STATUS_USAGE;
	for (;;) {
		switch (p->t->kind) {
		case TOKEN_DOT:
		case TOKEN_ARROW:
			p->t++;
			if (p->t->kind != TOKEN_NAME)
				return expected(p, "a member");
			n = new_node(p, AST_MEMBER, *out, NULL);
			n->op = p->t[-1].kind;
			n->from = p->t->from;
			n->text = p->t->string;
			p->t++;
			break;
		case TOKEN_OPEN:
			p->t++;
			n = new_node(p, AST_INDEX, *out, NULL);
			if (parse_binary(p, 1, &n->b) || expect(p, TOKEN_CLOSE, "']'"))
				return STATUS_USAGE;
			if (n->b->depth >= n->depth)
				n->depth = n->b->depth + 1;
			break;
		default:
			return 0;
		}
		if (finish(p, n, out))
			return STATUS_USAGE;
	}
}

/* An operator or a cast in front of a value. */
static int parse_prefix(struct parser *p, struct ast **out)
{
	struct ast *n;

	switch (p->t->kind) {
	case TOKEN_NOT:
	case TOKEN_TILDE:
	case TOKEN_MINUS:
	case TOKEN_STAR:
	case TOKEN_AND:
		n = new_node(p, AST_UNARY, NULL, NULL);
		n->op = p->t->kind;
		p->t++;
		break;
	default:
		n = new_node(p, AST_CAST, NULL, NULL);
		p->t++;
		if (type_name_parse(p->e->text, &p->t, &n->type) ||
		    expect(p, TOKEN_RIGHT, "')'"))
			return STATUS_USAGE;
	}
	if (parse_unary(p, &n->a))
		return STATUS_USAGE;
	n->depth = n->a->depth + 1;
	return finish(p, n, out);
}

static int parse_unary(struct parser *p, struct ast **out)
{
	bool prefix = p->t->kind == TOKEN_NOT || p->t->kind == TOKEN_TILDE ||
		      p->t->kind == TOKEN_MINUS || p->t->kind == TOKEN_STAR ||
		      p->t->kind == TOKEN_AND || type_name_begins(p->t);
	int err;

	if (p->depth == EXPR_DEPTH)
		return too_deep(p, p->t->from);
	p->depth++;
	err = prefix ? parse_prefix(p, out) : parse_postfix(p, out);
	p->depth--;
	return err;
}

/* Of the operators with two sides; 0 for what is none. */
static unsigned int precedence(enum token_kind kind)
{
	static const unsigned char of[] = {
		[TOKEN_OR_OR] = 1, [TOKEN_AND_AND] = 2, [TOKEN_OR] = 3, [TOKEN_XOR] = 4,
		[TOKEN_AND] = 5, [TOKEN_EQ] = 6, [TOKEN_NE] = 6, [TOKEN_LT] = 7, [TOKEN_LE] = 7,
		[TOKEN_GT] = 7, [TOKEN_GE] = 7, [TOKEN_SHL] = 8, [TOKEN_SHR] = 8,
		[TOKEN_PLUS] = 9, [TOKEN_MINUS] = 9, [TOKEN_STAR] = 10, [TOKEN_SLASH] = 10,
		[TOKEN_PERCENT] = 10, [TOKEN_CLOSE] = 0,
	};

	return of[kind];
}

/* Operators of a precedence from @lowest on. */
static int parse_binary(struct parser *p, unsigned int lowest, struct ast **out)
{
	if (parse_unary(p, out))
		return STATUS_USAGE;
	while (precedence(p->t->kind) >= lowest) {
		enum token_kind op = p->t->kind;
		struct ast *right;
		struct ast *n;

		p->t++;
		if (parse_binary(p, precedence(op) + 1, &right))
			return STATUS_USAGE;
		n = new_node(p, AST_BINARY, *out, right);
		n->op = op;
		if (finish(p, n, out))
			return STATUS_USAGE;
	}
	return 0;
}

static int parse_all(struct expr *e)
{
	struct parser p = { .e = e };

	if (tokens_read(&e->tokens, e->text))
		return STATUS_USAGE;
	p.t = e->tokens.v;
	if (p.t->kind == TOKEN_END)
		return misuse("the expression '%s' is empty", e->text);
	if (parse_binary(&p, 1, &e->root))
		return STATUS_USAGE;
	if (p.t->kind == TOKEN_RIGHT)
		return expr_wrong(e->text, p.t->from, "there is no '(' for this ')'");
	if (p.t->kind == TOKEN_CLOSE)
		return expr_wrong(e->text, p.t->from, "there is no '[' for this ']'");
	return p.t->kind == TOKEN_END ? 0 : expected(&p, "an operator");
}

/**
 * expr_parse() - Read an expression.
 * @out: to be freed by expr_free()
 *
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int expr_parse(const char *text, struct expr **out)
{
	struct expr *e = zalloc(sizeof(*e));

	e->text = copy_string(text);
	if (parse_all(e)) {
		expr_free(e);
		return STATUS_USAGE;
	}
	*out = e;
	return 0;
}

/** expr_uses() - Whether an expression, or NULL, has a name in it. */
bool expr_uses(const struct expr *e, const char *name)
{
	const struct ast *a;

	for (a = e ? e->all : NULL; a; a = a->next)
		if (a->kind == AST_NAME && !strcmp(a->text, name))
			return true;
	return false;
}

/** expr_free() - Forget an expression; NULL is none. */
void expr_free(struct expr *e)
{
	struct ast *n;
	struct ast *next;

	if (!e)
		return;
	for (n = e->all; n; n = next) {
		next = n->next;
		free(n);
	}
	tokens_free(&e->tokens);
	free(e->text);
	free(e);
}
