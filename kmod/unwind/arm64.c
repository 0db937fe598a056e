// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks of arm64, whose code links its frames: a frame record is where
 * the next one lies, and the return address. stack_trace_save() follows these.
 * To see that a stack is one that was seen before takes less than half of that:
 * of 20 frames 830 instructions for 1,800 (6.12, all of lock contention's).
 *
 * A stack is found in the cache (stack_cache.h) when its records hold the return addresses
 * that they held, each found where the one before leads to. That is all that
 * stack_trace_save() goes by, but for return addresses that tracers put there
 * in place of the real ones: a stack is only kept if it finds what the records
 * say. Where a record lies does not matter: system calls move the stack by a
 * random offset.
 *
 * Records are only read on the stack that the first one lies on, which is as
 * large as it is aligned, and only upwards.
 *
 * A word of struct kobs_cached_stack is a record: its return address, relative to
 * the kernel's text. Stacks are looked up by all of them.
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

#include "core/hit.h"
#include "unwind/entry_frames.h"
#include "unwind/stack_cache.h"

/* Room for the frames of kobs and of a hook, which are left out. */
#define HOOK_FRAMES	16
#define FRAMES		(KOBS_STACK_DEPTH + HOOK_FRAMES)

struct kobs_frame_record {
	unsigned long fp;
	unsigned long ret;
};

/**
 * struct kobs_record_chain - the records of a stack
 * @first: the first, of kobs_unwind_id()
 * @top: end of the stack that it lies on
 * @final: address of the record that marks the end of the task's stack
 * @entry: address of the hooked function, or 0
 * @hash: of @entry and of all return addresses
 * @n: records that were followed
 * @cut: they end where that stack is left
 * @whole: there are no more, as far as these are of interest
 * @good: it can be cached
 * @ret: their return addresses, relative to the kernel's text
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

/* Return addresses are kept relative to this: any function of the kernel. */
static __always_inline unsigned long text_base(void)
{
	return (unsigned long)_printk;
}

/* Does the next record lie on the same stack? */
static __always_inline bool goes_on(const struct kobs_record_chain *t,
				    const struct kobs_frame_record *r, unsigned long fp)
{
	return fp > (unsigned long)r && fp <= t->top - sizeof(*r) &&
	       IS_ALIGNED(fp, sizeof(fp));
}

static __always_inline void follow(const struct kobs_session *s,
				   struct kobs_record_chain *t, unsigned long entry,
				   const void *first)
{
	const unsigned long text = text_base();
	const struct kobs_frame_record *r = first;
	u64 hash = entry;
	unsigned int n = 0;

	t->first = first;
	t->top = ALIGN_DOWN((unsigned long)first, THREAD_SIZE) + THREAD_SIZE;
	t->final = (unsigned long)task_pt_regs(current)->stackframe;
	t->entry = entry;
	t->cut = !s->full_stack && !in_task();
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
 * struct kobs_arm64_trace - a stack, by stack_trace_save()
 * @ips: addresses, of kobs and the hook first
 * @n: how many
 * @skip: the first that is of interest
 * @nr: how many of those
 * @first: that of the trail's first record
 */
struct kobs_arm64_trace {
	unsigned long ips[FRAMES];
	unsigned int n;
	unsigned int skip;
	unsigned int nr;
	unsigned int first;
};

static noinline void trace_stack(const struct kobs_session *s,
				 const struct kobs_record_chain *t, struct kobs_arm64_trace *tr)
{
	const struct kobs_frame_record *r = __builtin_frame_address(0);

	tr->n = stack_trace_save(tr->ips, s->stack_depth + HOOK_FRAMES, 0);
	/* The first is this function, the second what is in its record. */
	tr->first = 1;
	while (r != t->first && goes_on(t, r, READ_ONCE(r->fp))) {
		r = (const struct kobs_frame_record *)READ_ONCE(r->fp);
		tr->first++;
	}
	if (t->cut && t->whole)
		tr->n = min(tr->n, tr->first + t->n);
	tr->skip = kobs_unwind_first(tr->ips, tr->n, HOOK_FRAMES, t->entry);
	tr->nr = min(tr->n - tr->skip, s->stack_depth);
}

/* Do the records tell the same, and as much of it as is of interest? */
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

static noinline bool is_right(struct kobs_session *s, const struct kobs_record_chain *t,
			      u32 id)
{
	const struct kobs_stack *st = kobs_stack_table_get(&s->stacks, id);
	struct kobs_arm64_trace tr;

	trace_stack(s, t, &tr);
	return tr.nr == st->nr &&
	       !memcmp(tr.ips + tr.skip, &s->stacks.words[st->start],
		       tr.nr * sizeof(*tr.ips));
}

/* What the cache says, before it is believed. */
static __always_inline bool believe(struct kobs_session *s,
				    struct kobs_cpu *pc, const struct kobs_record_chain *t,
				    u32 id)
{
	local64_inc(&pc->counters.n[KOBS_N_CACHED]);
	if (likely(--pc->stack_cache.left > 0))
		return true;
	pc->stack_cache.left = s->verify_stacks;
	kobs_count(&pc->counters, KOBS_N_CHECKED);
	if (likely(is_right(s, t, id)))
		return true;
	kobs_count(&pc->counters, KOBS_N_WRONG);
	return false;
}

static void keep(struct kobs_stack_cache *r, const struct kobs_record_chain *t, u32 id)
{
	struct kobs_cached_stack *to = kobs_stack_cache_new(r, t->hash);
	unsigned int i;

	for (i = 0; i < t->n; i++)
		to->words[i].value = t->ret[i];
	to->nr = t->n;
	kobs_stack_cache_keep(to, t->hash, t->entry, kobs_stack_cache_state(0, t->cut),
			      id);
}

static noinline bool unwind_new(struct kobs_session *s, struct kobs_cpu *pc,
				u64 *id, const struct kobs_record_chain *t)
{
	struct kobs_arm64_trace tr;

	kobs_count(&pc->counters, KOBS_N_UNWOUND);
	trace_stack(s, t, &tr);
	if (!kobs_context_intern(s, id, tr.ips + tr.skip, tr.nr))
		return false;
	if (pc->stack_cache.stacks && pc->stack_cache.nest == 1 && *id &&
	    trace_matches(&tr, t))
		keep(&pc->stack_cache, t, *id);
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
find(const struct kobs_stack_cache *r, const struct kobs_record_chain *t)
{
	struct kobs_cached_stack *e = kobs_stack_cache_set(r, t->hash);
	u32 state = kobs_stack_cache_state(0, t->cut);
	unsigned int i;

	for (i = 0; i < KOBS_STACK_CACHE_WAYS; i++, e++) {
		if (READ_ONCE(e->key) == t->hash && e->entry == t->entry &&
		    e->state == state && e->nr == t->n && same(e, t))
			return e;
	}
	return NULL;
}

static __always_inline bool unwind(struct kobs_session *s, struct kobs_cpu *pc,
				   u64 *id, const struct kobs_record_chain *t)
{
	const struct kobs_cached_stack *e = NULL;

	if (likely(pc->stack_cache.stacks && t->good))
		e = find(&pc->stack_cache, t);
	if (unlikely(!e || !believe(s, pc, t, e->id)))
		return unwind_new(s, pc, id, t);
	*id = e->id;
	return true;
}

/* Described in orc.c, as are the others. */
bool kobs_unwind_id(struct kobs_session *s, u64 *id, unsigned long entry,
		    const struct kobs_at *at)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_record_chain t KOBS_UNINIT;
	bool ok;

	follow(s, &t, entry, __builtin_frame_address(0));
	pc->stack_cache.nest++;
	barrier();
	ok = unwind(s, pc, id, &t);
	barrier();
	pc->stack_cache.nest--;
	return ok;
}

unsigned int kobs_unwind(struct kobs_session *s, unsigned long entry,
			 const struct kobs_at *at, unsigned long *ips)
{
	struct kobs_record_chain t KOBS_UNINIT;
	struct kobs_arm64_trace tr;

	follow(s, &t, entry, __builtin_frame_address(0));
	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	trace_stack(s, &t, &tr);
	memcpy(ips, tr.ips + tr.skip, tr.nr * sizeof(*ips));
	return tr.nr;
}

/* Whether a record lies on the task's stack or on the handler's own. */
static bool on_stack(unsigned long fp, unsigned long size)
{
	unsigned long own = ALIGN_DOWN(current_stack_pointer, THREAD_SIZE);

	if (!IS_ALIGNED(fp, sizeof(fp)))
		return false;
	return on_task_stack(current, fp, size) ||
	       (fp >= own && fp <= own + THREAD_SIZE - size);
}

/*
 * Following the records costs no more than to compare them. An interrupt's
 * stack is left for the task's once, so that records need not rise all the way;
 * the depth bounds what a broken chain costs.
 */
bool kobs_unwind_regs(struct kobs_session *s, u64 *id, struct pt_regs *regs)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned long fp = frame_pointer(regs);
	const struct kobs_frame_record *r;
	unsigned int n = 0;

	kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	ips[n++] = instruction_pointer(regs);
	while (n < s->stack_depth && on_stack(fp, sizeof(*r))) {
		r = (const struct kobs_frame_record *)fp;
		if (!READ_ONCE(r->ret))
			break;
		ips[n++] = return_of(r);
		fp = READ_ONCE(r->fp);
	}
	return kobs_context_intern(s, id, ips, n);
}

void kobs_unwind_settle(const struct kobs_session *s)
{
	/* A stack that is compared is that of a hook, which has to be on. */
	if (kobs_session_caches_stacks(s))
		synchronize_rcu();
}

int kobs_unwind_init(void)
{
	return 0;
}

void kobs_unwind_exit(void)
{
}
