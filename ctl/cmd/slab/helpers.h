/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of the kernel that allocate for their caller. */
#ifndef OBSCTL_SLAB_HELPERS_H
#define OBSCTL_SLAB_HELPERS_H

#include <stdbool.h>

#include "lib/buf.h"

bool slab_is_helper(const char *name);
void slab_find_helpers(struct numbers *out);

#endif
