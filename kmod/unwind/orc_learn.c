// SPDX-License-Identifier: GPL-2.0
/*
 * Filling the frame cache from the tables of x86's ORC unwinder.
 *
 * unwind_next_frame() is asked about one return address at a time: it is given
 * a state whose stack is an array (the trial stack), in which each word encodes
 * its own index. Its result tells where, according to the tables, the caller's
 * stack pointer, return address and frame pointer are.
 *
 * A return address is only asked about when the unwinder came through it on a
 * real stack and took it as it lay there. So return addresses that tracers put
 * on the stack in place of the real ones are never cached, and a stack with
 * one of them is unwound each time. Neither is code that the tables do not
 * cover, or that belongs to neither the kernel nor a module: trampolines and
 * BPF programs come and go without notice.
 *
 * Locking: the frame cache needs none (frame_cache.h). Rules of modules are
 * dropped when a module comes or goes, after contexts that may be learning
 * have finished: handlers run with preemption off, synchronize_rcu() waits
 * for them.
 */
#include <linux/bits.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/stacktrace.h>
#include <asm/unwind.h>

#include "unwind/entry_frames.h"
#include "unwind/orc.h"

/* Maximum number of rules, of any return address. 128 KiB. */
#define RULES		BIT(14)

/* The trial stack: room for the largest frame, in words. */
#define TRIAL_WORDS	1024
#define TRIAL_BP	900
#define TRIAL_MOVE	8
#define TRIAL_REGS	(TRIAL_WORDS - sizeof(struct pt_regs) / sizeof(long))
/* A word: its index, in bits that make it no address, and no CS of user mode. */
#define TRIAL_MARK	0x5ca1ab1e00000000UL
#define TRIAL_SHIFT	3

struct kobs_frame_cache kobs_frames;
atomic_t kobs_frames_epoch;

static unsigned long trial[TRIAL_WORDS];

/**
 * kobs_orc_forget() - drop what was learned of code that changes
 * @from: lowest address of that code
 * @to: highest address
 *
 * Context: any, NMI included.
 */
void kobs_orc_forget(unsigned long from, unsigned long to)
{
	/* Stacks whose unwind began before this are not found after it. */
	atomic_inc(&kobs_frames_epoch);
	kobs_frame_cache_forget(&kobs_frames, from, to);
}

/* Index of the word of the trial stack with this value, or -1. */
static int trial_word(unsigned long value)
{
	unsigned long n = (value - TRIAL_MARK) >> TRIAL_SHIFT;

	return n < TRIAL_WORDS ? (int)n : -1;
}

/* Index of the word at this address. */
static int trial_place(unsigned long address)
{
	unsigned long n = (address - (unsigned long)trial) / sizeof(long);

	return n <= TRIAL_WORDS ? (int)n : -1;
}

/* The rule that follows from the unwinder's state after a step. */
static u64 trial_result(const struct unwind_state *state)
{
	int base = state->sp >= (unsigned long)&trial[TRIAL_BP] ? TRIAL_BP : 0;
	int place = trial_place(state->sp);
	int bp = trial_word(state->bp);
	int saved = 0;

	if (state->regs) {
		place = trial_place((unsigned long)&state->regs->cs);
		return place >= 0 && place < TRIAL_BP ?
		       kobs_rule(KOBS_RULE_REGS, place, 0) :
		       kobs_rule(KOBS_RULE_ODD, 0, 0);
	}
	/* A frame pointer that the frame did not save is that of the registers. */
	if (bp < (int)TRIAL_REGS && state->bp != (unsigned long)&trial[TRIAL_BP])
		saved = place - bp;
	/* It lies in the frame, below the return address. */
	if (place <= base || place >= (int)TRIAL_REGS ||
	    (saved && (bp < base || saved < 2 || saved > U8_MAX)))
		return kobs_rule(KOBS_RULE_ODD, 0, 0);
	return kobs_rule(base ? KOBS_RULE_BP : KOBS_RULE_SP, place - base,
			 saved);
}

/* Let the unwinder step out of a frame on the trial stack. */
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

/* The rule of a return address, or 0 when the tables do not cover it. */
static u64 trial_ask(unsigned long ip)
{
	struct unwind_state state;
	unsigned long sp;
	u64 rule;

	if (!trial_step(&state, ip, TRIAL_BP))
		return kobs_rule(state.error ? KOBS_RULE_ODD : KOBS_RULE_END,
				 0, 0);
	if (state.error)
		return 0;
	rule = trial_result(&state);
	if (kobs_rule_kind(rule) != KOBS_RULE_BP)
		return rule;
	/* Or is the frame so large that it reaches there? Move the pointer. */
	sp = state.sp + TRIAL_MOVE * sizeof(long);
	if (trial_step(&state, ip, TRIAL_BP + TRIAL_MOVE) && state.sp == sp)
		return rule;
	return kobs_rule(KOBS_RULE_ODD, 0, 0);
}

/* Of a module, not a trampoline or a BPF program, which have names as well. */
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
 * kobs_orc_learn() - cache the rule of a return address, if it has one
 * @ip: return address, which lay on the stack
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_orc_learn(unsigned long ip)
{
	bool hook = kobs_entry_frame(ip);
	u64 rule;

	if (kobs_frame_cache_get(kobs_frames.rules, kobs_frames.shift, ip))
		return;
	if (ip >= MODULES_VADDR && !hook && !in_module(ip))
		return;
	rule = trial_ask(ip);
	if (rule)
		kobs_frame_cache_put(&kobs_frames, ip,
				     rule | (hook ? KOBS_RULE_HOOK : 0));
}

/* A module came or is about to go; its memory can hold other code afterwards. */
static int module_changes(struct notifier_block *nb, unsigned long state,
			  void *data)
{
	/* Contexts of a session may still be learning the old code. */
	if (state != MODULE_STATE_COMING && kobs_unwind_used())
		synchronize_rcu();
	kobs_orc_forget(MODULES_VADDR, ULONG_MAX);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = { .notifier_call = module_changes };

/**
 * kobs_orc_learn_init() - prepare the frame cache
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_orc_learn_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < TRIAL_WORDS; i++)
		trial[i] = TRIAL_MARK + ((unsigned long)i << TRIAL_SHIFT);
	err = kobs_frame_cache_init(&kobs_frames, RULES);
	if (err)
		return err;
	err = register_module_notifier(&module_nb);
	if (err)
		kobs_frame_cache_free(&kobs_frames);
	return err;
}

/**
 * kobs_orc_learn_exit() - undo kobs_orc_learn_init()
 *
 * Context: task, at unload.
 */
void kobs_orc_learn_exit(void)
{
	unregister_module_notifier(&module_nb);
	kobs_frame_cache_free(&kobs_frames);
}
