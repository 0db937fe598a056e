/* SPDX-License-Identifier: GPL-2.0 */
/* What caches gained and freed in a session of 'slab leaks', over all call sites. */
#ifndef OBSCTL_SLAB_FLOW_H
#define OBSCTL_SLAB_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "cmd/slab/verdict.h"

/* A cache. @freed are objects from before the session. */
struct flow {
	uint64_t	cache;		/* key of its name */
	uint64_t	gained;		/* allocated in the session, and live */
	uint64_t	freed;
	uint64_t	freed_by[VERDICT_PARTS + 1]; /* of these, until the end of each part */
	uint64_t	site;		/* that freed the most of them */
	uint64_t	site_freed;
};

struct flows {
	struct flow	*v;
	size_t		n;
	size_t		cap;
};

void flows_gain(struct flows *f, uint64_t cache, uint64_t objects);
void flows_free(struct flows *f, uint64_t cache, uint64_t site, const uint64_t *freed_by);
const struct flow *flows_find(const struct flows *f, uint64_t cache);

#endif
