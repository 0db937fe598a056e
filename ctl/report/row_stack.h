/* SPDX-License-Identifier: GPL-2.0 */
/* The stacks of a row, a frame a line. */
#ifndef OBSCTL_ROW_STACK_H
#define OBSCTL_ROW_STACK_H

#include "report/report.h"

uint64_t stack_hash(const struct stack *s);
void row_stack_print(struct report *r, struct out *o, size_t column, uint64_t id);

#endif
