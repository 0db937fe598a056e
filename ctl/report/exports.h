/* SPDX-License-Identifier: GPL-2.0 */
/* Reports in the formats of others. */
#ifndef OBSCTL_EXPORTS_H
#define OBSCTL_EXPORTS_H

#include "export/export.h"

struct output;
struct report;

int export_report(struct report *r, const struct output *to);
void export_read(struct export *e, const json_t *report);
void export_tell(const struct export *e);
int export_rows(const json_t *report, struct json_rows *rows, const struct output *to);

#endif
