// SPDX-License-Identifier: GPL-2.0
/*
 * How the columns of expressions are shown: the letters of labels (report/view.h), and
 * the enums whose constants name numbers.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"

/* The enum of a value, as labels have it: with its module. NULL for none. */
static char *constants_of(const struct scope *s, const struct expr_type *type)
{
	const char *name = type->kind == EXPR_ENUM && s->expr.btf ?
			   kbtf_enum_name(s->expr.btf, type->id) : "";
	struct buf text = {};

	if (!*name)
		return NULL;
	buf_printf(&text, "%s%s%s", s->point->module, *s->point->module ? "/" : "", name);
	return text.p;
}

/**
 * key_take_names() - What names a column's numbers, at a point after others.
 *
 * What has other names at another point is shown as a number.
 */
void key_take_names(struct key *k, const struct scope *s, const struct expr_type *type)
{
	char *constants = constants_of(s, type);

	if (!k->typed) {
		k->constants = constants;
		return;
	}
	if (k->type.shown != type->shown)
		k->type.shown = EXPR_SHOWN_PLAIN;
	if (!constants || !k->constants || strcmp(constants, k->constants) != 0) {
		free(k->constants);
		k->constants = NULL;
	}
	free(constants);
}

/** key_style() - Return: the letter of a column, whose type is known. */
char key_style(const struct key *k)
{
	static const char letters[] = {
		[EXPR_SHOWN_ERROR] = 'e', [EXPR_SHOWN_SYMBOL] = 'f', [EXPR_SHOWN_DEVICE] = 'b',
		[EXPR_SHOWN_DEV_T] = 'D', [EXPR_SHOWN_NS] = 'T',
		[EXPR_SHOWN_BLK_STATUS] = 'B', [EXPR_SHOWN_FUTEX_OP] = 'o',
		[EXPR_SHOWN_DATA] = 'a',
		[EXPR_SHOWN_IPV4] = 'i', [EXPR_SHOWN_IPV6] = 'I', [EXPR_SHOWN_IPV6_END] = 'J',
	};
	const struct expr_type *t = &k->type;

	if (k->is_syscall)
		return 's';
	if (key_is_text(t))
		return 't';
	if (t->kind == EXPR_FUNCTION)
		return 'f';
	if (t->kind == EXPR_POINTER)
		return 'x';
	if (k->constants)
		return 'n';
	if (t->shown)
		return letters[t->shown];
	return t->is_signed ? 'd' : 'u';
}
