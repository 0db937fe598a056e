/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: the steps of a hit of a pair: its key, its program, and the begin
 * of its key (join.h).
 *
 * Locking: none; any context, NMI included; see join.c.
 */
#ifndef KOBS_PROBE_JOIN_RUN_H
#define KOBS_PROBE_JOIN_RUN_H

#include <linux/string.h>

#include "sources/probe/run.h"

/* A key, with room for its words. */
struct kobs_join_key {
	struct kobs_inflight_key key;
	u64 words[KOBS_JOIN_MORE];
};

bool kobs_join_key_run(const struct kobs_joins *j,
		       const struct kobs_join_side *side, const u64 *args,
		       struct kobs_join_key *k);

/* The key of a hit. Returns false if it cannot be read. */
static __always_inline bool join_key(const struct kobs_joins *j,
				     const struct kobs_join_side *side,
				     const u64 *args, struct kobs_join_key *k,
				     bool simple)
{
	k->key.more = k->words;
	k->key.n = simple ? 0 : j->more;
	if (side->how == KOBS_JOIN_ARGUMENT) {
		k->key.word[0] = kobs_quick_get(&side->argument, args);
		k->key.word[1] = 0;
	} else if (side->how == KOBS_JOIN_THREAD) {
		/* An address is another thread's after its end: not with this number. */
		k->key.word[0] = (u64)current;
		k->key.word[1] = current->pid;
	} else if (simple || side->how == KOBS_JOIN_CPU) {
		k->key.word[0] = raw_smp_processor_id();
		k->key.word[1] = 0;
	} else {
		return kobs_join_key_run(j, side, args, k);
	}
	return true;
}

/* Run the program of a side. Returns what becomes of the hit if it does not pass. */
static __always_inline enum kobs_counter
join_pass(const struct kobs_join_side *side, const struct kobs_program_in *in,
	  u64 *v, const u8 *given, unsigned int n_given, bool simple)
{
	struct kobs_program_out out = {
		.keys = &v[PROBE_W_NUMBER],
		.texts = &v[PROBE_W_TEXT],
	};
	enum kobs_program_end end;
	unsigned int i;

	/* Programs of other points can give what this one does not. */
	for (i = 0; i < n_given; i++)
		v[given[i]] = 0;
	if (simple)
		return kobs_quick_wants(&side->quick, in->args) ?
		       KOBS_N_RECORDED : KOBS_N_FILTERED;
	end = kobs_program_run(&side->program, in, &out);
	v[PROBE_W_FAULTS] |= out.faults;
	if (likely(end == KOBS_PROGRAM_PASS))
		return KOBS_N_RECORDED;
	return end == KOBS_PROGRAM_FILTERED ? KOBS_N_FILTERED : PROBE_N_FAULT;
}

/* Where the copy that holds of the words that change is, beyond the first one. */
static __always_inline unsigned int
join_copy(const struct kobs_joins *j, const struct kobs_inflight_ref *ref)
{
	return kobs_inflight_second(ref) ? j->n_keep - j->n_fixed : 0;
}

/* Take the begin of a key out. Returns false when there is none. */
static __always_inline bool join_take(const struct kobs_joins *j,
				      const struct kobs_inflight_key *key,
				      u64 *v, u64 *start, u64 *cost)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	unsigned int tries = 0;
	unsigned int i;
	const u64 *data;
	bool same;

	do {
		if (!kobs_inflight_find(&j->inflight, key->word[0],
					key->word[1], &ref))
			return false;
		data = ref.entry->data;
		same = !key->n || !memcmp(data, key->more, key->n * sizeof(u64));
		data += key->n;
		*start = ref.entry->start;
		*cost = data[0];
		for (i = 0; i < j->n_fixed; i++)
			v[j->keep[i]] = data[1 + i];
		for (; unlikely(i < j->n_keep); i++)
			v[j->keep[i]] = data[1 + i + join_copy(j, &ref)];
		if (unlikely(!same) && kobs_inflight_same(&ref))
			return false;
		if (likely(same && kobs_inflight_end_changing(&ref)))
			return true;
	} while (++tries < KOBS_JOIN_TRIES);
	return false;
}

#endif /* KOBS_PROBE_JOIN_RUN_H */
