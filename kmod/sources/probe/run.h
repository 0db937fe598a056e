/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: a hit. Its program is run with the arguments of the hook; it
 * filters, gives numbers and texts for the key, and a value.
 *
 * Locking: none; any context, NMI included.
 */
#ifndef KOBS_PROBE_RUN_H
#define KOBS_PROBE_RUN_H

#include <asm/syscall.h>
#include <linux/compat.h>

#include "compat/ftrace_args.h"
#include "core/hit.h"
#include "sources/probe/probe.h"

/* The number of the current system call, which tells its interface. */
static __always_inline long probe_call_number(long nr)
{
#ifdef CONFIG_X86_64
	/* Calls of x32 are no such calls: they have a bit of their own. */
	const bool compat = in_ia32_syscall();
#else
	const bool compat = in_compat_syscall();
#endif

	if (unlikely(compat) && (unsigned long)nr < KOBS_PROBE_COMPAT)
		nr |= KOBS_PROBE_COMPAT;
	return nr;
}

static __always_inline long probe_current_number(struct pt_regs *regs)
{
	return probe_call_number(syscall_get_nr(current, regs));
}

void kobs_probe_negative(struct kobs_session *s, struct kobs_cpu *pc, u64 *v,
			 u32 need, unsigned long entry,
			 const struct kobs_at *at);
void kobs_probe_quick_slow(struct kobs_probe_point *p, struct kobs_cpu *pc,
			   u64 key, u64 value, u64 t0);

/*
 * Enter a handler and begin a hit of the current context. Returns NULL, with all
 * undone, when the hit is not wanted.
 */
static __always_inline struct kobs_cpu *probe_open(struct kobs_session *s,
						   u64 *t0)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);

	if (!pc)
		return NULL;
	if (kobs_hit_begin(s, pc, t0)) {
		if (kobs_hit_wanted(s, pc))
			return pc;
		kobs_hit_end(s, pc, *t0, 0);
	}
	kobs_hit_leave(pc);
	return NULL;
}

static __always_inline void probe_close(struct kobs_session *s,
					struct kobs_cpu *pc, u64 t0)
{
	kobs_hit_end(s, pc, t0, 0);
	kobs_hit_leave(pc);
}

/* Arguments of a function, as far as its programs have them. */
static __always_inline void kobs_probe_args(struct ftrace_regs *fregs,
					    u64 *args, unsigned int n)
{
	if (n > 0)
		args[0] = kobs_ftrace_arg(fregs, 0);
	if (n > 1)
		args[1] = kobs_ftrace_arg(fregs, 1);
	if (likely(n <= 2))
		return;
	args[2] = kobs_ftrace_arg(fregs, 2);
	args[3] = kobs_ftrace_arg(fregs, 3);
	args[4] = kobs_ftrace_arg(fregs, 4);
	args[5] = kobs_ftrace_arg(fregs, 5);
}

/* The result of a program that did not let the hit pass. */
static __always_inline void probe_out(struct kobs_cpu *pc,
				      enum kobs_program_end end)
{
	kobs_count(&pc->counters, end == KOBS_PROGRAM_FILTERED ?
				  KOBS_N_FILTERED : PROBE_N_FAULT);
}

/*
 * Run a hit's program and record the hit. @v has the words of the hook, @value is
 * that of hits whose program gives none. What the program does not give, because it
 * is not its own or was jumped over, is 0 or empty: a key has no chance contents.
 */
static __always_inline void probe_run_in(struct kobs_probe_point *p,
					 struct kobs_cpu *pc, u64 *v,
					 const struct kobs_program_in *in,
					 u32 need, unsigned long entry,
					 const struct kobs_at *at, u64 value,
					 enum kobs_hit_kind kind)
{
	struct kobs_program_out out = {
		.keys = &v[PROBE_W_NUMBER],
		.texts = &v[PROBE_W_TEXT],
	};
	struct kobs_session *s = p->s;
	enum kobs_program_end end;
	unsigned int i;

	for (i = 0; i < p->n_given; i++)
		v[p->given[i]] = 0;
	end = kobs_program_run(&p->program, in, &out);
	if (unlikely(end != KOBS_PROGRAM_PASS)) {
		probe_out(pc, end);
		return;
	}
	v[PROBE_W_FAULTS] = out.faults;
	if (unlikely(p->gives_value && out.is_signed && (s64)out.value < 0)) {
		kobs_probe_negative(s, pc, v, need, entry, at);
		return;
	}
	kobs_hit_record(s, pc, &(struct kobs_hit){
		v, need, entry, at, p->gives_value ? out.value : value
	}, kind);
}

/* Likewise, with arguments and no record. */
static __always_inline void probe_run(struct kobs_probe_point *p,
				      struct kobs_cpu *pc, u64 *v,
				      const u64 *args, u32 need,
				      unsigned long entry,
				      const struct kobs_at *at, u64 value,
				      enum kobs_hit_kind kind)
{
	const struct kobs_program_in in = { .args = args };

	probe_run_in(p, pc, v, &in, need, entry, at, value, kind);
}

/* Add the value of a hit to a row whose key has one word; false: the slow path. */
static __always_inline bool probe_add_quick(const struct kobs_probe_point *p,
					    struct kobs_cpu *pc,
					    struct kobs_row *row, u64 value)
{
	return likely(value >= p->s->filter.min) &&
	       likely(!p->quick.value_signed || (s64)value >= 0) &&
	       likely(kobs_row_add_usual(&pc->table, row, 1, value));
}

/*
 * Likewise for a point that needs no interpreter, of a shape that is a constant, as
 * is whether @from is a record or arguments; and end the handler. Its slow path is
 * no call that the handler comes back from: that would cost the registers which it
 * may change.
 */
static __always_inline void probe_run_quick_of(struct kobs_probe_point *p,
					       struct kobs_cpu *pc,
					       const void *from, bool record,
					       u64 id, u64 value, u64 t0,
					       enum kobs_quick_shape shape)
{
	const struct kobs_quick *q = &p->quick;
	struct kobs_session *s = p->s;
	struct kobs_row *row;
	u64 key = id;

	if (shape != KOBS_QUICK_BARE &&
	    unlikely(!kobs_quick_wants_of(q, from, record))) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		goto out;
	}
	if (shape != KOBS_QUICK_BARE && q->has_key)
		key = kobs_quick_get_of(&q->key, from, record);
	if (shape == KOBS_QUICK_VALUE && p->gives_value)
		value = kobs_quick_get_of(&q->value, from, record);
	row = kobs_table_peek(&pc->table, key, 0, 1);
	if (unlikely(!row))
		goto slow;
	if (shape != KOBS_QUICK_VALUE)
		local64_inc(&row->count);
	else if (unlikely(!probe_add_quick(p, pc, row, value)))
		goto slow;
	kobs_count(&pc->counters, KOBS_N_RECORDED);
out:
	probe_close(s, pc, t0);
	return;
slow:
	kobs_probe_quick_slow(p, pc, key, value, t0);
}

static __always_inline void probe_run_quick(struct kobs_probe_point *p,
					    struct kobs_cpu *pc,
					    const u64 *args, u64 id, u64 value,
					    u64 t0,
					    enum kobs_quick_shape shape)
{
	probe_run_quick_of(p, pc, args, false, id, value, t0, shape);
}

/*
 * Record a hit of a point of shape KOBS_QUICK_PLAIN that was entered as a usual one,
 * and end the handler.
 */
static __always_inline void probe_run_plain(struct kobs_probe_point *p,
					    struct kobs_cpu *pc, u64 id,
					    u64 value)
{
	struct kobs_row *row = kobs_table_peek(&pc->table, id, 0, 1);

	value = kobs_quick_cut(&p->quick.value, value);
	if (unlikely(!row) || unlikely(!probe_add_quick(p, pc, row, value))) {
		kobs_probe_quick_slow(p, pc, id, value, 0);
		return;
	}
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

#endif /* KOBS_PROBE_RUN_H */
