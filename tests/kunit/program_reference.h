/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program should give: an evaluation that has nothing in common with the
 * module's.
 */
#ifndef KOBS_KUNIT_PROGRAM_REFERENCE_H
#define KOBS_KUNIT_PROGRAM_REFERENCE_H

#include "lib/program.h"

/**
 * struct program_step - an instruction, with its fields
 * @op: what it does
 * @by_imm: to imm, not to register src
 * @dst: register
 * @src: register
 * @arg: depends on the instruction
 * @imm: depends on the instruction
 */
struct program_step {
	enum kobs_op op;
	bool by_imm;
	u8 dst;
	u8 src;
	u16 arg;
	s32 imm;
};

/**
 * struct program_number - a number or a fault
 * @v: the number
 * @bad: it is a fault
 */
struct program_number {
	u64 v;
	bool bad;
};

/**
 * struct program_expected - what a program should give
 * @keys: numbers
 * @value: value
 * @is_signed: the value is signed
 * @end: how it should end
 */
struct program_expected {
	struct program_number keys[KOBS_PROG_KEYS];
	u64 value;
	bool is_signed;
	enum kobs_program_end end;
};

void program_reference(const struct program_step *steps, unsigned int n,
		       const u64 *args, struct program_expected *e);

#endif /* KOBS_KUNIT_PROGRAM_REFERENCE_H */
