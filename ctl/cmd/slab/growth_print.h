/* SPDX-License-Identifier: GPL-2.0 */
/* The words of 'slab growth', of a machine or a file. */
#ifndef OBSCTL_SLAB_GROWTH_PRINT_H
#define OBSCTL_SLAB_GROWTH_PRINT_H

#include "report/writer.h"

/* What is said of a cache. */
struct growth_row {
	const char	*cache;
	bool		known;		/* the confidence and the error are */
	bool		changed;
	double		bytes_rate;
	double		confidence;
	int64_t		change;		/* of its objects */
	double		rate;
	double		error;
	uint64_t	objects;
	uint64_t	size;
	uint64_t	bytes;
	uint64_t	memory;
};

void growth_print_title(struct out *o, size_t caches, uint64_t duration, bool interim,
			size_t readings, const char *from, const char *stopped);
void growth_print_row(struct out *o, const struct growth_row *row);
void growth_print_foot(struct out *o, size_t caches, size_t changed, size_t shown,
		       bool unchanged);

#endif
