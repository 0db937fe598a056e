/* SPDX-License-Identifier: GPL-2.0 */
/* Folded stacks. */
#ifndef OBSCTL_FOLDED_H
#define OBSCTL_FOLDED_H

#include <stdio.h>

#include "export/stack_set.h"

void folded_write(const struct stack_set *s, FILE *file);

#endif
