/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: what the handlers of system calls have in common.
 *
 * They come in one way or another:
 *
 *	usual	the hit needs nothing but its number, what it returns and what it
 *		takes; few instructions, and other hits go to the handlers below
 *	brief	likewise, with conditions on these, or another one of them as the key
 *	others	programs with arguments of the call, an interpreter, or stacks
 *
 * Locking: none; task context. A task is in one system call at a time.
 */
#ifndef KOBS_PROBE_SYSCALL_H
#define KOBS_PROBE_SYSCALL_H

#include <asm/syscall.h>
#include <trace/events/syscalls.h>

#include "sources/probe/run.h"

/* Whether a system call is one of the point's. */
static __always_inline bool is_ours(const struct kobs_probe_point *p, long nr)
{
	return p->nr < 0 || nr == p->nr;
}

/* The six arguments of the current system call. */
static __always_inline void take_args(struct pt_regs *regs, u64 *args)
{
	BUILD_BUG_ON(sizeof(unsigned long) != sizeof(u64));
	syscall_get_arguments(current, regs, (unsigned long *)args);
}

/* Begin a hit. Returns false, with the hit closed, when it is filtered. */
static __always_inline bool syscall_begin(struct kobs_session *s,
					  struct kobs_cpu *pc, u64 *t0)
{
	if (!kobs_hit_begin(s, pc, t0))
		return false;
	if (kobs_hit_wanted(s, pc))
		return true;
	kobs_hit_end(s, pc, *t0, 0);
	return false;
}

/* What is known of a call but its arguments. */
struct kobs_brief {
	long nr;
	long ret;
	u64 took;
};

static __always_inline u64 brief_get(const struct kobs_quick_operand *o,
				     struct kobs_brief b)
{
	return kobs_quick_cut(o, o->arg == KOBS_PROBE_NR ? b.nr :
				 o->arg == KOBS_PROBE_RET ? b.ret : b.took);
}

static __always_inline bool brief_wants(const struct kobs_quick *q,
					struct kobs_brief b)
{
	const struct kobs_quick_condition *c = q->condition;

	if (!q->n_conditions)
		return true;
	return kobs_quick_fits(&c[0], brief_get(&c[0].operand, b)) &&
	       (likely(q->n_conditions == 1) ||
		kobs_quick_fits(&c[1], brief_get(&c[1].operand, b)));
}

/* Add what a call took to a row whose key has one word; false: the slow path. */
static __always_inline bool probe_add_took(const struct kobs_probe_point *p,
					   struct kobs_cpu *pc,
					   struct kobs_row *row, u64 took)
{
	return likely(took >= p->s->filter.min) &&
	       likely(kobs_row_add_usual(&pc->table, row, 1, took));
}

/*
 * Record a hit that has its key, and a value if it was measured, which is a constant;
 * and end the handler.
 */
static __always_inline void probe_run_usual(struct kobs_probe_point *p,
					    struct kobs_cpu *pc, u64 key, u64 value,
					    bool timed)
{
	struct kobs_row *row = kobs_table_peek(&pc->table, key, 0, 1);

	if (unlikely(!row) ||
	    (timed && !probe_add_took(p, pc, row, value))) {
		kobs_probe_quick_slow(p, pc, key, value, 0);
		return;
	}
	if (!timed)
		local64_inc(&row->count);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

/* The key of a hit of a usual point; @by_number is a constant. */
static __always_inline u64 usual_key(const struct kobs_probe_point *p, long nr,
				     bool by_number)
{
	return by_number ? (u64)(s32)nr : p->id;
}

static inline bool usual_by_number(const struct kobs_probe_point *p)
{
	const struct kobs_quick_operand *key = &p->quick.key;

	return p->brief && !p->quick.n_conditions && p->quick.has_key &&
	       key->arg == KOBS_PROBE_NR && key->is_signed && key->shift == 32;
}

static inline bool usual_by_id(const struct kobs_probe_point *p)
{
	return p->brief && !p->quick.n_conditions && !p->quick.has_key;
}

/* Record a hit that is not timed, and end the handler. */
static __always_inline void probe_run_brief(struct kobs_probe_point *p,
					    struct kobs_cpu *pc, struct kobs_brief b,
					    bool timed)
{
	const struct kobs_quick *q = &p->quick;

	if (brief_wants(q, b)) {
		probe_run_usual(p, pc, q->has_key ? brief_get(&q->key, b) : p->id,
				timed ? b.took : KOBS_NO_VALUE, timed);
		return;
	}
	kobs_count(&pc->counters, KOBS_N_FILTERED);
	kobs_hit_leave(pc);
}

static inline void probe_add_trace(struct kobs_probe_point *point,
				   const char *name, void *probe)
{
	point->trace[point->n_traces++] = (struct kobs_probe){
		.name = name,
		.probe = probe,
		.plain = !(point->s->need & KOBS_W_STACKS),
	};
}

/* syscall_calls.c */
void kobs_probe_syscall_calls(struct kobs_probe_point *point);

#endif /* KOBS_PROBE_SYSCALL_H */
