// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: running, in handlers. Pure, but for what program.h says.
 *
 * Kernels are compiled without jump tables: a switch is a row of compares. What
 * most programs consist of (arguments, compares with a number, conditions, keys
 * and the value) is therefore reached by a few compares and inline, the rest by
 * functions. Faults cost one test per instruction while there is none.
 *
 * Locking: none.
 */
#include <kunit/visibility.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "lib/program.h"
#include "lib/program_read.h"
#include "lib/uninit.h"

/*
 * Registers that are faults are bits of a mask, which has these bits too: there
 * was a fault before; the current instruction is done; it ends the program.
 */
#define FAULT_SEEN	BIT(KOBS_PROG_REGS)
#define FAULT_DONE	BIT(KOBS_PROG_REGS + 1)
#define FAULT_ENDS	BIT(KOBS_PROG_REGS + 2)

#define DST(insn)	(KOBS_PROG_DST(insn) & (KOBS_PROG_REGS - 1))
#define SRC(insn)	(KOBS_PROG_SRC(insn) & (KOBS_PROG_REGS - 1))

static_assert(KOBS_PROG_REGS == 8);

static u64 context(unsigned int which, const struct kobs_program_in *in)
{
	switch (which) {
	case KOBS_PROG_CPU:
		return raw_smp_processor_id();
	case KOBS_PROG_PID:
		return current->tgid;
	case KOBS_PROG_TID:
		return current->pid;
	case KOBS_PROG_COMM:
		return (unsigned long)current->comm;
	case KOBS_PROG_TASK:
		return (unsigned long)current;
	case KOBS_PROG_ELAPSED:
		return in->elapsed;
	default:
		return ktime_get_mono_fast_ns();
	}
}

/* What sets a register, but for arguments. */
static noinline void set(u64 *dst, u64 src, u64 insn,
			 const struct kobs_program_in *in)
{
	switch (KOBS_PROG_OP(insn)) {
	case KOBS_OP_IMM:
		*dst = KOBS_PROG_IMM(insn);
		break;
	case KOBS_OP_MOVE:
		*dst = src;
		break;
	case KOBS_OP_CONTEXT:
		*dst = context(KOBS_PROG_ARG(insn), in);
		break;
	case KOBS_OP_HIGH:
		*dst = (u32)*dst | (insn & ~(u64)U32_MAX);
		break;
	case KOBS_OP_NEG:
		*dst = -*dst;
		break;
	case KOBS_OP_INVERT:
		*dst = ~*dst;
		break;
	case KOBS_OP_NOT:
		*dst = !*dst;
		break;
	default:
		*dst = kobs_program_cut(*dst, KOBS_PROG_ARG(insn));
	}
}

/* A signed division by -1 has no result in the processor for S64_MIN. */
static bool divide(unsigned int op, u64 *a, u64 b)
{
	if (!b)
		return false;
	if (op == KOBS_OP_DIV)
		*a /= b;
	else if (op == KOBS_OP_MOD)
		*a %= b;
	else if (b == -1ULL)
		*a = op == KOBS_OP_SDIV ? -*a : 0;
	else if (op == KOBS_OP_SDIV)
		*a = (s64)*a / (s64)b;
	else
		*a = (s64)*a % (s64)b;
	return true;
}

static noinline bool compute(unsigned int op, u64 *a, u64 b)
{
	switch (op) {
	case KOBS_OP_ADD:
		*a += b;
		break;
	case KOBS_OP_SUB:
		*a -= b;
		break;
	case KOBS_OP_MUL:
		*a *= b;
		break;
	case KOBS_OP_AND:
		*a &= b;
		break;
	case KOBS_OP_OR:
		*a |= b;
		break;
	case KOBS_OP_XOR:
		*a ^= b;
		break;
	case KOBS_OP_SHL:
		*a = b < 64 ? *a << b : 0;
		break;
	case KOBS_OP_SHR:
		*a = b < 64 ? *a >> b : 0;
		break;
	case KOBS_OP_SAR:
		*a = (s64)*a >> min_t(u64, b, 63);
		break;
	default:
		return divide(op, a, b);
	}
	return true;
}

/*
 * Each condition has three bits: whether it holds when the first is less, equal
 * and greater. Signed numbers are compared as unsigned ones from S64_MIN on.
 */
#define HOLDS(op, less, equal, greater)					\
	(((less) | (equal) << 1 | (greater) << 2)			\
	 << 3 * (KOBS_OP_##op - KOBS_OP_EQ))

static __always_inline bool holds(unsigned int op, u64 a, u64 b)
{
	const u32 when = HOLDS(EQ, 0, 1, 0) | HOLDS(NE, 1, 0, 1) |
			 HOLDS(LT, 1, 0, 0) | HOLDS(LE, 1, 1, 0) |
			 HOLDS(GT, 0, 0, 1) | HOLDS(GE, 0, 1, 1) |
			 HOLDS(SLT, 1, 0, 0) | HOLDS(SLE, 1, 1, 0) |
			 HOLDS(SGT, 0, 0, 1) | HOLDS(SGE, 0, 1, 1);
	const u64 sign = (u64)(op >= KOBS_OP_SLT) << 63;

	a ^= sign;
	b ^= sign;
	return when >> (3 * (op - KOBS_OP_EQ) + (a >= b) + (a > b)) & 1;
}

/* Returns false when the result is a fault. */
static __always_inline bool binary(unsigned int op, u64 *a, u64 b)
{
	if (unlikely(op < KOBS_OP_EQ))
		return compute(op, a, b);
	*a = holds(op, *a, b);
	return true;
}

/* A text of a key, by the argument of the instruction that gives it. */
static inline u64 *text_of(const struct kobs_program_out *out, unsigned int arg)
{
	return out->texts + (arg & 0xff) * KOBS_PROG_TEXT_WORDS;
}

/*
 * The next instruction, once there was a fault: which registers are one after
 * it, unless it makes one itself.
 */
static noinline u32 spread(u32 faults, u64 insn, struct kobs_program_out *out)
{
	const u32 dst = BIT(DST(insn));
	const unsigned int arg = KOBS_PROG_ARG(insn);
	const bool src = faults & BIT(SRC(insn));

	switch (KOBS_PROG_OP(insn)) {
	case KOBS_OP_ARG:
	case KOBS_OP_CONTEXT:
	case KOBS_OP_IMM:
	case KOBS_OP_FIELD:
	case KOBS_OP_FIELD_TEXT:
		return faults & ~dst;
	case KOBS_OP_MOVE:
		return src ? faults | dst : faults & ~dst;
	case KOBS_OP_READ:
	case KOBS_OP_SAME:
		return src ? faults | dst | FAULT_DONE : faults & ~dst;
	case KOBS_OP_ADD ... KOBS_OP_SGE:
		return src ? faults | dst : faults;
	case KOBS_OP_JUMP_ZERO:
	case KOBS_OP_JUMP_SET:
	case KOBS_OP_WANT:
		return faults & dst ? FAULT_ENDS : faults;
	case KOBS_OP_VALUE:
		return src ? FAULT_ENDS : faults;
	case KOBS_OP_KEY:
		out->faults &= ~BIT(arg);
		if (!src)
			return faults;
		out->faults |= BIT(arg);
		out->keys[arg] = 0;
		return faults | FAULT_DONE;
	case KOBS_OP_TEXT:
		if (!src)
			return faults;
		kobs_program_put_fault(text_of(out, arg));
		return faults | FAULT_DONE;
	default:
		return faults;
	}
}

/* Words after an instruction that belong to it. */
static __always_inline unsigned int literal_words(u64 insn)
{
	return KOBS_PROG_OP(insn) == KOBS_OP_SAME ? KOBS_PROG_IMM(insn) : 0;
}

static __always_inline bool jumps(unsigned int op, u64 v)
{
	return op == KOBS_OP_JUMP || !v == (op == KOBS_OP_JUMP_ZERO);
}

/* Numbers, texts and the value of the hit. */
static __always_inline void give(struct kobs_program_out *out, u64 insn,
				 u64 src)
{
	const unsigned int arg = KOBS_PROG_ARG(insn);

	switch (KOBS_PROG_OP(insn)) {
	case KOBS_OP_KEY:
		out->keys[arg] = src;
		break;
	case KOBS_OP_VALUE:
		out->value = src;
		out->is_signed = arg;
		break;
	default:
		kobs_program_read_text(text_of(out, arg), src,
				       arg & KOBS_PROG_USER);
	}
}

/* One by one: an initializer becomes a string instruction, which is slow. */
static __always_inline void clear(u64 *reg)
{
	reg[0] = 0;
	reg[1] = 0;
	reg[2] = 0;
	reg[3] = 0;
	reg[4] = 0;
	reg[5] = 0;
	reg[6] = 0;
	reg[7] = 0;
}

/**
 * kobs_program_run() - run a program for a hit
 * @p: program, checked
 * @in: what it is given
 * @out: what it gives, if the hit passes
 *
 * Context: any, NMI included; preemption off.
 * Return: what becomes of the hit.
 */
enum kobs_program_end kobs_program_run(const struct kobs_program *p,
				       const struct kobs_program_in *in,
				       struct kobs_program_out *out)
{
	const u64 *args = in->args, *words = p->words;
	char text[KOBS_PROGRAM_FIELD_TEXT] KOBS_UNINIT;
	u64 reg[KOBS_PROG_REGS] KOBS_UNINIT;
	unsigned int next = 0;
	u32 faults = 0;

	clear(reg);
	out->faults = 0;
	for (;;) {
		const u64 insn = words[next++];
		const unsigned int op = KOBS_PROG_OP(insn);
		bool good = true;

		if (unlikely(faults)) {
			faults = spread(faults, insn, out);
			if (faults & FAULT_ENDS)
				return KOBS_PROGRAM_FAULT;
			if (faults & FAULT_DONE) {
				faults &= ~FAULT_DONE;
				next += literal_words(insn);
				continue;
			}
		}
		if (op == KOBS_OP_ARG) {
			reg[DST(insn)] = args[KOBS_PROG_ARG(insn)];
		} else if (insn & KOBS_OP_BY_IMM) {
			good = binary(op & ~KOBS_OP_BY_IMM, &reg[DST(insn)],
				      KOBS_PROG_IMM(insn));
		} else if (op > KOBS_OP_VALUE) {
			good = kobs_program_take(&reg[DST(insn)], text, in,
						 insn);
		} else if (op > KOBS_OP_WANT) {
			give(out, insn, reg[SRC(insn)]);
		} else if (op == KOBS_OP_WANT) {
			if (!reg[DST(insn)])
				return KOBS_PROGRAM_FILTERED;
		} else if (op == KOBS_OP_END) {
			return KOBS_PROGRAM_PASS;
		} else if (op < KOBS_OP_ADD) {
			set(&reg[DST(insn)], reg[SRC(insn)], insn, in);
		} else if (op < KOBS_OP_READ) {
			good = binary(op, &reg[DST(insn)], reg[SRC(insn)]);
		} else if (op < KOBS_OP_JUMP) {
			good = kobs_program_read_memory(&reg[DST(insn)],
							reg[SRC(insn)], insn,
							words + next);
			next += literal_words(insn);
		} else if (jumps(op, reg[DST(insn)])) {
			next += KOBS_PROG_IMM(insn);
		}
		if (unlikely(!good))
			faults |= FAULT_SEEN | BIT(DST(insn));
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_program_run);
