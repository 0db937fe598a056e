/* SPDX-License-Identifier: GPL-2.0 */
/* Control groups of the unified hierarchy, by their numbers and their paths. */
#ifndef OBSCTL_CGROUP_H
#define OBSCTL_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct numbers;

/* Where the hierarchy is; NULL to look for it. Tests have another. */
extern const char *cgroup_hierarchy;

const char *cgroup_root(void);
void cgroups_walk(bool (*visit)(uint64_t id, const char *path, void *arg), void *arg);
void cgroups_look(void);
void cgroups_stale(void);
const char *cgroup_path(uint64_t id);
void cgroup_print(uint64_t id, struct buf *out);
size_t cgroup_find(const char *pattern, struct numbers *ids);
void cgroup_nearest(const char *pattern, struct buf *out);
void cgroups_forget(void);

#endif
