/* SPDX-License-Identifier: GPL-2.0 */
/* Records of 'lock stalls' that are in a file. */
#ifndef OBSCTL_STALLS_SAVED_H
#define OBSCTL_STALLS_SAVED_H

#include <jansson.h>

struct restored;
struct trace;

void stalls_show(struct trace *t, struct restored *r, const json_t *record);

#endif
