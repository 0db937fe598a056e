/* SPDX-License-Identifier: GPL-2.0 */
/* Reading of whole files and control groups into a machine. */
#ifndef OBSCTL_TRIAGE_READ_H
#define OBSCTL_TRIAGE_READ_H

#include "cmd/triage/machine.h"

int machine_read_file(struct machine *m, const char *path);
void cgroups_read(struct machine *m);
uint64_t count_entries(const char *path);
struct cgroup *cgroup_add(struct machine *m, const char *path);

#endif
