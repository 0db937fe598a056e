// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of programs: what they read from memory, and what becomes of a fault.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "program_rig.h"

#define SIGNED		KOBS_PROG_SIGNED
#define USER		KOBS_PROG_USER

/* Addresses that cannot be read in the kernel. */
static const u64 bad_addresses[] = {
	0, 8, PAGE_SIZE, 0x0000700000000000, 0x8000000000000000, -4ULL,
	-4095ULL,
};

struct width_case {
	unsigned int type;
	s32 offset;
	u64 result;
};

/* Of the bytes 0x80, 0x81 and so on, the fourth of which is the base. */
static const struct width_case width_cases[] = {
	{ 1, 0, 0x84 },
	{ 1, -4, 0x80 },
	{ 1, 3, 0x87 },
	{ 1 | SIGNED, 0, 0xffffffffffffff84 },
	{ 2, 0, 0x8584 },
	{ 2, 1, 0x8685 },
	{ 2 | SIGNED, -1, 0xffffffffffff8483 },
	{ 4, 0, 0x87868584 },
	{ 4, -3, 0x84838281 },
	{ 4 | SIGNED, 1, 0xffffffff88878685 },
	{ 8, -4, 0x8786858483828180 },
	{ 8, 3, 0x8e8d8c8b8a898887 },
	{ 8 | SIGNED, 0, 0x8b8a898887868584 },
};

/* Reads as @type at @address: false when that is a fault. */
static bool read_one(struct kunit *test, unsigned int type, u64 address,
		     s32 offset, u64 *result)
{
	const u64 words[] = {
		INSN(ARG, 5, 0, 0, 0), INSN(READ, 6, 5, type, offset),
		INSN(KEY, 0, 6, 0, 0), END,
	};
	const u64 args[KOBS_PROG_ARGS] = { address };
	struct program_hit hit;

	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_PASS);
	KUNIT_EXPECT_LE(test, hit.out.faults, 1);
	*result = hit.keys[0];
	return !hit.out.faults;
}

static void numbers_are_read(struct kunit *test)
{
	u8 bytes[16];
	unsigned int i;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		bytes[i] = 0x80 + i;
	for (i = 0; i < ARRAY_SIZE(width_cases); i++) {
		const struct width_case *c = &width_cases[i];

		KUNIT_EXPECT_TRUE(test, read_one(test, c->type, (u64)&bytes[4],
						 c->offset, &v));
		KUNIT_EXPECT_EQ_MSG(test, v, c->result, "case %u", i);
	}
	/* A sum that overflows is an address like any other. */
	KUNIT_EXPECT_TRUE(test, read_one(test, 1, (u64)bytes - S32_MAX, S32_MAX,
					 &v));
	KUNIT_EXPECT_EQ(test, v, 0x80);
}

static void bad_addresses_are_faults(struct kunit *test)
{
	unsigned int i, bytes;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(bad_addresses); i++) {
		const u64 at = bad_addresses[i];

		for (bytes = 1; bytes <= 8; bytes *= 2) {
			KUNIT_EXPECT_FALSE_MSG(test,
					       read_one(test, bytes, at, 0, &v),
					       "%u bytes at %#llx", bytes, at);
			KUNIT_EXPECT_EQ(test, v, 0);
		}
	}
}

/* Only the bytes of the type are read. */
static void page_end(struct kunit *test)
{
	u8 *page = program_rig_page(test);
	unsigned int bytes;
	u64 v;

	page[PAGE_SIZE - 1] = 0x91;
	for (bytes = 1; bytes <= 8; bytes *= 2) {
		const u64 at = (u64)page + PAGE_SIZE - bytes;

		KUNIT_EXPECT_TRUE(test, read_one(test, bytes, at, 0, &v));
		KUNIT_EXPECT_EQ(test, v, 0x91ULL << (8 * bytes - 8));
		KUNIT_EXPECT_FALSE(test, read_one(test, bytes, at, 1, &v));
		KUNIT_EXPECT_FALSE(test, read_one(test, bytes, at + 1, 0, &v));
	}
}

/* Reads the text at @address as number 1 into @text: TEXT_BYTES. */
static void text_at(struct kunit *test, const void *address, unsigned int user,
		    char *text)
{
	const u64 words[] = { INSN(ARG, 5, 0, 0, 0),
			      INSN(TEXT, 0, 5, 1 | user, 0), END };
	const u64 args[KOBS_PROG_ARGS] = { (u64)address };
	struct program_hit hit;
	unsigned int i;

	program_rig_run(test, words, ARRAY_SIZE(words), args, &hit);
	KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_PASS);
	KUNIT_EXPECT_EQ(test, hit.out.faults, 0);
	for (i = 0; i < KOBS_PROG_TEXT_WORDS; i++)
		KUNIT_EXPECT_EQ(test, hit.texts[i], TEXT_BEFORE);
	memcpy(text, &hit.texts[KOBS_PROG_TEXT_WORDS], TEXT_BYTES);
}

static void expect_text(struct kunit *test, const void *address,
			unsigned int user, const char *expected)
{
	char padded[TEXT_BYTES] = {}, text[TEXT_BYTES];

	memcpy(padded, expected, strnlen(expected, TEXT_BYTES - 1));
	text_at(test, address, user, text);
	KUNIT_EXPECT_MEMEQ_MSG(test, text, padded, TEXT_BYTES, "%s, not %s",
			       text, expected);
}

/* A text of any length, at any alignment, with others around it. */
static void texts_are_read(struct kunit *test)
{
	char memory[64], expected[48];
	unsigned int length, at, i;

	for (length = 0; length <= 40; length++) {
		for (i = 0; i < length; i++)
			expected[i] = i % 3 ? 'a' + i : 0x80 + i;
		expected[length] = 0;
		for (at = 0; at < 16; at++) {
			memset(memory, 'z', sizeof(memory));
			memcpy(memory + at, expected, length + 1);
			expect_text(test, memory + at, 0, expected);
		}
	}
}

/* The last byte of the page is the NUL, or the last of 31 that are shown. */
static void text_at_page_end(struct kunit *test)
{
	char *page = program_rig_page(test), *end = page + PAGE_SIZE;
	char expected[TEXT_BYTES + 1];
	unsigned int length;

	for (length = 0; length < TEXT_BYTES; length++) {
		memset(expected, 'q', length);
		expected[length] = 0;
		memcpy(end - length - 1, expected, length + 1);
		expect_text(test, end - length - 1, 0, expected);
	}
	memset(end - 64, 'q', 64);
	for (length = 0; length < 64; length++) {
		memset(expected, 'q', TEXT_BYTES - 1);
		expected[TEXT_BYTES - 1] = 0;
		expect_text(test, end - length, 0,
			    length < TEXT_BYTES - 1 ? "(fault)" : expected);
	}
}

static void bad_texts(struct kunit *test)
{
	static const char here[] = "here";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_addresses); i++) {
		expect_text(test, (void *)bad_addresses[i], 0, "(fault)");
		expect_text(test, (void *)bad_addresses[i], USER, "(fault)");
	}
	expect_text(test, here, 0, "here");
	expect_text(test, here, USER, "(fault)");
}

#define SAME_FAULT	2

/* Compares the text at @address with @literal: 0, 1 or SAME_FAULT. */
static u64 same(struct kunit *test, const void *address, unsigned int user,
		const char *literal)
{
	const unsigned int n = strlen(literal) / sizeof(u64) + 1;
	u64 words[KOBS_PROG_LITERAL + 4] = {
		INSN(ARG, 5, 0, 0, 0), INSN(SAME, 6, 5, user, n),
	};
	const u64 args[KOBS_PROG_ARGS] = { (u64)address };
	struct program_hit hit;

	memcpy(&words[2], literal, strlen(literal));
	words[2 + n] = INSN(KEY, 0, 6, 0, 0);
	program_rig_run(test, words, n + 4, args, &hit);
	KUNIT_EXPECT_EQ(test, hit.end, KOBS_PROGRAM_PASS);
	if (hit.out.faults) {
		KUNIT_EXPECT_EQ(test, hit.keys[0], 0);
		return SAME_FAULT;
	}
	return hit.keys[0];
}

/* Each length and alignment; then one byte more, less, and another. */
static void texts_are_compared(struct kunit *test)
{
	char literal[KOBS_PROG_LITERAL * sizeof(u64)], memory[96];
	unsigned int length, at, i;

	for (length = 0; length < sizeof(literal); length++) {
		for (i = 0; i < length; i++)
			literal[i] = 'A' + i;
		literal[length] = 0;
		at = length % 9;
		memset(memory, 'z', sizeof(memory));
		memcpy(memory + at, literal, length + 1);
		KUNIT_EXPECT_EQ(test, same(test, memory + at, 0, literal), 1);
		memory[at + length] = 'z';
		KUNIT_EXPECT_EQ(test, same(test, memory + at, 0, literal), 0);
		if (!length)
			continue;
		memory[at + length - 1] = 0;
		KUNIT_EXPECT_EQ(test, same(test, memory + at, 0, literal), 0);
		memory[at + length - 1] = literal[length - 1] + 1;
		memory[at + length] = 0;
		KUNIT_EXPECT_EQ(test, same(test, memory + at, 0, literal), 0);
	}
}

/* Bytes are needed up to the first that differs. */
static void compared_at_page_end(struct kunit *test)
{
	char *page = program_rig_page(test), *end = page + PAGE_SIZE;
	char literal[] = "abcdefghijklmnopqr";
	const unsigned int length = strlen(literal);
	unsigned int i;

	memcpy(end - length - 1, literal, length + 1);
	KUNIT_EXPECT_EQ(test, same(test, end - length - 1, 0, literal), 1);
	for (i = 0; i <= length; i++) {
		memcpy(end - i, literal, i);
		KUNIT_EXPECT_EQ_MSG(test, same(test, end - i, 0, literal),
				    SAME_FAULT, "%u bytes", i);
		if (!i)
			continue;
		end[-1]++;
		KUNIT_EXPECT_EQ_MSG(test, same(test, end - i, 0, literal), 0,
				    "%u bytes, the last another", i);
	}
	/* The text is longer than the literal, and cut off. */
	memcpy(end - length, literal, length);
	literal[5] = 0;
	KUNIT_EXPECT_EQ(test, same(test, end - length, 0, literal), 0);
}

static void bad_addresses_are_not_compared(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_addresses); i++) {
		const void *at = (void *)bad_addresses[i];

		KUNIT_EXPECT_EQ(test, same(test, at, 0, ""), SAME_FAULT);
		KUNIT_EXPECT_EQ(test, same(test, at, USER, "a"), SAME_FAULT);
	}
}

/* A page of user space with a text at its end; the next page is not there. */
static unsigned long user_page(struct kunit *test, const char *text)
{
	unsigned long page = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE,
					   PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	const size_t size = strlen(text) + 1;

	KUNIT_ASSERT_NE(test, page, 0);
	KUNIT_ASSERT_LT(test, page, TASK_SIZE);
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(page + PAGE_SIZE, PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0,
			copy_to_user((void __user *)page + PAGE_SIZE - size,
				     text, size));
	return page;
}

static void user_memory(struct kunit *test)
{
	static const char text[] = "user space";
	const unsigned long page = user_page(test, text);
	void *at = (void *)page + PAGE_SIZE - sizeof(text);
	u64 v;

	KUNIT_EXPECT_TRUE(test, read_one(test, 4 | USER, (u64)at, 0, &v));
	KUNIT_EXPECT_EQ(test, v, 0x72657375);
	KUNIT_EXPECT_TRUE(test, read_one(test, 2 | USER | SIGNED, (u64)at, 9,
					 &v));
	KUNIT_EXPECT_EQ(test, v, 'e');
	KUNIT_EXPECT_FALSE(test, read_one(test, 4, (u64)at, 0, &v));
	KUNIT_EXPECT_FALSE(test, read_one(test, 2 | USER, (u64)at, 10, &v));
	KUNIT_EXPECT_FALSE(test, read_one(test, 1 | USER, (u64)text, 0, &v));
	expect_text(test, at, USER, text);
	expect_text(test, at, 0, "(fault)");
	expect_text(test, (void *)page + PAGE_SIZE, USER, "(fault)");
	KUNIT_EXPECT_EQ(test, same(test, at, USER, text), 1);
	KUNIT_EXPECT_EQ(test, same(test, at, USER, "user"), 0);
	KUNIT_EXPECT_EQ(test, same(test, at, 0, text), SAME_FAULT);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(numbers_are_read),
	KUNIT_CASE(bad_addresses_are_faults),
	KUNIT_CASE(page_end),
	KUNIT_CASE(texts_are_read),
	KUNIT_CASE(text_at_page_end),
	KUNIT_CASE(bad_texts),
	KUNIT_CASE(texts_are_compared),
	KUNIT_CASE(compared_at_page_end),
	KUNIT_CASE(bad_addresses_are_not_compared),
	KUNIT_CASE(user_memory),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "kobs_program_memory",
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);
