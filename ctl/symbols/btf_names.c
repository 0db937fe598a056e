// SPDX-License-Identifier: GPL-2.0
/* Names in BTF: parameters, members, and the constants of enums. */

#include <string.h>

#include "symbols/btf.h"

/* How deep anonymous structs are nested: files can say anything. */
#define DEPTH_MAX	16

/* Arguments that a function is given in registers. */
#if defined(__aarch64__)
#define REGISTERS	8
#else
#define REGISTERS	6
#endif

/** kbtf_function() - Return: the prototype of a function, 0 if there is none. */
uint32_t kbtf_function(const struct btf *btf, const char *name)
{
	uint32_t id = kbtf_find(btf, name, 1u << BTF_KIND_FUNC);

	return id ? kbtf_type(btf, id)->type : 0;
}

static uint32_t find_with(const struct btf *btf, const char *prefix, const char *name,
			  uint32_t kinds)
{
	struct buf text = {};
	uint32_t id;

	buf_printf(&text, "%s%s", prefix, name);
	id = kbtf_find(btf, text.p, kinds);
	buf_free(&text);
	return id;
}

/**
 * kbtf_tracepoint() - The prototype of a tracepoint's handlers.
 *
 * Its first parameter is the handler's own, the arguments follow. It is that of the
 * function that calls the handlers, or else that of their type, where parameters
 * have no names.
 *
 * Return: 0 if there is none.
 */
uint32_t kbtf_tracepoint(const struct btf *btf, const char *name)
{
	uint32_t id = find_with(btf, "__traceiter_", name, 1u << BTF_KIND_FUNC);
	const struct btf_type *t;

	if (id)
		return kbtf_type(btf, id)->type;
	id = find_with(btf, "btf_trace_", name, 1u << BTF_KIND_TYPEDEF);
	if (!id)
		return 0;
	t = kbtf_type(btf, kbtf_skip(btf, id, true));
	if (!t || !btf_is_ptr(t))
		return 0;
	id = kbtf_skip(btf, t->type, true);
	t = kbtf_type(btf, id);
	return t && btf_is_func_proto(t) ? id : 0;
}

/* How many arguments a parameter is passed in: what is larger than two is passed elsewhere. */
static int args_of(const struct btf *btf, uint32_t type)
{
	const struct btf_type *t = kbtf_type(btf, kbtf_skip(btf, type, true));
	int64_t size = kbtf_size(btf, type);

	if (t && btf_is_float(t))
		return 0;
	return size < 0 || size > 16 ? 0 : size > 8 ? 2 : 1;
}

/**
 * kbtf_params() - The parameters of a function.
 * @first: how many to leave out, whose arguments are not counted
 *
 * Return: how many there are, of which @max are told.
 */
size_t kbtf_params(const struct btf *btf, uint32_t proto, size_t first, struct kbtf_param *out,
		   size_t max)
{
	const struct btf_type *t = kbtf_type(btf, proto);
	const struct btf_param *p;
	int next = 0;
	size_t n;
	size_t i;

	if (!t || !btf_is_func_proto(t))
		return 0;
	n = btf_vlen(t);
	p = btf_params(t);
	/* The last of a variable number has no type. */
	if (n && !p[n - 1].type)
		n--;
	for (i = first; i < n; i++) {
		int args = args_of(btf, p[i].type);

		/* Whatever follows is where the calling convention says. */
		if (!args || (args > 1 && next + args + (int)first > REGISTERS))
			next = KBTF_NO_ARG;
		if (i - first < max) {
			out[i - first].name = kbtf_string(btf, p[i].name_off);
			out[i - first].type = p[i].type;
			out[i - first].arg = next;
		}
		if (next != KBTF_NO_ARG)
			next += args;
	}
	return n > first ? n - first : 0;
}

/* @depth: of anonymous structs, in which a member can be. */
static bool find_member(const struct btf *btf, uint32_t id, const char *name,
			struct kbtf_member *out, int depth)
{
	const struct btf_type *t;
	const struct btf_member *m;
	uint32_t i;

	t = kbtf_type(btf, kbtf_complete(btf, kbtf_skip(btf, id, true)));
	if (!t || !btf_is_composite(t) || depth == DEPTH_MAX)
		return false;
	for (i = 0; i < btf_vlen(t); i++) {
		m = &btf_members(t)[i];
		if (!strcmp(kbtf_string(btf, m->name_off), name)) {
			out->type = m->type;
			out->bit = btf_member_bit_offset(t, i);
			out->bits = btf_member_bitfield_size(t, i);
			return true;
		}
		if (!m->name_off && find_member(btf, m->type, name, out, depth + 1)) {
			out->bit += btf_member_bit_offset(t, i);
			return true;
		}
	}
	return false;
}

/** kbtf_member() - Find a member of a struct or union. Return: whether there is one. */
bool kbtf_member(const struct btf *btf, uint32_t id, const char *name, struct kbtf_member *out)
{
	return *name && find_member(btf, id, name, out, 0);
}

static void offer_members(const struct btf *btf, uint32_t id, const char *word,
			  struct nearest *near, int depth)
{
	const struct btf_type *t;
	const struct btf_member *m;
	uint32_t i;

	t = kbtf_type(btf, kbtf_complete(btf, kbtf_skip(btf, id, true)));
	if (!t || !btf_is_composite(t) || depth == DEPTH_MAX)
		return;
	for (i = 0; i < btf_vlen(t); i++) {
		m = &btf_members(t)[i];
		if (m->name_off)
			nearest_offer(near, word, kbtf_string(btf, m->name_off));
		else
			offer_members(btf, m->type, word, near, depth + 1);
	}
}

/** kbtf_offer_members() - Propose members for one that there is not. */
void kbtf_offer_members(const struct btf *btf, uint32_t id, const char *word, struct nearest *near)
{
	offer_members(btf, id, word, near, 0);
}

/** kbtf_enum_signed() - Whether values of an enum are signed. */
bool kbtf_enum_signed(const struct btf_type *type)
{
	return btf_kflag(type);
}

static const char *nth_enumerator(const struct btf *btf, const struct btf_type *t, uint32_t n,
				  int64_t *value)
{
	const struct btf_enum *e;

	if (btf_is_enum64(t)) {
		*value = (int64_t)btf_enum64_value(&btf_enum64(t)[n]);
		return kbtf_string(btf, btf_enum64(t)[n].name_off);
	}
	e = &btf_enum(t)[n];
	*value = kbtf_enum_signed(t) ? (int64_t)e->val : (int64_t)(uint32_t)e->val;
	return kbtf_string(btf, e->name_off);
}

static const struct btf_type *enum_of(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = kbtf_type(btf, kbtf_skip(btf, id, true));

	return t && btf_is_any_enum(t) ? t : NULL;
}

/** kbtf_enumerator() - Find a constant of an enum. Return: whether there is one. */
bool kbtf_enumerator(const struct btf *btf, uint32_t id, const char *name, int64_t *value)
{
	const struct btf_type *t = enum_of(btf, id);
	uint32_t i;

	for (i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(nth_enumerator(btf, t, i, value), name))
			return true;
	return false;
}

/** kbtf_enumerator_name() - Return: the constant of an enum with that value, or NULL. */
const char *kbtf_enumerator_name(const struct btf *btf, uint32_t id, int64_t value)
{
	const struct btf_type *t = enum_of(btf, id);
	uint32_t i;

	for (i = 0; t && i < btf_vlen(t); i++) {
		int64_t v;
		const char *name = nth_enumerator(btf, t, i, &v);

		if (v == value)
			return name;
	}
	return NULL;
}

/**
 * kbtf_constant() - Find a constant of any enum.
 * @out: the first two that differ
 *
 * Return: how many of those there are: 0, 1 or 2.
 */
size_t kbtf_constant(const struct btf *btf, const char *name, struct kbtf_constant out[2])
{
	uint32_t last = kbtf_last(btf);
	int64_t value;
	size_t n = 0;
	uint32_t id;

	for (id = 1; id <= last; id++) {
		const struct btf_type *t = kbtf_type(btf, id);

		if (!t || !btf_is_any_enum(t) || !kbtf_enumerator(btf, id, name, &value))
			continue;
		if (n && out[0].value == value)
			continue;
		out[n].type = id;
		out[n++].value = value;
		if (n == 2)
			break;
	}
	return n;
}

/** kbtf_enum() - Return: an enum by its name, or one without a name by one of its constants; 0. */
uint32_t kbtf_enum(const struct btf *btf, const char *name)
{
	uint32_t kinds = 1u << BTF_KIND_ENUM | 1u << BTF_KIND_ENUM64;
	uint32_t id = kbtf_find(btf, name, kinds);
	uint32_t last = kbtf_last(btf);
	int64_t value;

	if (id)
		return id;
	for (id = 1; id <= last; id++) {
		const struct btf_type *t = kbtf_type(btf, id);

		if (t && btf_is_any_enum(t) && !t->name_off &&
		    kbtf_enumerator(btf, id, name, &value))
			return id;
	}
	return 0;
}

/** kbtf_enum_name() - Return: the name by which kbtf_enum() finds an enum, "" without one. */
const char *kbtf_enum_name(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = enum_of(btf, id);
	int64_t value;

	if (!t)
		return "";
	if (t->name_off)
		return kbtf_string(btf, t->name_off);
	return btf_vlen(t) ? nth_enumerator(btf, t, 0, &value) : "";
}

/** kbtf_offer_constants() - Propose constants of enums for one that is misspelt. */
void kbtf_offer_constants(const struct btf *btf, const char *word, struct nearest *near)
{
	uint32_t last = kbtf_last(btf);
	int64_t value;
	uint32_t id;
	uint32_t i;

	for (id = 1; id <= last; id++) {
		const struct btf_type *t = kbtf_type(btf, id);

		for (i = 0; t && btf_is_any_enum(t) && i < btf_vlen(t); i++) {
			const char *name = nth_enumerator(btf, t, i, &value);

			nearest_take(near, name, nearest_score(word, name));
		}
	}
}
