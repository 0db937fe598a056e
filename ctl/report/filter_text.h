/* SPDX-License-Identifier: GPL-2.0 */
/* A session's filter as reports show it. */
#ifndef OBSCTL_FILTER_H
#define OBSCTL_FILTER_H

#include "proto/model.h"
#include "report/writer.h"

void filter_describe(const struct filter *f, const char *unit, struct buf *out);
void filter_print_json(const struct filter *f, struct out *o);

#endif
