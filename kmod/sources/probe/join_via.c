// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: hits on the way of a pair, between its begin and its end (join.h):
 * what wakes a thread up that waits, for example.
 *
 * Locking: none; any context, NMI included. An entry does not change: it is taken out,
 * which one caller can do, and another one with its start takes its place.
 */
#include "sources/probe/join_run.h"

/* Who hit it. Returns false when the stack table is full. */
static bool via_ustack(struct kobs_probe_point *p, u64 *v)
{
	bool user = p->place.inode && kobs_join_user_stable(p);
	bool room;

	if (user)
		this_cpu_write(kobs_context_in_uprobe, true);
	room = kobs_context_ustack(p->s, &v[PROBE_W_VIA_USTACK]);
	if (user)
		this_cpu_write(kobs_context_in_uprobe, false);
	return room;
}

/* Run the program. Returns what becomes of the hit if it gives nothing. */
static enum kobs_counter via_pass(struct kobs_probe_point *p, u64 id,
				  const u64 *args, u64 *v)
{
	const struct kobs_program_in in = { .args = args };
	const struct kobs_joins *j = p->probes->joins;
	enum kobs_counter fate;

	v[PROBE_W_FAULTS] = 0;
	fate = join_pass(&p->join->via, &in, v, j->via, j->n_via, false);
	if (fate != KOBS_N_RECORDED)
		return fate;
	v[PROBE_W_VIA] = id;
	v[PROBE_W_VIA_USTACK] = 0;
	return !j->via_ustack || via_ustack(p, v) ? KOBS_N_RECORDED :
						    KOBS_N_STACK_FULL;
}

/* Put a begin back. Returns false if there is no room any more. */
static bool via_put(const struct kobs_joins *j, struct kobs_cpu *pc,
		    const struct kobs_join_key *k, const u64 *v, u64 start,
		    u64 cost)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	unsigned int i, ended;
	u64 *data;

	if (!kobs_inflight_claim(&j->inflight, &k->key, &ref))
		return false;
	data = ref.entry->data;
	for (i = 0; i < k->key.n; i++)
		data[i] = k->words[i];
	data += k->key.n;
	data[0] = cost;
	for (i = 0; i < j->n_keep; i++)
		data[1 + i] = v[j->keep[i]];
	ref.entry->start = start;
	ended = kobs_inflight_publish_last(&j->inflight, &ref, &k->key, start);
	if (unlikely(ended))
		kobs_join_replaced(pc, ended);
	return true;
}

/* Returns what becomes of it: recorded or filtered, or why it is a hit that is lost. */
static enum kobs_counter via_run(struct kobs_probe_point *p,
				 struct kobs_cpu *pc, u64 id, const u64 *args)
{
	const struct kobs_joins *j = p->probes->joins;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	u64 given[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_join_key k KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	enum kobs_counter fate;
	u64 start, cost;
	unsigned int i;

	if (!join_key(j, &p->join->via, args, &k, false))
		return PROBE_N_FAULT;
	/* Most are on the way of none. */
	if (!kobs_inflight_find(&j->inflight, k.key.word[0], k.key.word[1],
				&ref))
		return KOBS_N_FILTERED;
	fate = via_pass(p, id, args, given);
	if (fate != KOBS_N_RECORDED)
		return fate;
	v[PROBE_W_FAULTS] = 0;
	if (!join_take(j, &k.key, v, &start, &cost))
		return KOBS_N_FILTERED;
	for (i = 0; i < j->n_via; i++)
		v[j->via[i]] = given[j->via[i]];
	v[PROBE_W_FAULTS] &= ~(u64)p->join->via.program.keys;
	v[PROBE_W_FAULTS] |= given[PROBE_W_FAULTS];
	v[PROBE_W_VIA] = given[PROBE_W_VIA];
	v[PROBE_W_VIA_USTACK] = given[PROBE_W_VIA_USTACK];
	if (likely(via_put(j, pc, &k, v, start, cost)))
		return KOBS_N_RECORDED;
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	kobs_count(&pc->counters, KOBS_N_INFLIGHT_FULL);
	return KOBS_N_FILTERED;
}

/**
 * kobs_join_via() - a hit that can be on the way of a pair
 * @p: point
 * @pc: the session's part of this CPU
 * @id: what was hit
 * @args: its arguments
 *
 * It is a call that is no hit for the counters, unless it is lost.
 *
 * Context: any, NMI included; in the handler's recursion guard.
 */
void kobs_join_via(struct kobs_probe_point *p, struct kobs_cpu *pc, u64 id,
		   const u64 *args)
{
	u64 t0 = kobs_hit_call_begin(p->s, pc);
	enum kobs_counter fate = via_run(p, pc, id, args);

	kobs_hit_call_end(p->s, pc, t0);
	if (unlikely(fate != KOBS_N_RECORDED && fate != KOBS_N_FILTERED))
		kobs_join_alone(p->s, pc, fate);
}
