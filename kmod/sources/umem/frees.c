// SPDX-License-Identifier: GPL-2.0
/*
 * Source umem: handlers of what frees: free(), munmap(), and an end of the heap that
 * moves down.
 *
 * free() has no result, and ends an object at its entry. munmap() can fail: the object
 * leaves the table at its entry, as its address can be mapped again as soon as it is
 * free, and at its return it is known whether it is gone, stays, or has a rest, which
 * begins elsewhere. munmap() of what is not followed needs no return.
 *
 * Locking: as in calls.c.
 */
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "sources/umem/umem.h"

/* Whether frees of the current process are of objects that are followed. */
static bool is_followed(struct kobs_umem *u, struct kobs_cpu *pc)
{
	if (unlikely(kobs_hit_is_own(u->s, current->tgid))) {
		kobs_count(&pc->counters, KOBS_N_OWN);
		return false;
	}
	/* Of another process, which has come by the hook of one that is followed. */
	return kobs_umem_life(u) != UMEM_NO_LIFE;
}

/*
 * Whether a free of what is not followed is called by another function that frees the
 * same, as a wrapper of the allocator does: the object went with that one.
 */
static bool is_second(struct kobs_umem *u, const struct kobs_umem_place *p,
		      struct pt_regs *regs, u64 address)
{
	struct kobs_umem_free *last = &this_cpu_ptr(u->cpu)->freed;
	const struct kobs_umem_free this = {
		.task = current, .place = p, .address = address,
		.stack = user_stack_pointer(regs),
	};
	bool second = last->task == this.task && last->address == address &&
		      last->place != p && this.stack <= last->stack;

	*last = this;
	return second;
}

static enum kobs_counter free_done(struct kobs_umem *u, struct kobs_cpu *pc,
				   const struct kobs_umem_place *p,
				   struct pt_regs *regs, struct kobs_umem_ends *e)
{
	u64 address = regs_get_kernel_argument(regs, 0);
	enum kobs_counter fate;
	struct kobs_object o;
	bool second;

	if (!is_followed(u, pc))
		return KOBS_N_FILTERED;
	if (kobs_alloc_moves_end(p->call))
		e->to = kobs_umem_heap_end(p->call, regs, &address);
	second = is_second(u, p, regs, address);
	if (e->to) {
		e->at = address;
		fate = kobs_umem_end_some(u, e);
		return fate == KOBS_N_FILTERED && !second ?
		       kobs_umem_unknown(u) : fate;
	}
	if (!kobs_umem_take(u, address, &o))
		return second ? KOBS_N_FILTERED : kobs_umem_unknown(u);
	return kobs_umem_freed(u, &o) ? KOBS_N_RECORDED : KOBS_N_NO_TABLE;
}

/**
 * kobs_umem_frees() - a function is entered that frees, or that moves the end of the heap down
 * @p: place
 * @regs: registers
 *
 * Context: task.
 */
void kobs_umem_frees(struct kobs_umem_place *p, struct pt_regs *regs)
{
	struct kobs_session *s = p->u->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	struct kobs_umem_ends ends = {};
	u64 t0;

	if (!pc)
		return;
	if (!kobs_umem_is_inside(p, pc, regs) && kobs_hit_begin(s, pc, &t0)) {
		kobs_count(&pc->counters, free_done(p->u, pc, p, regs, &ends));
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
	while (ends.more && (pc = kobs_hit_enter(s))) {
		kobs_umem_end_some(p->u, &ends);
		kobs_hit_leave(pc);
	}
}

/* Make a munmap() an entry. Returns what becomes of the hit. */
static enum kobs_counter unmap_begin(struct kobs_umem_place *p, struct kobs_cpu *pc,
				     struct pt_regs *regs, u64 t0)
{
	u64 address = regs_get_kernel_argument(regs, 0);
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_umem *u = p->u;
	struct kobs_object o;
	u64 *d;

	/* Of a file, or what an allocator has mapped. */
	if (!is_followed(u, pc) || !kobs_umem_take(u, address, &o))
		return KOBS_N_FILTERED;
	d = kobs_umem_open_call(p, regs, &ref);
	if (!d) {
		/* What becomes of it will not be known. */
		kobs_umem_freed(u, &o);
		return KOBS_N_INFLIGHT_FULL;
	}
	d[UMEM_D_GROUP] = KOBS_GROUP_NONE;
	d[UMEM_D_SIZE] = regs_get_kernel_argument(regs, 1);
	d[UMEM_D_GIVEN] = address;
	d[UMEM_D_WHERE] = 0;
	kobs_umem_set_old(d, &o);
	d[UMEM_D_COST] = t0 ? ktime_get_mono_fast_ns() - t0 : 0;
	kobs_inflight_publish(&ref);
	return KOBS_N_IN_FLIGHT;
}

/**
 * kobs_umem_unmaps() - munmap() is entered
 * @p: place
 * @regs: registers
 *
 * Context: task.
 * Return: whether its return is to be hooked.
 */
bool kobs_umem_unmaps(struct kobs_umem_place *p, struct pt_regs *regs)
{
	struct kobs_session *s = p->u->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	enum kobs_counter fate = KOBS_N_FILTERED;
	u64 t0;

	if (!pc)
		return false;
	if (!kobs_umem_is_inside(p, pc, regs) && kobs_hit_begin(s, pc, &t0)) {
		fate = unmap_begin(p, pc, regs, t0);
		kobs_count(&pc->counters, fate);
		/* The rest of its cost is the return's. */
		if (fate != KOBS_N_IN_FLIGHT)
			kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
	return fate == KOBS_N_IN_FLIGHT;
}

/**
 * kobs_umem_unmapped() - munmap() of an object has returned
 * @u: session
 * @d: data of the call
 * @regs: registers
 *
 * Context: task, preemption off.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_umem_unmapped(struct kobs_umem *u, const u64 *d,
				     struct pt_regs *regs)
{
	u64 address = d[UMEM_D_GIVEN];
	struct kobs_object o;
	u32 rest;

	kobs_umem_old(d, &o);
	/* An int. */
	if ((u32)regs_return_value(regs))
		return kobs_umem_put_back(u, address, &o) ? KOBS_N_FILTERED :
							    UMEM_N_STAYED;
	rest = kobs_alloc_rest(o.size, d[UMEM_D_SIZE], PAGE_SIZE);
	if (!rest)
		return kobs_umem_freed(u, &o) ? KOBS_N_RECORDED : KOBS_N_NO_TABLE;
	address += o.size - rest;
	o.size = rest;
	return kobs_umem_put_back(u, address, &o) ? KOBS_N_RECORDED : UMEM_N_STAYED;
}
