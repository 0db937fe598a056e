/* SPDX-License-Identifier: GPL-2.0 */
/* What the time of a row went to: by class, reason, stack, and who ran instead. */
#ifndef OBSCTL_WALL_DETAILS_H
#define OBSCTL_WALL_DETAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/wall/chain.h"
#include "report/report.h"

struct wall_detail {
	size_t		row;		/* key of the row of the table */
	const char	*class;
	const char	*instead;	/* "" where that is not known */
	struct wall_chain chain;	/* who ended it; empty where that is not known */
	const char	*lock;		/* likewise */
	const char	*owner;		/* of the lock; likewise */
	uint64_t	owner_pid;
	const char	*reason;	/* "" for what is not blocked */
	const char	**frames;	/* the leaf first */
	size_t		n;
	uint64_t	count;
	uint64_t	sum;
	uint64_t	max;
};

/* Details of all rows, those of a row one after the other, the longest first. */
struct wall {
	struct wall_detail *v;
	size_t		n;
	size_t		cap;
	bool		system;		/* a row has time in system calls */
};

struct wall_detail *details_add(struct wall *w);
void details_sort(struct wall *w);
void details_print(const struct wall *w, struct report *r, struct out *o, const struct row *row);
void details_load(struct wall *w, struct report *r);
void details_free(struct wall *w);

#endif
