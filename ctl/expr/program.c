// SPDX-License-Identifier: GPL-2.0
/* Programs of the source probe, as words. */

#include <string.h>

#include "expr/program.h"

/** program_add() - Add an instruction. */
void program_add(struct program *p, unsigned int op, unsigned int dst, unsigned int src,
		 unsigned int arg, int32_t imm)
{
	numbers_add(&p->words, KOBS_INSN(op, dst, src, arg, imm));
	p->reads += op == KOBS_OP_READ || op == KOBS_OP_SAME || op == KOBS_OP_TEXT;
}

/** program_text_words() - Return: the words of a literal. */
int32_t program_text_words(const char *text)
{
	return (int32_t)(strlen(text) / sizeof(uint64_t) + 1);
}

/** program_add_text() - Add the words of a literal, at least one byte of which is 0. */
void program_add_text(struct program *p, const char *text)
{
	size_t len = strlen(text) + 1;
	size_t i;

	for (i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t word = 0;

		memcpy(&word, text + i, len - i < sizeof(word) ? len - i : sizeof(word));
		numbers_add(&p->words, word);
	}
}

/** program_jump() - Add a jump to a place that is not known yet. Return: for program_land(). */
size_t program_jump(struct program *p, unsigned int op, unsigned int reg)
{
	program_add(p, op, reg, 0, 0, 0);
	return p->words.n - 1;
}

/** program_land() - Let a jump lead to the next instruction. */
void program_land(struct program *p, size_t jump)
{
	uint64_t words = p->words.n - jump - 1;

	p->words.v[jump] |= words << 32;
}

/** program_end() - End a program; another one can follow. */
void program_end(struct program *p)
{
	program_add(p, KOBS_OP_END, 0, 0, 0, 0);
	p->start = p->words.n;
	p->reads = 0;
}

/** program_free() - Forget the words. */
void program_free(struct program *p)
{
	numbers_free(&p->words);
	memset(p, 0, sizeof(*p));
}
