/* SPDX-License-Identifier: GPL-2.0 */
/* Where instructions begin. */
#ifndef OBSCTL_CODE_BOUNDARIES_H
#define OBSCTL_CODE_BOUNDARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

bool code_boundary(const void *code, size_t size, size_t offset, bool arm64, struct buf *why);

#endif
