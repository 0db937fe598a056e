/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stack made up in memory, between guard words, and the rules of its frames:
 * for the suites of the frame cache and of the stack cache.
 */
#ifndef KOBS_KUNIT_STACK_RIG_H
#define KOBS_KUNIT_STACK_RIG_H

#include "unwind/frame_cache.h"
#include "unwind/stack_cache.h"

#define RULES		64
/* Words of the stack in use, and of what must not be read on both sides. */
#define WORDS		64
#define GUARD		16
#define USER_CS		0x33
#define KERNEL_CS	0x10

struct kunit;

/**
 * struct stack_rig - a stack, a frame cache and a stack cache
 * @fc: frame cache
 * @sc: stack cache
 * @mem: the stack, in the middle
 * @stack: its lowest word
 * @c: cursor at its start
 * @end: the cursor after an unwind
 * @ips: what the unwind found
 */
struct stack_rig {
	struct kobs_frame_cache fc;
	struct kobs_stack_cache sc;
	unsigned long mem[GUARD + WORDS + GUARD];
	unsigned long *stack;
	struct kobs_cursor c;
	struct kobs_cursor end;
	unsigned long ips[KOBS_STACK_CACHE_WORDS];
};

unsigned long stack_rig_ip(unsigned int n);
int stack_rig_init(struct kunit *test);
void stack_rig_exit(struct kunit *test);
u64 stack_rig_rule(struct stack_rig *b, unsigned long ip);
void stack_rig_know(struct stack_rig *b, unsigned int n,
		    enum kobs_rule_kind kind, u16 words, u8 saved);
void stack_rig_build(struct stack_rig *b);
void stack_rig_build_bp(struct stack_rig *b, unsigned int at);
int stack_rig_unwind(struct stack_rig *b, unsigned int max);
void stack_rig_expect_ips(struct kunit *test, int got, unsigned int first,
			  unsigned int n);

#endif /* KOBS_KUNIT_STACK_RIG_H */
