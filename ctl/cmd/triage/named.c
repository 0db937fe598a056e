// SPDX-License-Identifier: GPL-2.0
/* Numbers with names, and texts that are taken apart in place. */

#include <stdlib.h>
#include <string.h>

#include "cmd/triage/machine.h"

void named_add(struct named *n, const char *name, uint64_t value)
{
	strings_add(&n->names, name);
	numbers_add(&n->values, value);
}

/** named_get() - Return: whether there is a number of this name. */
bool named_get(const struct named *n, const char *name, uint64_t *value)
{
	size_t i;

	for (i = 0; i < n->names.n; i++) {
		if (strcmp(n->names.v[i], name))
			continue;
		*value = n->values.v[i];
		return true;
	}
	return false;
}

/** grown() - Return: by how much a counter grew; one that fell was made anew. */
uint64_t grown(uint64_t a, uint64_t b)
{
	return b > a ? b - a : 0;
}

/** named_grown() - Return: likewise, of the counters of a name; 0 where one is not there. */
uint64_t named_grown(const struct named *a, const struct named *b, const char *name)
{
	uint64_t from;
	uint64_t to;

	if (!named_get(a, name, &from) || !named_get(b, name, &to))
		return 0;
	return grown(from, to);
}

void named_free(struct named *n)
{
	strings_free(&n->names);
	numbers_free(&n->values);
}

/** next_line() - Cut off the next line. Return: NULL at the end. */
char *next_line(char **text)
{
	char *line = *text && **text ? strsep(text, "\n") : NULL;

	return line;
}

/** next_number() - Take a number behind spaces. Return: false where there is none. */
bool next_number(char **text, uint64_t *value)
{
	char *end;

	*text += strspn(*text, " \t");
	if (**text < '0' || **text > '9')
		return false;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return true;
}
