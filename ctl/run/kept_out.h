/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that were asked for and cannot be observed. */
#ifndef OBSCTL_KEPT_OUT_H
#define OBSCTL_KEPT_OUT_H

#include "proto/model.h"
#include "symbols/patterns.h"

int kept_out_check(const struct targets *all, const struct session *s);

#endif
