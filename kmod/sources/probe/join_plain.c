// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of hits that begin or end pairs in the usual way (join.h):
 * in a table, whose columns are what began and what ended; without programs, by a key
 * that is one argument, the thread or the processor. A pair costs a quarter less.
 *
 * Locking: none; any context, NMI included; see join.c.
 */
#include <linux/ftrace.h>

#include "sources/probe/run.h"

/* Data words of an entry. */
enum { PLAIN_D_COST, PLAIN_D_FROM };

/* The key of a hit. */
static __always_inline struct kobs_inflight_key
plain_key(const struct kobs_join_side *side, const u64 *args)
{
	struct kobs_inflight_key key KOBS_UNINIT;

	key.word[1] = 0;
	key.more = NULL;
	key.n = 0;
	if (likely(side->how == KOBS_JOIN_ARGUMENT)) {
		key.word[0] = kobs_quick_get(&side->argument, args);
	} else if (side->how == KOBS_JOIN_THREAD) {
		key.word[0] = (u64)current;
		key.word[1] = current->pid;
	} else {
		key.word[0] = raw_smp_processor_id();
	}
	return key;
}

/* Begins of the key that are there are replaced, or this one by a later one. */
static noinline void plain_settle(struct kobs_probe_point *p,
				  struct kobs_cpu *pc,
				  struct kobs_inflight_ref ref,
				  struct kobs_inflight_key key, u64 start,
				  u64 t0)
{
	unsigned int ended;

	ended = kobs_inflight_settle(&p->probes->joins->inflight, &ref, &key,
				     start);
	if (!ended)
		return;
	kobs_join_replaced(pc, ended);
	kobs_hit_end(p->s, pc, t0, 0);
}

/* Keep the begin of a pair. Returns what becomes of the hit. */
static __always_inline enum kobs_counter
plain_keep(struct kobs_probe_point *p, struct kobs_cpu *pc, u64 id,
	   const u64 *args, u64 t0)
{
	const struct kobs_join_side *side = &p->join->from;
	const struct kobs_joins *j = p->probes->joins;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	const struct kobs_inflight_state *home;
	struct kobs_inflight_key key KOBS_UNINIT;
	u64 start;

	if (!kobs_quick_wants(&side->quick, args))
		return KOBS_N_FILTERED;
	key = plain_key(side, args);
	if (unlikely(!kobs_inflight_claim(&j->inflight, &key, &ref)) &&
	    !kobs_join_claim_full(j, pc, &key, &ref))
		return KOBS_N_INFLIGHT_FULL;
	ref.entry->data[PLAIN_D_FROM] = id;
	start = ktime_get_mono_fast_ns();
	ref.entry->start = start;
	ref.entry->data[PLAIN_D_COST] = unlikely(t0) ? (start - t0) ?: 1 : 0;
	home = ref.home ?: ref.state;
	kobs_inflight_publish(&ref);
	smp_mb(); /* As in kobs_inflight_publish_last(). */
	if (unlikely(atomic_read(&home->displaced)))
		plain_settle(p, pc, ref, key, start, t0);
	return KOBS_N_IN_FLIGHT;
}

static __always_inline void plain_from(struct kobs_probe_point *p, u64 id,
				       const u64 *args)
{
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	enum kobs_counter fate;
	u64 t0;

	if (!pc)
		return;
	if (!kobs_hit_begin(s, pc, &t0))
		goto out;
	if (kobs_hit_wanted(s, pc)) {
		fate = plain_keep(p, pc, id, args, t0);
		kobs_count(&pc->counters, fate);
		if (likely(fate == KOBS_N_IN_FLIGHT))
			goto out;
	}
	kobs_hit_end(s, pc, t0, 0);
out:
	kobs_hit_leave(pc);
}

/* Record a pair in a row that is new or displaced, or not at all; end the handler. */
static noinline void plain_record(struct kobs_session *s, struct kobs_cpu *pc,
				  u64 from, u64 to, u64 elapsed)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[PROBE_W_PROBE] = from;
	v[PROBE_W_TO] = to;
	kobs_hit_record(s, pc, &(struct kobs_hit){
		.v = v, .value = elapsed,
	}, KOBS_HIT_TABLE);
	kobs_hit_leave(pc);
}

/* The same of one whose cost is measured. */
static noinline void plain_timed(struct kobs_session *s, struct kobs_cpu *pc,
				 u64 from, u64 to, u64 elapsed, u64 now,
				 u64 cost)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	v[PROBE_W_PROBE] = from;
	v[PROBE_W_TO] = to;
	kobs_hit_record(s, pc, &(struct kobs_hit){
		.v = v, .value = elapsed,
	}, KOBS_HIT_TABLE);
	kobs_hit_end(s, pc, now, cost);
	kobs_hit_leave(pc);
}

static noinline void plain_alone(struct kobs_session *s, struct kobs_cpu *pc)
{
	kobs_join_alone(s, pc, PROBE_N_UNMATCHED);
	kobs_hit_leave(pc);
}

/* The row of a pair, if it is where it is looked for first. */
static __always_inline struct kobs_row *
plain_row(const struct kobs_joins *j, const struct kobs_cpu *pc, u64 from,
	  u64 to)
{
	u64 first = j->to_first ? to : from;

	return j->words == 2 ?
	       kobs_table_peek(&pc->table, first, j->to_first ? from : to, 2) :
	       kobs_table_peek(&pc->table, first, 0, 1);
}

static __always_inline void plain_to(struct kobs_probe_point *p, u64 id,
				     const u64 *args)
{
	const struct kobs_joins *j = p->probes->joins;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	struct kobs_inflight_key key KOBS_UNINIT;
	u64 elapsed, cost, from, now;
	unsigned int tries = 0;
	struct kobs_row *row;

	if (!pc)
		return;
	now = ktime_get_mono_fast_ns();
	key = plain_key(&p->join->to, args);
	do {
		if (unlikely(!kobs_inflight_find(&j->inflight, key.word[0],
						 key.word[1], &ref) ||
			     tries++ == KOBS_JOIN_TRIES)) {
			plain_alone(s, pc);
			return;
		}
		elapsed = kobs_elapsed(ref.entry->start, now);
		cost = ref.entry->data[PLAIN_D_COST];
		from = ref.entry->data[PLAIN_D_FROM];
	} while (unlikely(!kobs_inflight_end(&ref)));
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	if (unlikely(!kobs_quick_wants(&p->join->to.quick, args))) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		kobs_hit_end(s, pc, cost ? now : 0, cost);
		kobs_hit_leave(pc);
		return;
	}
	if (unlikely(cost)) {
		plain_timed(s, pc, from, id, elapsed, now, cost);
		return;
	}
	row = plain_row(j, pc, from, id);
	if (unlikely(!row || elapsed < s->filter.min ||
		     !kobs_row_add(&pc->table, row, elapsed))) {
		plain_record(s, pc, from, id, elapsed);
		return;
	}
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_leave(pc);
}

static void plain_entry_from(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_probe_point *p = ops->private;
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;

	kobs_probe_args(fregs, args, p->program.n_args);
	plain_from(p, ip, args);
}

static void plain_entry_to(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_probe_point *p = ops->private;
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;

	kobs_probe_args(fregs, args, p->program.n_args);
	plain_to(p, ip, args);
}

static void plain_trace_from(void *data, u64 a0, u64 a1, u64 a2, u64 a3,
			     u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };
	struct kobs_probe_point *p = data;

	plain_from(p, p->id, args);
}

static void plain_trace_to(void *data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };
	struct kobs_probe_point *p = data;

	plain_to(p, p->id, args);
}

/* Whether a point's hits are of the usual kind. */
static bool is_plain(const struct kobs_probe_point *point)
{
	return point->probes->joins->plain && point->join->simple &&
	       point->join->from.on != point->join->to.on &&
	       !point->join->to.own;
}

/**
 * kobs_join_plain_entry() - the handler of functions' entries of the usual kind
 * @point: point whose session is configured
 *
 * Context: task.
 * Return: the handler, or NULL for other points.
 */
void *kobs_join_plain_entry(const struct kobs_probe_point *point)
{
	if (!is_plain(point))
		return NULL;
	return point->join->from.on ? plain_entry_from : plain_entry_to;
}

/**
 * kobs_join_plain_trace() - the same of a tracepoint
 * @point: point whose session is configured
 *
 * Context: task.
 * Return: the handler, or NULL for other points.
 */
void *kobs_join_plain_trace(const struct kobs_probe_point *point)
{
	if (!is_plain(point))
		return NULL;
	return point->join->from.on ? plain_trace_from : plain_trace_to;
}
