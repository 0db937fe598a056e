// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of system calls: of their entry, of their return, or of
 * both, with the time between them. They are tracepoints that all system calls
 * have in common.
 *
 * Calls by the 32-bit interface have numbers of their own, told from the others' by a
 * bit (KOBS_PROBE_COMPAT).
 *
 * A call that is measured is an entry of the in-flight table, which its return
 * takes out. A task that ends in a call, as by exit_group(), takes it out when it
 * exits: the call counts as one that has not ended. A return without an entry is
 * no hit: the call had begun before the session, or is one whose entry the kernel
 * does not trace, as of a new task, or where seccomp refuses it.
 *
 * Locking: none; task context. A task is in one system call at a time.
 */
#include <asm/syscall.h>
#include <trace/events/syscalls.h>

#include "sources/probe/run.h"

/* Data words of a call in progress: arguments, then what was at its entry. */
enum {
	CALL_D_NR = KOBS_PROBE_NR,
	CALL_D_COST,
	CALL_D_STACKS,
	CALL_D_WORDS
};

static_assert(CALL_D_WORDS == PROBE_CALL_WORDS);

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

/* Record a hit that is not timed, and end the handler. */
static __always_inline void probe_run_brief(struct kobs_probe_point *p,
					    struct kobs_cpu *pc, struct kobs_brief b,
					    bool timed)
{
	u64 value = timed ? b.took : KOBS_NO_VALUE;
	const struct kobs_quick *q = &p->quick;
	enum kobs_counter fate = KOBS_N_FILTERED;

	if (brief_wants(q, b)) {
		u64 key = q->has_key ? brief_get(&q->key, b) : p->id;
		struct kobs_row *row = kobs_table_peek(&pc->table, key, 0, 1);

		if (unlikely(!row) ||
		    (timed && !probe_add_quick(p, pc, row, value))) {
			kobs_probe_quick_slow(p, pc, key, value, 0);
			return;
		}
		if (!timed)
			local64_inc(&row->count);
		fate = KOBS_N_RECORDED;
	}
	kobs_count(&pc->counters, fate);
	kobs_hit_leave(pc);
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

static void probe_enter_brief(void *data, struct pt_regs *regs, long nr)
{
	long number = probe_call_number(nr);
	struct kobs_probe_point *p = data;
	struct kobs_cpu *pc;

	if (!is_ours(p, number))
		return;
	pc = kobs_hit_enter_usual(p->s);
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
	pc = kobs_hit_enter_usual(p->s);
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

/* The stacks of an entry, the user's in the upper half; U64_MAX: no room. */
static noinline u64 call_stacks(struct kobs_session *s)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[KOBS_W_KSTACK] = 0;
	v[KOBS_W_USTACK] = 0;
	if (!kobs_context(s, v, s->need & KOBS_W_STACKS, true))
		return U64_MAX;
	return v[KOBS_W_KSTACK] | v[KOBS_W_USTACK] << 32;
}

/* Keep what is known at the entry. Returns what becomes of the hit. */
static __always_inline enum kobs_counter
call_keep(struct kobs_probe_point *p, struct pt_regs *regs, long nr, u64 t0)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_session *s = p->s;
	enum kobs_inflight_got got;
	u64 stacks = 0;
	u64 *data;

	if (s->need & KOBS_W_STACKS)
		stacks = call_stacks(s);
	if (unlikely(stacks == U64_MAX))
		return KOBS_N_STACK_FULL;
	got = kobs_inflight_begin(&p->probes->inflight, (u64)current, (u64)p,
				  &ref);
	if (unlikely(got == KOBS_INFLIGHT_FULL))
		return KOBS_N_INFLIGHT_FULL;
	/* Its end was not seen: the entry is made anew for this call. */
	if (unlikely(got == KOBS_INFLIGHT_FOUND)) {
		kobs_inflight_end_own(&ref);
		if (kobs_inflight_begin(&p->probes->inflight, (u64)current,
					(u64)p, &ref) != KOBS_INFLIGHT_BEGUN)
			return KOBS_N_INFLIGHT_FULL;
		local64_dec(&this_cpu_ptr(s->cpu)->counters.n[KOBS_N_IN_FLIGHT]);
		kobs_count(&this_cpu_ptr(s->cpu)->counters, PROBE_N_STALE);
	}
	data = ref.entry->data;
	if (p->own_args)
		take_args(regs, data);
	data[CALL_D_NR] = nr;
	data[CALL_D_STACKS] = stacks;
	ref.entry->start = ktime_get_mono_fast_ns();
	data[CALL_D_COST] = t0 ? (ref.entry->start - t0) ?: 1 : 0;
	kobs_inflight_publish(&ref);
	return KOBS_N_IN_FLIGHT;
}

/* The entry of a call that is measured. */
static void probe_call_begins(void *data, struct pt_regs *regs, long nr)
{
	struct kobs_probe_point *p = data;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	enum kobs_counter fate;
	u64 t0;

	nr = probe_call_number(nr);
	if (!is_ours(p, nr))
		return;
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	if (syscall_begin(s, pc, &t0)) {
		fate = call_keep(p, regs, nr, t0);
		kobs_count(&pc->counters, fate);
		if (unlikely(fate != KOBS_N_IN_FLIGHT))
			kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/* Record a call that ends. */
static noinline void call_record(struct kobs_probe_point *p,
				 struct kobs_cpu *pc, const u64 *data,
				 long ret, u64 elapsed)
{
	u64 args[KOBS_PROBE_SYSCALL_ARGS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (p->own_args)
		memcpy(args, data, KOBS_PROBE_NR * sizeof(*args));
	args[KOBS_PROBE_NR] = data[CALL_D_NR];
	args[KOBS_PROBE_RET] = ret;
	args[KOBS_PROBE_TOOK] = elapsed;
	v[PROBE_W_PROBE] = p->id;
	v[KOBS_W_KSTACK] = (u32)data[CALL_D_STACKS];
	v[KOBS_W_USTACK] = data[CALL_D_STACKS] >> 32;
	probe_run(p, pc, v, args, p->s->need & ~KOBS_W_STACKS, 0, NULL, elapsed,
		  KOBS_HIT_EITHER);
}

/* The return of a call that is not measured. */
static noinline void call_is_none(struct kobs_session *s, u64 end)
{
	struct kobs_cpu *pc = kobs_hit_enter(s);

	if (!pc)
		return;
	kobs_hit_call(s, pc, end);
	kobs_hit_leave(pc);
}

/* The return of a call that is measured. */
static void probe_call_ends(void *data, struct pt_regs *regs, long ret)
{
	u64 end = ktime_get_mono_fast_ns();
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_probe_point *p = data;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	u64 elapsed, cost;

	/* Not by its number, which execve() and rt_sigreturn() change. */
	if (!kobs_inflight_find(&p->probes->inflight, (u64)current, (u64)p,
				&ref)) {
		call_is_none(s, end);
		return;
	}
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	elapsed = kobs_elapsed(ref.entry->start, end);
	cost = ref.entry->data[CALL_D_COST];
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (likely(p->brief && !cost)) {
		struct kobs_brief b = { ref.entry->data[CALL_D_NR], ret, elapsed };

		kobs_inflight_end_own(&ref);
		probe_run_brief(p, pc, b, true);
		return;
	}
	call_record(p, pc, ref.entry->data, ret, elapsed);
	kobs_inflight_end_own(&ref);
	kobs_hit_end(s, pc, cost ? end : 0, cost);
	kobs_hit_leave(pc);
}

/* A task exits: a call that it is in does not return. */
static void probe_call_dies(void *data, struct task_struct *task)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_probe_point *p = data;
	struct kobs_cpu *pc = kobs_hit_enter(p->s);

	if (!pc)
		return;
	/* It stays one that has not ended. */
	if (kobs_inflight_find(&p->probes->inflight, (u64)current, (u64)p,
			       &ref))
		kobs_inflight_end_own(&ref);
	kobs_hit_leave(pc);
}

KOBS_PROBE_TYPE(probe_enter, sys_enter);
KOBS_PROBE_TYPE(probe_enter_brief, sys_enter);
KOBS_PROBE_TYPE(probe_exit_brief, sys_exit);
KOBS_PROBE_TYPE(probe_enter_count, sys_enter);
KOBS_PROBE_TYPE(probe_enter_value, sys_enter);
KOBS_PROBE_TYPE(probe_exit_count, sys_exit);
KOBS_PROBE_TYPE(probe_exit_value, sys_exit);
KOBS_PROBE_TYPE(probe_enter_stacks, sys_enter);
KOBS_PROBE_TYPE(probe_exit, sys_exit);
KOBS_PROBE_TYPE(probe_exit_stacks, sys_exit);
KOBS_PROBE_TYPE(probe_call_begins, sys_enter);
KOBS_PROBE_TYPE(probe_call_ends, sys_exit);

static void add_trace(struct kobs_probe_point *point, const char *name,
		      void *probe)
{
	point->trace[point->n_traces++] = (struct kobs_probe){
		.name = name,
		.probe = probe,
		.plain = !(point->s->need & KOBS_W_STACKS),
	};
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
	bool stacks = point->s->need & KOBS_W_STACKS;

	if (point->join) {
		add_trace(point, kind == KOBS_PROBE_EXIT ? "sys_exit" :
							   "sys_enter",
			  kobs_join_syscall(kind));
		return;
	}
	point->brief = is_brief(point, kind == KOBS_PROBE_CALL);
	if (kind == KOBS_PROBE_ENTER)
		add_trace(point, "sys_enter",
			  point->brief ? probe_enter_brief :
			  point->shape >= KOBS_QUICK_VALUE ? probe_enter_value :
			  point->shape ? probe_enter_count :
			  stacks ? probe_enter_stacks : probe_enter);
	if (kind == KOBS_PROBE_EXIT)
		add_trace(point, "sys_exit",
			  point->brief ? probe_exit_brief :
			  point->shape >= KOBS_QUICK_VALUE ? probe_exit_value :
			  point->shape ? probe_exit_count :
			  stacks ? probe_exit_stacks : probe_exit);
	if (kind == KOBS_PROBE_CALL) {
		add_trace(point, "sched_process_exit", probe_call_dies);
		add_trace(point, "sys_exit", probe_call_ends);
		add_trace(point, "sys_enter", probe_call_begins);
	}
}
