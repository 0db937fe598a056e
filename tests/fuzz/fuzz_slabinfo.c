// SPDX-License-Identifier: GPL-2.0
/*
 * Lines of /proc/slabinfo.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/slab/slabinfo.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *line = text;
	struct slabinfo s;
	char *end;

	memcpy(text, data, size);
	text[size] = 0;
	for (; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		/* What it takes for a name is one. */
		if (slabinfo_parse(line, &s) && !*s.name)
			abort();
	}
	free(text);
	return 0;
}
