/* SPDX-License-Identifier: GPL-2.0 */
/* Histograms of a report's rows as bars. */
#ifndef OBSCTL_CHARTS_H
#define OBSCTL_CHARTS_H

#include "report/report.h"

void charts_print(struct report *r, struct out *o);

#endif
