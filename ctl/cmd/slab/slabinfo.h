/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of /proc/slabinfo. */
#ifndef OBSCTL_SLABINFO_H
#define OBSCTL_SLABINFO_H

#include <stdbool.h>
#include <stdint.h>

struct slabinfo {
	const char	*name;		/* in the line */
	uint64_t	objects;	/* in use */
	uint64_t	size;		/* of an object */
	uint64_t	slabs;
	uint64_t	pages;		/* of a slab */
};

bool slabinfo_parse(char *line, struct slabinfo *out);

#endif
