/* SPDX-License-Identifier: GPL-2.0 */
/* The nearest name to one that is misspelt. */
#ifndef OBSCTL_NEAREST_H
#define OBSCTL_NEAREST_H

struct buf;

#define NEAREST_FAR	99u
#define NEAREST_NAMES	3

/* The nearest of many names, the best first. */
struct nearest {
	struct {
		char		name[64];
		unsigned int	score;
	} v[NEAREST_NAMES];
};

unsigned int nearest_distance(const char *a, const char *b);
unsigned int nearest_score(const char *word, const char *name);
void nearest_take(struct nearest *n, const char *name, unsigned int score);
void nearest_offer(struct nearest *n, const char *word, const char *name);
void nearest_describe(const struct nearest *n, struct buf *out);
const char *nearest_of(const char *word, const char *const *names);

#endif
