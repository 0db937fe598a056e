/* SPDX-License-Identifier: GPL-2.0 */
/* Flame graphs: one SVG file each, which needs nothing else. */
#ifndef OBSCTL_FLAME_H
#define OBSCTL_FLAME_H

#include <stdbool.h>

#include "export/flame_tree.h"
#include "lib/buf.h"

/* Pixels of the picture where nothing fits it to a window, and of the frames in it. */
#define FLAME_WIDTH	1200
#define FLAME_MARGIN	10
#define FLAME_FRAME	16
/* A character of 12 pixels, of the widest of usual monospaced fonts. */
#define FLAME_COLUMN	7.25
/* Frames that are narrower are merged. */
#define FLAME_LEAST	0.1

/* What the weight is, which chooses the colours. */
enum flame_palette {
	FLAME_CALLS,
	FLAME_CPU,
	FLAME_WAITS,
	FLAME_MEMORY,
};

struct flame {
	struct stack_set *set;
	enum flame_palette palette;
	bool		icicle;		/* the root is at the top */
	bool		compared;	/* colours tell the change since before */
	const char	*part;		/* colours tell how much is this (before); or NULL */
	const char	*rest;		/* what the rest is */
	const char	*title;
	const char	*unit;		/* "ns", "bytes", or what one of the weight is */
	struct strings	head;		/* lines below the title */
	struct strings	foot;
};

void flame_write(const struct flame *f, struct buf *out);

#endif
