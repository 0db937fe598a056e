// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: what their instructions read, memory and records of tracepoints.
 * Faults are results: nothing here sleeps or faults pages in.
 *
 * Locking: none.
 */
#include <asm/word-at-a-time.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lib/program_read.h"

/* A kernel thread's user addresses would be those of the process before it. */
static bool fetch(void *to, u64 from, size_t bytes, bool user)
{
	if (!user)
		return !copy_from_kernel_nofault(to, (const void *)from, bytes);
	return current->mm &&
	       !copy_from_user_nofault(to, (const void __user *)from, bytes);
}

static bool read_number(u64 *to, u64 from, unsigned int type)
{
	u64 v;

	if (!fetch(&v, from, KOBS_PROG_BYTES(type), type & KOBS_PROG_USER))
		return false;
	*to = kobs_program_cut(v, type);
	return true;
}

static bool ends(u64 word)
{
	return !((const char *)&word)[sizeof(word) - 1];
}

/*
 * Reads the next bytes of a text, up to its NUL, and fills up with zeroes.
 * Bytes behind the NUL, or in a page behind that of the text, need not be
 * readable. Returns how many were read of the maximum, which is all if the text
 * ends.
 */
static unsigned int read_word(u64 *to, u64 from, unsigned int max, bool user)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	char *text = (char *)to;
	unsigned long zero;
	unsigned int i;

	if (offset_in_page(from) <= PAGE_SIZE - sizeof(*to) &&
	    fetch(to, from, sizeof(*to), user)) {
		if (has_zero(*to, &zero, &constants)) {
			zero = prep_zero_mask(*to, zero, &constants);
			*to &= zero_bytemask(create_zero_mask(zero));
		}
		if (max < sizeof(*to))
			text[max] = 0;
		return max;
	}
	*to = 0;
	for (i = 0; i < max; i++) {
		if (!fetch(&text[i], from + i, 1, user))
			return i;
		if (!text[i])
			return max;
	}
	return max;
}

/**
 * kobs_program_put_fault - make a text "(fault)"
 * @text: KOBS_PROG_TEXT_WORDS words
 *
 * Context: any.
 */
void kobs_program_put_fault(u64 *text)
{
	memset(text, 0, KOBS_PROG_TEXT_WORDS * sizeof(*text));
	memcpy(text, "(fault)", sizeof("(fault)"));
}

/**
 * kobs_program_read_text - read a text of a key, up to its NUL
 * @to: KOBS_PROG_TEXT_WORDS words, filled up with zeroes; cut where the text
 *      is longer, "(fault)" where it cannot be read
 * @from: its address
 * @user: whether this is one of user space
 *
 * Context: any.
 */
void kobs_program_read_text(u64 *to, u64 from, bool user)
{
	unsigned int i, max = sizeof(*to);

	for (i = 0; i < KOBS_PROG_TEXT_WORDS; i++) {
		if (i == KOBS_PROG_TEXT_WORDS - 1)
			max--;
		if (read_word(&to[i], from, max, user) < max) {
			kobs_program_put_fault(to);
			return;
		}
		from += sizeof(*to);
		if (ends(to[i]))
			break;
	}
	while (++i < KOBS_PROG_TEXT_WORDS)
		to[i] = 0;
}

/* Bytes are read up to the first that differs: sets @to, or returns false. */
static bool same_text(u64 *to, u64 from, const u64 *literal,
		      unsigned int words, bool user)
{
	unsigned int i, got;
	u64 word;

	for (i = 0; i < words; i++) {
		got = read_word(&word, from, sizeof(word), user);
		*to = word == literal[i];
		if (got < sizeof(word))
			return memcmp(&word, &literal[i], got);
		if (!*to || ends(word))
			break;
		from += sizeof(word);
	}
	return true;
}

/**
 * kobs_program_read_memory - run an instruction that reads memory
 * @to: set to what it gives: the number, or whether the texts are the same
 * @src: the address in its register
 * @insn: KOBS_OP_READ or KOBS_OP_SAME
 * @literal: the words behind it
 *
 * Context: any.
 * Return: false for a fault.
 */
bool kobs_program_read_memory(u64 *to, u64 src, u64 insn, const u64 *literal)
{
	const unsigned int arg = KOBS_PROG_ARG(insn);

	if (KOBS_PROG_OP(insn) == KOBS_OP_READ)
		return read_number(to, src + KOBS_PROG_IMM(insn), arg);
	return same_text(to, src, literal, KOBS_PROG_IMM(insn),
			 arg & KOBS_PROG_USER);
}

/* A number of the record, which is as long as the program needs it. */
static u64 take_field(const void *record, u64 insn)
{
	const unsigned int type = KOBS_PROG_ARG(insn);
	const void *at = record + KOBS_PROG_IMM(insn);
	u16 half;
	u32 word;
	u64 v;

	switch (KOBS_PROG_BYTES(type)) {
	case 1:
		v = *(const u8 *)at;
		break;
	case 2:
		memcpy(&half, at, sizeof(half));
		v = half;
		break;
	case 4:
		memcpy(&word, at, sizeof(word));
		v = word;
		break;
	default:
		memcpy(&v, at, sizeof(v));
	}
	return kobs_program_cut(v, type);
}

/* Likewise a text, which need not have an end. */
static bool take_text(char *to, const struct kobs_program_in *in, u64 insn)
{
	size_t at = KOBS_PROG_IMM(insn), len = KOBS_PROG_ARG(insn);
	u32 where;

	if (!len) {
		memcpy(&where, in->record + at, sizeof(where));
		at = where & U16_MAX;
		len = where >> 16;
	}
	if (at + len > in->record_len)
		return false;
	len = strnlen(in->record + at,
		      min_t(size_t, len, KOBS_PROGRAM_FIELD_TEXT - 1));
	memcpy(to, in->record + at, len);
	to[len] = '\0';
	return true;
}

/**
 * kobs_program_take - run an instruction that reads the record of an event
 * @dst: set to the number, or to the address of the text
 * @text: KOBS_PROGRAM_FIELD_TEXT for it
 * @in: has the record
 * @insn: KOBS_OP_FIELD or KOBS_OP_FIELD_TEXT
 *
 * Context: any.
 * Return: false where the record says that its text is outside of it.
 */
bool kobs_program_take(u64 *dst, char *text, const struct kobs_program_in *in,
		       u64 insn)
{
	bool good = true;

	if (KOBS_PROG_OP(insn) == KOBS_OP_FIELD) {
		*dst = take_field(in->record, insn);
	} else {
		good = take_text(text, in, insn);
		*dst = good ? (unsigned long)text : 0;
	}
	return good;
}
