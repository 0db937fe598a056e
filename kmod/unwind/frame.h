/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames of a kernel stack: the rule that leads from a frame to its caller's,
 * and one step by it. Pure: no tracing or netlink headers.
 *
 * Where the caller's return address lies, relative to the callee's, follows
 * from the callee's return address alone: it is in the code's unwind tables,
 * and does not change while the code is loaded. A rule is one word:
 *
 *	bits 0-31	return address; kernel code lies in the uppermost 2 GiB
 *	bits 32-47	words from the frame's base to the caller's stack
 *			pointer; the kind says what the base is
 *	bits 48-55	words from there down to where the caller's frame
 *			pointer was saved; 0: the frame did not save it
 *	bits 56-58	kind
 *	bit 62		frame of a hook, left out at the start of a stack
 *	bit 63		set
 *
 * Locking: none. A frame belongs to the unwind that uses it.
 */
#ifndef KOBS_FRAME_H
#define KOBS_FRAME_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define KOBS_RULE_SET		BIT_ULL(63)
#define KOBS_RULE_HOOK		BIT_ULL(62)

enum kobs_rule_kind {
	/* Base is the stack pointer after the return to this address. */
	KOBS_RULE_SP,
	/* Base is the frame pointer. */
	KOBS_RULE_BP,
	/* Words to the saved CS of registers that an entry put there. */
	KOBS_RULE_REGS,
	/* The outermost frame. */
	KOBS_RULE_END,
	/* Any other frame: only the unwinder leads to its caller. */
	KOBS_RULE_ODD,
};

/* The uppermost byte of a rule of KOBS_RULE_SP, except a hook's. */
#define KOBS_RULE_PLAIN		(KOBS_RULE_SET >> 56 | KOBS_RULE_SP)

/**
 * kobs_rule() - compose a rule
 * @kind: kind
 * @words: see the head of this file
 * @saved: likewise
 *
 * Context: any.
 * Return: the rule, for kobs_frame_cache_put().
 */
static inline u64 kobs_rule(enum kobs_rule_kind kind, u16 words, u8 saved)
{
	return KOBS_RULE_SET | (u64)kind << 56 | (u64)saved << 48 |
	       (u64)words << 32;
}

static __always_inline unsigned int kobs_rule_words(u64 rule)
{
	return (u16)(rule >> 32);
}

static __always_inline unsigned int kobs_rule_saved(u64 rule)
{
	return (u8)(rule >> 48);
}

static __always_inline enum kobs_rule_kind kobs_rule_kind(u64 rule)
{
	return (rule >> 56) & 7;
}

/**
 * struct kobs_cursor - where an unwind starts, and its limits
 * @sp: stack pointer after the return to the first address, which is the word
 *	below
 * @bp: frame pointer then
 * @top: end of the stack that @sp lies in; nothing is read from there on
 * @cut: end at registers of the kernel, or at @top: whatever follows was
 *	 interrupted
 * @inner: frames of hooks are not left out at the start
 * @stuck: set by an unwind that came to a frame without a usable rule: @sp and
 *	   @bp are those after the return to it
 * @ip: 0, or the stack is that of interrupted code: a return address, one
 *	after the instruction, that is not on the stack; @sp and @bp are those
 *	of that code
 * @regs: its registers, for the unwinder
 */
struct kobs_cursor {
	unsigned long sp;
	unsigned long bp;
	unsigned long top;
	bool cut;
	bool inner;
	bool stuck;
	unsigned long ip;
	void *regs;
};

/**
 * struct kobs_frame - a frame during an unwind
 * @ip: return address
 * @sp: stack pointer after the return to it
 * @bp: frame pointer then
 * @bp_at: where @bp lies on the stack; 0: it is the cursor's
 * @room: words from @sp to the end of the stack
 * @on_stack: @ip is the word below @sp
 */
struct kobs_frame {
	unsigned long ip;
	unsigned long sp;
	unsigned long bp;
	unsigned long bp_at;
	unsigned long room;
	bool on_stack;
};

/**
 * enum kobs_step - result of kobs_frame_step()
 * @KOBS_STEP_CALLER: the frame is the caller's now
 * @KOBS_STEP_END: there is no caller, or none of interest
 * @KOBS_STEP_STUCK: the rule does not lead to the caller
 * @KOBS_STEP_BROKEN: the rule leads out of the stack
 */
enum kobs_step {
	KOBS_STEP_CALLER,
	KOBS_STEP_END,
	KOBS_STEP_STUCK,
	KOBS_STEP_BROKEN
};

/*
 * A word of the stack. It can lie in or between left-overs of other frames
 * that KASAN guards.
 */
static __always_inline unsigned long kobs_stack_word(const unsigned long *base,
						     unsigned long place)
{
#ifdef CONFIG_KASAN
	return READ_ONCE_NOCHECK(base[place]);
#else
	return base[place];
#endif
}

static __always_inline unsigned long kobs_stack_at(unsigned long address)
{
	return kobs_stack_word((const unsigned long *)address, 0);
}

/**
 * kobs_frame_first() - the frame that a cursor starts at
 * @c: cursor
 *
 * Context: any, NMI included.
 * Return: the frame.
 */
static __always_inline struct kobs_frame
kobs_frame_first(const struct kobs_cursor *c)
{
	return (struct kobs_frame){
		.ip = c->ip ?: kobs_stack_at(c->sp - sizeof(long)),
		.sp = c->sp,
		.bp = c->bp,
		.room = (c->top - c->sp) / sizeof(long),
		.on_stack = !c->ip,
	};
}

/* To the caller of a frame that is addressed by the frame pointer. */
static __always_inline bool kobs_frame_by_bp(struct kobs_frame *f,
					     const struct kobs_cursor *c,
					     unsigned long words)
{
	if (f->bp < f->sp || f->bp >= c->top || f->bp % sizeof(long) ||
	    words > (c->top - f->bp) / sizeof(long))
		return false;
	f->sp = f->bp + words * sizeof(long);
	f->room = (c->top - f->sp) / sizeof(long);
	return true;
}

/* At registers: they end the stack, or the unwinder has to pass them. */
static __always_inline enum kobs_step
kobs_frame_regs(const struct kobs_frame *f, const struct kobs_cursor *c,
		unsigned long words)
{
	if (words >= f->room)
		return KOBS_STEP_BROKEN;
	/* The two lowest bits of CS are 0 in the kernel. */
	if (c->cut || kobs_stack_at(f->sp + words * sizeof(long)) & 3)
		return KOBS_STEP_END;
	return KOBS_STEP_STUCK;
}

/**
 * kobs_frame_step() - go from a frame to its caller's
 * @f: frame
 * @c: cursor that the unwind started at
 * @rule: rule of @f
 *
 * Context: any, NMI included.
 * Return: see enum kobs_step; @f changes with KOBS_STEP_CALLER only.
 */
static __always_inline enum kobs_step
kobs_frame_step(struct kobs_frame *f, const struct kobs_cursor *c, u64 rule)
{
	unsigned long words = kobs_rule_words(rule);
	unsigned long saved;

	if (unlikely(!f->room))
		return c->cut ? KOBS_STEP_END : KOBS_STEP_STUCK;
	switch (kobs_rule_kind(rule)) {
	case KOBS_RULE_SP:
		if (unlikely(words > f->room))
			return KOBS_STEP_BROKEN;
		f->sp += words * sizeof(long);
		f->room -= words;
		break;
	case KOBS_RULE_BP:
		if (!kobs_frame_by_bp(f, c, words))
			return KOBS_STEP_BROKEN;
		break;
	case KOBS_RULE_REGS:
		return kobs_frame_regs(f, c, words);
	case KOBS_RULE_END:
		return KOBS_STEP_END;
	default:
		return KOBS_STEP_STUCK;
	}
	saved = kobs_rule_saved(rule) * sizeof(long);
	if (saved) {
		f->bp_at = f->sp - saved;
		f->bp = kobs_stack_at(f->bp_at);
	}
	f->ip = kobs_stack_at(f->sp - sizeof(long));
	f->on_stack = true;
	return KOBS_STEP_CALLER;
}

/**
 * kobs_frame_shown() - is a frame part of the stack that is reported
 * @f: frame
 * @c: cursor that the unwind started at
 * @rule: rule of @f
 * @n: number of frames reported so far
 *
 * Context: any, NMI included.
 * Return: false for the interrupted code, and for hooks at the start.
 */
static __always_inline bool kobs_frame_shown(const struct kobs_frame *f,
					     const struct kobs_cursor *c,
					     u64 rule, unsigned int n)
{
	return f->on_stack && (n || !(rule & KOBS_RULE_HOOK) || c->inner);
}

#endif /* KOBS_FRAME_H */
