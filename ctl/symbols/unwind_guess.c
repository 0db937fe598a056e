// SPDX-License-Identifier: GPL-2.0
/*
 * The caller of code without tables. Two ways are tried, and each one's result is taken only
 * if the code there bears it out: a leaf that has saved nothing was called by the instruction
 * before its return address; a function with a frame pointer has the return address behind it,
 * and a call stands before that, too.
 */

#include <string.h>

#include "symbols/unwind.h"

#if defined(__x86_64__) || defined(__aarch64__)

/* An entry is so near that a call of it was a call of the function that an address is in. */
#define ENTRY_BYTES	4096

/* What a call stands before: its target, 0 if a register has it, or -1 if there is none. */
#ifdef __x86_64__

#define LONGEST		7

static int64_t call_before(const uint8_t *end, uint64_t address)
{
	/* ff /2 with a register, or memory with different displacements and a SIB. */
	static const uint8_t lengths[] = { 2, 3, 4, 6, 7 };
	int32_t offset;
	size_t i;

	if (end[-5] == 0xe8) {
		memcpy(&offset, end - 4, sizeof(offset));
		return (int64_t)(address + (uint64_t)(int64_t)offset);
	}
	for (i = 0; i < sizeof(lengths); i++)
		if (end[-lengths[i]] == 0xff && (end[1 - lengths[i]] & 0x38) == 0x10)
			return 0;
	return -1;
}

static bool leaf_return(const struct unwind_sample *s, struct cfi_regs *caller)
{
	struct cfi_memory m = s->memory;
	uint64_t sp = caller->v[CFI_REG_SP];

	/* The ABI aligns the stack to 16 bytes at a call. */
	if (sp % 16 != 8 || !cfi_read(&m, sp, 8, &caller->v[CFI_REG_PC]))
		return false;
	caller->v[CFI_REG_SP] = sp + 8;
	return true;
}

#else

#define LONGEST		4

static int64_t call_before(const uint8_t *end, uint64_t address)
{
	uint32_t code;
	int64_t words;

	memcpy(&code, end - 4, sizeof(code));
	if ((code & 0xfc000000) == 0x94000000) {
		words = (int64_t)(code & 0x3ffffff);
		words -= words & 0x2000000 ? 0x4000000 : 0;
		return (int64_t)address - 4 + words * 4;
	}
	return (code & 0xfffffc1f) == 0xd63f0000 || (code & 0xfffff800) == 0xd73f0800 ? 0 : -1;
}

static bool leaf_return(const struct unwind_sample *s, struct cfi_regs *caller)
{
	caller->v[CFI_REG_PC] = caller->v[CFI_REG_LINK] & ((1ull << 48) - 1);
	return caller->known >> CFI_REG_LINK & 1;
}

#endif

/* Whether a call stands before a return address; sets its target, as the file has it. */
static bool is_return(struct unwinder *w, const struct unwind_sample *s, uint64_t address,
		      struct unwind_place *from, int64_t *target)
{
	const struct unwind_place *at = unwind_locate(w, s, address - 1);
	const uint8_t *code;

	*from = *at;
	*target = 0;
	/* What is generated at run time cannot be read. */
	if (!at->file)
		return at->mapped;
	code = at->offset + 1 < LONGEST ? NULL :
	       cfi_bytes(at->file, at->offset + 1 - LONGEST, LONGEST);
	if (!code)
		return false;
	*target = call_before(code + LONGEST, at->inside + 1);
	return *target != -1;
}

static bool by_leaf(struct unwinder *w, struct unwind_sample *s, const struct unwind_place *at)
{
	struct cfi_regs caller = s->regs;
	struct unwind_place from;
	int64_t target;

	if (!at->file || !leaf_return(s, &caller) ||
	    !is_return(w, s, caller.v[CFI_REG_PC], &from, &target))
		return false;
	if (from.file != at->file || target <= 0 ||
	    at->inside - (uint64_t)target >= ENTRY_BYTES)
		return false;
	s->regs = caller;
	return true;
}

/* Of the registers, the caller has only these. */
static bool by_frame_pointer(struct unwinder *w, struct unwind_sample *s,
			     const struct unwind_place *at)
{
	uint64_t fp = s->regs.v[CFI_REG_FP];
	struct cfi_memory m = s->memory;
	struct unwind_place from;
	struct cfi_regs caller = {
		.known = 1ull << CFI_REG_FP | 1ull << CFI_REG_SP | 1ull << CFI_REG_PC,
	};
	int64_t target;

	if (!(s->regs.known >> CFI_REG_FP & 1) || fp % 8 || fp < s->regs.v[CFI_REG_SP] ||
	    !cfi_read(&m, fp, 8, &caller.v[CFI_REG_FP]) ||
	    !cfi_read(&m, fp + 8, 8, &caller.v[CFI_REG_PC]))
		return false;
#ifdef __aarch64__
	caller.v[CFI_REG_PC] &= (1ull << 48) - 1;
#endif
	caller.v[CFI_REG_SP] = fp + 16;
	if (!is_return(w, s, caller.v[CFI_REG_PC], &from, &target))
		return false;
	/* The pointer can be that of a function further up. */
	if (at->file && from.file == at->file && target > 0 &&
	    at->inside - (uint64_t)target >= ENTRY_BYTES)
		return false;
	s->regs = caller;
	return true;
}

/**
 * unwind_guess() - Find the caller of code without tables.
 * @s: made the caller's
 * @at: the code
 * @called: it has called what was below it, and so is no leaf
 *
 * Return: whether it was found.
 */
bool unwind_guess(struct unwinder *w, struct unwind_sample *s, const struct unwind_place *at,
		  bool called)
{
	struct unwind_place here = *at;

	return (!called && by_leaf(w, s, &here)) || by_frame_pointer(w, s, &here);
}

#else

bool unwind_guess(struct unwinder *w, struct unwind_sample *s, const struct unwind_place *at,
		  bool called)
{
	return false;
}

#endif
