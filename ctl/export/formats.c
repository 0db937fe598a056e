// SPDX-License-Identifier: GPL-2.0
/* The table of formats, made from the rows in formats.h. */

#include <string.h>

#include "export/formats.h"
#include "lib/macros.h"

#define ROW(of_, name_, ending_, binary_, write_, doc_) \
	{ name_, ending_, binary_, write_, doc_, of_ },
#define OF_ROWS(...)		ROW(FORMAT_OF_ROWS, __VA_ARGS__)
#define OF_STACKS(...)		ROW(FORMAT_OF_STACKS, __VA_ARGS__)
#define OF_RECORDS(...)		ROW(FORMAT_OF_RECORDS, __VA_ARGS__)
#define OF_BRANCHES(...)	ROW(FORMAT_OF_BRANCHES, __VA_ARGS__)

const struct format formats[] = {
	FORMATS_OF_ROWS(OF_ROWS)
	FORMATS_OF_STACKS(OF_STACKS)
	FORMATS_OF_RECORDS(OF_RECORDS)
	FORMATS_OF_BRANCHES(OF_BRANCHES)
};

const size_t nr_formats = ARRAY_SIZE(formats);

/** format_find() - Return: the format of a name, or NULL. */
const struct format *format_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_formats; i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}
