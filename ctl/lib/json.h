/* SPDX-License-Identifier: GPL-2.0 */
/* JSON that is written by hand. */
#ifndef OBSCTL_JSON_H
#define OBSCTL_JSON_H

#include "lib/buf.h"

void json_escape(struct buf *b, const char *s);

#endif
