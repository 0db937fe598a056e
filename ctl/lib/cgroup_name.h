/* SPDX-License-Identifier: GPL-2.0 */
/* What a control group's path says: containers, pods, units. */
#ifndef OBSCTL_CGROUP_NAME_H
#define OBSCTL_CGROUP_NAME_H

struct buf;

void cgroup_name(const char *path, struct buf *out);

#endif
