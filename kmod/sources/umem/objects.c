// SPDX-License-Identifier: GPL-2.0
/*
 * Source umem: live objects of the processes' heaps, and the counters of groups.
 *
 * Locking: none; handlers, in task context with preemption off. An object has one
 * owner between its allocation and its free: a process that frees one twice, or uses
 * one after that, has no right numbers anyway.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "core/context.h"
#include "sources/umem/umem.h"

/* Objects that end with preemption off, when the end of the heap moves. */
#define ENDS_MOST	256

/* The key of an object of the current process; 0: it is none that is followed. */
static u64 key_of(const struct kobs_umem *u, u64 address)
{
	u32 life = kobs_umem_life(u);

	/* Processors ignore the upper bits of an address, where it can have a tag. */
	address &= GENMASK_ULL(UMEM_ADDRESS_BITS - 1, 0);
	address &= ~(KOBS_OBJECT_STATES - 1);
	if (life == UMEM_NO_LIFE || !address)
		return 0;
	return address | (u64)life << UMEM_ADDRESS_BITS;
}

static local64_t *counts_of(struct kobs_umem *u, u32 group)
{
	return kobs_census_is_group(group) ?
	       kobs_group_table_counts(&u->groups, group) : NULL;
}

static noinline bool entry_stack(struct kobs_session *s, struct pt_regs *regs,
				 u64 *id)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr = kobs_context_entry_frames(regs, ips, s->unwind.depth);

	*id = kobs_stack_table_intern(&s->stacks, current->tgid, ips, nr);
	return *id;
}

/**
 * kobs_umem_group() - the group of an allocation
 * @u: session
 * @regs: registers at the entry of the allocator's function
 * @fate: set to what becomes of the hit if there is none
 *
 * Context: task, preemption off.
 * Return: the group, or KOBS_GROUP_NONE.
 */
u32 kobs_umem_group(struct kobs_umem *u, struct pt_regs *regs,
		    enum kobs_counter *fate)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_session *s = u->s;

	kobs_context(s, v, s->need & ~KOBS_W_STACKS, false);
	*fate = KOBS_N_STACK_FULL;
	if ((s->need & BIT(KOBS_W_USTACK)) &&
	    !entry_stack(s, regs, &v[KOBS_W_USTACK]))
		return KOBS_GROUP_NONE;
	*fate = KOBS_N_TABLE_FULL;
	kobs_hit_gather(s, v, key);
	return kobs_group_table_find(&u->groups, key);
}

/**
 * kobs_umem_take() - take an object of the current process out
 * @u: session
 * @address: where it is
 * @o: set to its data
 *
 * Context: task, preemption off.
 * Return: false when it is not followed.
 */
bool kobs_umem_take(struct kobs_umem *u, u64 address, struct kobs_object *o)
{
	u64 key = key_of(u, address);

	return key && kobs_object_remove(&u->live, key, o);
}

/* An object is not followed any more, though it is live. */
static void count_missed(struct kobs_umem *u, u32 group)
{
	local64_t *n = counts_of(u, group);

	if (n)
		local64_inc(&n[KOBS_CENSUS_MISSED]);
}

/**
 * kobs_umem_put_back() - undo kobs_umem_take()
 * @u: session
 * @address: where the object is
 * @o: its data
 *
 * Context: task, preemption off.
 * Return: false when others have taken its room: it is not followed any more.
 */
bool kobs_umem_put_back(struct kobs_umem *u, u64 address,
			const struct kobs_object *o)
{
	struct kobs_object old KOBS_UNINIT;
	u64 key = key_of(u, address);
	enum kobs_object_fate fate;

	fate = key ? kobs_object_insert(&u->live, key, o, &old) : KOBS_OBJECT_FULL;
	if (fate == KOBS_OBJECT_STALE)
		count_missed(u, old.group);
	else if (fate == KOBS_OBJECT_FULL)
		count_missed(u, o->group);
	return fate != KOBS_OBJECT_FULL;
}

/**
 * kobs_umem_freed() - count an object that was taken out as freed
 * @u: session
 * @o: its data
 *
 * Context: task, preemption off.
 * Return: false when this CPU has no counters.
 */
bool kobs_umem_freed(struct kobs_umem *u, const struct kobs_object *o)
{
	local64_t *n = counts_of(u, o->group);

	if (!n)
		return false;
	local64_inc(&n[KOBS_CENSUS_FREED]);
	return true;
}

/**
 * kobs_umem_end_some() - the heap ends earlier: what began behind its new end is gone
 * @u: session
 * @e: objects that end; those that are done are taken off
 *
 * Context: task, preemption off: a few at a time.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_umem_end_some(struct kobs_umem *u, struct kobs_umem_ends *e)
{
	unsigned int left = ENDS_MOST;
	struct kobs_object o;
	u64 from = e->at;

	e->more = false;
	while (e->at < e->to && kobs_umem_take(u, e->at, &o)) {
		if (!kobs_umem_freed(u, &o))
			return KOBS_N_NO_TABLE;
		e->at += o.size;
		e->more = !--left;
		if (e->more)
			break;
	}
	return e->at > from ? KOBS_N_RECORDED : KOBS_N_FILTERED;
}

/**
 * kobs_umem_made() - account for an allocation
 * @u: session
 * @address: address of the object
 * @size: bytes
 * @group: its group
 *
 * Context: task, preemption off.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_umem_made(struct kobs_umem *u, u64 address, u64 size,
				 u32 group)
{
	struct kobs_object o = {
		.group = group,
		.born = jiffies,
		.size = min_t(u64, size, U32_MAX),
	};
	local64_t *n = counts_of(u, group);
	struct kobs_object old KOBS_UNINIT;
	u64 key = key_of(u, address);
	enum kobs_object_fate fate;

	if (!n)
		return KOBS_N_NO_TABLE;
	if (!key)
		return KOBS_N_FILTERED;
	fate = kobs_object_insert(&u->live, key, &o, &old);
	if (fate == KOBS_OBJECT_FULL)
		return UMEM_N_FULL;
	if (fate == KOBS_OBJECT_STALE)
		count_missed(u, old.group);
	local64_inc(&n[KOBS_CENSUS_ALLOCATED]);
	local64_add(o.size, &n[KOBS_CENSUS_BYTES]);
	return KOBS_N_RECORDED;
}

/**
 * kobs_umem_failed() - account for an allocation that failed
 * @u: session
 * @group: its group
 *
 * Context: task, preemption off.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_umem_failed(struct kobs_umem *u, u32 group)
{
	local64_t *n = counts_of(u, group);

	if (!n)
		return KOBS_N_NO_TABLE;
	local64_inc(&n[KOBS_CENSUS_FAILED]);
	return KOBS_N_RECORDED;
}

/**
 * kobs_umem_unknown() - account for the free of an object that is not followed
 * @u: session
 *
 * Context: task, preemption off.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_umem_unknown(struct kobs_umem *u)
{
	if (!u->limited)
		local64_inc(&this_cpu_ptr(u->cpu)->unknown);
	return KOBS_N_FILTERED;
}
