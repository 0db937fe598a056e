// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: events with their records (hooks/event.h). A hit is counted by the
 * probe of the tracepoint, as dropped at first; its record, which follows in the same
 * context and on the same CPU, makes it one that is recorded or filtered. What perf
 * drops remains dropped.
 *
 * A record without a hit that is dropped on its CPU is none of the session's: the hit
 * was before its start.
 *
 * Locking: none in the handlers; any context, NMI included.
 */
#include "core/refuse.h"
#include "hooks/event.h"
#include "sources/probe/run.h"

static void event_probe(void *data)
{
	const struct kobs_probe_point *p = data;
	const struct kobs_session *s = p->s;

	if (unlikely(!READ_ONCE(s->armed)))
		return;
	kobs_count_here(s->cpu->counters, KOBS_N_HITS);
	kobs_count_here(s->cpu->counters, PROBE_N_DROPPED);
}

/* Take the hit of a record over from the probe. Returns false if it has none. */
static __always_inline bool event_begin(struct kobs_session *s,
					struct kobs_cpu *pc, u64 *t0)
{
	u64 n = local64_read(&pc->counters.n[KOBS_N_HITS]) - 1;

	if (unlikely(!READ_ONCE(s->armed) ||
		     local64_read(&pc->counters.n[PROBE_N_DROPPED]) <= 0))
		return false;
	local64_dec(&pc->counters.n[PROBE_N_DROPPED]);
	*t0 = unlikely(n % KOBS_HIT_SAMPLE == KOBS_HIT_FIRST - 1) ?
	      ktime_get_mono_fast_ns() : 0;
	return true;
}

/* The guard has counted the hit anew. */
static noinline void event_recurs(struct kobs_session *s)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);

	if (!READ_ONCE(s->armed) ||
	    local64_read(&pc->counters.n[PROBE_N_DROPPED]) <= 0)
		return;
	local64_dec(&pc->counters.n[PROBE_N_DROPPED]);
	local64_dec(&pc->counters.n[KOBS_N_HITS]);
}

static void event_run(struct kobs_probe_point *p, struct kobs_cpu *pc,
		      const void *record, size_t len, struct pt_regs *regs)
{
	const struct kobs_program_in in = {
		.record = record, .record_len = len,
	};
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_session *s = p->s;
	u32 need = s->need;

	v[PROBE_W_PROBE] = p->id;
	/* perf's own functions are above those that the hit is in. */
	if (need & BIT(KOBS_W_KSTACK) &&
	    !kobs_unwind_regs(&s->unwind, &v[KOBS_W_KSTACK], regs)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		return;
	}
	need &= ~BIT(KOBS_W_KSTACK);
	probe_run_in(p, pc, v, &in, need, 0, NULL, KOBS_NO_VALUE,
		     KOBS_HIT_EITHER_STACKS);
}

static __always_inline void event_hit(struct perf_event *event,
				      struct perf_sample_data *data,
				      struct pt_regs *regs,
				      enum kobs_quick_shape shape)
{
	struct kobs_probe_point *p = event->overflow_handler_context;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	const void *record;
	size_t len;
	u64 t0;

	if (!pc) {
		event_recurs(s);
		return;
	}
	if (!event_begin(s, pc, &t0))
		goto leave;
	if (!kobs_hit_wanted(s, pc))
		goto end;
	record = kobs_event_raw(data, &len);
	if (unlikely(!record || len < p->program.record)) {
		kobs_count(&pc->counters, PROBE_N_FAULT);
		goto end;
	}
	if (shape) {
		probe_run_quick_of(p, pc, record, true, p->id, KOBS_NO_VALUE,
				   t0, shape);
		return;
	}
	event_run(p, pc, record, len, regs);
end:
	kobs_hit_end(s, pc, t0, 0);
leave:
	kobs_hit_leave(pc);
}

static void event_any(struct perf_event *event, struct perf_sample_data *data,
		      struct pt_regs *regs)
{
	event_hit(event, data, regs, KOBS_QUICK_NONE);
}

static void event_bare(struct perf_event *event, struct perf_sample_data *data,
		       struct pt_regs *regs)
{
	event_hit(event, data, regs, KOBS_QUICK_BARE);
}

static void event_count(struct perf_event *event, struct perf_sample_data *data,
			struct pt_regs *regs)
{
	event_hit(event, data, regs, KOBS_QUICK_COUNT);
}

static void event_value(struct perf_event *event, struct perf_sample_data *data,
			struct pt_regs *regs)
{
	event_hit(event, data, regs, KOBS_QUICK_VALUE);
}

/* Whether a hit with its record needs nothing but to be recorded. */
static __always_inline bool event_is_usual(const struct kobs_probe_point *p,
					   const struct kobs_cpu *pc,
					   const struct perf_raw_record *raw)
{
	const struct kobs_session *s = p->s;
	u64 before = local64_read(&pc->counters.n[KOBS_N_HITS]) - 1;

	return !pc->busy && READ_ONCE(s->armed) && !s->filter.task &&
	       local64_read(&pc->counters.n[PROBE_N_DROPPED]) > 0 &&
	       before % KOBS_HIT_SAMPLE != KOBS_HIT_FIRST - 1 &&
	       !(READ_ONCE(s->own_bits) & BIT_ULL(current->tgid % 64U)) &&
	       raw && raw->frag.size >= p->program.record;
}

/*
 * A value without conditions and a key: that of the usual hit is added up here. There
 * is no call that it comes back from: it would cost the registers that it may change.
 */
static void event_plain(struct perf_event *event, struct perf_sample_data *data,
			struct pt_regs *regs)
{
	struct kobs_probe_point *p = event->overflow_handler_context;
	const struct perf_raw_record *raw = data->raw;
	struct kobs_cpu *pc;
	struct kobs_row *row;
	u64 value;

	preempt_disable_notrace();
	pc = this_cpu_ptr(p->s->cpu);
	if (unlikely(!event_is_usual(p, pc, raw))) {
		preempt_enable_notrace();
		event_value(event, data, regs);
		return;
	}
	kobs_hit_occupy(pc);
	local64_dec(&pc->counters.n[PROBE_N_DROPPED]);
	value = kobs_quick_get_of(&p->quick.value, raw->frag.data, true);
	row = kobs_table_peek(&pc->table, p->id, 0, 1);
	if (unlikely(!row) || unlikely(!probe_add_quick(p, pc, row, value))) {
		kobs_probe_quick_slow(p, pc, p->id, value, 0);
		return;
	}
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

static const struct kobs_event_ops event_ops[] = {
	[KOBS_QUICK_NONE] = { event_probe, event_any },
	[KOBS_QUICK_BARE] = { event_probe, event_bare },
	[KOBS_QUICK_COUNT] = { event_probe, event_count },
	[KOBS_QUICK_VALUE] = { event_probe, event_value },
	[KOBS_QUICK_PLAIN] = { event_probe, event_plain },
};

/**
 * kobs_probe_event() - prepare a point of an event with its record
 * @point: point with its program, whose session is configured
 * @name: the event, as t:SYSTEM:EVENT or without the kind
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep; the lock of the session's hooks is held.
 * Return: 0, -EINVAL when there are too many, or an error of kobs_event_new().
 */
int kobs_probe_event(struct kobs_probe_point *point, const char *name,
		     struct netlink_ext_ack *extack)
{
	struct kobs_event *e;
	const char *why;

	if (!strncmp(name, "t:", 2))
		name += 2;
	if (++point->probes->n_events > PROBE_EVENTS)
		return kobs_refuse(extack, -EINVAL,
				   "more than %d events cannot be hooked with their records at once",
				   PROBE_EVENTS);
	if (strstr(name, ":page_fault_") && point->program.reads)
		return kobs_refuse(extack, -EINVAL,
				   "event %s: a program there cannot read memory, as that can fault",
				   name);
	e = kobs_event_new(name, &event_ops[point->shape], point, &why);
	if (!IS_ERR(e)) {
		point->record = e;
		return 0;
	}
	if (PTR_ERR(e) == -ENOENT)
		return kobs_refuse(extack, -ENOENT, "there is no event %s",
				   name);
	if (PTR_ERR(e) == -EOPNOTSUPP)
		return kobs_refuse(extack, -EOPNOTSUPP,
				   "event %s: its fields are not available: %s",
				   name, why);
	return kobs_refuse(extack, PTR_ERR(e),
			   "event %s: it cannot be cloned: error %ld", name,
			   -PTR_ERR(e));
}
