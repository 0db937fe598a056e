// SPDX-License-Identifier: GPL-2.0
/* The nearest name to one that is misspelt, by the edits between them. */

#include <string.h>

#include "lib/nearest.h"

#define LENGTH_MAX	63
#define EDITS_MAX	3

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/**
 * nearest_distance() - Damerau-Levenshtein distance (optimal string alignment).
 *
 * Letters to change, add or remove, and neighbours to swap.
 * Return: the distance, NEAREST_FAR for names that are longer than 63 bytes.
 */
unsigned int nearest_distance(const char *a, const char *b)
{
	unsigned int rows[3][LENGTH_MAX + 1];
	size_t n = strlen(a);
	size_t m = strlen(b);
	size_t i;
	size_t k;

	if (n > LENGTH_MAX || m > LENGTH_MAX)
		return NEAREST_FAR;
	for (k = 0; k <= m; k++)
		rows[0][k] = (unsigned int)k;
	for (i = 1; i <= n; i++) {
		const unsigned int *last = rows[(i - 1) % 3];
		unsigned int *row = rows[i % 3];

		row[0] = (unsigned int)i;
		for (k = 1; k <= m; k++) {
			row[k] = least(least(last[k], row[k - 1]) + 1,
				       last[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], rows[(i - 2) % 3][k - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

/** nearest_score() - Return: how far a name is; NEAREST_FAR if nobody would mistake them. */
unsigned int nearest_score(const char *word, const char *name)
{
	size_t len = strlen(word);
	unsigned int limit = least(len < 3 ? 0 : len < 6 ? 1 : (unsigned int)len / 3, EDITS_MAX);
	unsigned int edits = nearest_distance(word, name);

	if (edits <= limit)
		return edits;
	/* The beginning of a name. */
	if (len > 1 && !strncmp(name, word, len))
		return EDITS_MAX + 1;
	return NEAREST_FAR;
}

/** nearest_of() - Return: the name of a list, up to NULL, that is nearest; or NULL. */
const char *nearest_of(const char *word, const char *const *names)
{
	unsigned int best = NEAREST_FAR;
	const char *found = NULL;

	for (; *names; names++) {
		unsigned int score = nearest_score(word, *names);

		if (score < best) {
			best = score;
			found = *names;
		}
	}
	return found;
}
