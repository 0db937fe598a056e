/* SPDX-License-Identifier: GPL-2.0 */
/* A saved report of triage. */
#ifndef OBSCTL_TRIAGE_SAVED_H
#define OBSCTL_TRIAGE_SAVED_H

struct output;
struct report;

int triage_show(struct report *r, const struct output *to);

#endif
