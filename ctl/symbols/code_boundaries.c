// SPDX-License-Identifier: GPL-2.0
/*
 * Where instructions begin: x86's have different lengths, and a breakpoint inside of
 * one changes what the program does. They are decoded from a function's start by
 * Capstone, which is loaded when it is needed. Of its types only what is used is
 * declared here, which versions 4 and 5 have in common.
 */

#include "lib/library.h"
#include "lib/macros.h"
#include "symbols/code_boundaries.h"

#define X86		3	/* CS_ARCH_X86 */
#define MODE_64		(1 << 3)	/* CS_MODE_64 */

/* The beginning of struct cs_insn. */
struct instruction {
	unsigned int	id;
	uint64_t	address;
	uint16_t	size;
};

static struct {
	int (*open)(int arch, int mode, size_t *handle);
	int (*close)(size_t *handle);
	size_t (*disasm)(size_t handle, const uint8_t *code, size_t size, uint64_t address,
			 size_t count, struct instruction **insn);
	void (*free)(struct instruction *insn, size_t count);
} lib;

static bool load(void)
{
	static const char *const names[] = { "libcapstone.so.4", "libcapstone.so.5" };
	static const struct library_function functions[] = {
		{ "cs_open", &lib.open },
		{ "cs_close", &lib.close },
		{ "cs_disasm", &lib.disasm },
		{ "cs_free", &lib.free },
	};
	static int state;
	size_t i;

	for (i = 0; !state && i < ARRAY_SIZE(names); i++)
		state = library_load(names[i], functions, ARRAY_SIZE(functions));
	if (!state)
		state = -1;
	return state > 0;
}

/* The length of the instruction at the start of @code, or 0. */
static size_t length_of(size_t handle, const uint8_t *code, size_t size)
{
	struct instruction *insn = NULL;
	size_t n = lib.disasm(handle, code, size, 0, 1, &insn);
	size_t length = n ? insn->size : 0;

	if (n)
		lib.free(insn, n);
	return length;
}

static bool decode(size_t handle, const uint8_t *code, size_t size, size_t offset, struct buf *why)
{
	size_t before = 0;
	size_t at = 0;

	while (at < offset) {
		size_t length = length_of(handle, code + at, size - at);

		if (!length) {
			buf_printf(why, "the code at +0x%zx before it cannot be decoded", at);
			return false;
		}
		before = at;
		at += length;
	}
	if (at == offset)
		return true;
	buf_printf(why, "it is inside of an instruction: the next ones begin at +0x%zx and +0x%zx",
		   before, at);
	return false;
}

/**
 * code_boundary() - Whether an instruction begins at an offset in a function.
 * @code: the function's code, from its start
 * @size: bytes of @code
 * @offset: below @size
 * @why: gets the reason if not
 */
bool code_boundary(const void *code, size_t size, size_t offset, bool arm64, struct buf *why)
{
	size_t handle;
	bool good;

	if (arm64) {
		if (offset % 4)
			buf_printf(why, "instructions have 4 bytes: the next ones begin at +0x%zx and +0x%zx",
				   offset / 4 * 4, offset / 4 * 4 + 4);
		return !(offset % 4);
	}
	if (!offset)
		return true;
	if (!load() || lib.open(X86, MODE_64, &handle)) {
		buf_puts(why, "to tell where instructions begin needs Capstone, which is not installed (libcapstone4)");
		return false;
	}
	good = decode(handle, code, size, offset, why);
	lib.close(&handle);
	return good;
}
