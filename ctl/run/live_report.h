/* SPDX-License-Identifier: GPL-2.0 */
/* Interim reports for a screen. */
#ifndef OBSCTL_LIVE_REPORT_H
#define OBSCTL_LIVE_REPORT_H

#include "lib/opts.h"
#include "report/outfile.h"
#include "report/report.h"
#include "run/pace.h"

uint64_t live_interval(const struct opts *o);
void live_report_begin(struct opts *o, struct output *to);
void live_report_end(struct report *r, struct output *to, const struct pace *p, int err);
void live_pace(struct pace *p);
void live_pace_end(struct pace *p, bool live);

#endif
