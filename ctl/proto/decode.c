// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes a message by a table that says, for each attribute, its name, where
 * its value goes and whether it must be there. Attributes that the table does
 * not have are ignored: a newer module may send more.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "proto/decode.h"

/** decode_u64() - Return: the number in @attr, of 32 or 64 bits; else 0. */
uint64_t decode_u64(const struct nlattr *attr)
{
	uint64_t v = 0;
	uint32_t w = 0;

	if (nla_len(attr) >= 8) {
		memcpy(&v, nla_data(attr), sizeof(v));
		return v;
	}
	if (nla_len(attr) >= 4)
		memcpy(&w, nla_data(attr), sizeof(w));
	return w;
}

/** decode_text() - Return: the string in @attr, or NULL if it has no end. */
const char *decode_text(struct nlattr *attr)
{
	int len = nla_len(attr);

	return len > 0 && memchr(nla_data(attr), 0, (size_t)len) ? nla_data(attr) : NULL;
}

static const char *decode_nest(struct nlattr *attr, const struct field *f, struct items *to)
{
	const struct layout *l = f->nest;
	char *item;

	to->v = grow(to->v, &to->cap, to->n + 1, l->size);
	item = (char *)to->v + to->n * l->size;
	memset(item, 0, l->size);
	to->n++;
	return decode(nla_data(attr), nla_len(attr), l, item);
}

static const char *decode_field(struct nlattr *attr, const struct field *f, void *to)
{
	const char *text;

	switch (f->kind) {
	case FIELD_U32:
		*(uint32_t *)to = (uint32_t)decode_u64(attr);
		return NULL;
	case FIELD_U64:
		*(uint64_t *)to = decode_u64(attr);
		return NULL;
	case FIELD_BOOL:
		*(bool *)to = decode_u64(attr);
		return NULL;
	case FIELD_LENGTH:
		*(size_t *)to = (size_t)nla_len(attr) / 8;
		return NULL;
	case FIELD_NUMBERS:
		numbers_add(to, decode_u64(attr));
		return NULL;
	case FIELD_NEST:
		return decode(nla_data(attr), nla_len(attr), f->nest, to);
	case FIELD_NESTS:
		return decode_nest(attr, f, to);
	case FIELD_TEXT:
	case FIELD_TEXTS:
		text = decode_text(attr);
		if (!text)
			return f->name;
		if (f->kind == FIELD_TEXTS) {
			strings_add(to, text);
		} else {
			free(*(char **)to);
			*(char **)to = copy_string(text);
		}
		return NULL;
	}
	return f->name;
}

/**
 * decode() - Fill a structure, zeroed before, from attributes.
 * Return: NULL, or the name of an attribute that is missing or malformed.
 */
const char *decode(struct nlattr *attrs, int len, const struct layout *l, void *out)
{
	struct nlattr *attr;
	uint64_t seen = 0;
	const char *bad;
	size_t i;
	int rem;

	nla_for_each_attr(attr, attrs, len, rem) {
		for (i = 0; i < l->nr; i++)
			if (l->fields[i].attr == nla_type(attr))
				break;
		if (i == l->nr)
			continue;
		seen |= 1ull << i;
		bad = decode_field(attr, &l->fields[i], (char *)out + l->fields[i].offset);
		if (bad)
			return bad;
	}
	for (i = 0; i < l->nr; i++)
		if (l->fields[i].required && !(seen & 1ull << i))
			return l->fields[i].name;
	return NULL;
}

/** decode_free() - Free what decode() allocated within @out, not @out. */
void decode_free(const struct layout *l, void *out)
{
	size_t i;
	size_t k;

	for (i = 0; i < l->nr; i++) {
		const struct field *f = &l->fields[i];
		void *at = (char *)out + f->offset;
		struct items *items = at;

		switch (f->kind) {
		case FIELD_TEXT:
			free(*(char **)at);
			break;
		case FIELD_TEXTS:
			strings_free(at);
			break;
		case FIELD_NUMBERS:
			numbers_free(at);
			break;
		case FIELD_NEST:
			decode_free(f->nest, at);
			break;
		case FIELD_NESTS:
			for (k = 0; k < items->n; k++)
				decode_free(f->nest, (char *)items->v + k * f->nest->size);
			free(items->v);
			break;
		default:
			break;
		}
	}
	memset(out, 0, l->size);
}
