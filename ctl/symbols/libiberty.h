/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is used of libiberty, whose demangle.h is at different places: it has been the same
 * since 2019.
 */
#ifndef OBSCTL_LIBIBERTY_H
#define OBSCTL_LIBIBERTY_H

#include <stddef.h>

#define DMGL_PARAMS	(1 << 0)	/* with the arguments of functions */
#define DMGL_ANSI	(1 << 1)	/* with const and volatile */

typedef void (*demangle_piece)(const char *piece, size_t len, void *arg);

int cplus_demangle_v3_callback(const char *name, int options, demangle_piece take, void *arg);
int rust_demangle_callback(const char *name, int options, demangle_piece take, void *arg);

#endif
