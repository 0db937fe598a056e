// SPDX-License-Identifier: GPL-2.0
/* The nearest name to one that is misspelt, by the edits between them. */

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
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

/** nearest_take() - Keep a name if it is among the nearest. */
void nearest_take(struct nearest *n, const char *name, unsigned int score)
{
	size_t i;
	size_t k;

	if (score >= NEAREST_FAR || strlen(name) >= sizeof(n->v[0].name))
		return;
	for (i = 0; i < NEAREST_NAMES; i++)
		if (!strcmp(n->v[i].name, name))
			return;
	for (i = 0; i < NEAREST_NAMES; i++) {
		if (n->v[i].name[0] && n->v[i].score <= score)
			continue;
		for (k = NEAREST_NAMES - 1; k > i; k--)
			n->v[k] = n->v[k - 1];
		n->v[i].score = score;
		snprintf(n->v[i].name, sizeof(n->v[i].name), "%s", name);
		return;
	}
}

/** nearest_offer() - Keep a name if it is like a word, or has the word in it. */
void nearest_offer(struct nearest *n, const char *word, const char *name)
{
	unsigned int score = nearest_score(word, name);

	if (score == NEAREST_FAR && strlen(word) > 2 && strstr(name, word))
		score = EDITS_MAX + 2;
	nearest_take(n, name, score);
}

/** nearest_describe() - Add " (near it: a, b)", or nothing. */
void nearest_describe(const struct nearest *n, struct buf *out)
{
	size_t i;

	for (i = 0; i < NEAREST_NAMES && n->v[i].name[0]; i++)
		buf_printf(out, "%s%s", i ? ", " : " (near it: ", n->v[i].name);
	if (i)
		buf_putc(out, ')');
}
