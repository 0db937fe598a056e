// SPDX-License-Identifier: GPL-2.0
/* The parts of an expression that are in memory: members, elements, what pointers point to. */

#include <stdio.h>
#include <string.h>

#include "expr/lower.h"
#include "expr/type.h"
#include "lib/diag.h"
#include "lib/nearest.h"
#include "symbols/btf.h"

static unsigned int prog_type(unsigned int bytes, bool is_signed, bool user)
{
	return KOBS_PROG_TYPE(bytes, (is_signed ? KOBS_PROG_SIGNED : 0u) |
			      (user ? KOBS_PROG_USER : 0u));
}

static int64_t array_length(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = kbtf_type(btf, kbtf_skip(btf, id, true));

	return t && btf_is_array(t) ? btf_array(t)->nelems : 0;
}

/* The type of an array's elements. */
static bool element_of(const struct btf *btf, uint32_t id, struct expr_type *out)
{
	const struct btf_type *t = kbtf_type(btf, kbtf_skip(btf, id, true));

	return t && btf_is_array(t) && expr_type_from_btf(btf, btf_array(t)->type, out);
}

/* Bits of a value, the lowest of which is @bit. */
static const struct node *extract(struct nodes *n, const struct node *value, unsigned int bit,
				  unsigned int bits, bool is_signed)
{
	if (bits >= 64)
		return value;
	if (!is_signed && bits < 32)
		return node_by(n, KOBS_OP_AND, node_by(n, KOBS_OP_SHR, value, bit),
			       (int64_t)((1ull << bits) - 1));
	value = node_by(n, KOBS_OP_SHL, value, 64 - bit - bits);
	return node_by(n, is_signed ? KOBS_OP_SAR : KOBS_OP_SHR, value, 64 - bits);
}

/* What an array is as a value: a text if it is of char, or of any bytes. */
static int load_array(struct lowering *l, struct operand *o, bool any)
{
	const struct btf *btf = l->scope->btf;
	struct expr_type text = { .kind = EXPR_TEXT, .bytes = 8, .user = o->user };
	int64_t length = array_length(btf, o->type.id);
	struct expr_type e;

	if (o->place != PLACE_MEMORY || !element_of(btf, o->type.id, &e) ||
	    !(any ? e.kind == EXPR_NUMBER && e.bytes == 1 : expr_type_pointer(btf, &e).to_chars))
		return wrong(l, o->ast, "'%s' is %s: name an element, as in %s[0]",
			     spelt(l, o->ast), described(l, &o->type), spelt(l, o->ast));
	operand_value(o, o->ast, o->node, text);
	/* Arrays of 0 and 1 elements are those that go on behind their struct. */
	o->text_max = length > 1 ? (size_t)length - 1 : 0;
	return 0;
}

/* A bit field is read with the number that it is in, as the compiler does. */
static int load_bits(struct lowering *l, struct operand *o)
{
	unsigned int size = o->type.bytes;
	unsigned int at = o->bit / 8 / size * size;
	const struct node *node;

	if (o->bit + o->bits > (at + size) * 8) {
		at = o->bit / 8;
		for (size = 1; o->bit + o->bits > (at + size) * 8; size *= 2)
			;
		if (size > 8)
			return wrong(l, o->ast, "the bits of '%s' are in more than 8 bytes",
				     spelt(l, o->ast));
	}
	node = node_read(&l->nodes, node_by(&l->nodes, KOBS_OP_ADD, o->node, at),
			 prog_type(size, false, o->user));
	o->node = extract(&l->nodes, node, o->bit - at * 8, o->bits, o->type.is_signed);
	return 0;
}

/** lower_load() - Make a value of what is in memory. */
int lower_load(struct lowering *l, struct operand *o)
{
	bool user = o->user || o->type.user;

	if (o->place == PLACE_VALUE)
		return 0;
	switch (o->type.kind) {
	case EXPR_STRUCT:
		return wrong(l, o->ast, "'%s' is %s: name a member of it", spelt(l, o->ast),
			     described(l, &o->type));
	case EXPR_ARRAY:
		return load_array(l, o, false);
	default:
		break;
	}
	if (o->place == PLACE_PART)
		o->node = extract(&l->nodes, o->node, o->bit, o->bits ? o->bits :
				  o->type.bytes * 8, o->type.is_signed);
	else if (!o->bits)
		o->node = node_read(&l->nodes, o->node,
				    prog_type(o->type.bytes, o->type.is_signed, o->user));
	else if (load_bits(l, o))
		return STATUS_USAGE;
	o->type.bits = (uint8_t)o->bits;
	o->type.user = user;
	operand_value(o, o->ast, o->node, o->type);
	return 0;
}

/** lower_load_text() - The same, for a comparison with a text. */
int lower_load_text(struct lowering *l, struct operand *o)
{
	if (o->place != PLACE_VALUE && o->type.kind == EXPR_ARRAY)
		return load_array(l, o, true);
	return lower_load(l, o);
}

/* A value; an array is the address of its first element. */
static int decay(struct lowering *l, struct operand *o)
{
	struct expr_type type;

	if (o->place != PLACE_MEMORY || o->type.kind != EXPR_ARRAY ||
	    !element_of(l->scope->btf, o->type.id, &type))
		return lower_load(l, o);
	type = expr_type_pointer(l->scope->btf, &type);
	type.user = o->user;
	operand_value(o, o->ast, o->node, type);
	return 0;
}

/** lower_address() - A part that has a value, or is an array: then its address. */
int lower_address(struct lowering *l, const struct ast *a, struct operand *out)
{
	return lower(l, a, out) || decay(l, out) ? STATUS_USAGE : 0;
}

/* What a pointer points to, as something in memory. */
static int follow(struct lowering *l, const struct ast *a, const struct operand *pointer,
		  struct operand *out)
{
	struct expr_type type;

	if (pointer->type.kind == EXPR_TEXT)
		type = expr_number(1, false);
	else if (pointer->type.kind != EXPR_POINTER)
		return wrong(l, pointer->ast, "'%s' is %s, no pointer: *(u64)(%s) is the number there",
			     spelt(l, pointer->ast), described(l, &pointer->type),
			     spelt(l, pointer->ast));
	else if (!expr_type_target(l->scope->btf, &pointer->type, &type) ||
		 type.kind == EXPR_VOID)
		return wrong(l, pointer->ast, "'%s' is %s: %s", spelt(l, pointer->ast),
			     described(l, &pointer->type),
			     !l->scope->btf && l->scope->no_btf ? l->scope->no_btf :
			     "cast it to what is there");
	operand_memory(out, a, pointer->node, type, pointer->type.user);
	return 0;
}

/* The struct that a member is looked for in. */
static int lower_struct(struct lowering *l, const struct ast *a, struct operand *out)
{
	struct operand pointer;

	if (lower(l, a, &pointer))
		return STATUS_USAGE;
	if (pointer.place != PLACE_VALUE && pointer.type.kind == EXPR_STRUCT) {
		*out = pointer;
		return 0;
	}
	if (lower_load(l, &pointer))
		return STATUS_USAGE;
	if (pointer.type.kind == EXPR_NUMBER)
		return wrong(l, a, "'%s' is a number without members: ((struct NAME *)%s)-> gives it a type",
			     spelt(l, a), spelt(l, a));
	if (follow(l, a, &pointer, out))
		return STATUS_USAGE;
	if (out->type.kind != EXPR_STRUCT)
		return wrong(l, a, "'%s' is %s, which has no members", spelt(l, a),
			     described(l, &pointer.type));
	return 0;
}

static int unknown_member(struct lowering *l, const struct ast *a, const struct expr_type *type)
{
	const struct btf *btf = l->scope->btf;
	uint32_t id = kbtf_complete(btf, kbtf_skip(btf, type->id, true));
	struct nearest near = {};
	struct buf hint = {};

	if (btf_is_fwd(kbtf_type(btf, id)))
		return wrong(l, a, "nothing is known of %s but its name", described(l, type));
	kbtf_offer_members(btf, id, a->text, &near);
	nearest_describe(&near, &hint);
	wrong(l, a, "%s has no member '%s'%s", described(l, type), a->text,
	      hint.len ? hint.p : "");
	buf_free(&hint);
	return STATUS_USAGE;
}

/** lower_member() - A member of a struct, or of the one that a pointer points to. */
int lower_member(struct lowering *l, const struct ast *a, struct operand *out)
{
	const struct btf *btf = l->scope->btf;
	struct expr_type type;
	struct kbtf_member m;
	struct operand o;

	if (lower_struct(l, a->a, &o))
		return STATUS_USAGE;
	if (!kbtf_member(btf, o.type.id, a->text, &m))
		return unknown_member(l, a, &o.type);
	if (!expr_type_from_btf(btf, m.type, &type)) {
		struct buf text = {};

		kbtf_describe(btf, m.type, &text);
		wrong(l, a, "'%s' is %s, which is no number", spelt(l, a), text.p);
		buf_free(&text);
		return STATUS_USAGE;
	}
	o.ast = a;
	o.type = type;
	o.bits = m.bits;
	if (o.place == PLACE_PART)
		o.bit += m.bit;
	else if (m.bits)
		o.bit = m.bit;
	else
		o.node = node_by(&l->nodes, KOBS_OP_ADD, o.node, m.bit / 8);
	*out = o;
	return 0;
}

/* Where the elements are that an index counts. */
static int lower_elements(struct lowering *l, const struct ast *a, struct operand *out,
			  int64_t *length)
{
	struct operand base;

	*length = 0;
	if (lower(l, a->a, &base))
		return STATUS_USAGE;
	if (base.place != PLACE_VALUE && base.type.kind == EXPR_ARRAY) {
		if (base.place == PLACE_PART)
			return wrong(l, a, "'%s' is part of an argument: it has no address",
				     spelt(l, a->a));
		*length = array_length(l->scope->btf, base.type.id);
	}
	return decay(l, &base) || follow(l, a, &base, out) ? STATUS_USAGE : 0;
}

/** lower_index() - An element of an array, or of what a pointer points to. */
int lower_index(struct lowering *l, const struct ast *a, struct operand *out)
{
	struct operand index;
	const struct node *n;
	int64_t length;
	int64_t size;

	if (lower_elements(l, a, out, &length) || lower_number(l, a->b, &index))
		return STATUS_USAGE;
	n = index.node;
	if (node_is_const(n) && length > 1 && (n->imm < 0 || n->imm >= length))
		return wrong(l, a->b, "'%s' has %lld elements, from 0 on", spelt(l, a->a),
			     (long long)length);
	size = expr_type_size(l->scope->btf, &out->type);
	if (size < 0)
		return wrong(l, a, "the size of %s is not known", described(l, &out->type));
	n = node_by(&l->nodes, KOBS_OP_MUL, n, size);
	out->node = node_binary(&l->nodes, KOBS_OP_ADD, out->node, n);
	return 0;
}

/** lower_target() - What is at an address: *POINTER, or *(TYPE)(ADDRESS). */
int lower_target(struct lowering *l, const struct ast *a, struct operand *out)
{
	struct expr_type type;
	struct operand o;

	if (a->a->kind == AST_CAST && !a->a->type.stars) {
		if (lower_type(l, a->a, &type))
			return STATUS_USAGE;
		if (type.kind != EXPR_POINTER) {
			if (type.kind == EXPR_VOID)
				return wrong(l, a->a, "there is no value of type void");
			if (lower_address(l, a->a->a, &o))
				return STATUS_USAGE;
			operand_memory(out, a, o.node, type, o.type.user);
			return 0;
		}
	}
	return lower_address(l, a->a, &o) || follow(l, a, &o, out) ? STATUS_USAGE : 0;
}

/** lower_address_of() - The address of what is in memory. */
int lower_address_of(struct lowering *l, const struct ast *a, struct operand *out)
{
	struct expr_type type;
	struct operand o;

	if (lower(l, a->a, &o))
		return STATUS_USAGE;
	if (o.place != PLACE_MEMORY || o.bits)
		return wrong(l, a, "'%s' has no address", spelt(l, a->a));
	type = expr_type_pointer(l->scope->btf, &o.type);
	type.user = o.user;
	operand_value(out, a, o.node, type);
	return 0;
}

/** lower_cast() - A value of another type. */
int lower_cast(struct lowering *l, const struct ast *a, struct operand *out)
{
	const struct node *node;
	struct expr_type type;
	struct operand o;

	if (lower_type(l, a, &type))
		return STATUS_USAGE;
	if (type.kind == EXPR_STRUCT || type.kind == EXPR_ARRAY || type.kind == EXPR_VOID)
		return wrong(l, a, "a value cannot be cast to %s, but to a pointer to it",
			     described(l, &type));
	if (lower_address(l, a->a, &o))
		return STATUS_USAGE;
	node = o.node;
	if (type.kind == EXPR_BOOL)
		node = node_bool(&l->nodes, node);
	else
		node = node_extend(&l->nodes, node, prog_type(type.bytes, type.is_signed, false));
	type.user |= o.type.user;
	operand_value(out, a, node, type);
	return 0;
}
