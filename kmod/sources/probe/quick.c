// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: recognising programs that need no interpreter (quick.h).
 *
 * Locking: none; the session is being prepared.
 */
#include "lib/program.h"
#include "sources/probe/probe.h"
#include "sources/probe/quick.h"

/* Words of a program that are yet to be recognised, and what was seen so far. */
struct kobs_quick_reader {
	const u64 *word;
	const u64 *end;
	bool args;
	bool record;
};

static bool next_is(const struct kobs_quick_reader *r, unsigned int op)
{
	return r->word < r->end && KOBS_PROG_OP(*r->word) == op;
}

/* A number of the record: it is shifted down from the end of 64 bits. */
static bool read_field(struct kobs_quick_reader *r,
		       struct kobs_quick_operand *o, unsigned int *reg)
{
	unsigned int type = KOBS_PROG_ARG(*r->word);
	unsigned int bytes = KOBS_PROG_BYTES(type);
	s64 at = KOBS_PROG_IMM(*r->word) + bytes - sizeof(u64);

	if (at < 0 || IS_ENABLED(CONFIG_CPU_BIG_ENDIAN))
		return false;
	*reg = KOBS_PROG_DST(*r->word++);
	*o = (struct kobs_quick_operand){
		.arg = at,
		.shift = 64 - 8 * bytes,
		.is_signed = type & KOBS_PROG_SIGNED,
	};
	r->record = true;
	return true;
}

/* An argument, cut to a type or not, in a register; or a number of the record. */
static bool read_operand(struct kobs_quick_reader *r,
			 struct kobs_quick_operand *o, unsigned int *reg)
{
	unsigned int type;

	if (next_is(r, KOBS_OP_FIELD))
		return read_field(r, o, reg);
	if (!next_is(r, KOBS_OP_ARG))
		return false;
	r->args = true;
	*reg = KOBS_PROG_DST(*r->word);
	*o = (struct kobs_quick_operand){ .arg = KOBS_PROG_ARG(*r->word) };
	r->word++;
	if (!next_is(r, KOBS_OP_EXTEND) || KOBS_PROG_DST(*r->word) != *reg)
		return true;
	type = KOBS_PROG_ARG(*r->word++);
	o->shift = 64 - 8 * KOBS_PROG_BYTES(type);
	o->is_signed = type & KOBS_PROG_SIGNED;
	return true;
}

/*
 * A comparison with a number as a range. What no number fulfils is what is outside
 * of all numbers.
 */
static void set_range(struct kobs_quick_condition *c, unsigned int op, s64 number)
{
	u64 n = number;

	c->flip = op >= KOBS_OP_SLT ? BIT_ULL(63) : 0;
	n ^= c->flip;
	switch (op) {
	case KOBS_OP_EQ:
	case KOBS_OP_NE:
		c->low = n;
		c->span = 0;
		c->outside = op == KOBS_OP_NE;
		return;
	case KOBS_OP_LE:
	case KOBS_OP_SLE:
	case KOBS_OP_GT:
	case KOBS_OP_SGT:
		c->low = 0;
		c->span = n;
		c->outside = op == KOBS_OP_GT || op == KOBS_OP_SGT;
		return;
	default:
		c->low = n;
		c->span = U64_MAX - n;
		c->outside = op == KOBS_OP_LT || op == KOBS_OP_SLT;
	}
}

/* A comparison of it with a number, on which the hit depends. */
static bool read_condition(struct kobs_quick_reader *r,
			   struct kobs_quick *q, unsigned int reg)
{
	struct kobs_quick_condition *c = &q->condition[q->n_conditions];
	unsigned int op = KOBS_PROG_OP(*r->word) & ~KOBS_OP_BY_IMM;

	if (!(KOBS_PROG_OP(*r->word) & KOBS_OP_BY_IMM) || op < KOBS_OP_EQ ||
	    op > KOBS_OP_SGE || KOBS_PROG_DST(*r->word) != reg ||
	    q->n_conditions == KOBS_QUICK_CONDITIONS)
		return false;
	set_range(c, op, KOBS_PROG_IMM(*r->word));
	r->word++;
	if (!next_is(r, KOBS_OP_WANT) || KOBS_PROG_DST(*r->word) != reg)
		return false;
	r->word++;
	q->n_conditions++;
	return true;
}

static bool read_part(struct kobs_quick_reader *r, struct kobs_quick *q)
{
	struct kobs_quick_operand o;
	unsigned int reg;

	if (!read_operand(r, &o, &reg) || r->word >= r->end)
		return false;
	if (next_is(r, KOBS_OP_VALUE) && KOBS_PROG_SRC(*r->word) == reg &&
	    !q->has_value) {
		q->value = o;
		q->value_signed = KOBS_PROG_ARG(*r->word++);
		q->has_value = true;
		return true;
	}
	if (next_is(r, KOBS_OP_KEY) && KOBS_PROG_SRC(*r->word) == reg &&
	    !KOBS_PROG_ARG(*r->word) && !q->has_key) {
		q->key = o;
		q->has_key = true;
		r->word++;
		return true;
	}
	if (q->n_conditions < KOBS_QUICK_CONDITIONS)
		q->condition[q->n_conditions].operand = o;
	return read_condition(r, q, reg);
}

/**
 * kobs_quick_read() - recognise a program that needs no interpreter
 * @p: program, checked
 * @q: all zero; set to its quick form
 *
 * Context: any.
 * Return: false if it needs one.
 */
bool kobs_quick_read(const struct kobs_program *p, struct kobs_quick *q)
{
	struct kobs_quick_reader r = { p->words, p->words + p->n };

	while (!next_is(&r, KOBS_OP_END)) {
		if (r.word >= r.end || !read_part(&r, q))
			return false;
	}
	q->record = r.record;
	return !(r.args && r.record);
}

/**
 * kobs_probe_shape() - whether a point's hits need no interpreter
 * @point: point with its program, whose session is configured; its quick form is
 *	   set
 *
 * Those that need none are counted, or have their value added, in a table whose key
 * is the column probe, or the program's first number.
 *
 * Context: task.
 * Return: what its handler has to do; KOBS_QUICK_NONE if they do.
 */
enum kobs_quick_shape kobs_probe_shape(struct kobs_probe_point *point)
{
	const struct kobs_session *s = point->s;
	struct kobs_quick *q = &point->quick;

	*q = (struct kobs_quick){};
	if (s->stream || s->n_words != 1 || !kobs_quick_read(&point->program, q))
		return KOBS_QUICK_NONE;
	if (s->gather[0] != (q->has_key ? PROBE_W_NUMBER : PROBE_W_PROBE))
		return KOBS_QUICK_NONE;
	if (s->mode->value)
		return q->has_value && !q->n_conditions && !q->has_key ?
		       KOBS_QUICK_PLAIN : KOBS_QUICK_VALUE;
	return q->n_conditions || q->has_key ? KOBS_QUICK_COUNT :
					       KOBS_QUICK_BARE;
}
