// SPDX-License-Identifier: GPL-2.0
/*
 * Filling the frame cache from the tables of x86's ORC unwinder.
 *
 * unwind_next_frame() is asked about one return address at a time: it is given
 * a state whose stack is an array of ours, in which each word says where it
 * lies. What it makes of it tells where the tables say that the caller's stack
 * pointer, return address and frame pointer are.
 *
 * A return address is only asked about when the unwinder came through it on a
 * real stack and took it as it lay there. So those that tracers put on the
 * stack in place of the real ones never get into the frame cache, and a stack with
 * one of them is unwound each time. Nor does code that the tables do not know,
 * or that is neither the kernel's nor a module's: trampolines and BPF programs
 * come and go unannounced.
 *
 * Locking: the frame cache needs none (frame_cache.h). What is known of modules is forgotten
 * when one comes or goes, after those who may just be learning have finished:
 * handlers run with preemption off, synchronize_rcu() waits for them.
 */
#include <linux/bits.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/stacktrace.h>
#include <asm/unwind.h>

#include "unwind/entry_frames.h"
#include "unwind/orc_learn.h"

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

struct kobs_frame_cache kobs_frames;
atomic_t kobs_frame_cache_epoch;

static unsigned long trial[TRIAL_WORDS];

/**
 * kobs_unwind_forget() - code is no longer what it was
 * @from: lowest address of that code
 * @to: highest one
 *
 * Context: any, NMI included.
 */
void kobs_unwind_forget(unsigned long from, unsigned long to)
{
	/* Those who began before this keep nothing that is found after it. */
	atomic_inc(&kobs_frame_cache_epoch);
	kobs_frame_cache_forget(&kobs_frames, from, to);
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

/**
 * kobs_unwind_learn() - have a return address in the frame cache, if it can be there
 * @ip: return address, which lay on the stack
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_unwind_learn(unsigned long ip)
{
	bool hook = kobs_unwind_is_hook(ip);
	u64 fact;

	if (kobs_frame_cache_get(kobs_frames.facts, kobs_frames.shift, ip))
		return;
	if (ip >= MODULES_VADDR && !hook && !in_module(ip))
		return;
	fact = trial_ask(ip);
	if (fact)
		kobs_frame_cache_put(&kobs_frames, ip, fact | (hook ? KOBS_FACT_HOOK : 0));
}

/* Code came or is about to go; the memory can hold other code from now on. */
static int unwind_module(struct notifier_block *nb, unsigned long state,
			 void *data)
{
	/* Those who may be learning what was there. */
	if (state != MODULE_STATE_COMING)
		synchronize_rcu();
	kobs_unwind_forget(MODULES_VADDR, ULONG_MAX);
	return NOTIFY_DONE;
}

static struct notifier_block unwind_nb = { .notifier_call = unwind_module };

/**
 * kobs_unwind_learn_init() - make the frame cache ready
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_unwind_learn_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < TRIAL_WORDS; i++)
		trial[i] = TRIAL_MARK + ((unsigned long)i << TRIAL_SHIFT);
	err = kobs_frame_cache_init(&kobs_frames, FACTS);
	if (err)
		return err;
	err = register_module_notifier(&unwind_nb);
	if (err)
		kobs_frame_cache_free(&kobs_frames);
	return err;
}

/**
 * kobs_unwind_learn_exit() - undo kobs_unwind_learn_init()
 *
 * Context: task, at unload.
 */
void kobs_unwind_learn_exit(void)
{
	unregister_module_notifier(&unwind_nb);
	kobs_frame_cache_free(&kobs_frames);
}
