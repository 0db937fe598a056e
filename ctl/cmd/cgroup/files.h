/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of a control group say. */
#ifndef OBSCTL_CGROUP_FILES_H
#define OBSCTL_CGROUP_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/triage/machine.h"

enum cgroup_limit {
	LIMIT_MAX, LIMIT_HIGH, LIMIT_LOW, LIMIT_MIN, LIMIT_SWAP,
	NR_CGROUP_LIMITS,
};

#define NO_LIMIT	UINT64_MAX

/* A group at one moment; the root has less than the others. */
struct cgroup_files {
	bool		has_memory;	/* the memory controller is on */
	uint64_t	current;	/* bytes */
	uint64_t	swap;
	uint64_t	peak;		/* bytes, ever; 0 where the kernel does not tell */
	uint64_t	limit[NR_CGROUP_LIMITS];
	struct named	memory;		/* memory.stat */
	struct named	events;		/* of the group and of all below it */
	struct named	local;		/* of the group alone */
	struct named	cpu;		/* cpu.stat */
	bool		has_quota;
	uint64_t	quota;		/* us in a period; NO_LIMIT */
	uint64_t	period;
	struct pressure	pressure[NR_PRESSURES];
};

/* A part of a group's memory; all of them are what it uses. */
struct cgroup_part {
	const char	*name;
	const char	*doc;
	const char	*more[3];	/* of memory.stat, added up */
	const char	*less;		/* taken off; or NULL */
	bool		cache;		/* given back when the kernel needs it */
	const char	*next;		/* what to ask when it grows */
};

#define NO_PART		SIZE_MAX

/* Behind nr_cgroup_parts of them is what none of them has. */
extern const struct cgroup_part cgroup_parts[];
extern const size_t nr_cgroup_parts;

extern const char *const cgroup_limit_files[NR_CGROUP_LIMITS];

bool cgroup_files_read(struct cgroup_files *f, const char *path);
void cgroup_files_free(struct cgroup_files *f);
uint64_t cgroup_value(const struct named *n, const char *name);
uint64_t cgroup_part_bytes(const struct cgroup_files *f, size_t part);
int64_t cgroup_rest(const struct cgroup_files *f);
void cgroup_all_parts(const struct cgroup_files *f, int64_t *bytes);
size_t cgroup_grown_most(const int64_t *from, const int64_t *to, int64_t *by);
uint64_t cgroup_cache(const struct cgroup_files *f);
uint64_t cgroup_limit_of(const char *path, const char **whose, uint64_t *room);

#endif
