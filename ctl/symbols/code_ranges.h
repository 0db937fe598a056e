/* SPDX-License-Identifier: GPL-2.0 */
/* Where the kernel's lock functions are. */
#ifndef OBSCTL_LOCK_TEXT_H
#define OBSCTL_LOCK_TEXT_H

#include "lib/buf.h"

void lock_text_find(struct numbers *out);

#endif
