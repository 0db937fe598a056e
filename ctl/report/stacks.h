/* SPDX-License-Identifier: GPL-2.0 */
/* The stacks of a report's rows as frames, for formats that others read. */
#ifndef OBSCTL_STACKS_H
#define OBSCTL_STACKS_H

#include "export/stack_set.h"
#include "report/report.h"

void stacks_collect(struct report *r, struct stack_set *set);

#endif
