/* SPDX-License-Identifier: GPL-2.0 */
/* What a thread is blocked by, from the functions of its stack. */
#ifndef OBSCTL_WALL_REASON_H
#define OBSCTL_WALL_REASON_H

#include <stddef.h>

const char *reason_of(const char *class, const char *const *frames, size_t n);
size_t reason_first(const char *const *frames, size_t n);

#endif
