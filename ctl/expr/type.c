// SPDX-License-Identifier: GPL-2.0
/* Types of values: what BTF says of them, what pointers point to. */

#include <stdio.h>
#include <string.h>

#include "expr/type.h"
#include "lib/parse.h"
#include "symbols/btf.h"

/** expr_number() - The type of a number without a name. */
struct expr_type expr_number(unsigned int bytes, bool is_signed)
{
	return (struct expr_type){ .kind = EXPR_NUMBER, .bytes = (uint8_t)bytes,
				   .is_signed = is_signed };
}

/** expr_duration() - The type of a time, ns. */
struct expr_type expr_duration(void)
{
	struct expr_type type = expr_number(8, false);

	type.shown = EXPR_SHOWN_NS;
	return type;
}

/** expr_find_arg() - arg0, arg1 and so on, which have no type. Return: whether it is one. */
bool expr_find_arg(const char *name, unsigned int nr_args, struct expr_symbol *out)
{
	uint64_t number;

	if (strncmp(name, "arg", 3) || (name[3] == '0' && name[4]) || !nr_args ||
	    parse_number(name + 3, 0, nr_args - 1, &number))
		return false;
	out->source = EXPR_ARGUMENT;
	out->number = number;
	out->type = expr_number(8, false);
	return true;
}

/* Whether it is char itself, and no typedef that stands for a small number. */
static bool is_char(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t;

	id = kbtf_skip(btf, id, false);
	t = kbtf_type(btf, id);
	return t && btf_is_int(t) && t->size == 1 && !strcmp(kbtf_name(btf, id), "char");
}

static bool is_power(unsigned int bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static bool from_pointer(const struct btf *btf, const struct btf_type *t, struct expr_type *out)
{
	const struct btf_type *tag = kbtf_type(btf, t->type);
	const struct btf_type *to = kbtf_type(btf, kbtf_skip(btf, t->type, true));

	if (!to)
		return false;
	out->kind = btf_is_func_proto(to) ? EXPR_FUNCTION : EXPR_POINTER;
	out->bytes = 8;
	out->id = t->type;
	out->levels = 1;
	out->to_chars = is_char(btf, t->type);
	out->user = tag && btf_is_type_tag(tag) &&
		    !strcmp(kbtf_string(btf, tag->name_off), "user");
	return true;
}

/**
 * expr_type_from_btf() - The type of something in BTF, in memory or as a value.
 *
 * Return: false if it is of no use here, such as a floating-point number.
 */
bool expr_type_from_btf(const struct btf *btf, uint32_t id, struct expr_type *out)
{
	const struct btf_type *t = kbtf_type(btf, kbtf_skip(btf, id, true));

	memset(out, 0, sizeof(*out));
	out->id = id;
	if (!t)
		return false;
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		out->kind = btf_int_encoding(t) & BTF_INT_BOOL ? EXPR_BOOL : EXPR_NUMBER;
		out->shown = kbtf_is_typedef(btf, id, "dev_t") ? EXPR_SHOWN_DEV_T :
								  EXPR_SHOWN_PLAIN;
		out->is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;
		out->bytes = (uint8_t)t->size;
		return is_power(t->size);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		out->kind = EXPR_ENUM;
		out->is_signed = kbtf_enum_signed(t);
		out->bytes = (uint8_t)t->size;
		return is_power(t->size);
	case BTF_KIND_PTR:
		return from_pointer(btf, t, out);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD:
		out->kind = EXPR_STRUCT;
		return true;
	case BTF_KIND_ARRAY:
		out->kind = EXPR_ARRAY;
		return true;
	case BTF_KIND_UNKN:
		out->kind = EXPR_VOID;
		return true;
	default:
		return false;
	}
}

/** expr_type_target() - What a pointer points to. Return: false if that is of no use here. */
bool expr_type_target(const struct btf *btf, const struct expr_type *pointer,
		      struct expr_type *out)
{
	if (pointer->levels > 1) {
		*out = *pointer;
		out->levels--;
		out->user = false;
		return true;
	}
	if (pointer->id)
		return btf && expr_type_from_btf(btf, pointer->id, out);
	*out = expr_number(pointer->to_bytes, pointer->to_signed);
	if (!pointer->to_bytes)
		out->kind = EXPR_VOID;
	return true;
}

/** expr_type_pointer() - The type of the address of something. */
struct expr_type expr_type_pointer(const struct btf *btf, const struct expr_type *to)
{
	struct expr_type type = { .kind = EXPR_POINTER, .bytes = 8, .levels = 1 };

	if (to->kind == EXPR_POINTER || to->kind == EXPR_FUNCTION) {
		type = *to;
		type.kind = EXPR_POINTER;
		type.user = false;
		type.to_chars = false;
		type.levels++;
	} else if (to->id) {
		type.id = to->id;
		type.to_chars = btf && is_char(btf, to->id);
	} else {
		type.to_bytes = to->bytes;
		type.to_signed = to->is_signed;
	}
	return type;
}

/** expr_type_size() - Return: bytes of what has a type; -1 if it has no size. */
int64_t expr_type_size(const struct btf *btf, const struct expr_type *type)
{
	switch (type->kind) {
	case EXPR_VOID:
		return -1;
	case EXPR_STRUCT:
	case EXPR_ARRAY:
		return btf ? kbtf_size(btf, type->id) : -1;
	default:
		return type->bytes;
	}
}

static void describe_target(const struct btf *btf, const struct expr_type *type, struct buf *out)
{
	if (type->id && btf)
		kbtf_describe(btf, type->id, out);
	else if (!type->to_bytes)
		buf_puts(out, "void");
	else
		buf_printf(out, "%c%d", type->to_signed ? 's' : 'u', 8 * type->to_bytes);
}

/** expr_type_describe() - Add what something is: "a number", "struct file". */
void expr_type_describe(const struct btf *btf, const struct expr_type *type, struct buf *out)
{
	unsigned int i;

	switch (type->kind) {
	case EXPR_POINTER:
		buf_puts(out, "a pointer to ");
		describe_target(btf, type, out);
		for (i = 1; i < type->levels; i++)
			buf_puts(out, i > 1 ? "*" : " *");
		break;
	case EXPR_FUNCTION:
		buf_puts(out, "the address of a function");
		break;
	case EXPR_TEXT:
		buf_puts(out, "a text");
		break;
	case EXPR_STRUCT:
	case EXPR_ARRAY:
		kbtf_describe(btf, type->id, out);
		break;
	case EXPR_VOID:
		buf_puts(out, "void");
		break;
	default:
		buf_puts(out, "a number");
	}
}
