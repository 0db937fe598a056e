/* SPDX-License-Identifier: GPL-2.0 */
/* Text that somebody else wrote: which bytes are characters, and how a terminal gets them. */
#ifndef OBSCTL_UTF8_H
#define OBSCTL_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

size_t utf8_length(const char *text);
size_t utf8_step(const char *text, size_t max, bool *harmless);
void utf8_plain(struct buf *out, const char *text, size_t len);
void utf8_escape(struct buf *out, const char *text, size_t len);
void utf8_sentence(struct buf *out, const char *text);

#endif
