/* SPDX-License-Identifier: GPL-2.0 */
/* Names of C++ and Rust as their programs have them. */
#ifndef OBSCTL_DEMANGLE_H
#define OBSCTL_DEMANGLE_H

#include <stdbool.h>

#include "lib/buf.h"

bool demangle(const char *name, struct buf *out);

#endif
