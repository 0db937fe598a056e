/* SPDX-License-Identifier: GPL-2.0 */
/* Text in XML, whoever made it. */
#ifndef OBSCTL_XML_H
#define OBSCTL_XML_H

#include "lib/buf.h"

void xml_text(struct buf *out, const char *text, size_t len);
size_t xml_columns(const char *text);
size_t xml_clip(const char *text, size_t columns);
void xml_fitted(struct buf *out, const char *text, size_t columns);

#endif
