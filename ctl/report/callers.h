/* SPDX-License-Identifier: GPL-2.0 */
/* Callers in user stacks that are none. */
#ifndef OBSCTL_CALLERS_H
#define OBSCTL_CALLERS_H

#include "report/view.h"

void view_cut_stack(struct view *v, struct stack *s);
void view_cut_callers(struct view *v, struct table *t);

#endif
