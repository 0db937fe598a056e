// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks of arm64, whose code links its frames: a frame record holds the
 * address of the caller's record, and the return address. There are two steps,
 * the second where the first misses:
 *
 *	kobs_unwind_id()
 *	  |
 *	  v
 *	stack cache		find()
 *	  | miss
 *	  v
 *	stack_trace_save()	unwind_stack()
 *
 * The first follows the records and takes less than half as long: for 20 frames
 * 830 instructions instead of 1,800 (6.12, whole hits of lock contention).
 *
 * A stack is in the cache (stack_cache.h) if its records hold the same return
 * addresses. That is all that stack_trace_save() depends on, except return
 * addresses that tracers put there in place of the real ones: a stack is only
 * cached if stack_trace_save() agrees with its records. Where a record lies
 * does not matter: system calls move the stack by a random offset.
 *
 * Records are only read on the stack that the first one lies on, whose size is
 * its alignment, and only upwards.
 *
 * A word of struct kobs_cached_stack is a record: its return address, relative
 * to the kernel's text. The key covers all of them.
 *
 * Locking: see stack_cache.h.
 */
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <asm/pointer_auth.h>
#include <asm/stacktrace.h>

#include "lib/uninit.h"
#include "unwind/entry_frames.h"
#include "unwind/stack_cache.h"
#include "unwind/unwind.h"

/* Maximum number of frames of kobs and of a hook, which are left out. */
#define HOOK_FRAMES	16
#define FRAMES		(KOBS_STACK_DEPTH + HOOK_FRAMES)

struct kobs_frame_record {
	unsigned long fp;
	unsigned long ret;
};

/**
 * struct kobs_record_chain - the frame records of a stack
 * @first: the first record, of kobs_unwind_id()
 * @top: end of the stack that it lies on
 * @final: address of the record that marks the end of the task's stack
 * @entry: address of the hooked function, or 0
 * @hash: of @entry and of all return addresses
 * @n: number of records
 * @cut: the chain ends where that stack is left
 * @whole: there are no more records of interest
 * @good: the stack can be cached
 * @ret: return addresses, relative to the kernel's text
 */
struct kobs_record_chain {
	const struct kobs_frame_record *first;
	unsigned long top;
	unsigned long final;
	unsigned long entry;
	u64 hash;
	unsigned int n;
	bool cut;
	bool whole;
	bool good;
	s32 ret[KOBS_STACK_CACHE_WORDS];
};

static __always_inline unsigned long return_of(const struct kobs_frame_record *r)
{
	return ptrauth_strip_kernel_insn_pac(READ_ONCE(r->ret));
}

/* The base of return addresses: any function of the kernel. */
static __always_inline unsigned long text_base(void)
{
	return (unsigned long)_printk;
}

/* Is the next record on the same stack? */
static __always_inline bool goes_on(const struct kobs_record_chain *t,
				    const struct kobs_frame_record *r, unsigned long fp)
{
	return fp > (unsigned long)r && fp <= t->top - sizeof(*r) &&
	       IS_ALIGNED(fp, sizeof(fp));
}

static __always_inline void follow(const struct kobs_unwind *u,
				   struct kobs_record_chain *t, unsigned long entry,
				   const void *first)
{
	const unsigned long text = text_base();
	const struct kobs_frame_record *r = first;
	u64 hash = entry;
	unsigned int n = 0;

	t->first = first;
	t->top = ALIGN_DOWN((unsigned long)first, THREAD_SIZE) + THREAD_SIZE;
	t->final = (unsigned long)&task_pt_regs(current)->stackframe;
	t->entry = entry;
	t->cut = !u->full_stack && !in_task();
	t->whole = false;
	t->good = true;
	while (n < KOBS_STACK_CACHE_WORDS) {
		unsigned long fp = READ_ONCE(r->fp);
		long ret = return_of(r) - text;

		t->good &= ret == (s32)ret;
		t->ret[n++] = ret;
		hash = (hash ^ ret) * KOBS_HASH_FACTOR;
		if (fp == t->final) {
			t->whole = true;
			break;
		}
		if (!goes_on(t, r, fp)) {
			t->whole = t->cut;
			t->good &= t->cut;
			break;
		}
		r = (const struct kobs_frame_record *)fp;
	}
	t->n = n;
	t->hash = hash | KOBS_ROW_HASH;
}

/**
 * struct kobs_arm64_trace - a stack from stack_trace_save()
 * @ips: addresses, those of kobs and the hook first
 * @n: number of addresses
 * @skip: index of the first address of interest
 * @nr: number of addresses of interest
 * @first: index of the address of the chain's first record
 */
struct kobs_arm64_trace {
	unsigned long ips[FRAMES];
	unsigned int n;
	unsigned int skip;
	unsigned int nr;
	unsigned int first;
};

static noinline void unwind_stack(const struct kobs_unwind *u,
				  const struct kobs_record_chain *t, struct kobs_arm64_trace *tr)
{
	const struct kobs_frame_record *r = __builtin_frame_address(0);

	tr->n = stack_trace_save(tr->ips, u->depth + HOOK_FRAMES, 0);
	/* The first is this function, the second what is in its record. */
	tr->first = 1;
	while (r != t->first && goes_on(t, r, READ_ONCE(r->fp))) {
		r = (const struct kobs_frame_record *)READ_ONCE(r->fp);
		tr->first++;
	}
	if (t->cut && t->whole)
		tr->n = min(tr->n, tr->first + t->n);
	tr->skip = kobs_entry_frames_skip(tr->ips, tr->n, HOOK_FRAMES, t->entry);
	tr->nr = min(tr->n - tr->skip, u->depth);
}

/* Do the records agree, and do they cover all addresses of interest? */
static bool trace_matches(const struct kobs_arm64_trace *tr, const struct kobs_record_chain *t)
{
	unsigned int last = min(tr->first + t->n, tr->n);
	unsigned int i;

	if (!t->good || (t->whole ? tr->n > last : tr->skip + tr->nr > last))
		return false;
	for (i = tr->first; i < last; i++) {
		if (tr->ips[i] != text_base() + (long)t->ret[i - tr->first])
			return false;
	}
	return true;
}

static noinline bool verify(const struct kobs_unwind *u, const struct kobs_record_chain *t,
			    u32 id)
{
	const struct kobs_stack *st = kobs_stack_table_get(u->stacks, id);
	struct kobs_arm64_trace tr;

	unwind_stack(u, t, &tr);
	return tr.nr == st->nr &&
	       !memcmp(tr.ips + tr.skip, &u->stacks->words[st->start],
		       tr.nr * sizeof(*tr.ips));
}

/* Count a stack from the cache, and verify every Nth. */
static __always_inline bool trusted(const struct kobs_unwind *u,
				    struct kobs_unwind_cpu *cpu, const struct kobs_record_chain *t,
				    u32 id)
{
	kobs_unwind_inc(cpu, KOBS_UNWIND_CACHED);
	if (likely(--cpu->cache.left > 0))
		return true;
	cpu->cache.left = u->verify;
	kobs_unwind_inc(cpu, KOBS_UNWIND_CHECKED);
	if (likely(verify(u, t, id)))
		return true;
	kobs_unwind_inc(cpu, KOBS_UNWIND_WRONG);
	return false;
}

/* A stack of equal addresses is not the same one when a module has come or gone. */
static __always_inline u32 state_now(const struct kobs_unwind *u,
				     const struct kobs_record_chain *t)
{
	return kobs_stack_cache_state(READ_ONCE(u->epoch), t->cut);
}

static void keep(struct kobs_stack_cache *r, const struct kobs_record_chain *t, u32 state,
		 u32 id)
{
	struct kobs_cached_stack *to = kobs_stack_cache_new(r, t->hash);
	unsigned int i;

	for (i = 0; i < t->n; i++)
		to->words[i].value = t->ret[i];
	to->nr = t->n;
	kobs_stack_cache_keep(to, t->hash, t->entry, state, id);
}

static noinline bool unwind_new(const struct kobs_unwind *u, struct kobs_unwind_cpu *cpu,
				u64 *id, const struct kobs_record_chain *t)
{
	/* Before the unwind, as in orc.c. */
	u32 state = state_now(u, t);
	struct kobs_arm64_trace tr;

	kobs_unwind_inc(cpu, KOBS_UNWIND_UNWOUND);
	unwind_stack(u, t, &tr);
	if (!kobs_unwind_intern(u, id, tr.ips + tr.skip, tr.nr))
		return false;
	if (cpu->cache.stacks && cpu->cache.nest == 1 && *id &&
	    trace_matches(&tr, t))
		keep(&cpu->cache, t, state, *id);
	return true;
}

static __always_inline bool same(const struct kobs_cached_stack *e,
				 const struct kobs_record_chain *t)
{
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		if (e->words[i].value != t->ret[i])
			return false;
	}
	return true;
}

static __always_inline const struct kobs_cached_stack *
find(const struct kobs_stack_cache *r, const struct kobs_record_chain *t, u32 state)
{
	struct kobs_cached_stack *e = kobs_stack_cache_set(r, t->hash);
	unsigned int i;

	for (i = 0; i < KOBS_STACK_CACHE_WAYS; i++, e++) {
		if (READ_ONCE(e->key) == t->hash && e->entry == t->entry &&
		    e->state == state && e->nr == t->n && same(e, t))
			return e;
	}
	return NULL;
}

static __always_inline bool unwind(const struct kobs_unwind *u, struct kobs_unwind_cpu *cpu,
				   u64 *id, const struct kobs_record_chain *t)
{
	const struct kobs_cached_stack *e = NULL;

	if (likely(cpu->cache.stacks && t->good))
		e = find(&cpu->cache, t, state_now(u, t));
	if (unlikely(!e || !trusted(u, cpu, t, e->id)))
		return unwind_new(u, cpu, id, t);
	*id = e->id;
	return true;
}

/* The interface is documented in orc.c. */
bool kobs_unwind_id(const struct kobs_unwind *u, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	struct kobs_unwind_cpu *cpu = this_cpu_ptr(u->cpu);
	struct kobs_record_chain t KOBS_UNINIT;
	bool ok;

	follow(u, &t, entry, __builtin_frame_address(0));
	cpu->cache.nest++;
	barrier();
	ok = unwind(u, cpu, id, &t);
	barrier();
	cpu->cache.nest--;
	return ok;
}

unsigned int kobs_unwind(const struct kobs_unwind *u, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	struct kobs_record_chain t KOBS_UNINIT;
	struct kobs_arm64_trace tr;

	follow(u, &t, entry, __builtin_frame_address(0));
	kobs_unwind_inc(this_cpu_ptr(u->cpu), KOBS_UNWIND_UNWOUND);
	unwind_stack(u, &t, &tr);
	memcpy(ips, tr.ips + tr.skip, tr.nr * sizeof(*ips));
	return tr.nr;
}

/* Is a record on the task's stack, or on the handler's own? */
static bool on_stack(unsigned long fp, unsigned long size)
{
	unsigned long own = ALIGN_DOWN(current_stack_pointer, THREAD_SIZE);

	if (!IS_ALIGNED(fp, sizeof(fp)))
		return false;
	return on_task_stack(current, fp, size) ||
	       (fp >= own && fp <= own + THREAD_SIZE - size);
}

/*
 * No cache: following the records costs no more than comparing them. They go
 * from an interrupt's stack to the task's, so that their addresses need not
 * rise all the way; the depth bounds a broken chain.
 */
bool kobs_unwind_regs(const struct kobs_unwind *u, u64 *id, struct pt_regs *regs)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned long fp = frame_pointer(regs);
	const struct kobs_frame_record *r;
	unsigned int n = 0;

	kobs_unwind_inc(this_cpu_ptr(u->cpu), KOBS_UNWIND_UNWOUND);
	ips[n++] = instruction_pointer(regs);
	while (n < u->depth && on_stack(fp, sizeof(*r))) {
		r = (const struct kobs_frame_record *)fp;
		if (!READ_ONCE(r->ret))
			break;
		ips[n++] = return_of(r);
		fp = READ_ONCE(r->fp);
	}
	return kobs_unwind_intern(u, id, ips, n);
}

/* No rules: the kernel's unwinder is asked each time. */
unsigned int kobs_unwind_step(unsigned long ip)
{
	return 0;
}

void kobs_unwind_hook(const void *fn)
{
	kobs_entry_frames_add(fn);
}

int kobs_unwind_init(void)
{
	return 0;
}

void kobs_unwind_exit(void)
{
}
