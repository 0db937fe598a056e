/* SPDX-License-Identifier: GPL-2.0 */
/* The words of an expression. */
#ifndef OBSCTL_EXPR_TOKEN_H
#define OBSCTL_EXPR_TOKEN_H

#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_NAME,
	/* The operators, in the order of the table in token.c. */
	TOKEN_OR_OR,
	TOKEN_AND_AND,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LE,
	TOKEN_GE,
	TOKEN_SHL,
	TOKEN_SHR,
	TOKEN_ARROW,
	TOKEN_LT,
	TOKEN_GT,
	TOKEN_OR,
	TOKEN_XOR,
	TOKEN_AND,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_NOT,
	TOKEN_TILDE,
	TOKEN_DOT,
	TOKEN_LEFT,
	TOKEN_RIGHT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
};

struct token {
	enum token_kind	kind;
	size_t		from;		/* where in the text */
	size_t		to;
	uint64_t	number;
	char		*string;	/* of a string or a name */
};

struct tokens {
	struct token	*v;
	size_t		n;
	size_t		cap;
};

int tokens_read(struct tokens *t, const char *text);
void tokens_free(struct tokens *t);

#endif
