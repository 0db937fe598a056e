/* SPDX-License-Identifier: GPL-2.0 */
/* A report as folded stacks. */
#ifndef OBSCTL_FOLD_H
#define OBSCTL_FOLD_H

#include "report/report.h"

void fold_print(struct report *r, FILE *file);

#endif
