/* SPDX-License-Identifier: GPL-2.0 */
/* The types of casts, as they are written. */
#ifndef OBSCTL_EXPR_TYPE_NAME_H
#define OBSCTL_EXPR_TYPE_NAME_H

#include <stdbool.h>

#include "expr/ast.h"

bool type_name_begins(const struct token *t);
int type_name_parse(const char *text, const struct token **t, struct type_name *out);

#endif
