// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of tests: running one for a hit, and a page that is followed by one
 * which cannot be read.
 */
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "program_rig.h"

/* Numbers of either sign, and texts that begin and end anywhere. */
u8 program_rig_record[RECORD_BYTES] = {
	0x11, 0x80, 0x7f, 0xff, 0x00, 0x01, 0xfe, 0x33,
	'r', 'e', 'c', 'o', 'r', 'd', 0x00, 'x',
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x08, 0x00, 0x06, 0x00, 0x28, 0x00, 0x18, 0x00,
	0x3f, 0x00, 0x01, 0x00, 0x40, 0x00, 0x01, 0x00,
	'a', ' ', 'l', 'o', 'n', 'g', 'e', 'r',
	' ', 't', 'e', 'x', 't', ' ', 'o', 'f',
	' ', 'a', 'l', 'l', '!', '!', '!', '!',
};

/* As a handler does: preemption off; it has looked at how long the record is. */
void program_rig_hit(const struct kobs_program *p, const u64 *args,
		     struct program_hit *hit)
{
	const struct kobs_program_in in = {
		.args = args,
		.elapsed = PROGRAM_ELAPSED,
		.record = program_rig_record,
		.record_len = sizeof(program_rig_record),
	};

	memset64(hit->keys, KEY_BEFORE, ARRAY_SIZE(hit->keys));
	memset64(hit->texts, TEXT_BEFORE, ARRAY_SIZE(hit->texts));
	hit->out = (struct kobs_program_out){
		.keys = hit->keys,
		.texts = hit->texts,
		.faults = U32_MAX,
		.value = VALUE_BEFORE,
	};
	preempt_disable();
	hit->end = kobs_program_run(p, &in, &hit->out);
	preempt_enable();
}

/* Checks and runs the program at the beginning of @n words. */
void program_rig_run(struct kunit *test, const u64 *words, unsigned int n,
		     const u64 *args, struct program_hit *hit)
{
	struct kobs_program p;
	char why[120] = "";

	KUNIT_ASSERT_GT_MSG(test,
			    kobs_program_check(&p, words, n, KOBS_PROG_ARGS,
					       why, sizeof(why)), 0, "%s", why);
	program_rig_hit(&p, args, hit);
	KUNIT_EXPECT_EQ(test, hit->keys[KOBS_PROG_KEYS], KEY_BEFORE);
	KUNIT_EXPECT_EQ(test, hit->texts[ARRAY_SIZE(hit->texts) - 1],
			TEXT_BEFORE);
}

KUNIT_DEFINE_ACTION_WRAPPER(page_free, vfree, const void *);

/* A page of zeroes; vmalloc() leaves the one after it out. */
void *program_rig_page(struct kunit *test)
{
	void *page = vzalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, page_free, page));
	return page;
}
