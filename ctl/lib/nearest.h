/* SPDX-License-Identifier: GPL-2.0 */
/* The nearest name to one that is misspelt. */
#ifndef OBSCTL_NEAREST_H
#define OBSCTL_NEAREST_H

#define NEAREST_FAR	99u

unsigned int nearest_distance(const char *a, const char *b);
unsigned int nearest_score(const char *word, const char *name);
const char *nearest_of(const char *word, const char *const *names);

#endif
