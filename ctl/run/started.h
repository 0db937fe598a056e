/* SPDX-License-Identifier: GPL-2.0 */
/* What a person is told when a session has started. */
#ifndef OBSCTL_STARTED_H
#define OBSCTL_STARTED_H

#include "lib/opts.h"
#include "report/view.h"

void say_started(const struct opts *o, const struct session *s, const struct view *v, bool quiet);

#endif
