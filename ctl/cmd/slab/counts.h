/* SPDX-License-Identifier: GPL-2.0 */
/* Live objects by cache, as kobs counts them. */
#ifndef OBSCTL_SLAB_COUNTS_H
#define OBSCTL_SLAB_COUNTS_H

#include "lib/opts.h"
#include "proto/nl.h"
#include "report/view.h"

struct slab_count {
	const char	*cache;		/* valid until the next reading */
	uint64_t	live;
	uint64_t	bytes;
};

struct slab_counts {
	struct nl	nl;
	struct view	view;
	struct session	session;
	struct table	table;
	struct slab_count *v;
	size_t		n;
	size_t		cap;
	bool		open;
	bool		has_table;
};

int slab_counts_open(struct slab_counts *c, const struct opts *o);
int slab_counts_read(struct slab_counts *c);
int slab_counts_stop(struct slab_counts *c);
void slab_counts_close(struct slab_counts *c);

#endif
