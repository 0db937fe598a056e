/* SPDX-License-Identifier: GPL-2.0 */
/* An expression as it was written: a tree. */
#ifndef OBSCTL_EXPR_AST_H
#define OBSCTL_EXPR_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expr/expr.h"
#include "expr/token.h"
#include "kobs_program.h"
#include "lib/buf.h"
#include "lib/macros.h"

/* How deep an expression can be nested. */
#define EXPR_DEPTH	256
#define EXPR_TEXT_MAX	(KOBS_PROG_LITERAL * sizeof(uint64_t) - 1)

enum ast_kind {
	AST_NUMBER,
	AST_STRING,
	AST_NAME,
	AST_MEMBER,		/* @text of @a, by @op */
	AST_INDEX,		/* @a[@b] */
	AST_UNARY,		/* @op @a */
	AST_BINARY,		/* @a @op @b */
	AST_CAST,		/* @a as @type */
	AST_USER,		/* user(@a) */
	AST_STR,		/* str(@a) */
	AST_USTR,		/* ustr(@a) */
};

enum type_kind {
	TYPE_NUMBER,
	TYPE_BOOL,
	TYPE_CHAR,
	TYPE_VOID,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_TYPEDEF,
};

/* The type of a cast, as it was written. */
struct type_name {
	enum type_kind	kind;
	uint8_t		bytes;
	bool		is_signed;
	unsigned int	stars;
	enum expr_shown	shown;
	const char	*name;		/* of the last four */
};

struct ast {
	enum ast_kind	kind;
	enum token_kind	op;
	uint64_t	number;
	const char	*text;		/* of a string, a name, a member */
	struct type_name type;
	struct ast	*a;
	struct ast	*b;
	size_t		from;		/* where in the expression, for sentences */
	size_t		begin;		/* all of it, with its parentheses */
	size_t		to;
	unsigned int	depth;
	struct ast	*next;		/* of all */
};

struct expr {
	char		*text;
	struct tokens	tokens;		/* the texts of the tree are theirs */
	struct ast	*all;
	struct ast	*root;
};

/* No place in particular. */
#define EXPR_NOWHERE	SIZE_MAX

void expr_quote(struct buf *out, const char *text, size_t len);
int expr_wrong(const char *text, size_t at, const char *fmt, ...) PRINTF(3, 4);

#endif
