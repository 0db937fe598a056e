/* SPDX-License-Identifier: GPL-2.0 */
/* Rows and cells as CSV. */
#ifndef OBSCTL_CSV_H
#define OBSCTL_CSV_H

#include <stdio.h>

#include "lib/buf.h"

struct export;
struct json_t;

int csv_write(const struct export *e, FILE *to);
void csv_add_cell(struct buf *line, bool first, const char *text);
void csv_add_frame(struct buf *frames, const char *frame);
void csv_value(const struct json_t *value, struct buf *out);
void csv_end_line(struct buf *line);

#endif
