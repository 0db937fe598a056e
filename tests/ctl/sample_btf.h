/* SPDX-License-Identifier: GPL-2.0 */
/* Types of the tests of expressions: as C, and as BTF. */
#ifndef KOBS_SAMPLE_BTF_H
#define KOBS_SAMPLE_BTF_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum sample_state {
	STATE_IDLE,
	STATE_BUSY,
	STATE_GONE = 7,
};

enum sample_error {
	ERROR_NONE,
	ERROR_LOW = -5,
};

struct sample_inner {
	int		x;
	char		name[8];
	unsigned char	raw[4];
};

struct sample_small {
	uint16_t	low;
	int16_t		high;
	uint32_t	word;
};

/* Bit fields that cross what their type would fill. */
#pragma pack(push, 1)
struct sample_packed {
	uint8_t		first;
	uint32_t	wide:31;
	uint64_t	more:60;
};

#pragma pack(pop)

/* The type of the task that runs has to have this name. */
struct task_struct {
	int		pid;
	char		comm[16];
};

struct sample_opaque;

struct sample_item {
	int		number;
	enum sample_state state;
	uint64_t	big;
	union {
		uint32_t word;
		struct {
			uint16_t low;
			int16_t high;
		};
	};
	struct sample_inner in;
	unsigned int	a:3;
	int		b:5;
	unsigned int	c:24;
	uint64_t	d:40;
	int64_t		e:24;
	struct sample_item *next;
	const char	*label;
	int		list[4];
	struct sample_inner *inners;
	void		(*fn)(int n);
	void		*data;
	int		*pint;
	uint8_t		*bytes;
	struct sample_opaque *opaque;
	bool		flag;
	signed char	tiny;
	enum sample_error error;
	int		m[2][3];
	struct sample_item **table;
	__int128	huge;
	struct sample_packed packed;
	/* In BTF an array of one element follows: those of old go on behind their struct. */
};

/* Numbers of types, which are made in this order. */
struct sample_types {
	int	integer, uint, character, byte, schar, signed_short, unsigned_short;
	int	signed_long, unsigned_long, s128, boolean;
	int	abyte, aword, along, state, error, inner, small, packed, item;
};

static inline int sample_pointer(struct btf *btf, int type)
{
	return btf__add_ptr(btf, type);
}

static inline int sample_array(struct btf *btf, int type, unsigned int n)
{
	return btf__add_array(btf, 1, type, n);
}

static inline void sample_add_numbers(struct btf *btf, struct sample_types *t)
{
	t->integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	t->uint = btf__add_int(btf, "unsigned int", 4, 0);
	t->character = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	t->byte = btf__add_int(btf, "unsigned char", 1, 0);
	t->schar = btf__add_int(btf, "signed char", 1, BTF_INT_SIGNED);
	t->signed_short = btf__add_int(btf, "short int", 2, BTF_INT_SIGNED);
	t->unsigned_short = btf__add_int(btf, "short unsigned int", 2, 0);
	t->signed_long = btf__add_int(btf, "long int", 8, BTF_INT_SIGNED);
	t->unsigned_long = btf__add_int(btf, "long unsigned int", 8, 0);
	t->s128 = btf__add_int(btf, "__int128", 16, BTF_INT_SIGNED);
	t->boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	t->abyte = btf__add_typedef(btf, "sample_byte", t->byte);
	t->abyte = btf__add_typedef(btf, "sample_u8", t->abyte);
	t->aword = btf__add_typedef(btf, "sample_u32", t->uint);
	t->along = btf__add_typedef(btf, "sample_u64", t->unsigned_long);
	btf__add_const(btf, btf__add_typedef(btf, "dev_t", t->aword));
	t->state = btf__add_enum(btf, "sample_state", 4);
	btf__add_enum_value(btf, "STATE_IDLE", STATE_IDLE);
	btf__add_enum_value(btf, "STATE_BUSY", STATE_BUSY);
	btf__add_enum_value(btf, "STATE_GONE", STATE_GONE);
	t->error = btf__add_enum(btf, "sample_error", 4);
	btf__add_enum_value(btf, "ERROR_NONE", ERROR_NONE);
	btf__add_enum_value(btf, "ERROR_LOW", ERROR_LOW);
	btf__add_enum(btf, "sample_other", 4);
	btf__add_enum_value(btf, "STATE_BUSY", 3);
	btf__add_enum_value(btf, "STATE_GONE", STATE_GONE);
	btf__add_enum64(btf, "sample_wide", 8, false);
	btf__add_enum64_value(btf, "WIDE_TOP", 1ull << 63);
	/* One without a name. */
	btf__add_enum(btf, NULL, 4);
	btf__add_enum_value(btf, "PLAIN_ONE", 1);
	btf__add_enum_value(btf, "PLAIN_NINE", 9);
}

static inline void sample_add_small(struct btf *btf, struct sample_types *t)
{
	t->inner = btf__add_struct(btf, "sample_inner", sizeof(struct sample_inner));
	btf__add_field(btf, "x", t->integer, 0, 0);
	btf__add_field(btf, "name", t->inner + 1, 32, 0);
	btf__add_field(btf, "raw", t->inner + 2, 96, 0);
	sample_array(btf, t->character, 8);
	sample_array(btf, t->byte, 4);
	t->small = btf__add_struct(btf, "sample_small", sizeof(struct sample_small));
	btf__add_field(btf, "low", t->unsigned_short, 0, 0);
	btf__add_field(btf, "high", t->signed_short, 16, 0);
	btf__add_field(btf, "word", t->uint, 32, 0);
	btf__add_struct(btf, "task_struct", sizeof(struct task_struct));
	btf__add_field(btf, "pid", t->integer, 0, 0);
	t->packed = btf__add_struct(btf, "sample_packed", sizeof(struct sample_packed));
	btf__add_field(btf, "first", t->byte, 0, 0);
	btf__add_field(btf, "wide", t->uint, 8, 31);
	btf__add_field(btf, "more", t->along, 39, 60);
}

static inline int sample_add_union(struct btf *btf, const struct sample_types *t)
{
	int two = btf__add_struct(btf, NULL, 4);
	int both;

	btf__add_field(btf, "low", t->unsigned_short, 0, 0);
	btf__add_field(btf, "high", t->signed_short, 16, 0);
	both = btf__add_union(btf, NULL, 4);
	btf__add_field(btf, "word", t->aword, 0, 0);
	btf__add_field(btf, NULL, two, 0, 0);
	return both;
}

static inline int sample_add_function(struct btf *btf, const struct sample_types *t)
{
	int proto = btf__add_func_proto(btf, 0);

	btf__add_func_param(btf, "n", t->integer);
	return btf__add_ptr(btf, proto);
}

static inline void sample_field(struct btf *btf, const char *name, int type, size_t at)
{
	btf__add_field(btf, name, type, (uint32_t)at * 8, 0);
}

#define SAMPLE_FIELD(name, type)	\
	sample_field(btf, #name, type, offsetof(struct sample_item, name))

static inline void sample_add_item(struct btf *btf, struct sample_types *t)
{
	const uint32_t bits = 8 * (uint32_t)(offsetof(struct sample_item, in) +
					     sizeof(struct sample_inner));
	int both = sample_add_union(btf, t);
	int fn = sample_add_function(btf, t);
	int text = sample_pointer(btf, btf__add_const(btf, t->character));
	int list = sample_array(btf, t->integer, 4);
	int inners = sample_pointer(btf, t->inner);
	int data = sample_pointer(btf, 0);
	int pint = sample_pointer(btf, btf__add_volatile(btf, t->integer));
	int bytes = sample_pointer(btf, t->abyte);
	int opaque = sample_pointer(btf, btf__add_fwd(btf, "sample_opaque", BTF_FWD_STRUCT));
	int m = sample_array(btf, sample_array(btf, t->integer, 3), 2);
	int tail = sample_array(btf, t->character, 1);
	int pointer = sample_pointer(btf, tail + 3);
	int table = sample_pointer(btf, pointer);

	t->item = btf__add_struct(btf, "sample_item", sizeof(struct sample_item));
	SAMPLE_FIELD(number, t->integer);
	SAMPLE_FIELD(state, t->state);
	SAMPLE_FIELD(big, t->along);
	btf__add_field(btf, NULL, both, 128, 0);
	SAMPLE_FIELD(in, t->inner);
	btf__add_field(btf, "a", t->uint, bits, 3);
	btf__add_field(btf, "b", t->integer, bits + 3, 5);
	btf__add_field(btf, "c", t->uint, bits + 8, 24);
	btf__add_field(btf, "d", t->along, bits + 32, 40);
	btf__add_field(btf, "e", t->signed_long, bits + 72, 24);
	SAMPLE_FIELD(next, pointer);
	SAMPLE_FIELD(label, text);
	SAMPLE_FIELD(list, list);
	SAMPLE_FIELD(inners, inners);
	SAMPLE_FIELD(fn, fn);
	SAMPLE_FIELD(data, data);
	SAMPLE_FIELD(pint, pint);
	SAMPLE_FIELD(bytes, bytes);
	SAMPLE_FIELD(opaque, opaque);
	SAMPLE_FIELD(flag, t->boolean);
	SAMPLE_FIELD(tiny, t->schar);
	SAMPLE_FIELD(error, t->error);
	SAMPLE_FIELD(m, m);
	SAMPLE_FIELD(table, table);
	SAMPLE_FIELD(huge, t->s128);
	SAMPLE_FIELD(packed, t->packed);
	sample_field(btf, "tail", tail, sizeof(struct sample_item));
}

static inline void sample_add_probes(struct btf *btf, const struct sample_types *t)
{
	int item = sample_pointer(btf, t->item);
	int user = sample_pointer(btf, btf__add_type_tag(btf, "user", t->item));
	int data = sample_pointer(btf, 0);
	int text = sample_pointer(btf, t->character);
	int pair = btf__add_struct(btf, "sample_pair", 16);
	int large = btf__add_struct(btf, "sample_large", 24);
	int proto = btf__add_func_proto(btf, t->integer);

	btf__add_func_param(btf, "item", item);
	btf__add_func_param(btf, "there", user);
	btf__add_func_param(btf, "number", t->integer);
	btf__add_func_param(btf, "small", t->small);
	btf__add_func_param(btf, "text", text);
	btf__add_func_param(btf, "flag", t->boolean);
	btf__add_func_param(btf, NULL, 0);
	btf__add_func(btf, "sample_call", BTF_FUNC_STATIC, proto);
	proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "pair", pair);
	btf__add_func_param(btf, "n", t->uint);
	btf__add_func_param(btf, "large", large);
	btf__add_func_param(btf, "last", t->uint);
	btf__add_func(btf, "sample_values", BTF_FUNC_STATIC, proto);
	proto = btf__add_func_proto(btf, t->integer);
	btf__add_func_param(btf, "__data", data);
	btf__add_func_param(btf, "item", item);
	btf__add_func_param(btf, "on", t->boolean);
	btf__add_func(btf, "__traceiter_sample_event", BTF_FUNC_GLOBAL, proto);
	proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, NULL, data);
	btf__add_func_param(btf, NULL, t->signed_long);
	btf__add_typedef(btf, "btf_trace_sample_other", sample_pointer(btf, proto));
}

/* The caller frees it with btf__free(). */
static inline struct btf *sample_btf(void)
{
	struct btf *btf = btf__new_empty();
	struct sample_types t;

	sample_add_numbers(btf, &t);
	sample_add_small(btf, &t);
	sample_add_item(btf, &t);
	sample_add_probes(btf, &t);
	return btf;
}

#endif /* KOBS_SAMPLE_BTF_H */
