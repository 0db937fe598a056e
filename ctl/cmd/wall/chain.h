/* SPDX-License-Identifier: GPL-2.0 */
/* Who woke up whom: the chains that end blocked time. */
#ifndef OBSCTL_WALL_CHAIN_H
#define OBSCTL_WALL_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "report/report.h"

/* Column of the module's rows: a number that stands for a chain. */
#define WALL_CHAIN	"chain"

struct wall_link {
	const char	*name;		/* of the thread; or [interrupt] */
	uint64_t	tid;		/* 0 for an interrupt */
	const char	**frames;	/* where it was blocked before, the leaf first */
	size_t		n;
};

struct wall_chain {
	struct wall_link *links;	/* who ended the blocked time, and so on */
	size_t		n;
	const char	*end;		/* why there are no more: a word of chain_ends */
	const char	*text;		/* all of it, to compare; "" without */
};

void chain_want(struct report *r, uint64_t id);
void chain_name(struct report *r, uint64_t id, struct wall_chain *out);
void chain_line(const struct wall_chain *c, struct buf *line);
void chain_print(const struct wall_chain *c, struct out *o);
void chain_json(const struct wall_chain *c, struct out *o);
void chain_load(struct report *r, const struct json_t *from, struct wall_chain *out);
void chain_free(struct wall_chain *c);
void chain_names(struct report *r, const struct stack *s, const char ***frames, size_t *n);
void chains_fold(struct report *r, size_t chain);

#endif
