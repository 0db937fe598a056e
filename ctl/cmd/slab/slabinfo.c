// SPDX-License-Identifier: GPL-2.0
/* /proc/slabinfo, version 2: a line for each cache. */

#include <ctype.h>
#include <string.h>

#include "cmd/slab/slabinfo.h"
#include "lib/parse.h"

#define MARK	" : "

/* Cut the last word off @line if it is a number. */
static bool take_last(char *line, uint64_t *value)
{
	char *end = line + strlen(line);
	char *word;

	while (end > line && end[-1] == ' ')
		*--end = 0;
	word = strrchr(line, ' ');
	if (!word || parse_number(word + 1, 0, UINT64_MAX, value))
		return false;
	*word = 0;
	return true;
}

static bool slab_count(const char *rest, uint64_t *slabs)
{
	static const char key[] = "slabdata ";
	const char *at = strstr(rest, key);
	char word[24];
	size_t n;

	if (!at)
		return false;
	at += sizeof(key) - 1;
	at += strspn(at, " ");
	/* Active slabs come first. */
	at += strcspn(at, " ");
	at += strspn(at, " ");
	n = strcspn(at, " ");
	if (n >= sizeof(word))
		return false;
	memcpy(word, at, n);
	word[n] = 0;
	return !parse_number(word, 0, UINT64_MAX, slabs);
}

/**
 * slabinfo_parse() - Take a line apart, in place.
 *
 * Numbers are taken from the right, for a cache can have a name with spaces.
 * Return: false for headings, and for whatever else is not a cache.
 */
bool slabinfo_parse(char *line, struct slabinfo *out)
{
	char *mark = strstr(line, MARK);
	uint64_t per_slab;
	uint64_t total;
	size_t len;

	if (!mark || *line == '#')
		return false;
	if (!slab_count(mark + strlen(MARK), &out->slabs))
		return false;
	*mark = 0;
	if (!take_last(line, &out->pages) || !take_last(line, &per_slab) ||
	    !take_last(line, &out->size) || !take_last(line, &total) ||
	    !take_last(line, &out->objects))
		return false;
	len = strlen(line);
	while (len && isspace((unsigned char)line[len - 1]))
		line[--len] = 0;
	out->name = line;
	return len > 0;
}
