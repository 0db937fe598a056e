/* SPDX-License-Identifier: GPL-2.0 */
/* Libraries that the dynamic loader knows. */
#ifndef OBSCTL_LD_CACHE_H
#define OBSCTL_LD_CACHE_H

#include <stdbool.h>

bool library_is(const char *word, const char *file);
char *library_find(const char *word);

#endif
