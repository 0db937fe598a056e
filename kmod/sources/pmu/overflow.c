// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: overflow handlers. A sample of mode record is counted in the table
 * by code address and stacks, or streamed with its user stack; a branch stack is
 * folded into the table by edges, or streamed.
 *
 * Locking: none. perf calls the handlers in NMI or hard interrupt context,
 * with the registers of the interrupted code; software events call them in
 * the context of the event. perf's own recursion guard does not cover a PMU
 * interrupt over a software event: the engine's does.
 */
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>

#include "core/hit.h"
#include "core/names.h"
#include "sources/pmu/pmu.h"
#include "sources/pmu/precise.h"

/* perf's mark of an event that is throttled for the rest of a tick. */
#define PMU_THROTTLED	(~0ULL)

/*
 * An interrupt is not attributed to the task it interrupts; the handler itself
 * is one interrupt level above the sampled code.
 */
static bool task_was_interrupted(struct pt_regs *regs)
{
	if (user_mode(regs))
		return true;
	return hardirq_count() <= HARDIRQ_OFFSET && nmi_count() <= NMI_OFFSET &&
	       !in_serving_softirq();
}

static __always_inline bool pmu_wanted(struct kobs_session *s,
				       struct kobs_cpu *pc,
				       struct pt_regs *regs)
{
	return kobs_hit_pass(s, pc, unlikely(kobs_hit_is_own(s, current->tgid)) &&
				    task_was_interrupted(regs));
}

/* The function that @ip is in: the last entry up to it. */
static unsigned long pmu_function(const struct kobs_pmu *p, unsigned long ip)
{
	const unsigned long *f = p->functions;
	unsigned int n = p->n_functions;

	if (!n || ip < f[0] ||
	    (ip >= READ_ONCE(p->late_from) && ip < READ_ONCE(p->late_to)))
		return ip;
	while (n > 1) {
		unsigned int half = n / 2;

		f += f[half] <= ip ? half : 0;
		n -= half;
	}
	return *f;
}

/**
 * kobs_pmu_code() - follow the modules that come, see struct kobs_source
 * @s: session
 * @code: memory of the module
 * @replace: unused
 *
 * The functions of such a module are not in the list. None of its code runs yet;
 * handlers see the new limits before it does.
 *
 * Context: task.
 */
void kobs_pmu_code(struct kobs_session *s, const struct kobs_code *code,
		   const struct kobs_replace *replace)
{
	struct kobs_pmu *p = s->priv;
	unsigned int i;

	for (i = 0; code->comes && i < code->n; i++) {
		const struct kobs_module_range *r = &code->range[i];

		WRITE_ONCE(p->late_from, min(p->late_from, r->from));
		WRITE_ONCE(p->late_to, max(p->late_to, r->from + r->size));
	}
}

static bool pmu_kstack(struct kobs_session *s, struct pt_regs *regs, u64 *id)
{
	*id = 0;
	return user_mode(regs) || kobs_unwind_regs(&s->unwind, id, regs);
}

/* The kernel stack of a sample that its driver has corrected: see precise.h. */
static noinline bool precise_kstack(const struct kobs_session *s,
				    const struct perf_callchain_entry *chain,
				    struct pt_regs *regs, u64 *id)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr;

	*id = 0;
	if (user_mode(regs))
		return true;
	nr = kobs_precise_chain(chain->ip, chain->nr, instruction_pointer(regs),
				ips, s->unwind.depth);
	kobs_unwind_inc(this_cpu_ptr(s->unwind.cpu), KOBS_UNWIND_UNWOUND);
	return kobs_unwind_intern(&s->unwind, id, ips, nr);
}

/* That of a precise sample without a call chain: only where it was taken is known. */
static noinline bool precise_kframe(const struct kobs_session *s,
				    struct pt_regs *regs, u64 *id)
{
	unsigned long ip = instruction_pointer(regs);

	*id = 0;
	if (user_mode(regs) || !kobs_precise_in_kernel(ip))
		return true;
	kobs_unwind_inc(this_cpu_ptr(s->unwind.cpu), KOBS_UNWIND_UNWOUND);
	return kobs_unwind_intern(&s->unwind, id, &ip, 1);
}

/*
 * A call chain that this event did not ask for is another one's: software events
 * share their data, see precise.h.
 */
static __always_inline bool sample_kstack(const struct kobs_pmu_event *e,
					  const struct perf_sample_data *data,
					  struct pt_regs *regs, u64 *id)
{
	struct kobs_session *s = e->p->s;

	if (unlikely(e->attr.sample_type & PERF_SAMPLE_CALLCHAIN) &&
	    (data->sample_flags & PERF_SAMPLE_CALLCHAIN))
		return precise_kstack(s, data->callchain, regs, id);
	if (unlikely(e->attr.precise_ip) &&
	    !kobs_precise_fit(user_mode(regs), instruction_pointer(regs),
			      kernel_stack_pointer(regs)))
		return precise_kframe(s, regs, id);
	return pmu_kstack(s, regs, id);
}

static bool pmu_uip(struct kobs_session *s, struct pt_regs *regs, u64 *id)
{
	unsigned long ip = instruction_pointer(regs);

	*id = 0;
	if (!user_mode(regs))
		return true;
	*id = kobs_stack_table_intern(&s->stacks, current->tgid, &ip, 1);
	return *id;
}

/*
 * The user stack: from frame pointers, or from the CPU's call stack. Registers of
 * a precise event are no start for frame pointers, see precise.h; but wherever it
 * interrupted the task, its user registers are at the top of its stack.
 */
static noinline bool pmu_ustack(const struct kobs_pmu_event *e,
				struct perf_sample_data *data,
				struct pt_regs *regs, u64 *id)
{
	struct kobs_session *s = e->p->s;
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr;

	*id = 0;
	if (!kobs_context_has_user())
		return true;
	if (!user_mode(regs))
		regs = task_pt_regs(current);
	if (e->attr.branch_sample_type &&
	    (data->sample_flags & PERF_SAMPLE_BRANCH_STACK))
		nr = kobs_lbr_callchain(instruction_pointer(regs),
					data->br_stack->entries,
					data->br_stack->nr, ips,
					s->unwind.depth);
	else
		nr = kobs_context_user_frames(e->attr.precise_ip ?
					      task_pt_regs(current) : regs,
					      ips, s->unwind.depth);
	*id = kobs_stack_table_intern(&s->stacks, current->tgid, ips, nr);
	return *id;
}

/* Fill in the source's words, and the kernel stack, that the key needs. */
static __always_inline bool pmu_own_words(const struct kobs_pmu_event *e,
					  struct perf_sample_data *data,
					  struct pt_regs *regs, u64 *v)
{
	const struct kobs_pmu *p = e->p;
	struct kobs_session *s = p->s;

	v[PMU_W_EVENT] = e->index;
	v[PMU_W_IP] = instruction_pointer(regs);
	if (p->want & BIT(PMU_W_FUNC))
		v[PMU_W_FUNC] = user_mode(regs) ? 0 :
				pmu_function(p, v[PMU_W_IP]);
	if ((p->want & BIT(PMU_W_UIP)) && !pmu_uip(s, regs, &v[PMU_W_UIP]))
		return false;
	return !(s->need & BIT(KOBS_W_KSTACK)) ||
	       sample_kstack(e, data, regs, &v[KOBS_W_KSTACK]);
}

/* The same, and the user stack. */
static __always_inline bool pmu_words(const struct kobs_pmu_event *e,
				      struct perf_sample_data *data,
				      struct pt_regs *regs, u64 *v)
{
	if (!pmu_own_words(e, data, regs, v))
		return false;
	return !(e->p->s->need & BIT(KOBS_W_USTACK)) ||
	       pmu_ustack(e, data, regs, &v[KOBS_W_USTACK]);
}

static __always_inline enum kobs_counter
record_sample(const struct kobs_pmu_event *e, struct kobs_cpu *pc,
	      struct perf_sample_data *data, struct pt_regs *regs,
	      bool throttled)
{
	struct kobs_session *s = e->p->s;
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_row *row;

	if (!pmu_words(e, data, regs, v) ||
	    !kobs_context(s, v, s->need & ~KOBS_W_STACKS, false))
		return KOBS_N_STACK_FULL;
	kobs_hit_gather(s, v, key);
	row = kobs_table_find(&pc->table, key);
	if (unlikely(!row))
		return kobs_hit_no_row(pc);
	local64_inc(&row->count);
	local64_add(data->period, kobs_row_field(&pc->table, row, PMU_F_EVENTS));
	if (unlikely(throttled))
		local64_inc(kobs_row_field(&pc->table, row, PMU_F_THROTTLED));
	return KOBS_N_RECORDED;
}

/* The user stack as memory, which a client unwinds. */
static __always_inline enum kobs_counter
stack_sample(const struct kobs_pmu_event *e, struct perf_sample_data *data,
	     struct pt_regs *regs, bool throttled, local64_t *samples)
{
	struct kobs_session *s = e->p->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (!pmu_own_words(e, data, regs, v) ||
	    !kobs_context(s, v, s->need & ~KOBS_W_STACKS, false))
		return KOBS_N_STACK_FULL;
	v[KOBS_W_USTACK] = local64_inc_return(samples);
	if (!kobs_pmu_stack_write(e, v, data->period, regs, throttled))
		return KOBS_N_RING_FULL;
	return KOBS_N_RECORDED;
}

/*
 * A missing branch stack counts as one without entries. 6.1 does not clear the
 * pointer: only the flag is reliable.
 */
static const struct perf_branch_stack *
branch_stack(const struct perf_sample_data *data)
{
	static const struct perf_branch_stack none;

	if (!(data->sample_flags & PERF_SAMPLE_BRANCH_STACK) || !data->br_stack)
		return &none;
	return data->br_stack;
}

static __always_inline enum kobs_counter
branch_fold(const struct kobs_pmu_event *e, struct kobs_cpu *pc,
	    struct perf_sample_data *data, struct pt_regs *regs,
	    struct kobs_lbr_sum *sum)
{
	const struct perf_branch_stack *br = branch_stack(data);
	struct kobs_session *s = e->p->s;
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	u64 v[KOBS_WORDS];

	v[PMU_W_FROM] = 0;
	v[PMU_W_TO] = 0;
	v[PMU_W_END] = 0;
	if (!pmu_words(e, data, regs, v) ||
	    !kobs_context(s, v, s->need & ~KOBS_W_STACKS, false))
		return KOBS_N_STACK_FULL;
	kobs_hit_gather(s, v, key);
	if (kobs_lbr_fold(&pc->table, &e->p->branch_at, key, br->entries,
			  br->nr, sum))
		return kobs_hit_no_row(pc);
	return KOBS_N_RECORDED;
}

static __always_inline enum kobs_counter
mem_sample(const struct kobs_pmu_event *e, struct kobs_cpu *pc,
	   struct perf_sample_data *data, struct pt_regs *regs)
{
	struct kobs_session *s = e->p->s;
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_row *row;

	if (!pmu_words(e, data, regs, v) ||
	    !kobs_context(s, v, s->need & ~KOBS_W_STACKS, false))
		return KOBS_N_STACK_FULL;
	kobs_pmu_mem_words(e->p, data, v);
	kobs_hit_gather(s, v, key);
	row = kobs_table_find(&pc->table, key);
	if (unlikely(!row ||
		     !kobs_row_add(&pc->table, row, kobs_pmu_mem_weight(data))))
		return kobs_hit_no_row(pc);
	return KOBS_N_RECORDED;
}

/* The third word of an entry: bit-fields. */
static u64 entry_info(const struct perf_branch_entry *entry)
{
	u64 info;

	BUILD_BUG_ON(sizeof(*entry) != 3 * sizeof(info));
	memcpy(&info, (const u64 *)entry + 2, sizeof(info));
	return info;
}

/* A record for each entry, newest first; none of them is a stack, too. */
static __always_inline enum kobs_counter
branch_stream(const struct kobs_pmu_event *e, struct perf_sample_data *data,
	      struct pt_regs *regs, local64_t *samples)
{
	const struct perf_branch_stack *br = branch_stack(data);
	unsigned int n = kobs_lbr_clip(br->nr);
	struct kobs_session *s = e->p->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	unsigned int i = 0;

	if (!pmu_words(e, data, regs, v) ||
	    !kobs_context(s, v, s->need & ~KOBS_W_STACKS, false))
		return KOBS_N_STACK_FULL;
	v[PMU_W_SAMPLE] = local64_inc_return(samples);
	do {
		v[PMU_W_LEFT] = n ? n - 1 - i : 0;
		v[PMU_W_FROM] = n ? br->entries[i].from : 0;
		v[PMU_W_TO] = n ? br->entries[i].to : 0;
		v[PMU_W_INFO] = n ? entry_info(&br->entries[i]) : 0;
		if (!kobs_stream_write(s, v, U64_MAX))
			return KOBS_N_RING_FULL;
	} while (++i < n);
	return KOBS_N_RECORDED;
}

enum kobs_pmu_what {
	PMU_RECORD, PMU_RECORD_STACK, PMU_MEM, PMU_BRANCH, PMU_BRANCH_TRACE
};

/* An overflow; the mode is a constant. */
static __always_inline void pmu_hit(struct perf_event *event,
				    struct perf_sample_data *data,
				    struct pt_regs *regs, enum kobs_pmu_what what)
{
	const struct kobs_pmu_event *e = event->overflow_handler_context;
	bool throttled = event->hw.interrupts == PMU_THROTTLED;
	/* perf calls with preemption off. */
	struct kobs_pmu_cpu *cpu = this_cpu_ptr(e->p->cpu);
	struct kobs_session *s = e->p->s;
	enum kobs_counter fate;
	struct kobs_cpu *pc;
	u64 t0;

	local64_inc(&cpu->calls[e->index]);
	if (unlikely(throttled))
		local64_inc(&cpu->throttled);
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	if (unlikely(!kobs_hit_begin(s, pc, &t0))) {
		local64_inc(&cpu->early);
		goto out;
	}
	if (pmu_wanted(s, pc, regs)) {
		if (what == PMU_RECORD)
			fate = record_sample(e, pc, data, regs, throttled);
		else if (what == PMU_RECORD_STACK)
			fate = stack_sample(e, data, regs, throttled,
					    &cpu->samples);
		else if (what == PMU_MEM)
			fate = mem_sample(e, pc, data, regs);
		else if (what == PMU_BRANCH)
			fate = branch_fold(e, pc, data, regs, &cpu->lbr);
		else
			fate = branch_stream(e, data, regs, &cpu->samples);
		kobs_count(&pc->counters, fate);
	}
	kobs_hit_end(s, pc, t0, 0);
out:
	kobs_hit_leave(pc);
}

static void pmu_record(struct perf_event *event, struct perf_sample_data *data,
		       struct pt_regs *regs)
{
	pmu_hit(event, data, regs, PMU_RECORD);
}

static void pmu_record_stack(struct perf_event *event,
			     struct perf_sample_data *data,
			     struct pt_regs *regs)
{
	pmu_hit(event, data, regs, PMU_RECORD_STACK);
}

static void pmu_mem(struct perf_event *event, struct perf_sample_data *data,
		    struct pt_regs *regs)
{
	pmu_hit(event, data, regs, PMU_MEM);
}

static void pmu_branch(struct perf_event *event, struct perf_sample_data *data,
		       struct pt_regs *regs)
{
	pmu_hit(event, data, regs, PMU_BRANCH);
}

static void pmu_branch_trace(struct perf_event *event,
			     struct perf_sample_data *data,
			     struct pt_regs *regs)
{
	pmu_hit(event, data, regs, PMU_BRANCH_TRACE);
}

/**
 * kobs_pmu_handler() - overflow handler of a mode
 * @p: session
 *
 * Context: any.
 * Return: the handler, or NULL for a mode that only counts.
 */
perf_overflow_handler_t kobs_pmu_handler(const struct kobs_pmu *p)
{
	const struct kobs_mode *mode = p->s->mode;

	if (mode->own_rows)
		return NULL;
	if (mode->data)
		return pmu_record_stack;
	if (mode->stream)
		return pmu_branch_trace;
	if (kobs_pmu_is_mem(mode))
		return pmu_mem;
	return mode->value ? pmu_branch : pmu_record;
}
