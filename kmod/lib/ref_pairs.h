/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which put gives back the reference of which get: what objects teach whose
 * references were all given back. A get and a put are numbers, those of their
 * stacks. Pure: no tracing or netlink headers.
 *
 * A put of an object on which several gets are open is taken for that of a get with
 * which it went along on objects that ended. Of several such, it is the one whose
 * stack has not less in common with this put than with another one, then the one that
 * went along with it most often.
 *
 * Locking: none; any context, NMI included. A slot is claimed by cmpxchg and
 * published by a release store. A caller that meets a claimed slot of its pair does
 * without it. Counters are atomic; what is counted for a reader is that one's.
 */
#ifndef KOBS_REF_PAIRS_H
#define KOBS_REF_PAIRS_H

#include <linux/atomic.h>
#include <linux/types.h>

struct kobs_memory;

/* Probe limit; beyond it, a pair is not learned. */
#define KOBS_REF_PROBES		16
/* The most that two stacks have in common. */
#define KOBS_REF_SHARED		4095
/* A put that was seen on so many objects that ended has nothing more to teach. */
#define KOBS_REF_ENOUGH		4096

/**
 * struct kobs_ref_pair - a get and a put
 * @key: their numbers plus 1, the get's above; 0: free
 * @ended: number of objects that ended and had both
 * @shared: what their stacks have in common
 * @here: for a reader, references that the put gave back on objects on which the get
 *	holds some
 */
struct kobs_ref_pair {
	u64 key;
	atomic_t ended;
	u32 shared;
	u64 here;
};

/**
 * struct kobs_ref_seen - what is known of a get and a put
 * @get: the get
 * @put: the put
 * @ended: see struct kobs_ref_pair
 * @here: see there
 */
struct kobs_ref_seen {
	u32 get;
	u32 put;
	u32 ended;
	u64 here;
};

/**
 * struct kobs_ref_pairs - the pairs of a session
 * @v: pairs, by the hash of their key
 * @mask: number of @v less one
 * @best: for each get the highest @shared of its pairs
 * @n: number of @best
 * @shared: what the stacks of a get and a put have in common, a number
 * @arg: its argument
 */
struct kobs_ref_pairs {
	struct kobs_ref_pair *v;
	u32 mask;
	u32 *best;
	u32 n;
	u32 (*shared)(void *arg, u32 get, u32 put);
	void *arg;
};

int kobs_ref_pairs_init(struct kobs_ref_pairs *p, struct kobs_memory *m,
			unsigned int pairs, unsigned int gets);
void kobs_ref_pairs_free(struct kobs_ref_pairs *p);
void kobs_ref_pairs_learn(struct kobs_ref_pairs *p, const u32 *gets,
			  unsigned int n_gets, const u32 *puts,
			  unsigned int n_puts);
u32 kobs_ref_pairs_score(struct kobs_ref_pairs *p, u32 get, u32 put);
void kobs_ref_pairs_begin(struct kobs_ref_pairs *p);
void kobs_ref_pairs_add(struct kobs_ref_pairs *p, u32 get, u32 put, u32 n);
bool kobs_ref_pairs_next(const struct kobs_ref_pairs *p, unsigned long *place,
			 struct kobs_ref_seen *seen);

#endif /* KOBS_REF_PAIRS_H */
