/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of triage, a row each: what is measured of which resource, from which value on it is
 * a problem, what that means, and what to ask next.
 */
#ifndef OBSCTL_TRIAGE_RULES_H
#define OBSCTL_TRIAGE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"

enum resource {
	R_CPU, R_MEMORY, R_SLAB, R_DISK, R_NET, R_TCP, R_UDP, R_LOCK, R_IRQ, R_TASKS, R_FILES,
	R_CONNTRACK,
	NR_RESOURCES,
};

/* Of a resource: utilisation, saturation, errors. */
enum aspect { UTILISATION, SATURATION, ERRORS, NR_ASPECTS };

enum triage_unit {
	IN_PERCENT, IN_NUMBER, PER_SECOND, IN_TIME, IN_COUNT, IN_BYTES_PER_SECOND,
};

/* What is measured; those of a kind are in the order in which they are told. */
enum metric {
	M_OOM_KILLS, M_CGROUP_OOM_KILLS, M_DISK_ERRORS, M_NET_ERRORS, M_TASKS, M_BLOCKED, M_FILES,
	M_PROCESS_FILES, M_CONNTRACK,
	M_CGROUP_PRESSURE, M_CGROUP_THROTTLED, M_IRQ_TIME, M_IRQ_RATE, M_IRQ_PRESSURE,
	M_SOFTIRQ_LONGEST, M_IRQ_LONGEST, M_LOCK_SPIN, M_LOCK_WAIT, M_MEMORY_PRESSURE, M_RECLAIM,
	M_SWAP,
	M_IO_PRESSURE, M_DISK_WAIT, M_DISK_DEVICE, M_DISK_QUEUED, M_RETRANSMITS, M_LISTEN,
	M_UDP_OVERFLOWS, M_NET_DROPS, M_STEAL, M_CPU_HOT, M_CPU_SLOW, M_CPU_WAIT, M_CPU_PRESSURE,
	M_RUNQ_P99, M_LLC_MISSES,
	M_SLAB_GROWTH,
	M_CPU_BUSY, M_MEMORY_USED, M_CGROUP_USED, M_DISK_BUSY, M_NET_BUSY,
	NR_METRICS,
};

struct rule {
	const char	*name;		/* of its threshold */
	const char	*doc;		/* what is compared with it */
	const char	*verdict;	/* a word, when it is crossed */
	const char	*type;		/* of the bottleneck; NULL: to be busy is no problem */
	const char	*next;		/* command */
	double		limit;
	enum triage_unit unit;
	enum resource	resource;
	enum aspect	aspect;
	unsigned int	rank;		/* lower ones come first */
	uint32_t	causes;		/* resources whose problems follow from it, a bit each */
	const char	*option;	/* of the next command, that takes the subject; or NULL */
	const char	*(*find_next)(void);	/* the command, where the machine decides */
};

extern const struct rule triage_rules[NR_METRICS];
extern const char *const resource_names[NR_RESOURCES];
extern const char *const aspect_names[NR_ASPECTS];

struct limits {
	double		v[NR_METRICS];
};

int limits_take(struct limits *l, const struct strings *given);
void limits_print(FILE *to);
char *triage_format(char *buf, size_t size, double v, enum triage_unit unit);
void triage_next(enum metric m, const char *subject, struct buf *out);

#endif
