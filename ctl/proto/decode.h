/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink attributes into structures, by tables of fields. */
#ifndef OBSCTL_DECODE_H
#define OBSCTL_DECODE_H

#include <netlink/attr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FIELD_U32,		/* uint32_t */
	FIELD_U64,		/* uint64_t */
	FIELD_BOOL,		/* bool, from a u32 */
	FIELD_TEXT,		/* char *, allocated */
	FIELD_TEXTS,		/* struct strings, one for each attribute */
	FIELD_NUMBERS,		/* struct numbers, one for each attribute */
	FIELD_NEST,		/* a structure within the structure */
	FIELD_NESTS,		/* struct items, one for each attribute */
	FIELD_LENGTH,		/* size_t: how many u64 the array holds */
};

struct layout;

struct field {
	int		attr;
	enum field_kind	kind;
	size_t		offset;
	const char	*name;
	bool		required;
	const struct layout *nest;
};

/* A structure that is decoded as a whole. */
struct layout {
	const struct field *fields;
	size_t		nr;
	size_t		size;
};

/* How an array of FIELD_NESTS lies in its structure. */
struct items {
	void	*v;
	size_t	n;
	size_t	cap;
};

uint64_t decode_u64(const struct nlattr *attr);
const char *decode_text(struct nlattr *attr);
const char *decode(struct nlattr *attrs, int len, const struct layout *l, void *out);
void decode_free(const struct layout *l, void *out);

#endif
