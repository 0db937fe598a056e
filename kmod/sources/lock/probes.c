// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of the lock source.
 *
 * In the modes contention and slow a hit is a wait. It is counted where it begins, or where
 * it ends if it began before the session (lost as unpaired). One that has not
 * ended when the session stops is recorded then (source.c). A wait lasts from
 * the first begin to the end: a mutex with a spinning and a sleeping phase
 * begins more than once. The tracepoints do not report uncontended locks, nor
 * the first attempt at a spinlock.
 *
 * Locking: the handlers take no lock. A wait belongs to its task, which begins
 * and ends it.
 */
#include <linux/kernel.h>
#include <trace/events/lock.h>

#include "core/hit.h"
#include "sources/lock/lock.h"

/* Words of an entry before its data. */
#define LOCK_COPY	(sizeof(struct kobs_inflight) / sizeof(u64))

/*
 * A wait enters another phase. Once it has slept it does not count as spinning,
 * even if it spins again before it gets the lock. The word changes in place:
 * another task that copies the entry may see either phase.
 */
static void lock_go_on(struct kobs_inflight_ref *ref, unsigned int flags)
{
	u64 *data = &ref->entry->data[LOCK_D_FLAGS];

	if (!(flags & LCB_F_SPIN))
		WRITE_ONCE(*data, *data & ~(u64)LCB_F_SPIN);
}

/*
 * This task has an entry for this lock already. Returns the result for the wait
 * that begins: KOBS_INFLIGHT_FOUND when it is the same wait.
 */
static noinline enum kobs_inflight_got lock_goes_on(struct kobs_lock *l,
						    struct kobs_cpu *pc,
						    struct kobs_inflight_ref *ref,
						    unsigned long lock,
						    unsigned int flags)
{
	if (flags & LCB_F_MUTEX) {
		lock_go_on(ref, flags);
		return KOBS_INFLIGHT_FOUND;
	}
	/* Its end was missed. */
	if (!l->stalls && !(ref->entry->data[LOCK_D_FLAGS] & LOCK_F_FILTERED)) {
		local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
		kobs_count(&pc->counters, KOBS_N_STALE);
	}
	kobs_inflight_end_own(ref);
	return kobs_inflight_begin(&l->inflight, (u64)current, lock, ref);
}

/* Begin the entry of a wait. */
static __always_inline enum kobs_inflight_got
lock_enter(struct kobs_lock *l, struct kobs_cpu *pc, struct kobs_inflight_ref *ref,
	   unsigned long lock, unsigned int flags)
{
	enum kobs_inflight_got got;

	if (unlikely(atomic_read(&l->n_excess)) && (flags & LCB_F_MUTEX) &&
	    kobs_lock_excess_has(l, lock))
		return KOBS_INFLIGHT_FOUND;
	got = kobs_inflight_begin(&l->inflight, (u64)current, lock, ref);
	if (unlikely(got == KOBS_INFLIGHT_FOUND))
		return lock_goes_on(l, pc, ref, lock, flags);
	return got;
}

/* A wait without an entry. */
static noinline void lock_overflow(struct kobs_lock *l, struct kobs_cpu *pc,
				   unsigned long lock)
{
	u64 t0;

	kobs_lock_excess_add(l, lock);
	t0 = kobs_hit_clock(pc);
	/* In mode stalls waits are no hits, so they cannot be filtered. */
	if (l->stalls || kobs_hit_wanted(l->s, pc))
		kobs_count(&pc->counters, KOBS_N_INFLIGHT_FULL);
	kobs_hit_end(l->s, pc, t0, 0);
}

/* Returns false when the stack table is full. */
static noinline bool lock_look(struct kobs_lock *l, unsigned long lock,
			       unsigned int flags, u64 *data)
{
	if ((l->caller || l->kstack) && !l->late && !kobs_lock_context(l, data))
		return false;
	return !l->owner || kobs_lock_context_owner(l, lock, flags, data);
}

/*
 * The stack table is full: a wait is lost, and its entry pairs its end. Of slow waits
 * that is not known before the end.
 */
static unsigned int lock_no_room(const struct kobs_lock *l,
				 enum kobs_counter *fate)
{
	if (l->slow)
		return LOCK_F_STACK_FULL;
	*fate = KOBS_N_STACK_FULL;
	return LOCK_F_FILTERED;
}

/* The cost of a wait is reported at its end, unless it is filtered. */
static noinline void lock_begin_timed(struct kobs_session *s,
				      struct kobs_cpu *pc,
				      struct kobs_inflight *entry, u64 t0)
{
	if (entry->data[LOCK_D_FLAGS] & LOCK_F_FILTERED)
		kobs_hit_end(s, pc, t0, 0);
	else
		entry->data[LOCK_D_COST] = (entry->start - t0) ?: 1;
}

/*
 * Context of the handlers: any, NMI included; preemption off. A session is
 * plain (@plain is a constant) when its key is the lock and the kind.
 */
static __always_inline void lock_begin_wait(struct kobs_lock *l,
					    struct kobs_cpu *pc,
					    unsigned long lock,
					    unsigned int flags, bool plain)
{
	enum kobs_counter fate = KOBS_N_IN_FLIGHT;
	struct kobs_session *s = l->s;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_inflight *entry;
	enum kobs_inflight_got got;
	u64 t0;

	got = lock_enter(l, pc, &ref, lock, flags);
	if (unlikely(got != KOBS_INFLIGHT_BEGUN)) {
		if (got == KOBS_INFLIGHT_FULL)
			lock_overflow(l, pc, lock);
		return;
	}
	t0 = kobs_hit_clock(pc);
	if (unlikely(!kobs_hit_wanted(s, pc))) {
		flags |= LOCK_F_FILTERED;
	} else {
		if (!plain && l->begin &&
		    !lock_look(l, lock, flags, ref.entry->data))
			flags |= lock_no_room(l, &fate);
		kobs_count(&pc->counters, fate);
	}
	entry = ref.entry;
	entry->start = ktime_get_mono_fast_ns();
	entry->data[LOCK_D_FLAGS] = flags;
	entry->data[LOCK_D_COST] = 0;
	if (unlikely(t0))
		lock_begin_timed(s, pc, entry, t0);
	kobs_inflight_publish(&ref);
}

static __always_inline void lock_begin(struct kobs_lock *l, unsigned long lock,
				       unsigned int flags, bool plain)
{
	struct kobs_cpu *pc;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	lock_begin_wait(l, pc, lock, flags, plain);
	kobs_hit_leave(pc);
}

/**
 * kobs_lock_begin() - a wait begins, in mode contention or slow
 * @data: session
 * @lock: lock
 * @flags: LCB_F_*
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_begin(void *data, void *lock, unsigned int flags)
{
	lock_begin(data, (unsigned long)lock, flags, false);
}

/**
 * kobs_lock_begin_plain() - kobs_lock_begin() of a plain session
 * @data: session
 * @lock: lock
 * @flags: LCB_F_*
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_begin_plain(void *data, void *lock, unsigned int flags)
{
	lock_begin(data, (unsigned long)lock, flags, true);
}

/* An end whose begin was missed. */
static noinline void lock_unpaired(struct kobs_lock *l, struct kobs_cpu *pc,
				   void *lock)
{
	u64 t0;

	if (kobs_lock_excess_end(l, (unsigned long)lock) || !kobs_hit_begin(l->s, pc, &t0))
		return;
	if (kobs_hit_wanted(l->s, pc))
		kobs_count(&pc->counters, KOBS_N_UNPAIRED);
	kobs_hit_end(l->s, pc, t0, 0);
}

/* A failed wait that was recorded counts in the row's field failed, too. */
static noinline void lock_failed(struct kobs_session *s, struct kobs_cpu *pc,
				 const u64 *v)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	struct kobs_row *row;

	kobs_hit_gather(s, v, key);
	row = kobs_table_find(&pc->table, key);
	if (row)
		local64_inc(kobs_row_field(&pc->table, row,
					   LOCK_FIELD_FAILED));
}

static void lock_end_wait(struct kobs_lock *l, struct kobs_cpu *pc, u64 lock,
			  const struct kobs_inflight *entry, u64 end, int ret)
{
	struct kobs_session *s = l->s;
	u64 cost = entry->data[LOCK_D_COST];
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	bool recorded;

	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	kobs_lock_words(l, lock, entry, v);
	recorded = kobs_hit_record(s, pc, &(struct kobs_hit){
		.v = v,
		.need = s->need & ~BIT(KOBS_W_KSTACK),
		.value = kobs_elapsed(entry->start, end),
	}, KOBS_HIT_TABLE_STACKS);
	if (unlikely(ret) && recorded)
		lock_failed(s, pc, v);
	kobs_hit_end(s, pc, cost ? end : 0, cost);
}

/**
 * kobs_lock_end() - a wait ends, in mode contention or slow
 * @data: session
 * @lock: lock
 * @ret: 0, or the error by which it failed
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_end(void *data, void *lock, int ret)
{
	u64 copy[LOCK_COPY + LOCK_D_END] KOBS_UNINIT;
	struct kobs_inflight *entry = (struct kobs_inflight *)copy;
	struct kobs_lock *l = data;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 end;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	end = ktime_get_mono_fast_ns();
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	if (unlikely(!kobs_inflight_find(&l->inflight, (u64)current, (u64)lock,
					 &ref))) {
		lock_unpaired(l, pc, lock);
		goto out;
	}
	entry->start = ref.entry->start;
	entry->data[LOCK_D_FLAGS] = ref.entry->data[LOCK_D_FLAGS];
	entry->data[LOCK_D_COST] = ref.entry->data[LOCK_D_COST];
	if (unlikely(l->begin))
		memcpy(entry, ref.entry, l->inflight.stride);
	kobs_inflight_end_own(&ref);
	if (unlikely(entry->data[LOCK_D_FLAGS] & LOCK_F_FILTERED))
		goto out;
	if (l->slow)
		kobs_lock_slow_end(l, pc, (u64)lock, entry, end, ret);
	else
		lock_end_wait(l, pc, (u64)lock, entry, end, ret);
out:
	kobs_hit_leave(pc);
}

/* Slow path: a new or displaced row, or a failed wait. */
static noinline void lock_end_slow(struct kobs_lock *l, struct kobs_cpu *pc,
				   u64 lock, u64 flags, u64 cost, u64 waited,
				   u64 end, int ret)
{
	u64 copy[LOCK_COPY + LOCK_D_COST + 1] KOBS_UNINIT;
	struct kobs_inflight *entry = (struct kobs_inflight *)copy;

	entry->start = end - waited;
	entry->data[LOCK_D_FLAGS] = flags;
	entry->data[LOCK_D_COST] = cost;
	lock_end_wait(l, pc, lock, entry, end, ret);
}

/**
 * kobs_lock_end_plain() - kobs_lock_end() of a plain session
 * @data: session
 * @lock: lock
 * @ret: 0, or the error by which it failed
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_end_plain(void *data, void *lock, int ret)
{
	struct kobs_lock *l = data;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	u64 flags, cost, waited, end;
	struct kobs_row *row;
	struct kobs_cpu *pc;
	const u64 *kind;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	end = ktime_get_mono_fast_ns();
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	if (unlikely(!kobs_inflight_find(&l->inflight, (u64)current, (u64)lock,
					 &ref))) {
		lock_unpaired(l, pc, lock);
		goto out;
	}
	waited = kobs_elapsed(ref.entry->start, end);
	flags = ref.entry->data[LOCK_D_FLAGS];
	cost = ref.entry->data[LOCK_D_COST];
	kobs_inflight_end_own(&ref);
	if (unlikely(flags & LOCK_F_FILTERED))
		goto out;
	kind = kobs_lock_kind(flags);
	row = kobs_table_peek3(&pc->table, (u64)lock, kind[0], kind[1]);
	if (unlikely(!row || ret || waited < l->s->filter.min ||
		     !kobs_row_add(&pc->table, row, waited))) {
		lock_end_slow(l, pc, (u64)lock, flags, cost, waited, end, ret);
		goto out;
	}
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	kobs_count(&pc->counters, KOBS_N_RECORDED);
	kobs_hit_end(l->s, pc, cost ? end : 0, cost);
out:
	kobs_hit_leave(pc);
}

/**
 * kobs_lock_watch() - a wait begins, in mode stalls
 * @data: session
 * @lock: lock
 * @flags: LCB_F_*
 *
 * Waits are no hits in this mode; the records of the worker are.
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_watch(void *data, void *lock, unsigned int flags)
{
	struct kobs_lock *l = data;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	enum kobs_inflight_got got;
	struct kobs_cpu *pc;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u64 t0;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(l->s, pc);
	got = lock_enter(l, pc, &ref, (unsigned long)lock, flags);
	if (unlikely(got != KOBS_INFLIGHT_BEGUN)) {
		kobs_hit_call_end(l->s, pc, t0);
		if (got == KOBS_INFLIGHT_FULL)
			lock_overflow(l, pc, (unsigned long)lock);
		goto out;
	}
	kobs_context_comm(v);
	ref.entry->start = ktime_get_mono_fast_ns();
	ref.entry->data[LOCK_D_FLAGS] = flags;
	ref.entry->data[LOCK_D_ID] = lock_id(current->tgid, current->pid);
	ref.entry->data[LOCK_D_COMM] = v[KOBS_W_COMM];
	ref.entry->data[LOCK_D_COMM + 1] = v[KOBS_W_COMM + 1];
	ref.entry->data[LOCK_D_CPU] = raw_smp_processor_id();
	if (unlikely(l->cgroups)) {
		ref.entry->data[LOCK_D_CGROUP] = kobs_cgroup_id(current);
		ref.entry->data[LOCK_D_WITHIN] =
			kobs_cgroup_within(&l->s->filter, current);
	}
	kobs_inflight_publish(&ref);
	kobs_hit_call_end(l->s, pc, t0);
out:
	kobs_hit_leave(pc);
}

/**
 * kobs_lock_unwatch() - a wait ends, in mode stalls
 * @data: session
 * @lock: lock
 * @ret: 0, or the error by which it failed
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_lock_unwatch(void *data, void *lock, int ret)
{
	struct kobs_lock *l = data;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 t0;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(l->s, pc);
	if (likely(kobs_inflight_find(&l->inflight, (u64)current, (u64)lock, &ref))) {
		kobs_inflight_end_own(&ref);
		kobs_hit_call_end(l->s, pc, t0);
	} else {
		kobs_hit_call_end(l->s, pc, t0);
		lock_unpaired(l, pc, lock);
	}
	kobs_hit_leave(pc);
}

KOBS_PROBE_TYPE(kobs_lock_begin, contention_begin);
KOBS_PROBE_TYPE(kobs_lock_begin_plain, contention_begin);
KOBS_PROBE_TYPE(kobs_lock_watch, contention_begin);
KOBS_PROBE_TYPE(kobs_lock_end, contention_end);
KOBS_PROBE_TYPE(kobs_lock_end_plain, contention_end);
KOBS_PROBE_TYPE(kobs_lock_unwatch, contention_end);
