/* SPDX-License-Identifier: GPL-2.0 */
/* Where functions of the kernel are. */
#ifndef OBSCTL_LOCK_TEXT_H
#define OBSCTL_LOCK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Whether a function is one of those that are looked for. */
typedef bool (*code_wanted)(const char *name, const void *arg);

void code_find_functions(struct numbers *out, code_wanted wanted, const void *arg, size_t max);
bool code_is_named(const char *name, const char *const *names, size_t n);
void code_find_named(struct numbers *out, const char *const *names, size_t n, size_t max);
void lock_text_find(struct numbers *out);

#endif
