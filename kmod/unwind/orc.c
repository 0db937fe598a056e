// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks by the exported ORC unwinder of x86, and by the frame cache of what it
 * finds, which orc_learn.c fills.
 *
 * Locking: none; each CPU uses what is its own, with preemption off.
 */
#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/stacktrace.h>
#include <asm/unwind.h>

#include "core/hit.h"
#include "unwind/entry_frames.h"
#include "unwind/frame_cache.h"
#include "unwind/orc_learn.h"
#include "unwind/stack_cache.h"

/* Stacks of a CPU: for interrupts, and for each kind of exception. */
#define CPU_STACKS	(1 + N_EXCEPTION_STACKS)

/**
 * struct kobs_stack_range - a stack
 * @start: lowest address
 * @end: address behind it
 */
struct kobs_stack_range {
	unsigned long start;
	unsigned long end;
};

static DEFINE_PER_CPU(struct kobs_stack_range[CPU_STACKS], cpu_stacks);

/* The stacks of a CPU stay where they are: remember one. */
static void learn_stack(const struct stack_info *info)
{
	struct kobs_stack_range *r;

	if (info->type == STACK_TYPE_IRQ)
		r = this_cpu_ptr(&cpu_stacks[0]);
	else if (info->type >= STACK_TYPE_EXCEPTION &&
		 info->type <= STACK_TYPE_EXCEPTION_LAST)
		r = this_cpu_ptr(&cpu_stacks[1 + info->type -
					     STACK_TYPE_EXCEPTION]);
	else
		return;
	WRITE_ONCE(r->start, (unsigned long)info->begin);
	/* The uppermost word of an interrupt stack leads to the one before. */
	WRITE_ONCE(r->end, (unsigned long)(info->end -
					   (info->type == STACK_TYPE_IRQ)));
}

/* End of the stack that an address lies in, or 0. */
static __always_inline unsigned long stack_top(unsigned long sp)
{
	unsigned long start = (unsigned long)task_stack_page(current);
	unsigned int i;

	if (likely(sp - start < THREAD_SIZE))
		return start + THREAD_SIZE;
	for (i = 0; i < CPU_STACKS; i++) {
		const struct kobs_stack_range *r = this_cpu_ptr(&cpu_stacks[i]);

		if (sp - READ_ONCE(r->start) < READ_ONCE(r->end) - r->start)
			return r->end;
	}
	return 0;
}

/*
 * To where a walk begins. The unwinder is told that a function of the kernel
 * was entered there and nothing was done in it yet, which saves it the frames
 * of kobs and of the hook.
 */
static void begin_there(struct unwind_state *state, const struct kobs_walk *w)
{
	struct pt_regs regs = {
		.ip = (unsigned long)unwind_next_frame,
		.sp = w->sp - sizeof(long),
		.bp = w->bp,
	};

	unwind_start(state, current, &regs, NULL);
}

/*
 * To there from here, through those frames: whoever is to say whether the frame cache
 * is right must not rely on what it was given to begin with.
 */
static void begin_here(struct unwind_state *state, const struct kobs_walk *w)
{
	unwind_start(state, current, NULL, (unsigned long *)w->sp - 1);
}

/* To the frame behind the code that was interrupted. */
static void begin_regs(struct unwind_state *state, const struct kobs_walk *w)
{
	unwind_start(state, current, w->regs, NULL);
	if (!unwind_error(state))
		kobs_unwind_learn(w->ip);
}

/* Walk by the unwinder, and learn. Frames begin with that at w->sp. */
static noinline unsigned int walk_full(const struct kobs_walk *w, bool here,
				       unsigned long *ips, unsigned int max)
{
	struct unwind_state state;
	struct stack_info own;
	unsigned int n = 0;

	if (w->regs)
		begin_regs(&state, w);
	else if (here)
		begin_here(&state, w);
	else
		begin_there(&state, w);
	own = state.stack_info;
	learn_stack(&own);
	for (; !unwind_done(&state); unwind_next_frame(&state)) {
		unsigned long *slot = (unsigned long *)state.sp - 1;
		unsigned long ip;

		if (w->cut && (state.regs ||
			       !on_stack(&own, slot, sizeof(*slot))))
			break;
		ip = unwind_get_return_address(&state);
		if (!ip)
			break;
		if (!state.regs && !unwind_error(&state) &&
		    READ_ONCE_NOCHECK(*slot) == ip)
			kobs_unwind_learn(ip);
		if (!n && !w->inner && kobs_unwind_is_hook(ip))
			continue;
		ips[n++] = ip;
		if (n == max)
			break;
	}
	return n;
}

/**
 * kobs_unwind_full() - the stack from the hooked function on, by the unwinder
 * @s: session
 * @w: where it begins and ends
 * @here: go there through the frames from here on
 * @entry: address that it begins with, or 0
 * @ips: set to code addresses, leaf first; room for s->stack_depth
 *
 * Context: any, NMI included; preemption off.
 * Return: how many addresses.
 */
unsigned int kobs_unwind_full(struct kobs_session *s, const struct kobs_walk *w,
			      bool here, unsigned long entry,
			      unsigned long *ips)
{
	unsigned int n = 0;

	if (entry)
		ips[n++] = entry;
	if (n < s->stack_depth)
		n += walk_full(w, here, ips + n, s->stack_depth - n);
	return n;
}

/* What the frame cache says, before it is believed. */
static __always_inline bool believe(struct kobs_session *s,
				    struct kobs_cpu *pc,
				    const struct kobs_walk *w,
				    unsigned long entry, u32 id,
				    const unsigned long *ips, unsigned int nr)
{
	local64_inc(&pc->counters.n[KOBS_N_CACHED]);
	if (likely(--pc->stack_cache.left > 0))
		return true;
	pc->stack_cache.left = s->verify_stacks;
	kobs_count(&pc->counters, KOBS_N_CHECKED);
	if (likely(kobs_unwind_is_right(s, w, entry, id, ips, nr)))
		return true;
	kobs_count(&pc->counters, KOBS_N_WRONG);
	kobs_unwind_forget(0, ULONG_MAX);
	return false;
}

/*
 * Where the frame cache does not lead on, the unwinder does, up to the next frame that
 * is as any other. Returns the number of addresses, of which there were @n.
 */
static noinline unsigned int walk_over(struct kobs_walk *w, unsigned long *ips,
				       unsigned int n, unsigned int max)
{
	struct unwind_state state;
	struct stack_info own;
	unsigned long ip;

	w->stuck = false;
	begin_there(&state, w);
	own = state.stack_info;
	while (n < max && unwind_next_frame(&state)) {
		if (w->cut && (state.regs ||
			       !on_stack(&own, (void *)(state.sp - sizeof(long)),
					 sizeof(long))))
			break;
		ip = unwind_get_return_address(&state);
		if (!ip)
			break;
		if (!state.regs && !unwind_error(&state)) {
			w->sp = state.sp;
			w->bp = state.bp;
			w->top = stack_top(state.sp - sizeof(long));
			w->stuck = true;
			break;
		}
		ips[n++] = ip;
	}
	return n;
}

/* Walk by the frame cache, as far as it leads. */
static int walk_cached(const struct kobs_walk *from, unsigned long *ips,
		       unsigned int max, struct kobs_cached_stack *to)
{
	struct kobs_walk w = *from;
	int n;

	n = to ? kobs_frame_cache_record(&kobs_frames, &w, ips, max, to) :
		 kobs_frame_cache_walk(&kobs_frames, &w, ips, max);
	w.inner = true;
	while (n > 0 && w.stuck) {
		int got;

		n = walk_over(&w, ips, n, max);
		if (!w.stuck || n == max)
			break;
		w.ip = 0;
		got = w.top ? kobs_frame_cache_walk(&kobs_frames, &w, ips + n, max - n) :
			      -ENOENT;
		n = got < 0 ? got : n + got;
	}
	return n;
}

/*
 * The addresses of a stack, frame by frame; recorded in @to, if that is not
 * NULL.
 */
static __always_inline unsigned int
unwind_frames(struct kobs_session *s, const struct kobs_walk *w,
	      unsigned long entry, unsigned long *ips, struct kobs_cached_stack *to)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	unsigned int n = 0;
	int got = -ENOENT;

	if (entry)
		ips[n++] = entry;
	if (likely(s->verify_stacks && w->top && n < s->stack_depth))
		got = walk_cached(w, ips + n, s->stack_depth - n, to);
	if (got >= 0 && believe(s, pc, w, entry, 0, ips, n + got))
		return n + got;
	if (to)
		to->nr = 0;
	if (got < 0)
		kobs_count(&pc->counters, KOBS_N_UNWOUND);
	return kobs_unwind_full(s, w, false, entry, ips);
}

/* A stack that is not in the cache; @key is for the next time, or 0. */
static noinline bool unwind_new(struct kobs_session *s, u64 *id,
				const struct kobs_walk *w, unsigned long entry,
				u64 key)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	struct kobs_stack_cache *r = &this_cpu_ptr(s->cpu)->stack_cache;
	u32 state = kobs_stack_cache_state(atomic_read(&kobs_frame_cache_epoch), w->cut);
	struct kobs_cached_stack *to = NULL;
	bool ok;

	if (key && r->nest == 1)
		to = kobs_stack_cache_new(r, key);
	ok = kobs_context_intern(s, id, ips,
				 unwind_frames(s, w, entry, ips, to));
	if (to && ok)
		kobs_stack_cache_keep(to, key, entry, state, *id);
	return ok;
}

/* A stack that is not the one that was found last. */
static noinline bool unwind_find(struct kobs_session *s, u64 *id,
				 const struct kobs_walk *w, unsigned long entry,
				 u16 *hint)
{
	u32 state = kobs_stack_cache_state(atomic_read(&kobs_frame_cache_epoch), w->cut);
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	u64 key = kobs_stack_cache_key(&kobs_frames, w, entry);
	const struct kobs_cached_stack *e;

	e = kobs_stack_cache_find(&pc->stack_cache, key, entry, state, w);
	if (!e || !believe(s, pc, w, entry, e->id, NULL, 0))
		return unwind_new(s, id, w, entry, key);
	WRITE_ONCE(*hint, e - pc->stack_cache.stacks);
	*id = e->id;
	return true;
}

static __always_inline bool unwind(struct kobs_session *s, u64 *id,
				   const struct kobs_walk *w,
				   unsigned long entry, struct kobs_cpu *pc)
{
	u32 state = kobs_stack_cache_state(atomic_read(&kobs_frame_cache_epoch), w->cut);
	struct kobs_stack_cache *r = &pc->stack_cache;
	const struct kobs_cached_stack *e;
	u16 *hint;

	if (unlikely(!r->stacks || !w->top))
		return unwind_new(s, id, w, entry, 0);
	hint = kobs_stack_cache_hint(r, w, entry);
	e = kobs_stack_cache_again(r, hint, entry, state, w);
	if (unlikely(!e || !believe(s, pc, w, entry, e->id, NULL, 0)))
		return unwind_find(s, id, w, entry, hint);
	*id = e->id;
	return true;
}

static __always_inline struct kobs_walk
walk_from(const struct kobs_session *s, const struct kobs_at *at)
{
	return (struct kobs_walk){
		.sp = at->sp + sizeof(long),
		.bp = at->bp,
		.top = stack_top(at->sp),
		.cut = !s->full_stack && !in_task(),
	};
}

/* As if the call of the hook had just returned. */
static __always_inline unsigned long hooked(unsigned long entry)
{
	return entry ? entry + MCOUNT_INSN_SIZE : 0;
}

/**
 * kobs_unwind_id() - the number of the current context's kernel stack
 * @s: session
 * @id: set to the number; 0 is a stack without frames
 * @entry: address of the hooked function, or 0
 * @at: where it was entered, or with 0, where the handler was
 *
 * The stack is that of kobs_unwind().
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_unwind_id(struct kobs_session *s, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_walk w = walk_from(s, at);
	bool ok;

	pc->stack_cache.nest++;
	barrier();
	ok = unwind(s, id, &w, hooked(entry), pc);
	barrier();
	pc->stack_cache.nest--;
	return ok;
}

/*
 * Registers made up for a call, as software events have them, are no more than
 * the address and a stack pointer. Returns how many addresses.
 */
static unsigned int unwind_made_up(struct kobs_session *s, struct pt_regs *regs,
				   unsigned long *ips)
{
	struct unwind_state state;

	ips[0] = regs->ip;
	unwind_start(&state, current, NULL, (void *)regs->sp);
	return kobs_unwind_rest(&state, ips, 1, s->stack_depth);
}

static noinline bool unwind_made_up_id(struct kobs_session *s, u64 *id,
				       struct pt_regs *regs)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;

	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	return kobs_context_intern(s, id, ips, unwind_made_up(s, regs, ips));
}

/**
 * kobs_unwind_regs() - the number of an interrupted context's kernel stack
 * @s: session
 * @id: set to the number
 * @regs: registers of kernel code
 *
 * The stack begins with the interrupted instruction, and is not cut where that
 * ran in an interrupt. A frame's layout follows from the instruction as it does
 * from a return address one byte behind it: that is what the tables are asked
 * about for either.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_unwind_regs(struct kobs_session *s, u64 *id, struct pt_regs *regs)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_walk w = {
		.sp = regs->sp,
		.bp = regs->bp,
		.top = stack_top(regs->sp),
		.inner = true,
		.ip = regs->ip + 1,
		.regs = regs,
	};
	bool ok;

	if (!(regs->flags & X86_EFLAGS_FIXED))
		return unwind_made_up_id(s, id, regs);
	pc->stack_cache.nest++;
	barrier();
	ok = unwind(s, id, &w, regs->ip, pc);
	barrier();
	pc->stack_cache.nest--;
	return ok;
}

/**
 * kobs_unwind() - the kernel stack of the current context
 * @s: session
 * @entry: address of the hooked function, or 0
 * @at: where it was entered, or NULL
 * @ips: set to code addresses, leaf first; room for s->stack_depth
 *
 * The stack begins with the hooked function, or with whatever called kobs; in
 * an interrupt it ends where the interrupt began, unless the session keeps
 * all.
 *
 * Context: any, NMI included; preemption off.
 * Return: how many addresses.
 */
unsigned int kobs_unwind(struct kobs_session *s, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	struct kobs_at here = at ? *at : kobs_at_here();
	struct kobs_walk w = walk_from(s, &here);

	return unwind_frames(s, &w, at ? hooked(entry) : 0, ips, NULL);
}

/**
 * kobs_unwind_settle() - wait for those who are unwinding in a session
 * @s: session, disarmed; its probes are still on
 *
 * A stack that is compared is unwound from here on, through the hook's
 * trampoline, which the unwinder only knows as long as the hook is on.
 *
 * Context: task, may sleep.
 */
void kobs_unwind_settle(const struct kobs_session *s)
{
	if (kobs_session_caches_stacks(s))
		synchronize_rcu();
}

/**
 * kobs_unwind_init() - make the frame cache ready
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_unwind_init(void)
{
	return kobs_unwind_learn_init();
}

/**
 * kobs_unwind_exit() - undo kobs_unwind_init()
 *
 * Context: task, at unload.
 */
void kobs_unwind_exit(void)
{
	kobs_unwind_check_exit();
	kobs_unwind_learn_exit();
}
