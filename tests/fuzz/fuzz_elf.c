// SPDX-License-Identifier: GPL-2.0
/*
 * An executable mapped by a process, or one whose functions are to be probed, with
 * arbitrary contents, debug information among them.
 */
#include "fuzz.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/elf_functions.h"
#include "symbols/usyms.h"

#define START	0x400000

/* All that is known of an address, debug information included. */
static void find(struct usyms *u, uint64_t address, struct buf *out)
{
	struct usym_frame frame[USYM_FRAMES];
	size_t n = usyms_find(u, (uint32_t)getpid(), address, address & 1, frame);
	size_t i;

	out->len = 0;
	for (i = 0; i < n; i++)
		usym_frame_print(&frame[i], out);
}

static void read_functions(const char *path)
{
	struct elf_functions f;
	char bytes[8];
	size_t i;

	elf_functions_open(&f, path);
	for (i = 0; i < f.n; i++) {
		elf_functions_end(&f, &f.v[i]);
		elf_functions_read(&f, f.v[i].address, bytes, sizeof(bytes));
	}
	elf_functions_close(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file file;
	struct usyms u = { .lines = true };
	const struct usym_mapping all = { .start = START, .end = UINT64_MAX };
	struct buf out = {};
	uint64_t at;

	memory_file_set(&file, data, size);
	usyms_map(&u, getpid(), &all, file.path, 0);
	for (at = 0; at < 0x3000; at += 0x3f)
		find(&u, START + at, &out);
	find(&u, UINT64_MAX - 1, &out);
	buf_free(&out);
	usyms_free(&u);
	read_functions(file.path);
	return 0;
}
