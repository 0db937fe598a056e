// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kallsyms and /proc/modules, separated by a byte that neither contains:
 * all functions that read them, for addresses that the input is likely to have.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/ksyms.h"

static const uint64_t addresses[] = {
	0, 1, 0x1000, 0xffffffff81000000, 0xffffffff81000010,
	0xffffffff810000ff, 0xffffffff82000008, 0xffffffffc0000000,
	0xffffffffc0000123, 0xffffffffc0001000, UINT64_MAX - 1, UINT64_MAX,
};

static void print_all(struct ksyms *k)
{
	struct buf out = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		ksyms_print_function(k, addresses[i], &out);
		ksyms_print_address(k, addresses[i], &out);
		ksyms_print_object(k, addresses[i], &out);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file symbols;
	static struct memory_file modules;
	const uint8_t *mark = memchr(data, 0xff, size);
	size_t first = mark ? (size_t)(mark - data) : size;
	uint64_t start;
	uint64_t end;
	struct ksyms k;
	size_t i;

	memory_file_set(&symbols, data, first);
	memory_file_set(&modules, mark ? mark + 1 : data,
			mark ? size - first - 1 : 0);
	setenv("OBSCTL_KALLSYMS", symbols.path, 1);
	setenv("OBSCTL_MODULES", modules.path, 1);

	ksyms_init(&k);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		ksyms_want(&k, addresses[i]);
		ksyms_want_object(&k, addresses[i]);
	}
	ksyms_resolve(&k);
	print_all(&k);
	ksyms_free(&k);

	ksyms_init(&k);
	ksyms_find_module("mod", &start, &end);
	ksyms_load_all(&k);
	print_all(&k);
	ksyms_free(&k);
	return 0;
}
