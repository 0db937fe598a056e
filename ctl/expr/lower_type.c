// SPDX-License-Identifier: GPL-2.0
/* The types of casts. */

#include <string.h>

#include "expr/lower.h"
#include "expr/type.h"
#include "lib/diag.h"
#include "lib/nearest.h"
#include "symbols/btf.h"

/* Where BTF has the type of a name. */
static const struct {
	const char	*what;
	uint32_t	kinds;
} kinds[] = {
	[TYPE_STRUCT] = { "struct ", 1u << BTF_KIND_STRUCT },
	[TYPE_UNION] = { "union ", 1u << BTF_KIND_UNION },
	[TYPE_ENUM] = { "enum ", 1u << BTF_KIND_ENUM | 1u << BTF_KIND_ENUM64 },
	[TYPE_TYPEDEF] = { "", 1u << BTF_KIND_TYPEDEF },
};

static int unknown_type(struct lowering *l, const struct ast *a)
{
	const struct expr_scope *scope = l->scope;
	const struct type_name *name = &a->type;
	struct nearest near = {};
	struct buf hint = {};

	if (scope->btf)
		kbtf_offer(scope->btf, kinds[name->kind].kinds, name->name, &near);
	nearest_describe(&near, &hint);
	if (!scope->btf)
		buf_printf(&hint, ": %s", scope->no_btf ? scope->no_btf : "no types are known");
	wrong(l, a, "there is no type '%s%s'%s", kinds[name->kind].what, name->name,
	      hint.len ? hint.p : "");
	buf_free(&hint);
	return STATUS_USAGE;
}

static int named_type(struct lowering *l, const struct ast *a, struct expr_type *out)
{
	const struct type_name *name = &a->type;
	const struct btf *btf = l->scope->btf;
	uint32_t id = !btf ? 0 : name->kind == TYPE_ENUM ? kbtf_enum(btf, name->name) :
		      kbtf_find(btf, name->name, kinds[name->kind].kinds);

	if (!id)
		return unknown_type(l, a);
	if (!expr_type_from_btf(btf, id, out))
		return wrong(l, a, "the type '%s%s' is none of numbers and addresses",
			     kinds[name->kind].what, name->name);
	return 0;
}

/** lower_type() - The type of a cast. Return: 0, or STATUS_USAGE after a sentence. */
int lower_type(struct lowering *l, const struct ast *a, struct expr_type *out)
{
	const struct type_name *name = &a->type;
	unsigned int i;

	switch (name->kind) {
	case TYPE_NUMBER:
	case TYPE_CHAR:
		*out = expr_number(name->bytes, name->is_signed);
		out->shown = name->stars ? EXPR_SHOWN_PLAIN : name->shown;
		break;
	case TYPE_BOOL:
		*out = (struct expr_type){ .kind = EXPR_BOOL, .bytes = 1 };
		break;
	case TYPE_VOID:
		*out = (struct expr_type){ .kind = EXPR_VOID };
		break;
	default:
		if (named_type(l, a, out))
			return STATUS_USAGE;
	}
	for (i = 0; i < name->stars; i++)
		*out = expr_type_pointer(l->scope->btf, out);
	out->to_chars |= name->kind == TYPE_CHAR && name->stars == 1;
	return 0;
}
