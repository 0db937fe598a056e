// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: handlers of modes that hook entries only, by ftrace_ops.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/ftrace.h>

#include "core/hit.h"
#include "sources/func/func.h"

/*
 * Entry of a function, for any configuration. Context of this and of the
 * other handlers: any, NMI included.
 */
static __always_inline void func_hit_any(unsigned long ip,
					 unsigned long parent_ip,
					 struct ftrace_regs *fregs,
					 struct kobs_session *s,
					 enum kobs_hit_kind kind)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		if (kobs_hit_wanted(s, pc)) {
			struct kobs_at at = kobs_at_fregs(fregs);

			v[FUNC_W_FUNC] = ip;
			v[FUNC_W_CALLER] = parent_ip;
			kobs_hit_record(s, pc, &(struct kobs_hit){
				v, s->need, ip, &at, KOBS_NO_VALUE
			}, kind);
		}
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void func_hit(unsigned long ip, unsigned long parent_ip,
		     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	func_hit_any(ip, parent_ip, fregs, ops->private, KOBS_HIT_TABLE);
}

static void func_hit_stream(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	func_hit_any(ip, parent_ip, fregs, ops->private, KOBS_HIT_STREAM);
}

static void func_hit_stacks(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	func_hit_any(ip, parent_ip, fregs, ops->private, KOBS_HIT_EITHER_STACKS);
}

/* Slow path: a new or displaced row. */
static noinline void func_count_slow(struct kobs_cpu *pc, unsigned long ip,
				     unsigned long parent_ip)
{
	const u64 key[] = { ip, parent_ip };

	kobs_count(&pc->counters, kobs_table_count(&pc->table, key) ?
				  KOBS_N_RECORDED : kobs_hit_no_row(pc));
}

/* Count a hit in the row of one word or two. */
static __always_inline void func_count_row(struct kobs_cpu *pc, u64 first,
					   u64 second, unsigned int n)
{
	struct kobs_row *row = kobs_table_peek(&pc->table, first, second, n);

	if (likely(row)) {
		local64_inc(&row->count);
		kobs_count(&pc->counters, KOBS_N_RECORDED);
	} else {
		func_count_slow(pc, first, second);
	}
}

/* Count by func, or by func and caller: fast path. */
static __always_inline void func_count(unsigned long ip,
				       unsigned long parent_ip,
				       struct kobs_session *s, unsigned int n)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		if (kobs_hit_wanted(s, pc))
			func_count_row(pc, ip, parent_ip, n);
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/* Likewise by kstack. */
static void func_count_by_kstack(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	struct kobs_session *s = ops->private;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 id;
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		if (kobs_hit_wanted(s, pc)) {
			struct kobs_at at = kobs_at_fregs(fregs);

			if (likely(kobs_unwind_id(&s->unwind, &id, ip, &at)))
				func_count_row(pc, id, 0, 1);
			else
				kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		}
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void func_count_by_func(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops,
			       struct ftrace_regs *fregs)
{
	func_count(ip, parent_ip, ops->private, 1);
}

static void func_count_by_caller(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	func_count(ip, parent_ip, ops->private, 2);
}

/**
 * kobs_func_handler() - choose the cheapest handler for a configuration
 * @s: session, whose mode hooks entries only
 *
 * Context: task.
 * Return: the handler.
 */
ftrace_func_t kobs_func_handler(const struct kobs_session *s)
{
	if (!s->stream && s->n_words == 1 && s->gather[0] == KOBS_W_KSTACK)
		return func_count_by_kstack;
	if (s->need & KOBS_W_STACKS)
		return func_hit_stacks;
	if (s->stream)
		return func_hit_stream;
	if (s->gather[0] != FUNC_W_FUNC)
		return func_hit;
	if (s->n_words == 1)
		return func_count_by_func;
	if (s->n_words == 2 && s->gather[1] == FUNC_W_CALLER)
		return func_count_by_caller;
	return func_hit;
}
