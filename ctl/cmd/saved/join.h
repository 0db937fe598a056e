/* SPDX-License-Identifier: GPL-2.0 */
/* Two saved reports as one flame graph. */
#ifndef OBSCTL_JOIN_H
#define OBSCTL_JOIN_H

struct opts;

int join_check(const struct opts *o);
int join_show(const struct opts *o);

#endif
