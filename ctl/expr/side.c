// SPDX-License-Identifier: GPL-2.0
/* Names that say which of several scopes they are of: from.pid, to.rq->tag. */

#include <string.h>

#include "expr/ast.h"
#include "expr/expr.h"

/**
 * expr_take_sides() - Take the names of scopes off the names in an expression.
 * @sides: names of scopes, up to NULL
 *
 * Return: which of them occurred, a bit for each.
 */
unsigned int expr_take_sides(struct expr *e, const char *const *sides)
{
	unsigned int found = 0;
	struct ast *a;
	size_t i;

	for (a = e->all; a; a = a->next) {
		if (a->kind != AST_MEMBER || a->op != TOKEN_DOT || a->a->kind != AST_NAME)
			continue;
		for (i = 0; sides[i]; i++) {
			if (strcmp(a->a->text, sides[i]) != 0)
				continue;
			found |= 1u << i;
			a->kind = AST_NAME;
			/* The side is no name of the expression any more. */
			a->a->kind = AST_NUMBER;
			a->a = NULL;
			break;
		}
	}
	return found;
}
