/* SPDX-License-Identifier: GPL-2.0 */
/* How wide text is on a terminal, and how wide the terminal. */
#ifndef OBSCTL_WIDTH_H
#define OBSCTL_WIDTH_H

#include <stddef.h>
#include <stdio.h>

size_t width_of(const char *s);
size_t width_clip(const char *s, size_t len, size_t columns);
size_t width_terminal(FILE *file);

#endif
