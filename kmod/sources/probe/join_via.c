// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: hits on the way of a pair, between its begin and its end (join.h):
 * what wakes a thread up that waits, for example.
 *
 * Locking: none; any context, NMI included. The begin stays where it is; of its words,
 * those that change are there twice (lib/inflight.h).
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

/* Write the words of a pair that this hit changes, where they do not hold yet. */
static void via_write(const struct kobs_joins *j,
		      const struct kobs_inflight_ref *ref, const u64 *v)
{
	unsigned int n = j->n_keep - j->n_fixed, old = join_copy(j, ref);
	u64 *data = ref->entry->data + j->more + 1;
	unsigned int i;

	for (i = j->n_fixed; i < j->n_keep; i++) {
		u64 word = v[j->keep[i]];

		/* What another hit on the way has given holds no more. */
		if (j->keep[i] == PROBE_W_FAULTS)
			word |= data[i + old] & ~(u64)j->via_keys;
		data[i + n - old] = word;
	}
}

/* Give words to the pair of a key. */
static void via_change(const struct kobs_joins *j, const struct kobs_join_key *k,
		       const u64 *v)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	unsigned int tries = 0;
	bool same;

	do {
		if (!kobs_inflight_find(&j->inflight, k->key.word[0],
					k->key.word[1], &ref))
			return;
		same = !memcmp(ref.entry->data, k->words,
			       k->key.n * sizeof(u64));
		if (same && kobs_inflight_change(&ref)) {
			via_write(j, &ref, v);
			kobs_inflight_changed(&ref);
			return;
		}
		/* That of another key, or one that another such hit changes. */
		if ((!same || (ref.use & KOBS_INFLIGHT_CLAIMED)) &&
		    kobs_inflight_same(&ref))
			return;
	} while (++tries < KOBS_JOIN_TRIES);
}

/* Returns what becomes of it: recorded or filtered, or why it is a hit that is lost. */
static enum kobs_counter via_run(struct kobs_probe_point *p, u64 id,
				 const u64 *args)
{
	const struct kobs_joins *j = p->probes->joins;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_join_key k KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	enum kobs_counter fate;

	if (!join_key(j, &p->join->via, args, &k, false))
		return PROBE_N_FAULT;
	/* Most are on the way of none. */
	if (!kobs_inflight_find(&j->inflight, k.key.word[0], k.key.word[1],
				&ref))
		return KOBS_N_FILTERED;
	fate = via_pass(p, id, args, v);
	if (fate == KOBS_N_RECORDED)
		via_change(j, &k, v);
	return fate;
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
	enum kobs_counter fate = via_run(p, id, args);

	kobs_hit_call_end(p->s, pc, t0);
	if (unlikely(fate != KOBS_N_RECORDED && fate != KOBS_N_FILTERED))
		kobs_join_alone(p->s, pc, fate);
}
