/* SPDX-License-Identifier: GPL-2.0 */
/* Rows whose stacks are the ways from a root to a function, as a tree. */
#ifndef OBSCTL_CALLTREE_H
#define OBSCTL_CALLTREE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "report/report.h"

#define CALLTREE_NONE	SIZE_MAX

/* A function as it is called. */
struct calltree_node {
	size_t		parent;		/* CALLTREE_NONE for a root */
	size_t		child;		/* the first one; those after it are in next */
	size_t		next;
	size_t		row;		/* in the table; CALLTREE_NONE while it has not returned */
	uint64_t	total;		/* of its row; without one, of those below it */
	bool		shown;		/* its row is among those that are shown */
};

struct calltree {
	struct calltree_node *v;
	size_t		n;
	size_t		cap;
	size_t		roots;		/* the first one */
	uint64_t	total;		/* of the roots */
	size_t		*of_row;	/* node of each row, in the rows' new order */
	struct numbers	order;		/* places of nodes with rows, as a tree is read */
};

/**
 * calltree_arrange() - Bring the rows in the order of a tree, those that are shown first.
 * @column: of the stacks
 * @total: number of the figure that a node is as large as
 *
 * Of siblings, the larger one comes first; of all, the largest are shown.
 */
struct calltree *calltree_arrange(struct report *r, size_t column, size_t total);
void calltree_name(const struct calltree *t, struct report *r, size_t column,
		   const struct row *row, struct buf *out);
void calltree_free(struct calltree *t);

#endif
