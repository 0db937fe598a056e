/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, mode slow: calls that threads make in a call that is followed (the
 * parameter tree).
 *
 * They are hooked like roots, by the same ftrace_ops, and are hits only in a root of the
 * same thread: what a function is, and the lookup of the thread, tell others from these
 * before anything else is done. A thread has them on a stack of their own, beside its
 * roots. One that returns is added, by its function, to each of the roots that it was
 * called in.
 *
 * Locking: as for a task's record, see slow.h; only its own handlers of calls change
 * these.
 */
#ifndef KOBS_FUNC_SLOW_TREE_H
#define KOBS_FUNC_SLOW_TREE_H

#include "core/hit.h"
#include "sources/func/slow_call.h"

/**
 * struct kobs_slow_inner - a call of the tree in progress
 * @ip: function
 * @begin: time of the entry, ns
 * @inside: what calls of the tree in it have taken, ns
 * @root: it is a root, too
 */
struct kobs_slow_inner {
	u64 ip;
	u64 begin;
	u64 inside;
	bool root;
};

/**
 * struct kobs_slow_below - what is below a root in progress
 * @base: number of calls of the tree that it is in itself
 * @children: calls that have returned
 */
struct kobs_slow_below {
	u32 base;
	struct kobs_slow_children children;
};

/* What a task's record has behind the roots in progress, with the parameter tree. */
static __always_inline struct kobs_slow_below *
slow_below(const struct kobs_slow *d, struct kobs_slow_task *t)
{
	return (void *)t + d->below;
}

/* What a root in progress called. */
static inline struct kobs_slow_children *
slow_children(const struct kobs_slow *d, struct kobs_slow_task *t,
	      const struct kobs_slow_frame *f)
{
	return &slow_below(d, t)[f - t->frame].children;
}

static __always_inline struct kobs_slow_inner *
slow_inner(const struct kobs_slow *d, struct kobs_slow_task *t)
{
	return (void *)&slow_below(d, t)[d->depth];
}

/* Whether there is no room for a call of the tree. */
static __always_inline bool slow_inner_full(const struct kobs_slow *d,
					    const struct kobs_slow_task *t)
{
	return t->inner == d->depth * SLOW_INNER;
}

/* A call of the tree begins, of which the record says when. */
static __always_inline u32 slow_inner_push(const struct kobs_slow *d,
					   struct kobs_slow_task *t,
					   unsigned long ip, bool root)
{
	struct kobs_slow_inner *inner = &slow_inner(d, t)[t->inner];

	inner->ip = ip;
	inner->begin = t->since;
	inner->inside = 0;
	inner->root = root;
	return t->inner++;
}

/* A root begins. */
static __always_inline void slow_below_push(const struct kobs_slow *d,
					    struct kobs_slow_task *t)
{
	struct kobs_slow_below *b = &slow_below(d, t)[t->depth];

	b->base = t->inner;
	kobs_slow_children_empty(&b->children);
}

/* A root begins, and with it a call of the tree if it is one in another root. */
static __always_inline u32 slow_push_below(const struct kobs_slow *d,
					   struct kobs_slow_task *t,
					   unsigned long ip, u32 role)
{
	u32 inner = SLOW_NO_PLACE;

	if (t->depth && (role & KOBS_SLOW_INNER))
		inner = slow_inner_push(d, t, ip, true);
	slow_below_push(d, t);
	return inner;
}

/* A root ends, and what was called in it and was not seen to return. */
static __always_inline void slow_pop_below(const struct kobs_slow *d,
					   struct kobs_slow_task *t, u32 place)
{
	t->inner = min(t->inner, slow_below(d, t)[place].base);
}

/* Can a call in the current context be one of the record's thread? */
static __always_inline bool slow_is_open(const struct kobs_slow_task *t)
{
	return likely(!READ_ONCE(t->busy) && READ_ONCE(t->class) == SLOW_RUN);
}

/* slow_tree.c */
void kobs_slow_inner_pop(const struct kobs_slow *d, struct kobs_slow_task *t,
			 u32 place);
void kobs_slow_tree_finish(struct kobs_slow *d, struct kobs_slow_task *t,
			   struct kobs_cpu *pc);

/* A call of the tree alone, in a root. */
static __always_inline bool slow_enter_inner(struct kobs_slow *d, unsigned long ip,
					     struct kobs_slow_tree_call *call)
{
	struct kobs_slow_task *t = slow_find(d, current);
	struct kobs_session *s = d->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	u64 stolen;
	u64 now;
	u64 t0;

	if (unlikely(!t) || !kobs_hit_begin(s, pc, &t0))
		return false;
	if (unlikely(slow_inner_full(d, t))) {
		kobs_count(&pc->counters, FUNC_N_DEEP);
		kobs_hit_end(s, pc, t0, 0);
		return false;
	}
	WRITE_ONCE(t->busy, true);
	barrier();
	stolen = kobs_stolen_clock(s, &now);
	slow_account(t, now, stolen, NULL);
	call->inner = slow_inner_push(d, t, ip, false);
	call->call.task = t;
	call->call.use = t->ref.use;
	call->call.place = SLOW_NO_PLACE;
	call->call.cost = unlikely(t0) ? (now - t0) ?: 1 : 0;
	slow_free(t);
	kobs_count(&pc->counters, FUNC_N_IN_FLIGHT);
	return true;
}

static __always_inline void
slow_exit_inner(struct kobs_slow *d, const struct kobs_slow_tree_call *call)
{
	struct kobs_slow_task *t = call->call.task;
	struct kobs_session *s = d->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	u64 stolen;
	u64 now;

	/* As in slow_exit_root(). */
	if (unlikely(READ_ONCE(t->ref.state->use) != call->call.use ||
		     call->inner >= t->inner))
		return;
	WRITE_ONCE(t->busy, true);
	barrier();
	stolen = kobs_stolen_clock(s, &now);
	slow_account(t, now, stolen, NULL);
	kobs_slow_inner_pop(d, t, call->inner);
	slow_free(t);
	local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
	kobs_count(&pc->counters, KOBS_N_FILTERED);
	this_cpu_inc(*d->inner);
	kobs_hit_end(s, pc, call->call.cost ? now : 0, call->call.cost);
}

/* Is a call a hit with the parameter tree? */
static __always_inline bool slow_tree_hits(const struct kobs_slow *d,
					   unsigned long ip)
{
	const struct kobs_slow_task *t =
		likely(slow_in_thread()) ? slow_find(d, current) : NULL;

	if (t && slow_is_open(t))
		return true;
	return kobs_slow_role(&d->roles, ip) & KOBS_SLOW_ROOT;
}

#endif /* KOBS_FUNC_SLOW_TREE_H */
