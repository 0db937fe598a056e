/* SPDX-License-Identifier: GPL-2.0 */
/* The flame graph of a report, in a file that the user named. */
#ifndef OBSCTL_PICTURE_H
#define OBSCTL_PICTURE_H

#include <stdbool.h>

#include "report/writer.h"

struct buf;
struct report;

/* A file that stays as it was until the picture is complete. */
struct picture {
	const char	*path;		/* NULL without a picture */
	int		fd;
	const char	*what;		/* it is, in sentences */
	bool		made;		/* it was not there before */
	bool		written;
};

int picture_open(struct picture *p, const char *path);
int picture_open_as(struct picture *p, const char *path, const char *what);
void picture_embed(struct report *r, struct out *o);
int picture_save(struct picture *p, const struct buf *text);
int picture_write(struct report *r);
void picture_tell(struct report *r, struct out *o);
void picture_close(struct picture *p);

#endif
