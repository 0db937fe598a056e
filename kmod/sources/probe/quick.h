/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: programs that need no interpreter: up to two comparisons of an
 * argument with a number, an argument as the value, and one as the key; or all
 * likewise with numbers of the record. A hit of such a program takes about half as
 * long.
 *
 * Locking: none; any context, NMI included.
 */
#ifndef KOBS_PROBE_QUICK_H
#define KOBS_PROBE_QUICK_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#include <uapi/kobs_program.h>

#define KOBS_QUICK_CONDITIONS	2

/**
 * struct kobs_quick_operand - an argument or a number of the record, cut to a type
 * @arg: number of the argument; of the record, byte of the 64 bits that the number
 *	 is the last of
 * @shift: bits that the type has less than 64
 * @is_signed: the type is signed
 */
struct kobs_quick_operand {
	u16 arg;
	u8 shift;
	bool is_signed;
};

/**
 * struct kobs_quick_condition - a comparison with a number, as a range
 * @flip: bits to be inverted first: the highest, to compare signed numbers
 * @low: where the range begins
 * @span: its last number less the first
 * @outside: what is not in it is wanted
 * @operand: what is compared
 */
struct kobs_quick_condition {
	u64 flip;
	u64 low;
	u64 span;
	bool outside;
	struct kobs_quick_operand operand;
};

/**
 * struct kobs_quick - a program
 * @condition: conditions, all of which are to hold
 * @n_conditions: number of @condition
 * @has_value: it gives a value
 * @value_signed: the value is signed
 * @has_key: it gives number 0
 * @record: all operands are numbers of the record, else arguments
 * @value: the value
 * @key: number 0
 */
struct kobs_quick {
	struct kobs_quick_condition condition[KOBS_QUICK_CONDITIONS];
	u8 n_conditions;
	bool has_value;
	bool value_signed;
	bool has_key;
	bool record;
	struct kobs_quick_operand value;
	struct kobs_quick_operand key;
};

struct kobs_program;
bool kobs_quick_read(const struct kobs_program *p, struct kobs_quick *q);

/* Cut an argument to the operand's type. */
static __always_inline u64 kobs_quick_cut(const struct kobs_quick_operand *o,
					  u64 v)
{
	if (likely(!o->shift))
		return v;
	v <<= o->shift;
	return o->is_signed ? (u64)((s64)v >> o->shift) : v >> o->shift;
}

/* @from: arguments, or the record; which is a constant. */
static __always_inline u64 kobs_quick_get_of(const struct kobs_quick_operand *o,
					     const void *from, bool record)
{
	u64 v;

	if (!record)
		return kobs_quick_cut(o, ((const u64 *)from)[o->arg]);
	memcpy(&v, from + o->arg, sizeof(v));
	return o->is_signed ? (u64)((s64)v >> o->shift) : v >> o->shift;
}

static __always_inline u64 kobs_quick_get(const struct kobs_quick_operand *o,
					  const u64 *args)
{
	return kobs_quick_get_of(o, args, false);
}

/* Whether the operand's value fulfils a condition. */
static __always_inline bool
kobs_quick_fits(const struct kobs_quick_condition *c, u64 v)
{
	return ((v ^ c->flip) - c->low <= c->span) != c->outside;
}

static __always_inline bool
kobs_quick_holds(const struct kobs_quick_condition *c, const void *from,
		 bool record)
{
	return kobs_quick_fits(c, kobs_quick_get_of(&c->operand, from, record));
}

static __always_inline bool kobs_quick_wants_of(const struct kobs_quick *q,
						const void *from, bool record)
{
	if (!q->n_conditions)
		return true;
	return kobs_quick_holds(&q->condition[0], from, record) &&
	       (likely(q->n_conditions == 1) ||
		kobs_quick_holds(&q->condition[1], from, record));
}

static __always_inline bool kobs_quick_wants(const struct kobs_quick *q,
					     const u64 *args)
{
	return kobs_quick_wants_of(q, args, false);
}

/**
 * enum kobs_quick_shape - what the handler of a quick point has to do
 * @KOBS_QUICK_NONE: the point is not quick
 * @KOBS_QUICK_BARE: count hits by what was hit
 * @KOBS_QUICK_COUNT: count those that are wanted, by that or by a number
 * @KOBS_QUICK_VALUE: likewise, with a value
 * @KOBS_QUICK_PLAIN: add up an argument, by what was hit
 */
enum kobs_quick_shape {
	KOBS_QUICK_NONE,
	KOBS_QUICK_BARE,
	KOBS_QUICK_COUNT,
	KOBS_QUICK_VALUE,
	KOBS_QUICK_PLAIN
};

#endif /* KOBS_PROBE_QUICK_H */
