// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols that a stripped file has compressed within it (MiniDebugInfo): the section
 * .gnu_debugdata is another ELF file, packed by xz. liblzma unpacks it, and is loaded
 * when there is one.
 */

#include <lzma.h>
#include <string.h>

#include "lib/library.h"
#include "symbols/elf_symbols.h"
#include "symbols/mini_debug.h"

#define LIBLZMA		"liblzma.so.5"
/* Of such a file, unpacked, and of what unpacks it: whoever made the file chose its size. */
#define MOST_BYTES	(64u << 20)
#define PIECE		(256u << 10)

static struct {
	typeof(lzma_stream_decoder)	*stream_decoder;
	typeof(lzma_code)		*code;
	typeof(lzma_end)		*end;
} lzma;

static bool load(void)
{
	static const struct library_function functions[] = {
		{ "lzma_stream_decoder", &lzma.stream_decoder },
		{ "lzma_code", &lzma.code },
		{ "lzma_end", &lzma.end },
	};
	static int state;

	if (!state)
		state = library_load(LIBLZMA, functions, ARRAY_SIZE(functions)) ? 1 : -1;
	return state > 0;
}

static bool unpack(const Elf_Data *data, struct buf *out)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_ret ret;

	if (lzma.stream_decoder(&s, MOST_BYTES, 0) != LZMA_OK)
		return false;
	s.next_in = data->d_buf;
	s.avail_in = data->d_size;
	do {
		out->p = grow(out->p, &out->cap, out->len + PIECE, 1);
		s.next_out = (uint8_t *)out->p + out->len;
		s.avail_out = PIECE;
		ret = lzma.code(&s, LZMA_FINISH);
		out->len += PIECE - s.avail_out;
	} while (ret == LZMA_OK && out->len < MOST_BYTES);
	lzma.end(&s);
	return ret == LZMA_STREAM_END;
}

/**
 * mini_debug_open() - Open the file within a file.
 * @bytes: its memory, to be freed after it
 *
 * Return: it, or NULL.
 */
Elf *mini_debug_open(Elf *elf, struct buf *bytes)
{
	Elf_Data *data = elf_section_data(elf, ".gnu_debugdata");
	Elf *inside;

	if (!data || !data->d_size || !load() || !unpack(data, bytes))
		return NULL;
	inside = elf_memory(bytes->p, bytes->len);
	if (inside && elf_kind(inside) == ELF_K_ELF)
		return inside;
	elf_end(inside);
	return NULL;
}
