// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of functions' entries and of tracepoints.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/ftrace.h>
#include <linux/uaccess.h>

#include "sources/probe/run.h"

/**
 * kobs_probe_negative() - record a hit whose value is below 0
 * @s: session in mode hist
 * @pc: its part of this CPU
 * @v: words of the hit
 * @need: context words to fill in
 * @entry: as for kobs_context_at()
 * @at: likewise
 *
 * It is in its row's count, and in no histogram.
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_probe_negative(struct kobs_session *s, struct kobs_cpu *pc, u64 *v,
			 u32 need, unsigned long entry,
			 const struct kobs_at *at)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	struct kobs_row *row;

	if (s->filter.min) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return;
	}
	if (need && !kobs_context_at(s, v, need, entry, at, true)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		return;
	}
	kobs_hit_gather(s, v, key);
	row = kobs_table_find(&pc->table, key);
	if (!row) {
		kobs_count(&pc->counters, kobs_hit_no_row(pc));
		return;
	}
	local64_inc(kobs_row_field(&pc->table, row, PROBE_F_NEGATIVE));
	local64_inc(&row->count);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
}

/**
 * kobs_probe_quick_slow() - record a hit of a quick point that is not the usual one
 * @p: point
 * @pc: its session's part of this CPU
 * @key: word of the key
 * @value: value, or KOBS_NO_VALUE
 * @t0: as kobs_hit_begin() set it
 *
 * Its row is a new one or a displaced one, or its value is below the filter's or
 * below 0. Ends the handler.
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_probe_quick_slow(struct kobs_probe_point *p, struct kobs_cpu *pc,
			   u64 key, u64 value, u64 t0)
{
	bool negative = p->gives_value && p->quick.value_signed &&
			(s64)value < 0;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_session *s = p->s;

	v[s->gather[0]] = key;
	if (negative)
		kobs_probe_negative(s, pc, v, 0, 0, NULL);
	else
		kobs_hit_record(s, pc, &(struct kobs_hit){
			.v = v, .value = value,
		}, KOBS_HIT_TABLE);
	probe_close(s, pc, t0);
}

static __always_inline void probe_hit_entry(unsigned long ip,
					    struct kobs_probe_point *p,
					    struct ftrace_regs *fregs,
					    enum kobs_hit_kind kind)
{
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	struct kobs_at at;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (!pc)
		return;
	at = kobs_at_fregs(fregs);
	kobs_probe_args(fregs, args, p->program.n_args);
	v[PROBE_W_PROBE] = ip;
	probe_run(p, pc, v, args, p->s->need, ip, &at, KOBS_NO_VALUE, kind);
	probe_close(p->s, pc, t0);
}

static void probe_entry(unsigned long ip, unsigned long parent_ip,
			struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	probe_hit_entry(ip, ops->private, fregs, KOBS_HIT_EITHER);
}

static void probe_entry_stacks(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops,
			       struct ftrace_regs *fregs)
{
	probe_hit_entry(ip, ops->private, fregs, KOBS_HIT_EITHER_STACKS);
}

/* With all registers, for a program that takes some. */
static void probe_entry_regs(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_probe_point *p = ops->private;
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;
	const struct kobs_program_in in = {
		.args = args, .record = ftrace_get_regs(fregs),
	};
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	struct kobs_at at;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (!pc)
		return;
	at = kobs_at_fregs(fregs);
	kobs_probe_args(fregs, args, p->program.n_args);
	v[PROBE_W_PROBE] = ip;
	probe_run_in(p, pc, v, &in, p->s->need, ip, &at, KOBS_NO_VALUE,
		     KOBS_HIT_EITHER_STACKS);
	probe_close(p->s, pc, t0);
}

static __always_inline void probe_entry_quick(unsigned long ip,
					      struct kobs_probe_point *p,
					      struct ftrace_regs *fregs,
					      enum kobs_quick_shape shape)
{
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (!pc)
		return;
	if (shape != KOBS_QUICK_BARE)
		kobs_probe_args(fregs, args, p->program.n_args);
	probe_run_quick(p, pc, args, ip, KOBS_NO_VALUE, t0, shape);
}

static void probe_entry_bare(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	probe_entry_quick(ip, ops->private, fregs, KOBS_QUICK_BARE);
}

static void probe_entry_count(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	probe_entry_quick(ip, ops->private, fregs, KOBS_QUICK_COUNT);
}

static void probe_entry_value(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	probe_entry_quick(ip, ops->private, fregs, KOBS_QUICK_VALUE);
}

/* The usual hit of a plain point; the number of the argument is in the name. */
#define PROBE_ENTRY_PLAIN(n)						\
static void probe_entry_plain##n(unsigned long ip,			\
				 unsigned long parent_ip,		\
				 struct ftrace_ops *ops,		\
				 struct ftrace_regs *fregs)		\
{									\
	struct kobs_probe_point *p = ops->private;			\
	struct kobs_cpu *pc = kobs_hit_enter_usual(p->s);		\
									\
	if (unlikely(!pc))						\
		probe_entry_value(ip, parent_ip, ops, fregs);		\
	else								\
		probe_run_plain(p, pc, ip, kobs_ftrace_arg(fregs, n));	\
}

PROBE_ENTRY_PLAIN(0)
PROBE_ENTRY_PLAIN(1)
PROBE_ENTRY_PLAIN(2)
PROBE_ENTRY_PLAIN(3)
PROBE_ENTRY_PLAIN(4)
PROBE_ENTRY_PLAIN(5)

/**
 * kobs_probe_entry() - the handler of functions' entries
 * @point: point whose session is configured
 *
 * Context: task.
 * Return: the handler.
 */
ftrace_func_t kobs_probe_entry(const struct kobs_probe_point *point)
{
	static const ftrace_func_t quick[] = {
		[KOBS_QUICK_BARE] = probe_entry_bare,
		[KOBS_QUICK_COUNT] = probe_entry_count,
		[KOBS_QUICK_VALUE] = probe_entry_value,
	};
	static const ftrace_func_t plain[] = {
		probe_entry_plain0, probe_entry_plain1, probe_entry_plain2,
		probe_entry_plain3, probe_entry_plain4, probe_entry_plain5,
	};

	static_assert(ARRAY_SIZE(plain) == PROBE_ENTRY_ARGS);
	if (point->join)
		return kobs_join_entry(point);
	if (point->program.record)
		return probe_entry_regs;
	if (point->shape == KOBS_QUICK_PLAIN)
		return plain[point->quick.value.arg];
	if (point->shape)
		return quick[point->shape];
	return point->s->need & KOBS_W_STACKS ? probe_entry_stacks :
						probe_entry;
}

static __always_inline void probe_hit_trace(struct kobs_probe_point *p,
					    const u64 *args,
					    enum kobs_hit_kind kind)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (!pc)
		return;
	v[PROBE_W_PROBE] = p->id;
	probe_run(p, pc, v, args, p->s->need, 0, NULL, KOBS_NO_VALUE, kind);
	probe_close(p->s, pc, t0);
}

/*
 * A probe of any tracepoint whose arguments are integers and pointers. Up to
 * PROBE_TRACE_ARGS are in registers, whether the tracepoint has them or not.
 */
static void probe_trace(void *data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };

	probe_hit_trace(data, args, KOBS_HIT_EITHER);
}

static __always_inline void probe_trace_quick(struct kobs_probe_point *p,
					      const u64 *args,
					      enum kobs_quick_shape shape)
{
	struct kobs_cpu *pc;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (pc)
		probe_run_quick(p, pc, args, p->id, KOBS_NO_VALUE, t0, shape);
}

static void probe_trace_bare(void *data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	probe_trace_quick(data, NULL, KOBS_QUICK_BARE);
}

static void probe_trace_count(void *data, u64 a0, u64 a1, u64 a2, u64 a3,
			      u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };

	probe_trace_quick(data, args, KOBS_QUICK_COUNT);
}

static void probe_trace_value(void *data, u64 a0, u64 a1, u64 a2, u64 a3,
			      u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };

	probe_trace_quick(data, args, KOBS_QUICK_VALUE);
}

/* As PROBE_ENTRY_PLAIN(). */
#define PROBE_TRACE_PLAIN(n)						\
static void probe_trace_plain##n(void *data, u64 a0, u64 a1, u64 a2,	\
				 u64 a3, u64 a4)			\
{									\
	struct kobs_probe_point *p = data;				\
	struct kobs_cpu *pc = kobs_hit_enter_usual(p->s);		\
									\
	if (unlikely(!pc))						\
		probe_trace_value(data, a0, a1, a2, a3, a4);		\
	else								\
		probe_run_plain(p, pc, p->id, a##n);			\
}

PROBE_TRACE_PLAIN(0)
PROBE_TRACE_PLAIN(1)
PROBE_TRACE_PLAIN(2)
PROBE_TRACE_PLAIN(3)
PROBE_TRACE_PLAIN(4)

static void probe_trace_stacks(void *data, u64 a0, u64 a1, u64 a2, u64 a3,
			       u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };

	probe_hit_trace(data, args, KOBS_HIT_EITHER_STACKS);
}

#ifdef CONFIG_X86_64
/*
 * Arguments that are not in registers are on the stack, above the return address.
 * A tracepoint may have less of them than the program wants, and the stack may end
 * there: they are read like any memory that may not be there.
 */
static noinline void probe_hit_long(struct kobs_probe_point *p, u64 *args,
				    const u64 *more)
{
	size_t n = p->program.n_args - PROBE_TRACE_ARGS;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (!pc)
		return;
	v[PROBE_W_PROBE] = p->id;
	if (copy_from_kernel_nofault(args + PROBE_TRACE_ARGS, more,
				     n * sizeof(*args)))
		kobs_count(&pc->counters, PROBE_N_FAULT);
	else
		probe_run(p, pc, v, args, p->s->need, 0, NULL, KOBS_NO_VALUE,
			  KOBS_HIT_EITHER_STACKS);
	probe_close(p->s, pc, t0);
}

static noinline void probe_long(void *data, u64 a0, u64 a1, u64 a2, u64 a3,
				u64 a4, const u64 *more)
{
	u64 args[KOBS_PROG_ARGS] KOBS_UNINIT;
	struct kobs_probe_point *p = data;

	args[0] = a0;
	args[1] = a1;
	args[2] = a2;
	args[3] = a3;
	args[4] = a4;
	if (unlikely(p->join))
		kobs_join_hit_long(p, args, more);
	else
		probe_hit_long(p, args, more);
}

/* Without variables: the compiler would align the stack for them anew. */
static void probe_trace_long(void *data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	const u64 *frame = __builtin_frame_address(0);

	/* Behind the caller's frame pointer and the return address. */
	probe_long(data, a0, a1, a2, a3, a4, frame + 2);
	barrier();
}
#else
/* As many as are in registers. */
static void probe_trace_long(void *data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4,
			     u64 a5, u64 a6)
{
	const u64 args[PROBE_TRACE_MOST] = { a0, a1, a2, a3, a4, a5, a6 };
	struct kobs_probe_point *p = data;

	if (unlikely(p->join))
		kobs_join_hit(p, p->id, args, 0, NULL);
	else
		probe_hit_trace(p, args, KOBS_HIT_EITHER_STACKS);
}
#endif

/**
 * kobs_probe_trace() - the handler of a tracepoint
 * @point: point with its program, whose session is configured
 *
 * Context: task.
 * Return: the handler.
 */
void *kobs_probe_trace(const struct kobs_probe_point *point)
{
	static void * const quick[] = {
		[KOBS_QUICK_BARE] = probe_trace_bare,
		[KOBS_QUICK_COUNT] = probe_trace_count,
		[KOBS_QUICK_VALUE] = probe_trace_value,
	};

	static void * const plain[] = {
		probe_trace_plain0, probe_trace_plain1, probe_trace_plain2,
		probe_trace_plain3, probe_trace_plain4,
	};

	static_assert(ARRAY_SIZE(plain) == PROBE_TRACE_ARGS);
	if (point->program.n_args > PROBE_TRACE_ARGS)
		return probe_trace_long;
	if (point->join)
		return kobs_join_trace(point);
	if (point->shape == KOBS_QUICK_PLAIN)
		return plain[point->quick.value.arg];
	if (point->shape)
		return quick[point->shape];
	return point->s->need & KOBS_W_STACKS ? (void *)probe_trace_stacks :
						(void *)probe_trace;
}
