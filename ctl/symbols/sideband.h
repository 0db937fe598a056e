/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel tells of processes while they are observed. */
#ifndef OBSCTL_SIDEBAND_H
#define OBSCTL_SIDEBAND_H

#include <stddef.h>
#include <stdint.h>

#include "symbols/usyms.h"

/* A buffer that the kernel fills, for each CPU. */
struct sideband {
	struct sideband_ring {
		int	fd;
		void	*page;		/* that of the positions; data follow */
		uint64_t lost;		/* records that found no room */
	} *ring;
	size_t		n;
	size_t		cap;
	size_t		page;		/* size of one, in bytes */
	int		poll;		/* becomes readable when there is much to read; or -1 */
	struct buf	record;		/* one that lies in two parts */
};

void sideband_follow(struct sideband *b, struct usyms *u, const struct numbers *pids);
void sideband_read(struct sideband *b, struct usyms *u);
void sideband_close(struct sideband *b);
void sideband_record(struct usyms *u, const void *record, size_t size);

#endif
