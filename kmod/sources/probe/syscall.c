// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of system calls, of their entry or of their return. These are
 * tracepoints that all system calls have in common. Those of both, with the time
 * between them, are in syscall_calls.c.
 *
 * Calls by the 32-bit interface have numbers of their own, told from the others' by a
 * bit (KOBS_PROBE_COMPAT).
 *
 * Locking: see syscall.h.
 */
#include "sources/probe/syscall.h"

/* The arguments of a hit, as far as the program has them. */
static __always_inline void take_hit(const struct kobs_probe_point *p,
				     struct pt_regs *regs, long nr, long ret,
				     u64 *args)
{
	/* Those of the call come by a copy of all of them. */
	if (p->own_args)
		take_args(regs, args);
	args[KOBS_PROBE_NR] = nr;
	args[KOBS_PROBE_RET] = ret;
	args[KOBS_PROBE_TOOK] = 0;
}

/* A system call of the current task, at its entry or its return. */
static __always_inline void probe_hit_syscall(struct kobs_probe_point *p,
					      struct pt_regs *regs, long nr,
					      long ret, enum kobs_hit_kind kind)
{
	u64 args[KOBS_PROBE_SYSCALL_ARGS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	u64 t0;

	if (!is_ours(p, nr))
		return;
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	if (syscall_begin(s, pc, &t0)) {
		take_hit(p, regs, nr, ret, args);
		v[PROBE_W_PROBE] = p->id;
		probe_run(p, pc, v, args, s->need, 0, NULL, KOBS_NO_VALUE,
			  kind);
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/* Likewise, of a point that needs no interpreter. */
static __always_inline void probe_syscall_quick(struct kobs_probe_point *p,
						struct pt_regs *regs, long nr,
						long ret,
						enum kobs_quick_shape shape)
{
	u64 args[KOBS_PROBE_SYSCALL_ARGS] KOBS_UNINIT;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	u64 t0;

	if (!is_ours(p, nr))
		return;
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	if (!syscall_begin(s, pc, &t0)) {
		kobs_hit_leave(pc);
		return;
	}
	take_hit(p, regs, nr, ret, args);
	probe_run_quick(p, pc, args, p->id, KOBS_NO_VALUE, t0, shape);
}

/* Whether hits are recorded by what is known of a call but its arguments. */
static bool is_brief(const struct kobs_probe_point *p, bool timed)
{
	const struct kobs_quick *q = &p->quick;
	unsigned int known = BIT(KOBS_PROBE_NR) | BIT(KOBS_PROBE_RET);
	unsigned int i;

	if (timed)
		known |= BIT(KOBS_PROBE_TOOK);
	if (!p->shape || p->gives_value || !timed != !p->s->mode->value)
		return false;
	for (i = 0; i < q->n_conditions; i++)
		if (!(known & BIT(q->condition[i].operand.arg)))
			return false;
	return !q->has_key || (known & BIT(q->key.arg));
}

static void probe_enter(void *data, struct pt_regs *regs, long nr)
{
	probe_hit_syscall(data, regs, probe_call_number(nr), 0, KOBS_HIT_EITHER);
}

static void probe_enter_count(void *data, struct pt_regs *regs, long nr)
{
	probe_syscall_quick(data, regs, probe_call_number(nr), 0, KOBS_QUICK_COUNT);
}

static void probe_enter_value(void *data, struct pt_regs *regs, long nr)
{
	probe_syscall_quick(data, regs, probe_call_number(nr), 0, KOBS_QUICK_VALUE);
}

static __always_inline void probe_enter_usual(struct kobs_probe_point *p,
					      struct pt_regs *regs, long nr,
					      bool by_number)
{
	long number = probe_call_number(nr);
	struct kobs_cpu *pc;

	if (!is_ours(p, number))
		return;
	pc = kobs_hit_enter_usual_task(p->s);
	if (unlikely(!pc))
		probe_enter_count(p, regs, nr);
	else
		probe_run_usual(p, pc, usual_key(p, number, by_number),
				KOBS_NO_VALUE, false);
}

static void probe_enter_numbers(void *data, struct pt_regs *regs, long nr)
{
	probe_enter_usual(data, regs, nr, true);
}

static void probe_enter_ids(void *data, struct pt_regs *regs, long nr)
{
	probe_enter_usual(data, regs, nr, false);
}

static void probe_enter_brief(void *data, struct pt_regs *regs, long nr)
{
	long number = probe_call_number(nr);
	struct kobs_probe_point *p = data;
	struct kobs_cpu *pc;

	if (!is_ours(p, number))
		return;
	pc = kobs_hit_enter_usual_task(p->s);
	if (unlikely(!pc))
		probe_enter_count(data, regs, nr);
	else
		probe_run_brief(p, pc, (struct kobs_brief){ .nr = number }, false);
}

static void probe_exit_count(void *data, struct pt_regs *regs, long ret)
{
	probe_syscall_quick(data, regs, probe_current_number(regs), ret,
			    KOBS_QUICK_COUNT);
}

static void probe_exit_brief(void *data, struct pt_regs *regs, long ret)
{
	long nr = probe_current_number(regs);
	struct kobs_probe_point *p = data;
	struct kobs_cpu *pc;

	if (!is_ours(p, nr))
		return;
	pc = kobs_hit_enter_usual_task(p->s);
	if (unlikely(!pc))
		probe_exit_count(data, regs, ret);
	else
		probe_run_brief(p, pc, (struct kobs_brief){ nr, ret }, false);
}

static void probe_exit_value(void *data, struct pt_regs *regs, long ret)
{
	probe_syscall_quick(data, regs, probe_current_number(regs), ret,
			    KOBS_QUICK_VALUE);
}

static void probe_enter_stacks(void *data, struct pt_regs *regs, long nr)
{
	probe_hit_syscall(data, regs, probe_call_number(nr), 0, KOBS_HIT_EITHER_STACKS);
}

static void probe_exit(void *data, struct pt_regs *regs, long ret)
{
	probe_hit_syscall(data, regs, probe_current_number(regs), ret,
			  KOBS_HIT_EITHER);
}

static void probe_exit_stacks(void *data, struct pt_regs *regs, long ret)
{
	probe_hit_syscall(data, regs, probe_current_number(regs), ret,
			  KOBS_HIT_EITHER_STACKS);
}

KOBS_PROBE_TYPE(probe_enter, sys_enter);
KOBS_PROBE_TYPE(probe_enter_numbers, sys_enter);
KOBS_PROBE_TYPE(probe_enter_ids, sys_enter);
KOBS_PROBE_TYPE(probe_enter_brief, sys_enter);
KOBS_PROBE_TYPE(probe_exit_brief, sys_exit);
KOBS_PROBE_TYPE(probe_enter_count, sys_enter);
KOBS_PROBE_TYPE(probe_enter_value, sys_enter);
KOBS_PROBE_TYPE(probe_exit_count, sys_exit);
KOBS_PROBE_TYPE(probe_exit_value, sys_exit);
KOBS_PROBE_TYPE(probe_enter_stacks, sys_enter);
KOBS_PROBE_TYPE(probe_exit, sys_exit);
KOBS_PROBE_TYPE(probe_exit_stacks, sys_exit);

/* The handler of entries. */
static void *enter_handler(const struct kobs_probe_point *point)
{
	if (usual_by_number(point))
		return probe_enter_numbers;
	if (usual_by_id(point))
		return probe_enter_ids;
	if (point->brief)
		return probe_enter_brief;
	if (point->shape)
		return point->shape >= KOBS_QUICK_VALUE ? probe_enter_value :
							  probe_enter_count;
	return point->s->need & KOBS_W_STACKS ? probe_enter_stacks :
						probe_enter;
}

/* The handler of returns. */
static void *exit_handler(const struct kobs_probe_point *point)
{
	if (point->brief)
		return probe_exit_brief;
	if (point->shape)
		return point->shape >= KOBS_QUICK_VALUE ? probe_exit_value :
							  probe_exit_count;
	return point->s->need & KOBS_W_STACKS ? probe_exit_stacks : probe_exit;
}

/**
 * kobs_probe_syscall() - the hooks of a point of system calls
 * @point: point with its program, whose session is configured
 * @kind: when they are hooked
 *
 * Context: task.
 */
void kobs_probe_syscall(struct kobs_probe_point *point,
			enum kobs_probe_kind kind)
{
	if (point->join) {
		probe_add_trace(point, kind == KOBS_PROBE_EXIT ? "sys_exit" :
								 "sys_enter",
				kobs_join_syscall(kind));
		return;
	}
	point->brief = is_brief(point, kind == KOBS_PROBE_CALL);
	if (kind == KOBS_PROBE_ENTER)
		probe_add_trace(point, "sys_enter", enter_handler(point));
	if (kind == KOBS_PROBE_EXIT)
		probe_add_trace(point, "sys_exit", exit_handler(point));
	if (kind == KOBS_PROBE_CALL)
		kobs_probe_syscall_calls(point);
}
