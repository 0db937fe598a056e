/* SPDX-License-Identifier: GPL-2.0 */
/* Why a report has no rows. */
#ifndef OBSCTL_NOTHING_H
#define OBSCTL_NOTHING_H

#include "report/report.h"

void nothing_print(struct report *r, struct out *o);

#endif
