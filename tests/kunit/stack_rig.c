// SPDX-License-Identifier: GPL-2.0
/* A stack made up in memory: see stack_rig.h. */
#include <kunit/test.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "rig.h"
#include "stack_rig.h"

#define BASE		0xffffffff81000000UL

unsigned long stack_rig_ip(unsigned int n)
{
	return BASE + n * 16;
}

int stack_rig_init(struct kunit *test)
{
	struct stack_rig *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	test->priv = b;
	KUNIT_ASSERT_EQ(test, kobs_frame_cache_init(&b->fc, RULES), 0);
	KUNIT_ASSERT_EQ(test, kobs_stack_cache_init(&b->sc, &rig_memory,
						    NUMA_NO_NODE, 16), 0);
	b->sc.nest = 1;
	b->stack = b->mem + GUARD;
	b->c.sp = (unsigned long)(b->stack + 1);
	b->c.top = (unsigned long)(b->stack + WORDS);
	return 0;
}

void stack_rig_exit(struct kunit *test)
{
	struct stack_rig *b = test->priv;

	if (!b)
		return;
	kobs_frame_cache_free(&b->fc);
	kobs_stack_cache_free(&b->sc);
}

u64 stack_rig_rule(struct stack_rig *b, unsigned long ip)
{
	return kobs_frame_cache_get(b->fc.rules, b->fc.shift, ip);
}

void stack_rig_know(struct stack_rig *b, unsigned int n, enum kobs_rule_kind kind,
		    u16 words, u8 saved)
{
	kobs_frame_cache_put(&b->fc, stack_rig_ip(n), kobs_rule(kind, words, saved));
}

/* Frames 1 to 4 of 3, 5, 2 and 7 words; 5 is the outermost. */
void stack_rig_build(struct stack_rig *b)
{
	static const u8 size[] = { 0, 3, 5, 2, 7 };
	unsigned int at = 0;
	unsigned int n;

	for (n = 1; n < ARRAY_SIZE(size); n++) {
		stack_rig_know(b, n, KOBS_RULE_SP, size[n], 0);
		b->stack[at] = stack_rig_ip(n);
		at += size[n];
	}
	stack_rig_know(b, n, KOBS_RULE_END, 0, 0);
	b->stack[at] = stack_rig_ip(n);
}

/* The frame pointer was saved by frame 1, and frame 3 is addressed by it. */
void stack_rig_build_bp(struct stack_rig *b, unsigned int at)
{
	memset(b->mem, 0, sizeof(b->mem));
	stack_rig_know(b, 1, KOBS_RULE_SP, 3, 2);
	stack_rig_know(b, 2, KOBS_RULE_SP, 5, 0);
	stack_rig_know(b, 3, KOBS_RULE_BP, 2, 2);
	stack_rig_know(b, 4, KOBS_RULE_REGS, 4, 0);
	b->stack[0] = stack_rig_ip(1);
	b->stack[2] = (unsigned long)(b->stack + at);
	b->stack[3] = stack_rig_ip(2);
	b->stack[8] = stack_rig_ip(3);
	b->stack[at + 1] = stack_rig_ip(4);
	b->stack[at + 2 + 4] = USER_CS;
}

int stack_rig_unwind(struct stack_rig *b, unsigned int max)
{
	struct kobs_cursor c = b->c;
	int n;

	memset(b->ips, 0, sizeof(b->ips));
	n = kobs_frame_cache_unwind(&b->fc, &c, b->ips, max);
	b->end = c;
	return n;
}

void stack_rig_expect_ips(struct kunit *test, int got, unsigned int first,
			  unsigned int n)
{
	struct stack_rig *b = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, got, (int)n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, b->ips[i], stack_rig_ip(first + i));
}
