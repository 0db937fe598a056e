/* SPDX-License-Identifier: GPL-2.0 */
/* Symbols that a stripped file has compressed within it. */
#ifndef OBSCTL_MINI_DEBUG_H
#define OBSCTL_MINI_DEBUG_H

#include <libelf.h>

#include "lib/buf.h"

struct Elf *mini_debug_open(struct Elf *elf, struct buf *bytes);

#endif
