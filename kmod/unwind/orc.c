// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks of x86 with ORC: the ladder of caches. Each step is tried when
 * the one above it misses, and costs about ten times as much:
 *
 *	kobs_unwind_id(), kobs_unwind_regs()		kobs_unwind()
 *	  |						  |
 *	  v						  |
 *	stack cache, the stack found last by_hint()	  |
 *	  | miss					  |
 *	  v						  |
 *	stack cache, by key		  by_key()	  |
 *	  | miss					  |
 *	  v						  v
 *	frame cache, frame by frame	  by_frames() <---+
 *	  | miss	| stuck ^
 *	  |		v	| ordinary frame
 *	  |		kobs_orc_bridge()
 *	  v
 *	unwinder			  kobs_orc_unwind()
 *
 * The unwinder fills the frame cache; a stack that the frame cache led through
 * is recorded in the stack cache. Every Nth stack of either cache is compared
 * with the unwinder (verify.c), which replaces it if it differs.
 *
 * Locking: none; each CPU uses its own data, with preemption off.
 */
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "lib/uninit.h"
#include "unwind/entry_frames.h"
#include "unwind/frame_cache.h"
#include "unwind/orc.h"
#include "unwind/stack_cache.h"

/* Count a stack from a cache, and verify every Nth. */
static __always_inline bool trusted(const struct kobs_unwind *u,
				    struct kobs_unwind_cpu *cpu,
				    const struct kobs_cursor *c,
				    unsigned long entry, u32 id,
				    const unsigned long *ips, unsigned int nr)
{
	kobs_unwind_inc(cpu, KOBS_UNWIND_CACHED);
	if (likely(--cpu->cache.left > 0))
		return true;
	cpu->cache.left = u->verify;
	kobs_unwind_inc(cpu, KOBS_UNWIND_CHECKED);
	if (likely(kobs_verify_stack(u, c, entry, id, ips, nr)))
		return true;
	kobs_unwind_inc(cpu, KOBS_UNWIND_WRONG);
	kobs_orc_forget(0, ULONG_MAX);
	return false;
}

/*
 * The frame cache, with a bridge over each frame that it is stuck at. Returns
 * the number of addresses, or -ENOENT; *whole: there was no bridge.
 */
static int cached_frames(const struct kobs_cursor *start, unsigned long *ips,
			 unsigned int max, bool *whole)
{
	struct kobs_cursor c = *start;
	int n = kobs_frame_cache_unwind(&kobs_frames, &c, ips, max);

	*whole = n > 0 && !c.stuck;
	c.inner = true;
	while (n > 0 && c.stuck) {
		int more = -ENOENT;

		n = kobs_orc_bridge(&c, ips, n, max);
		if (!c.stuck || n == max)
			break;
		c.ip = 0;
		if (c.top)
			more = kobs_frame_cache_unwind(&kobs_frames, &c,
						       ips + n, max - n);
		n = more < 0 ? more : n + more;
	}
	return n;
}

/*
 * The frame cache, else the unwinder. Returns the number of addresses; *whole:
 * the frame cache led through the whole stack.
 */
static __always_inline unsigned int by_frames(const struct kobs_unwind *u,
					      const struct kobs_cursor *c,
					      unsigned long entry,
					      unsigned long *ips, bool *whole)
{
	struct kobs_unwind_cpu *cpu = this_cpu_ptr(u->cpu);
	unsigned int n = 0;
	int got = -ENOENT;

	if (entry)
		ips[n++] = entry;
	if (likely(u->verify && c->top && n < u->depth))
		got = cached_frames(c, ips + n, u->depth - n, whole);
	if (got >= 0 && trusted(u, cpu, c, entry, 0, ips, n + got))
		return n + got;
	*whole = false;
	if (got < 0)
		kobs_unwind_inc(cpu, KOBS_UNWIND_UNWOUND);
	return kobs_orc_unwind(u, c, false, entry, ips);
}

/* Add a stack that the frame cache led through to the stack cache. */
static void record(const struct kobs_unwind *u, struct kobs_stack_cache *sc,
		   const struct kobs_cursor *c, unsigned long entry,
		   const unsigned long *ips, unsigned int nr, u64 key,
		   u32 state, u32 id)
{
	unsigned int skip = entry ? 1 : 0;
	struct kobs_cached_stack *e = kobs_stack_cache_new(sc, key);

	if (kobs_stack_cache_record(e, &kobs_frames, c, ips + skip, nr - skip,
				    u->depth - skip))
		kobs_stack_cache_keep(e, key, entry, state, id);
}

static __always_inline u32 state_now(const struct kobs_cursor *c)
{
	return kobs_stack_cache_state(atomic_read(&kobs_frames_epoch), c->cut);
}

/* A stack that is not in the stack cache; @key is its key, or 0. */
static noinline bool by_frames_id(const struct kobs_unwind *u, u64 *id,
				  const struct kobs_cursor *c,
				  unsigned long entry, u64 key)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	struct kobs_stack_cache *sc = &this_cpu_ptr(u->cpu)->cache;
	/* Before the unwind: a change meanwhile makes the stack invalid. */
	u32 state = state_now(c);
	bool whole = false;
	unsigned int nr;

	nr = by_frames(u, c, entry, ips, &whole);
	if (!kobs_unwind_intern(u, id, ips, nr))
		return false;
	if (key && whole && sc->nest == 1)
		record(u, sc, c, entry, ips, nr, key, state, *id);
	return true;
}

/* A stack that is not the one found last for its first address. */
static noinline bool by_key(const struct kobs_unwind *u, u64 *id,
			    const struct kobs_cursor *c, unsigned long entry,
			    u16 *hint)
{
	struct kobs_unwind_cpu *cpu = this_cpu_ptr(u->cpu);
	u64 key = kobs_stack_cache_key(&kobs_frames, c, entry);
	const struct kobs_cached_stack *e;

	e = kobs_stack_cache_find(&cpu->cache, key, entry, state_now(c), c);
	if (!e || !trusted(u, cpu, c, entry, e->id, NULL, 0))
		return by_frames_id(u, id, c, entry, key);
	WRITE_ONCE(*hint, e - cpu->cache.stacks);
	*id = e->id;
	return true;
}

/* The top of the ladder. */
static __always_inline bool by_hint(const struct kobs_unwind *u, u64 *id,
				    const struct kobs_cursor *c,
				    unsigned long entry,
				    struct kobs_unwind_cpu *cpu)
{
	struct kobs_stack_cache *sc = &cpu->cache;
	const struct kobs_cached_stack *e;
	u16 *hint;

	if (unlikely(!sc->stacks || !c->top))
		return by_frames_id(u, id, c, entry, 0);
	hint = kobs_stack_cache_hint(sc, c, entry);
	e = kobs_stack_cache_again(sc, hint, entry, state_now(c), c);
	if (unlikely(!e || !trusted(u, cpu, c, entry, e->id, NULL, 0)))
		return by_key(u, id, c, entry, hint);
	*id = e->id;
	return true;
}

static __always_inline struct kobs_cursor
cursor_at(const struct kobs_unwind *u, const struct kobs_at *at)
{
	return (struct kobs_cursor){
		.sp = at->sp + sizeof(long),
		.bp = at->bp,
		.top = kobs_orc_stack_top(at->sp),
		.cut = !u->full_stack && !in_task(),
	};
}

/* The return address of the call of the hook, in the hooked function. */
static __always_inline unsigned long after_hook(unsigned long entry)
{
	return entry ? entry + MCOUNT_INSN_SIZE : 0;
}

/**
 * kobs_unwind_id() - the number of the current context's kernel stack
 * @u: unwind context
 * @id: set to the number; 0 is a stack without frames
 * @entry: address of the hooked function, or 0
 * @at: where it was entered, or with @entry 0, where the handler was
 *
 * The stack is that of kobs_unwind().
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_unwind_id(const struct kobs_unwind *u, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	struct kobs_unwind_cpu *cpu = this_cpu_ptr(u->cpu);
	struct kobs_cursor c = cursor_at(u, at);
	bool ok;

	cpu->cache.nest++;
	barrier();
	ok = by_hint(u, id, &c, after_hook(entry), cpu);
	barrier();
	cpu->cache.nest--;
	return ok;
}

static noinline bool made_up_id(const struct kobs_unwind *u, u64 *id,
				struct pt_regs *regs)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;

	kobs_unwind_inc(this_cpu_ptr(u->cpu), KOBS_UNWIND_UNWOUND);
	return kobs_unwind_intern(u, id, ips,
				  kobs_orc_made_up(regs, ips, u->depth));
}

/**
 * kobs_unwind_regs() - the number of an interrupted context's kernel stack
 * @u: unwind context
 * @id: set to the number
 * @regs: registers of kernel code
 *
 * The stack starts with the interrupted instruction, and is not cut where that
 * ran in an interrupt. The rule of a frame follows from the instruction as it
 * does from a return address one byte after it: the unwind tables are looked
 * up by the same address.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_unwind_regs(const struct kobs_unwind *u, u64 *id,
		      struct pt_regs *regs)
{
	struct kobs_unwind_cpu *cpu = this_cpu_ptr(u->cpu);
	struct kobs_cursor c = {
		.sp = regs->sp,
		.bp = regs->bp,
		.top = kobs_orc_stack_top(regs->sp),
		.inner = true,
		.ip = regs->ip + 1,
		.regs = regs,
	};
	bool ok;

	if (!(regs->flags & X86_EFLAGS_FIXED))
		return made_up_id(u, id, regs);
	cpu->cache.nest++;
	barrier();
	ok = by_hint(u, id, &c, regs->ip, cpu);
	barrier();
	cpu->cache.nest--;
	return ok;
}

/**
 * kobs_unwind() - the kernel stack of the current context
 * @u: unwind context
 * @entry: address of the hooked function, or 0
 * @at: where it was entered, or NULL
 * @ips: set to code addresses, leaf first; room for @u->depth
 *
 * The stack starts with the hooked function, or with the caller of kobs; that
 * of an interrupt ends where the interrupt began, unless the session has
 * full stacks.
 *
 * Context: any, NMI included; preemption off.
 * Return: number of addresses.
 */
unsigned int kobs_unwind(const struct kobs_unwind *u, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	struct kobs_at here = at ? *at : kobs_at_here();
	struct kobs_cursor c = cursor_at(u, &here);
	bool whole;

	return by_frames(u, &c, at ? after_hook(entry) : 0, ips, &whole);
}

/**
 * kobs_unwind_step() - where the return address of a frame's caller lies
 * @ip: return address, which was in a stack of kobs_unwind()
 *
 * Context: any, NMI included.
 * Return: words from where @ip lies on the stack; 0 when that is not known, or
 * differs between stacks.
 */
unsigned int kobs_unwind_step(unsigned long ip)
{
	u64 rule = kobs_frame_cache_get(kobs_frames.rules, kobs_frames.shift, ip);

	return (rule & ~KOBS_RULE_HOOK) >> 56 == KOBS_RULE_PLAIN ?
	       kobs_rule_words(rule) : 0;
}

/**
 * kobs_unwind_hook() - leave a function out at the start of stacks
 * @fn: function of the kernel that only calls handlers
 *
 * Context: task, may sleep.
 */
void kobs_unwind_hook(const void *fn)
{
	unsigned long end = kobs_entry_frames_add(fn);

	if (!end)
		return;
	/* Its rules may have been learned as any other function's. */
	synchronize_rcu();
	kobs_orc_forget((unsigned long)fn, end);
}

/**
 * kobs_unwind_init() - prepare the frame cache
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_unwind_init(void)
{
	return kobs_orc_learn_init();
}

/**
 * kobs_unwind_exit() - undo kobs_unwind_init()
 *
 * Context: task, at unload.
 */
void kobs_unwind_exit(void)
{
	kobs_verify_exit();
	kobs_orc_learn_exit();
}
