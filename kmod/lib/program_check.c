// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: checking. Pure.
 *
 * Whatever words come in, each is looked at once, and the jumps once more.
 */
#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "lib/program.h"

/*
 * Registers that an instruction uses, and what its arg and imm are. USER: it
 * reads memory, and has a flag that says which.
 */
enum {
	DST = BIT(0),
	SRC = BIT(1),
	ARGUMENT = BIT(2),
	CONTEXT = BIT(3),
	TYPE = BIT(4),
	USER = BIT(5),
	KEY = BIT(6),
	TEXT = BIT(7),
	SIGN = BIT(8),
	NUMBER = BIT(9),
	LITERAL = BIT(10),
	SKIP = BIT(11),
	OFFSET = BIT(12),
	LENGTH = BIT(13),

	ARG = ARGUMENT | CONTEXT | KEY | TEXT | SIGN | LENGTH,
	IMM = NUMBER | LITERAL | SKIP | OFFSET
};

/* What an instruction does not use is 0, so that it can get a meaning. */
static const u16 uses[KOBS_OPS] = {
	[KOBS_OP_ARG] = DST | ARGUMENT,
	[KOBS_OP_CONTEXT] = DST | CONTEXT,
	[KOBS_OP_IMM ... KOBS_OP_HIGH] = DST | NUMBER,
	[KOBS_OP_MOVE] = DST | SRC,
	[KOBS_OP_NEG ... KOBS_OP_NOT] = DST,
	[KOBS_OP_EXTEND] = DST | TYPE,
	[KOBS_OP_ADD ... KOBS_OP_SGE] = DST | SRC,
	[KOBS_OP_READ] = DST | SRC | TYPE | USER | NUMBER,
	[KOBS_OP_SAME] = DST | SRC | USER | LITERAL,
	[KOBS_OP_JUMP] = SKIP,
	[KOBS_OP_JUMP_ZERO ... KOBS_OP_JUMP_SET] = DST | SKIP,
	[KOBS_OP_WANT] = DST,
	[KOBS_OP_KEY] = SRC | KEY,
	[KOBS_OP_TEXT] = SRC | TEXT | USER,
	[KOBS_OP_VALUE] = SRC | SIGN,
	[KOBS_OP_FIELD] = DST | TYPE | OFFSET,
	[KOBS_OP_FIELD_TEXT] = DST | LENGTH | OFFSET,
};

/**
 * struct kobs_program_checker - state of a check
 * @p: what is known of the program
 * @n: number of words that it may have
 * @n_args: arguments of a hit
 * @i: current word
 * @reads: instructions so far that read memory
 * @why: buffer for the sentence that refuses the program
 * @len: size of @why
 * @starts: words that are instructions
 */
struct kobs_program_checker {
	struct kobs_program *p;
	unsigned int n;
	unsigned int n_args;
	unsigned int i;
	unsigned int reads;
	char *why;
	size_t len;
	DECLARE_BITMAP(starts, KOBS_PROG_WORDS);
};

static __printf(2, 3) bool refuse(struct kobs_program_checker *c,
				  const char *fmt, ...)
{
	int n = scnprintf(c->why, c->len, "word %u: ", c->i);
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->why + n, c->len - n, fmt, args);
	va_end(args);
	return false;
}

static bool check_registers(struct kobs_program_checker *c, u64 insn,
			    unsigned int used)
{
	unsigned int dst = KOBS_PROG_DST(insn), src = KOBS_PROG_SRC(insn);

	if (!(used & DST) && dst)
		return refuse(c, "dst is %u, but not used", dst);
	if (!(used & SRC) && src)
		return refuse(c, "src is %u, but not used", src);
	if (max(dst, src) >= KOBS_PROG_REGS)
		return refuse(c, "register %u does not exist", max(dst, src));
	return true;
}

static bool check_type(struct kobs_program_checker *c, unsigned int arg,
		       unsigned int used)
{
	unsigned int bytes = KOBS_PROG_BYTES(arg), flags = KOBS_PROG_SIGNED;

	if (used & USER)
		flags |= KOBS_PROG_USER;
	if (!is_power_of_2(bytes) || bytes > sizeof(u64) ||
	    arg & ~(flags | bytes))
		return refuse(c, "type %#x does not exist", arg);
	return true;
}

/* The numbers and texts of a hit: they are counted, and have a name. */
static bool check_below(struct kobs_program_checker *c, const char *what,
			unsigned int number, unsigned int n)
{
	if (number < n)
		return true;
	return refuse(c, "%s %u does not exist: there are %u", what, number, n);
}

static bool check_arg(struct kobs_program_checker *c, u64 insn,
		      unsigned int used)
{
	unsigned int arg = KOBS_PROG_ARG(insn);
	struct kobs_program *p = c->p;

	if (used & TYPE)
		return check_type(c, arg, used);
	if (used & USER)
		arg &= ~KOBS_PROG_USER;
	if (!(used & ARG) && arg)
		return refuse(c, "arg is %#x, but not used", arg);
	if (used & ARGUMENT) {
		if (!check_below(c, "argument", arg, c->n_args))
			return false;
		p->n_args = max_t(unsigned int, p->n_args, arg + 1);
	} else if (used & CONTEXT) {
		return check_below(c, "context", arg, KOBS_PROG_CONTEXTS);
	} else if (used & KEY) {
		if (!check_below(c, "number", arg, KOBS_PROG_KEYS))
			return false;
		p->keys |= BIT(arg);
	} else if (used & TEXT) {
		if (!check_below(c, "text", arg, KOBS_PROG_TEXTS))
			return false;
		p->texts |= BIT(arg);
	} else if (used & SIGN) {
		p->value = true;
		return check_below(c, "sign", arg, 2);
	}
	return true;
}

/* Words of text: its bytes are followed by zeroes, one of them at least. */
static bool check_literal(struct kobs_program_checker *c, s64 n)
{
	const char *text = (const char *)(c->p->words + c->i + 1);
	size_t len;

	if (n < 1 || n > KOBS_PROG_LITERAL)
		return refuse(c, "a literal has 1 to %u words, not %lld",
			      KOBS_PROG_LITERAL, n);
	if (n >= c->n - c->i)
		return refuse(c, "the literal is cut");
	n *= sizeof(u64);
	len = strnlen(text, n);
	if (len == n || memchr_inv(text + len, 0, n - len))
		return refuse(c, "the literal is not filled up with zeroes");
	return true;
}

/* A part of the record: whether a hit has it is known when it comes. */
static bool check_record(struct kobs_program_checker *c, s64 at, s64 bytes)
{
	if (at < 0 || at > KOBS_PROG_RECORD - bytes)
		return refuse(c, "a record has at most %u bytes, not one at %lld",
			      KOBS_PROG_RECORD, at < 0 ? at : at + bytes - 1);
	c->p->record = max_t(u16, c->p->record, at + bytes);
	return true;
}

static bool check_imm(struct kobs_program_checker *c, u64 insn,
		      unsigned int used)
{
	s64 imm = KOBS_PROG_IMM(insn);

	if (!(used & IMM) && imm)
		return refuse(c, "imm is %lld, but not used", imm);
	if (used & SKIP && imm < 0)
		return refuse(c, "a jump backward");
	if (used & LITERAL)
		return check_literal(c, imm);
	if (used & LENGTH)
		return check_record(c, imm,
				    KOBS_PROG_ARG(insn) ?: sizeof(u32));
	if (used & OFFSET)
		return check_record(c, imm,
				    KOBS_PROG_BYTES(KOBS_PROG_ARG(insn)));
	return true;
}

/* The current word, but for where it jumps to. */
static bool check_insn(struct kobs_program_checker *c, u64 insn)
{
	unsigned int op = KOBS_PROG_OP(insn) & ~KOBS_OP_BY_IMM, used;
	bool by_imm = insn & KOBS_OP_BY_IMM;

	if (op >= KOBS_OPS)
		return refuse(c, "instruction %u does not exist", op);
	if (by_imm && (op < KOBS_OP_ADD || op > KOBS_OP_SGE))
		return refuse(c, "instruction %u takes no imm in place of src",
			      op);
	used = by_imm ? DST | NUMBER : uses[op];
	if (!check_registers(c, insn, used) || !check_arg(c, insn, used) ||
	    !check_imm(c, insn, used))
		return false;
	if (!(used & USER))
		return true;
	c->p->reads = true;
	if (++c->reads > KOBS_PROG_READS)
		return refuse(c, "more than %u instructions read memory",
			      KOBS_PROG_READS);
	return true;
}

static bool check_jumps(struct kobs_program_checker *c)
{
	unsigned int end = c->p->n - 1;

	for_each_set_bit(c->i, c->starts, c->p->n) {
		u64 insn = c->p->words[c->i];
		s64 to = c->i + 1 + KOBS_PROG_IMM(insn);

		/* The operation is known; by imm it is no jump. */
		if (insn & KOBS_OP_BY_IMM ||
		    !(uses[KOBS_PROG_OP(insn)] & SKIP))
			continue;
		if (to > end)
			return refuse(c, "a jump to word %lld, beyond the end",
				      to);
		if (!test_bit(to, c->starts))
			return refuse(c, "a jump into the literal in word %lld",
				      to);
	}
	return true;
}

/**
 * kobs_program_check() - check the first program of an array
 * @p: filled with what is known of it
 * @words: the array, with anything in it
 * @n: number of its words
 * @n_args: arguments of a hit
 * @why: set to a sentence that says what is wrong, if refused
 * @len: size of @why
 *
 * Context: any.
 * Return: number of words of the program, with its end, or -EINVAL.
 */
int kobs_program_check(struct kobs_program *p, const u64 *words, unsigned int n,
		       unsigned int n_args, char *why, size_t len)
{
	struct kobs_program_checker c = {
		.p = p,
		.n = min_t(unsigned int, n, KOBS_PROG_WORDS),
		.n_args = min_t(unsigned int, n_args, KOBS_PROG_ARGS),
		.why = why,
		.len = len,
	};
	u64 insn;

	*p = (struct kobs_program){ .words = words };
	do {
		if (c.i >= c.n) {
			snprintf(why, len, n > c.n ?
				 "a program of more than %u words" :
				 "a program of %u words without an end", c.n);
			return -EINVAL;
		}
		insn = words[c.i];
		__set_bit(c.i, c.starts);
		if (!check_insn(&c, insn))
			return -EINVAL;
		c.i++;
		if (KOBS_PROG_OP(insn) == KOBS_OP_SAME)
			c.i += KOBS_PROG_IMM(insn);
	} while (KOBS_PROG_OP(insn) != KOBS_OP_END);
	p->n = c.i;
	return check_jumps(&c) ? p->n : -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_program_check);
