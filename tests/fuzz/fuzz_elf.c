// SPDX-License-Identifier: GPL-2.0
/*
 * An executable mapped by a process, with arbitrary contents.
 */
#include "fuzz.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/usyms.h"

#define START	0x400000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file file;
	struct usyms u = {};
	const struct usym_mapping all = { .start = START, .end = UINT64_MAX };
	struct buf out = {};
	uint64_t at;

	memory_file_set(&file, data, size);
	usyms_map(&u, getpid(), &all, file.path, 0);
	for (at = 0; at < 0x3000; at += 0x3f)
		usyms_print(&u, getpid(), START + at, &out);
	usyms_print(&u, getpid(), UINT64_MAX - 1, &out);
	buf_free(&out);
	usyms_free(&u);
	return 0;
}
