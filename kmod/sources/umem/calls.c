// SPDX-License-Identifier: GPL-2.0
/*
 * Source umem: handlers of the allocator's functions.
 *
 * What allocates is hooked at its entry, where its arguments and the stack are, and at
 * its return, where the object is. In between it is an entry of the in-flight table,
 * whose key is the task. Functions that it calls meanwhile are a part of it, and no
 * hits: calloc() that calls malloc(), operator new, a realloc() that allocates, copies
 * and frees. So the outermost call of a task counts, once.
 *
 * A call that is entered higher in the stack than the one in progress shows that this
 * one does not return: a longjmp() or an exception left it, or the kernel has not
 * hooked its return (it hooks 64 of nested calls). It is lost then. One at the same
 * place in the stack is one that the function in progress has jumped to, unless the
 * address there is still that function's own, which the kernel replaces when it hooks
 * the return.
 *
 * An object leaves the table when its free(), realloc() or munmap() is entered
 * (frees.c): as soon as the allocator has it, another thread can get its address. If a
 * realloc() or munmap() fails, it is put back.
 *
 * Memory that the program maps, or takes by moving the end of the heap, is an object as
 * well, if the client names the functions for that; what an allocator maps is inside its
 * calls, and what it unmaps is not followed. An end that moves down ends the objects
 * from there on, if one begins there.
 *
 * A process that is forked from one that is followed has copies of its objects. It is
 * another process, and filtered.
 *
 * Locking: none; task context, in which nothing else of user space is hit. A task's
 * entry is its own.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "core/context.h"
#include "sources/umem/umem.h"

static __always_inline struct kobs_umem_place *
place_of(struct uprobe_consumer *consumer)
{
	return container_of(consumer, struct kobs_umem_place, place.consumer);
}

static bool find_call(const struct kobs_umem *u, struct kobs_inflight_ref *ref)
{
	return kobs_inflight_find(&u->calls, (u64)current, 0, ref);
}

/* What lies where the return address is at a function's entry. */
static u64 word_of_return(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	u64 word;

	return copy_from_user_nofault(&word, (void __user *)regs->sp,
				      sizeof(word)) ? 0 : word;
#else
	return procedure_link_pointer(regs);
#endif
}

static u64 stack_at_return(struct pt_regs *regs)
{
	/* On x86, the return has taken the address off. */
	return user_stack_pointer(regs) -
	       (IS_ENABLED(CONFIG_X86_64) ? sizeof(u64) : 0);
}

/**
 * kobs_umem_old() - the object that a call was given, as it was
 * @d: data of the call
 * @o: set to that
 *
 * Context: any.
 * Return: false when it is not followed.
 */
bool kobs_umem_old(const u64 *d, struct kobs_object *o)
{
	*o = (struct kobs_object){
		.group = lower_32_bits(d[UMEM_D_OLD]),
		.born = upper_32_bits(d[UMEM_D_OLD]),
		.size = d[UMEM_D_OLD_SIZE],
	};
	return o->group != KOBS_GROUP_NONE;
}

/* A call whose return will not be seen. */
static void lose_call(struct kobs_umem *u, struct kobs_cpu *pc,
		      const struct kobs_inflight_ref *ref)
{
	struct kobs_object old;

	/* What became of its object is not known. */
	if (kobs_umem_old(ref->entry->data, &old))
		kobs_umem_freed(u, &old);
	kobs_inflight_end_own(ref);
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	kobs_count(&pc->counters, UMEM_N_STALE);
}

/**
 * kobs_umem_is_inside() - whether a function is called by the one in progress
 * @p: place
 * @pc: the session's part of this CPU
 * @regs: registers at its entry
 *
 * Context: task, preemption off.
 * Return: true when it is: it is no hit.
 */
bool kobs_umem_is_inside(const struct kobs_umem_place *p, struct kobs_cpu *pc,
			 struct pt_regs *regs)
{
	u64 sp = user_stack_pointer(regs);
	struct kobs_inflight_ref ref KOBS_UNINIT;
	const u64 *d;

	if (!find_call(p->u, &ref))
		return false;
	d = ref.entry->data;
	if (sp < d[UMEM_D_STACK])
		return true;
	if (sp == d[UMEM_D_STACK] && (u64)p != d[UMEM_D_PLACE] &&
	    word_of_return(regs) != d[UMEM_D_RETURN])
		return true;
	lose_call(p->u, pc, &ref);
	return false;
}

/**
 * kobs_umem_set_old() - keep the object that a call was given with the call
 * @d: data of the call
 * @o: the object, which was taken out
 *
 * Context: any.
 */
void kobs_umem_set_old(u64 *d, const struct kobs_object *o)
{
	d[UMEM_D_OLD] = o->group | (u64)o->born << 32;
	d[UMEM_D_OLD_SIZE] = o->size;
}

static void take_old(struct kobs_umem *u, u64 *d)
{
	struct kobs_object old = { .group = KOBS_GROUP_NONE };

	if (d[UMEM_D_GIVEN] && !kobs_umem_take(u, d[UMEM_D_GIVEN], &old))
		old = (struct kobs_object){ .group = KOBS_GROUP_NONE };
	kobs_umem_set_old(d, &old);
}

/* A call that is not followed: its object is not the same any more afterwards. */
static void forget_given(struct kobs_umem_place *p, struct pt_regs *regs)
{
	u64 args[KOBS_ALLOC_ARGS] KOBS_UNINIT;
	struct kobs_object old;
	unsigned int i;

	for (i = 0; i < KOBS_ALLOC_ARGS; i++)
		args[i] = regs_get_kernel_argument(regs, i);
	if (kobs_umem_take(p->u, kobs_alloc_given(p->call, args), &old))
		kobs_umem_freed(p->u, &old);
}

/**
 * kobs_umem_heap_end() - where the end of the heap is
 * @call: a call that moves it
 * @regs: registers at its entry
 * @to: set to where it is to be
 *
 * Context: task.
 * Return: the address.
 */
u64 kobs_umem_heap_end(enum kobs_umem_call call, struct pt_regs *regs, u64 *to)
{
	u64 args[KOBS_ALLOC_ARGS] = { regs_get_kernel_argument(regs, 0) };
	u64 now = READ_ONCE(current->mm->brk);

	*to = kobs_alloc_end(call, args, now);
	return now;
}

/**
 * kobs_umem_open_call() - make a call an entry of the current task
 * @p: place
 * @regs: registers at its entry
 * @ref: set to the entry, which is to be published
 *
 * Context: task, preemption off.
 * Return: data of the call, with its stack and its place; NULL: there is no room.
 */
u64 *kobs_umem_open_call(struct kobs_umem_place *p, struct pt_regs *regs,
			 struct kobs_inflight_ref *ref)
{
	u64 *d;

	if (kobs_inflight_begin(&p->u->calls, (u64)current, 0, ref) !=
	    KOBS_INFLIGHT_BEGUN)
		return NULL;
	d = ref->entry->data;
	d[UMEM_D_STACK] = user_stack_pointer(regs);
	d[UMEM_D_RETURN] = word_of_return(regs);
	d[UMEM_D_PLACE] = (u64)p;
	ref->entry->start = 0;
	return d;
}

/* Make a call an entry. Returns what becomes of the hit. */
static enum kobs_counter call_begin(struct kobs_umem_place *p,
				    struct pt_regs *regs, u64 t0)
{
	enum kobs_counter fate = KOBS_N_IN_FLIGHT;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	u64 args[KOBS_ALLOC_ARGS] KOBS_UNINIT;
	struct kobs_umem *u = p->u;
	unsigned int i;
	u32 group;
	u64 *d;

	for (i = 0; i < KOBS_ALLOC_ARGS; i++)
		args[i] = regs_get_kernel_argument(regs, i);
	group = kobs_umem_group(u, regs, &fate);
	d = kobs_umem_open_call(p, regs, &ref);
	if (!d) {
		forget_given(p, regs);
		return KOBS_N_INFLIGHT_FULL;
	}
	d[UMEM_D_GROUP] = group | (u64)fate << 32;
	d[UMEM_D_SIZE] = kobs_alloc_size(p->call, args);
	d[UMEM_D_GIVEN] = kobs_alloc_given(p->call, args);
	d[UMEM_D_WHERE] = kobs_alloc_where(p->call, args);
	if (kobs_alloc_moves_end(p->call)) {
		u64 to;

		d[UMEM_D_WHERE] = kobs_umem_heap_end(p->call, regs, &to);
		d[UMEM_D_SIZE] = to - d[UMEM_D_WHERE];
	}
	take_old(u, d);
	d[UMEM_D_COST] = t0 ? ktime_get_mono_fast_ns() - t0 : 0;
	kobs_inflight_publish(&ref);
	return KOBS_N_IN_FLIGHT;
}

/* What is mapped of a file is no memory of the process's own. */
static bool maps_file(const struct kobs_umem_place *p, struct pt_regs *regs)
{
	return p->call == KOBS_UMEM_MMAP &&
	       !(regs_get_kernel_argument(regs, 3) & MAP_ANONYMOUS);
}

/* Returns whether its return is to be hooked. */
static bool call_enters(struct kobs_umem_place *p, struct kobs_cpu *pc,
			struct pt_regs *regs)
{
	struct kobs_session *s = p->u->s;
	enum kobs_counter fate;
	u64 t0;

	if (kobs_umem_is_inside(p, pc, regs) || maps_file(p, regs) ||
	    !kobs_hit_begin(s, pc, &t0))
		return false;
	if (!kobs_hit_wanted(s, pc)) {
		forget_given(p, regs);
		kobs_hit_end(s, pc, t0, 0);
		return false;
	}
	fate = call_begin(p, regs, t0);
	kobs_count(&pc->counters, fate);
	/* The rest of its cost is the return's. */
	if (fate == KOBS_N_IN_FLIGHT)
		return true;
	kobs_hit_end(s, pc, t0, 0);
	return false;
}

static int allocates(struct kobs_umem_place *p, struct pt_regs *regs)
{
	struct kobs_cpu *pc = kobs_hit_enter(p->u->s);
	bool hook;

	if (!pc)
		return KOBS_UPROBE_NO_RETURN;
	this_cpu_write(kobs_context_in_uprobe, true);
	hook = call_enters(p, pc, regs);
	this_cpu_write(kobs_context_in_uprobe, false);
	kobs_hit_leave(pc);
	return hook ? 0 : KOBS_UPROBE_NO_RETURN;
}

static KOBS_UPROBE_HANDLER(umem_enters)
{
	return allocates(place_of(consumer), regs);
}

/* The address of the object; 0: there is none. False: it cannot be read. */
static bool result_of(const u64 *d, struct pt_regs *regs, u64 *result)
{
	const struct kobs_umem_place *p = (void *)d[UMEM_D_PLACE];

	*result = kobs_alloc_result(p->call, regs_return_value(regs));
	if (kobs_alloc_moves_end(p->call)) {
		*result = *result ? d[UMEM_D_WHERE] : 0;
		return true;
	}
	if (!d[UMEM_D_WHERE])
		return true;
	/* An int: an error, or 0. */
	if (lower_32_bits(*result)) {
		*result = 0;
		return true;
	}
	return !copy_from_user_nofault(result, (void __user *)d[UMEM_D_WHERE],
				       sizeof(*result));
}

/* What becomes of the hit of a call that has returned. */
static enum kobs_counter call_done(struct kobs_umem *u, const u64 *d,
				   struct pt_regs *regs)
{
	u32 group = lower_32_bits(d[UMEM_D_GROUP]);
	struct kobs_alloc_done done;
	struct kobs_object old;
	bool had_old = kobs_umem_old(d, &old);
	u64 result;

	if (!result_of(d, regs, &result))
		return UMEM_N_FAULT;
	done = kobs_alloc_done(d[UMEM_D_GIVEN], d[UMEM_D_SIZE], result);
	if (had_old && !done.ended &&
	    !kobs_umem_put_back(u, d[UMEM_D_GIVEN], &old))
		return UMEM_N_STAYED;
	if (had_old && done.ended)
		kobs_umem_freed(u, &old);
	if (done.ended && !had_old)
		kobs_umem_unknown(u);
	if (!done.made && !done.failed)
		return had_old ? KOBS_N_RECORDED : KOBS_N_FILTERED;
	if (group == KOBS_GROUP_NONE)
		return upper_32_bits(d[UMEM_D_GROUP]);
	return done.made ? kobs_umem_made(u, done.made, d[UMEM_D_SIZE], group) :
			   kobs_umem_failed(u, group);
}

static void call_returns(struct kobs_umem *u, struct kobs_cpu *pc,
			 struct pt_regs *regs)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	enum kobs_counter fate;
	u64 begin, cost;
	const u64 *d;

	/* Of another call: one that it made, or that has begun before the session. */
	if (!find_call(u, &ref))
		return;
	d = ref.entry->data;
	if (d[UMEM_D_STACK] != stack_at_return(regs))
		return;
	cost = d[UMEM_D_COST];
	begin = unlikely(cost) ? ktime_get_mono_fast_ns() : 0;
	if (((struct kobs_umem_place *)d[UMEM_D_PLACE])->call == KOBS_UMEM_MUNMAP)
		fate = kobs_umem_unmapped(u, d, regs);
	else
		fate = call_done(u, d, regs);
	kobs_inflight_end_own(&ref);
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	kobs_count(&pc->counters, fate);
	kobs_hit_end(u->s, pc, begin, cost);
}

static KOBS_UPROBE_RETURN(umem_returns)
{
	struct kobs_umem *u = place_of(consumer)->u;
	struct kobs_cpu *pc = kobs_hit_enter(u->s);

	if (!pc)
		return 0;
	call_returns(u, pc, regs);
	kobs_hit_leave(pc);
	return 0;
}

static KOBS_UPROBE_HANDLER(umem_frees)
{
	/* Without an argument it frees nothing. */
	if (regs_get_kernel_argument(regs, 0))
		kobs_umem_frees(place_of(consumer), regs);
	return 0;
}

static KOBS_UPROBE_HANDLER(umem_unmaps)
{
	return kobs_umem_unmaps(place_of(consumer), regs) ? 0 :
							    KOBS_UPROBE_NO_RETURN;
}

/* The end of the heap moves up, which allocates, or down, or is just asked for. */
static KOBS_UPROBE_HANDLER(umem_moves)
{
	struct kobs_umem_place *p = place_of(consumer);
	u64 to, now = kobs_umem_heap_end(p->call, regs, &to);

	if (to > now)
		return allocates(p, regs);
	if (to < now)
		kobs_umem_frees(p, regs);
	return KOBS_UPROBE_NO_RETURN;
}

/* Which memory has the breakpoint: that of the processes that are followed. */
static KOBS_UPROBE_FILTER(umem_filter)
{
	const struct kobs_session *s = place_of(consumer)->u->s;

	return kobs_uprobe_uses(mm, s->filter.pid, s->filter.n_pid);
}

/**
 * kobs_umem_hook() - choose the handlers of a place
 * @p: place
 *
 * Context: task.
 */
void kobs_umem_hook(struct kobs_umem_place *p)
{
	struct uprobe_consumer *c = &p->place.consumer;

	c->filter = umem_filter;
	if (p->call == KOBS_UMEM_FREE) {
		c->handler = umem_frees;
		return;
	}
	c->handler = kobs_alloc_moves_end(p->call) ? umem_moves :
		     p->call == KOBS_UMEM_MUNMAP ? umem_unmaps : umem_enters;
	c->ret_handler = umem_returns;
}

/**
 * kobs_umem_leave_call() - the current task does not return from its call
 * @u: session
 *
 * Context: task.
 */
void kobs_umem_leave_call(struct kobs_umem *u)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc;

	if (!find_call(u, &ref))
		return;
	pc = kobs_hit_enter(u->s);
	if (!pc)
		return;
	lose_call(u, pc, &ref);
	kobs_hit_leave(pc);
}
