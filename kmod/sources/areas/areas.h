/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sources percpu and vmalloc: what their files share.
 *
 *	source.c	description of the sources, life cycle of a session
 *	percpu.c	handlers of the percpu allocator
 *	vmalloc.c	handlers of areas of addresses
 */
#ifndef KOBS_AREAS_H
#define KOBS_AREAS_H

#include <linux/notifier.h>

#include "core/follow.h"
#include "core/source.h"
#include "hooks/return.h"
#include "hooks/tracepoint.h"

/* Maximum number of tracepoints, and of functions, of a kind. */
#define AREAS_PROBES	3
#define AREAS_RETURNS	2

/* Its reason of loss. */
#define AREAS_LOST_MISSED	(KOBS_N_SOURCE + 1)

struct kobs_areas;

/**
 * struct kobs_areas_kind - a kind of areas, which has a source
 * @source: the source
 * @probes: tracepoints, up to one without a name; their handlers get a struct
 *	kobs_follow
 * @late_frees: an address can be allocated again before its free is reported
 * @lies: where areas lie; NULL: their keys are their addresses
 * @hooks: number of hooks that @hook turns on
 * @hook: NULL, or turns on what is not a tracepoint, all or none; 0, or an error, and
 *	the name of what failed. May sleep
 * @unhook: undoes @hook, and waits until no handler runs. May sleep
 * @missed: NULL, or returns the number of calls that were lost before a handler ran
 */
struct kobs_areas_kind {
	const struct kobs_source *source;
	struct kobs_probe probes[AREAS_PROBES];
	bool late_frees;
	const struct kobs_lies *lies;
	unsigned int hooks;
	int (*hook)(struct kobs_areas *a, const char **failed);
	void (*unhook)(struct kobs_areas *a);
	u64 (*missed)(const struct kobs_areas *a);
};

/**
 * struct kobs_areas - a session of such a source
 * @follow: areas
 * @kind: what they are
 * @probes: tracepoints
 * @n: number of @probes
 * @failures: is told of allocations that failed
 * @returns: functions
 * @stuck: a hook can be called after the end
 */
struct kobs_areas {
	struct kobs_follow follow;
	const struct kobs_areas_kind *kind;
	struct kobs_probe probes[AREAS_PROBES];
	unsigned int n;
	struct notifier_block failures;
#ifdef CONFIG_KRETPROBES
	struct kobs_return returns[AREAS_RETURNS];
#endif
	bool stuck;
};

/* percpu.c, vmalloc.c */
extern const struct kobs_areas_kind kobs_areas_percpu;
extern const struct kobs_areas_kind kobs_areas_vmalloc;
const char *kobs_areas_vmalloc_how(bool *ok);

#endif /* KOBS_AREAS_H */
