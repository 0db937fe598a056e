/* SPDX-License-Identifier: GPL-2.0 */
/* The frame of a page: its style and its script, which need nothing else. */
#ifndef OBSCTL_HTML_H
#define OBSCTL_HTML_H

#include "lib/buf.h"

void html_begin(struct buf *out, const char *title);
void html_end(struct buf *out);

#endif
