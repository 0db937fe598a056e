// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks by the exported ORC unwinder of x86, and the memo of what it
 * finds.
 *
 * The memo is filled by asking unwind_next_frame() about one return address at
 * a time: it is given a state whose stack is an array of ours, in which each
 * word says where it lies. What it makes of it tells where the tables say that
 * the caller's stack pointer, return address and frame pointer are.
 *
 * A return address is only asked about when the unwinder came through it on a
 * real stack and took it as it lay there. So those that tracers put on the
 * stack in place of the real ones never get into the memo, and a stack with
 * one of them is unwound each time. Nor does code that the tables do not know,
 * or that is neither the kernel's nor a module's: trampolines and BPF programs
 * come and go unannounced.
 *
 * Locking: the memo needs none (memo.h). hooks_lock protects the list of hooks,
 * which only grows and is read without. What is known of modules is forgotten
 * when one comes or goes, after those who may just be learning have finished:
 * handlers run with preemption off, synchronize_rcu() waits for them.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/stacktrace.h>
#include <asm/unwind.h>

#include "../hit.h"
#include "../memo.h"
#include "../recall.h"
#include "unwind.h"

/* Facts: return addresses that are on any stack. 128 KiB. */
#define FACTS		BIT(14)

/* The array that serves as a stack: room for the largest frame, in words. */
#define TRIAL_WORDS	1024
#define TRIAL_BP	900
#define TRIAL_MOVE	8
#define TRIAL_REGS	(TRIAL_WORDS - sizeof(struct pt_regs) / sizeof(long))
/* Of each word the number; the rest is no address, and no CS of user mode. */
#define TRIAL_MARK	0x5ca1ab1e00000000UL
#define TRIAL_SHIFT	3

/* Functions between a hook and its handler: the tracepoints'. */
#define HOOKS		64

/* Stacks of a CPU: for interrupts, and for each kind of exception. */
#define CPU_STACKS	(1 + N_EXCEPTION_STACKS)

struct span {
	unsigned long start;
	unsigned long end;
};

static struct kobs_memo memo;
/* Changes when something known is not to be relied on any more. */
static atomic_t memo_epoch;
static unsigned long trial[TRIAL_WORDS];
static struct span hooks[HOOKS];
static unsigned int n_hooks;
static DEFINE_MUTEX(hooks_lock);
static DEFINE_PER_CPU(struct span[CPU_STACKS], cpu_stacks);

/* From an address on, code is no longer what it was. */
static void forget(unsigned long from)
{
	/* Those who began before this keep nothing that is found after it. */
	atomic_inc(&memo_epoch);
	kobs_memo_forget(&memo, from);
}

static bool is_hook(unsigned long ip)
{
	/* Pairs with the release in kobs_unwind_hook(). */
	unsigned int n = smp_load_acquire(&n_hooks);
	unsigned int i;

	if (within_module_core(ip, THIS_MODULE))
		return true;
	for (i = 0; i < n; i++) {
		if (ip - hooks[i].start < hooks[i].end - hooks[i].start)
			return true;
	}
	return false;
}

/* Number of the word of the array that has this value, or -1. */
static int trial_word(unsigned long value)
{
	unsigned long n = (value - TRIAL_MARK) >> TRIAL_SHIFT;

	return n < TRIAL_WORDS ? (int)n : -1;
}

/* Number of the word that is here. */
static int trial_place(unsigned long address)
{
	unsigned long n = (address - (unsigned long)trial) / sizeof(long);

	return n <= TRIAL_WORDS ? (int)n : -1;
}

/* What the unwinder made of a state with the array for a stack. */
static u64 trial_result(const struct unwind_state *state)
{
	int base = state->sp >= (unsigned long)&trial[TRIAL_BP] ? TRIAL_BP : 0;
	int place = trial_place(state->sp);
	int bp = trial_word(state->bp);
	int saved = 0;

	if (state->regs) {
		place = trial_place((unsigned long)&state->regs->cs);
		return place >= 0 && place < TRIAL_BP ?
		       kobs_fact(KOBS_FACT_REGS, place, 0) :
		       kobs_fact(KOBS_FACT_ODD, 0, 0);
	}
	/* A frame pointer that the frame left alone is that of the registers. */
	if (bp < (int)TRIAL_REGS && state->bp != (unsigned long)&trial[TRIAL_BP])
		saved = place - bp;
	/* It lies in the frame, below the return address. */
	if (place <= base || place >= (int)TRIAL_REGS ||
	    (saved && (bp < base || saved < 2 || saved > U8_MAX)))
		return kobs_fact(KOBS_FACT_ODD, 0, 0);
	return kobs_fact(base ? KOBS_FACT_BP : KOBS_FACT_SP, place - base,
			 saved);
}

/* Have the unwinder step out of a frame on the array. */
static bool trial_step(struct unwind_state *state, unsigned long ip,
		       unsigned int bp)
{
	*state = (struct unwind_state){
		.stack_info = {
			.type = STACK_TYPE_TASK,
			.begin = trial,
			.end = trial + TRIAL_WORDS,
		},
		.stack_mask = BIT(STACK_TYPE_TASK),
		.task = current,
		.ip = ip,
		.sp = (unsigned long)&trial[0],
		.bp = (unsigned long)&trial[bp],
		.regs = (struct pt_regs *)&trial[TRIAL_REGS],
		.full_regs = true,
	};
	return unwind_next_frame(state);
}

/* Ask the unwinder about a return address. 0 when there is no knowing. */
static u64 trial_ask(unsigned long ip)
{
	struct unwind_state state;
	unsigned long sp;
	u64 fact;

	if (!trial_step(&state, ip, TRIAL_BP))
		return kobs_fact(state.error ? KOBS_FACT_ODD : KOBS_FACT_END,
				 0, 0);
	if (state.error)
		return 0;
	fact = trial_result(&state);
	if (kobs_fact_kind(fact) != KOBS_FACT_BP)
		return fact;
	/* And not a frame so large that it reaches there: does it move? */
	sp = state.sp + TRIAL_MOVE * sizeof(long);
	if (trial_step(&state, ip, TRIAL_BP + TRIAL_MOVE) && state.sp == sp)
		return fact;
	return kobs_fact(KOBS_FACT_ODD, 0, 0);
}

/* Of a module, and not a trampoline or a BPF program; those have names, too. */
static noinline bool in_module(unsigned long ip)
{
	char name[KSYM_SYMBOL_LEN];
	const char *module;

	sprint_symbol(name, ip);
	module = strstr(name, " [");
	return module && strncmp(module, " [__builtin__", 13) &&
	       strcmp(module, " [bpf]");
}

static void learn(unsigned long ip)
{
	bool hook = is_hook(ip);
	u64 fact;

	if (kobs_memo_get(memo.facts, memo.shift, ip))
		return;
	if (ip >= MODULES_VADDR && !hook && !in_module(ip))
		return;
	fact = trial_ask(ip);
	if (fact)
		kobs_memo_put(&memo, ip, fact | (hook ? KOBS_FACT_HOOK : 0));
}

/* The stacks of a CPU stay where they are: remember one. */
static void learn_stack(const struct stack_info *info)
{
	struct span *r;

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
		const struct span *r = this_cpu_ptr(&cpu_stacks[i]);

		if (sp - READ_ONCE(r->start) < READ_ONCE(r->end) - r->start)
			return r->end;
	}
	return 0;
}

/* Walk by the unwinder, and learn. Frames begin with that at w->sp. */
static noinline unsigned int walk_full(const struct kobs_walk *w,
				       unsigned long *ips, unsigned int max)
{
	struct unwind_state state;
	struct stack_info own;
	unsigned int n = 0;

	/* Frames up to the one that returned to w->sp are skipped. */
	unwind_start(&state, current, NULL, (unsigned long *)w->sp - 1);
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
			learn(ip);
		if (!n && is_hook(ip))
			continue;
		ips[n++] = ip;
		if (n == max)
			break;
	}
	return n;
}

/* The stack from the hooked function on, by the unwinder. */
static unsigned int stack_full(struct kobs_session *s,
			       const struct kobs_walk *w, unsigned long entry,
			       unsigned long *ips)
{
	unsigned int n = 0;

	if (entry)
		ips[n++] = entry;
	if (n < s->stack_depth)
		n += walk_full(w, ips + n, s->stack_depth - n);
	return n;
}

/*
 * A stack from the memo, given by its number or else by its addresses, is
 * compared with the unwinder's.
 */
static noinline bool is_right(struct kobs_session *s, const struct kobs_walk *w,
			      unsigned long entry, u32 id,
			      const unsigned long *ips, unsigned int nr)
{
	unsigned long full[KOBS_STACK_DEPTH] KOBS_UNINIT;
	const struct kobs_stack *st;

	if (id) {
		st = kobs_stacks_get(&s->stacks, id);
		ips = (const unsigned long *)&s->stacks.words[st->start];
		nr = st->nr;
	}
	return stack_full(s, w, entry, full) == nr &&
	       !memcmp(full, ips, nr * sizeof(*ips));
}

/* What the memo says, before it is believed. */
static __always_inline bool believe(struct kobs_session *s,
				    const struct kobs_walk *w,
				    unsigned long entry, u32 id,
				    const unsigned long *ips, unsigned int nr)
{
	struct kobs_counters *c = &this_cpu_ptr(s->cpu)->counters;

	if (likely(local64_inc_return(&c->n[KOBS_N_MEMO]) % s->memo_check))
		return true;
	kobs_count(c, KOBS_N_CHECKED);
	if (likely(is_right(s, w, entry, id, ips, nr)))
		return true;
	kobs_count(c, KOBS_N_WRONG);
	forget(0);
	return false;
}

/*
 * The addresses of a stack, frame by frame; recorded in @to, if that is not
 * NULL.
 */
static __always_inline unsigned int
unwind_frames(struct kobs_session *s, const struct kobs_walk *w,
	      unsigned long entry, unsigned long *ips, struct kobs_recalled *to)
{
	unsigned int n = 0;
	int got = -ENOENT;

	if (entry)
		ips[n++] = entry;
	if (likely(s->memo_check && w->top && n < s->stack_depth))
		got = to ? kobs_memo_record(&memo, w, ips + n,
					    s->stack_depth - n, to) :
			   kobs_memo_walk(&memo, w, ips + n,
					  s->stack_depth - n);
	if (got >= 0 && believe(s, w, entry, 0, ips, n + got))
		return n + got;
	if (to)
		to->nr = 0;
	if (got < 0)
		kobs_count(&this_cpu_ptr(s->cpu)->counters, KOBS_N_UNWOUND);
	return stack_full(s, w, entry, ips);
}

/* A stack that is not recalled; @key is for the next time, or 0. */
static noinline bool unwind_new(struct kobs_session *s, u64 *id,
				const struct kobs_walk *w, unsigned long entry,
				u64 key)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	struct kobs_recall *r = &this_cpu_ptr(s->cpu)->recall;
	u32 epoch = atomic_read(&memo_epoch);
	struct kobs_recalled *to = NULL;
	bool ok;

	if (key && r->nest == 1)
		to = kobs_recall_new(r, key);
	ok = kobs_capture_intern(s, id, ips,
				 unwind_frames(s, w, entry, ips, to));
	if (to && ok)
		kobs_recall_keep(to, key, entry, epoch, *id);
	return ok;
}

static __always_inline bool unwind(struct kobs_session *s, u64 *id,
				   const struct kobs_walk *w,
				   unsigned long entry,
				   const struct kobs_recall *r)
{
	const struct kobs_recalled *e;
	u64 key = 0;

	if (likely(r->stacks && w->top)) {
		key = kobs_recall_key(&memo, w, entry);
		e = kobs_recall_find(r, key, entry, atomic_read(&memo_epoch),
				     w);
		if (likely(e && believe(s, w, entry, e->id, NULL, 0))) {
			*id = e->id;
			return true;
		}
	}
	return unwind_new(s, id, w, entry, key);
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
	struct kobs_recall *r = &this_cpu_ptr(s->cpu)->recall;
	struct kobs_walk w = walk_from(s, at);
	bool ok;

	r->nest++;
	barrier();
	ok = unwind(s, id, &w, hooked(entry), r);
	barrier();
	r->nest--;
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

/* Code came or is about to go; the memory can hold other code from now on. */
static int unwind_module(struct notifier_block *nb, unsigned long state,
			 void *data)
{
	/* Those who may be learning what was there. */
	if (state != MODULE_STATE_COMING)
		synchronize_rcu();
	forget(MODULES_VADDR);
	return NOTIFY_DONE;
}

static struct notifier_block unwind_nb = { .notifier_call = unwind_module };

/* Bytes of a function; 0 when there is no knowing. */
static unsigned long size_of(const void *fn)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned long size = 0;
	const char *slash;

	/* "name+0x0/0x5a" */
	sprint_symbol(name, (unsigned long)fn);
	slash = strchr(name, '/');
	if (slash && sscanf(slash, "/0x%lx", &size) != 1)
		return 0;
	return size;
}

/**
 * kobs_unwind_hook() - leave a function out where a stack begins with it
 * @fn: function of the kernel that does no more than call handlers
 *
 * Context: task, may sleep.
 */
void kobs_unwind_hook(const void *fn)
{
	unsigned long start = (unsigned long)fn;
	unsigned int i;

	mutex_lock(&hooks_lock);
	for (i = 0; i < n_hooks && hooks[i].start != start; i++)
		;
	if (i == n_hooks && i < HOOKS) {
		hooks[i] = (struct span){ start, start + size_of(fn) };
		/* Pairs with the acquire in is_hook(). */
		smp_store_release(&n_hooks, i + 1);
		/* It may have been learned as any other. */
		synchronize_rcu();
		forget(0);
	}
	mutex_unlock(&hooks_lock);
}

/**
 * kobs_unwind_init() - make the memo ready
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_unwind_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < TRIAL_WORDS; i++)
		trial[i] = TRIAL_MARK + ((unsigned long)i << TRIAL_SHIFT);
	err = kobs_memo_init(&memo, FACTS);
	if (err)
		return err;
	err = register_module_notifier(&unwind_nb);
	if (err)
		kobs_memo_free(&memo);
	return err;
}

/**
 * kobs_unwind_exit() - undo kobs_unwind_init()
 *
 * Context: task, at unload.
 */
void kobs_unwind_exit(void)
{
	unregister_module_notifier(&unwind_nb);
	kobs_memo_free(&memo);
}
