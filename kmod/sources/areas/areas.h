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
#include "hooks/tracepoint.h"

/* Maximum number of tracepoints of a kind. */
#define AREAS_PROBES	3

/**
 * struct kobs_areas_kind - a kind of areas, which has a source
 * @source: the source
 * @probes: tracepoints, up to one without a name; their handlers get a struct
 *	kobs_follow
 * @late_frees: an address can be allocated again before its free is reported
 * @lies: where areas lie; NULL: their keys are their addresses
 * @failed: NULL, or called when an allocation may have failed, see @watch
 * @watch: NULL, or registers a block with @failed; 0, or an error. May sleep
 * @unwatch: undoes @watch, and waits until @failed does not run. May sleep
 */
struct kobs_areas_kind {
	const struct kobs_source *source;
	struct kobs_probe probes[AREAS_PROBES];
	bool late_frees;
	const struct kobs_lies *lies;
	notifier_fn_t failed;
	int (*watch)(struct notifier_block *nb);
	int (*unwatch)(struct notifier_block *nb);
};

/**
 * struct kobs_areas - a session of such a source
 * @follow: areas
 * @kind: what they are
 * @probes: tracepoints
 * @n: number of @probes
 * @failures: for @failed of the kind
 */
struct kobs_areas {
	struct kobs_follow follow;
	const struct kobs_areas_kind *kind;
	struct kobs_probe probes[AREAS_PROBES];
	unsigned int n;
	struct notifier_block failures;
};

/* percpu.c, vmalloc.c */
extern const struct kobs_areas_kind kobs_areas_percpu;
extern const struct kobs_areas_kind kobs_areas_vmalloc;
const char *kobs_areas_vmalloc_how(bool *ok);

#endif /* KOBS_AREAS_H */
