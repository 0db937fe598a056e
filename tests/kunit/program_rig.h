/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs of tests: their instructions, and what a hit got from one.
 */
#ifndef KOBS_KUNIT_PROGRAM_RIG_H
#define KOBS_KUNIT_PROGRAM_RIG_H

#include "lib/program.h"

#define INSN(op, dst, src, arg, imm) \
	KOBS_INSN(KOBS_OP_##op, dst, src, arg, imm)
#define BY_IMM(op, dst, imm) \
	KOBS_INSN(KOBS_OP_##op | KOBS_OP_BY_IMM, dst, 0, 0, imm)
/* Memory is zeroed after the words of a test: its program ends there. */
#define END		INSN(END, 0, 0, 0, 0)

/* What a hit has before a program runs. */
#define KEY_BEFORE	0x4b4b4b4b4b4b4b4bULL
#define TEXT_BEFORE	0x5454545454545454ULL
#define VALUE_BEFORE	0x5656565656565656ULL

/* Since the begin of the hit's pair. */
#define PROGRAM_ELAPSED	123456789012ULL

#define TEXT_BYTES	(KOBS_PROG_TEXT_WORDS * sizeof(u64))

struct kunit;

/* The record of every hit. */
#define RECORD_BYTES	64
extern u8 program_rig_record[RECORD_BYTES];

/**
 * struct program_hit - a hit, with memory after its numbers and texts
 * @keys: numbers
 * @texts: texts
 * @out: what the program gave
 * @end: how it ended
 */
struct program_hit {
	u64 keys[KOBS_PROG_KEYS + 1];
	u64 texts[KOBS_PROG_TEXTS * KOBS_PROG_TEXT_WORDS + 1];
	struct kobs_program_out out;
	enum kobs_program_end end;
};

void program_rig_hit(const struct kobs_program *p, const u64 *args,
		     struct program_hit *hit);
void program_rig_run(struct kunit *test, const u64 *words, unsigned int n,
		     const u64 *args, struct program_hit *hit);
void *program_rig_page(struct kunit *test);

#endif /* KOBS_KUNIT_PROGRAM_RIG_H */
