/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks as a tree of frames, each as wide as the weight of the stacks that it is in. */
#ifndef OBSCTL_FLAME_TREE_H
#define OBSCTL_FLAME_TREE_H

#include <stdbool.h>

#include "export/stack_set.h"

/* More levels are merged: stacks of the kernel's depth, user and kernel, have fewer. */
#define FLAME_LEVELS	224
/* More frames than a browser draws at once without delay. */
#define FLAME_FRAMES	20000

struct flame_node {
	uint64_t	at;		/* weight of what is left of it */
	uint64_t	weight;
	uint64_t	before;
	uint32_t	frame;		/* number in the set */
	uint32_t	depth;		/* 0 for the one that is all */
	uint64_t	merged;		/* branches that are in it; 0 for a frame of its own */
};

struct flame_tree {
	struct flame_node *v;		/* each before what it calls */
	size_t		n;
	size_t		cap;
	uint32_t	levels;
	double		least;		/* weight below which siblings were merged */
	uint64_t	merged;		/* branches below it, and their weight */
	uint64_t	merged_weight;
	size_t		merged_frames;	/* frames that they became */
	uint64_t	gone;		/* weight before of what has none any more */
	uint64_t	deeper;		/* weight of what has more levels */
};

void flame_tree_build(struct flame_tree *t, struct stack_set *s, double least, size_t most);
void flame_tree_free(struct flame_tree *t);

#endif
