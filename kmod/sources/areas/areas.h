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
 */
struct kobs_areas_kind {
	const struct kobs_source *source;
	struct kobs_probe probes[AREAS_PROBES];
};

/* percpu.c, vmalloc.c */
extern const struct kobs_areas_kind kobs_areas_percpu;
extern const struct kobs_areas_kind kobs_areas_vmalloc;
const char *kobs_areas_vmalloc_how(bool *ok);

#endif /* KOBS_AREAS_H */
