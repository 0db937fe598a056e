/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of the kernel that allocate for their caller. */
#ifndef OBSCTL_SLAB_HELPERS_H
#define OBSCTL_SLAB_HELPERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* As many ranges as the kernel takes. */
#define SLAB_HELPER_RANGES	1024

bool slab_is_helper(const char *name);
const char *const *slab_helpers(size_t *n);
void slab_find_helpers(struct numbers *out);

#endif
