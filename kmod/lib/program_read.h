/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs: what their instructions read, memory and records of tracepoints.
 *
 * Locking: none.
 */
#ifndef KOBS_PROGRAM_READ_H
#define KOBS_PROGRAM_READ_H

#include "lib/program.h"

/* A text of a record: longer than any that it is compared with. */
#define KOBS_PROGRAM_FIELD_TEXT	((KOBS_PROG_LITERAL + 1) * sizeof(u64))

/* A number cut to a type. */
static inline u64 kobs_program_cut(u64 v, unsigned int type)
{
	unsigned int spare = 64 - 8 * KOBS_PROG_BYTES(type);

	v <<= spare;
	return type & KOBS_PROG_SIGNED ? (u64)((s64)v >> spare) : v >> spare;
}

void kobs_program_put_fault(u64 *text);
void kobs_program_read_text(u64 *to, u64 from, bool user);
bool kobs_program_read_memory(u64 *to, u64 src, u64 insn, const u64 *literal);
bool kobs_program_take(u64 *dst, char *text, const struct kobs_program_in *in,
		       u64 insn);

#endif
