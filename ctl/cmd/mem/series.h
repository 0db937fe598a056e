/* SPDX-License-Identifier: GPL-2.0 */
/* Named amounts of memory, and how they grow. */
#ifndef OBSCTL_MEM_SERIES_H
#define OBSCTL_MEM_SERIES_H

#include "cmd/slab/trend.h"
#include "lib/map.h"

struct series_item {
	const char	*name;
	uint64_t	bytes;
	struct trend	trend;
};

/* What has one source; all zero at first. */
struct series {
	struct pool	names;
	struct map	by_name;	/* interned name to index + 1 */
	struct series_item *v;
	size_t		n;
	size_t		cap;
	size_t		readings;
	uint64_t	last;
};

void series_begin(struct series *s);
void series_add(struct series *s, const char *name, uint64_t bytes);
void series_end(struct series *s, uint64_t now);
const struct series_item **series_growing(const struct series *s, size_t *n);
void series_free(struct series *s);

#endif
