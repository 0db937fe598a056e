/* SPDX-License-Identifier: GPL-2.0 */
/* Branches as reports show them: edges, calls, who calls whom, basic blocks. */
#ifndef OBSCTL_PMU_EDGES_H
#define OBSCTL_PMU_EDGES_H

#include "lib/opts.h"
#include "proto/model.h"
#include "report/view.h"
#include "report/writer.h"

/* A branch, or with @to the last address a basic block. */
struct edge {
	uint32_t	pid;		/* 0 where both ends are the kernel's */
	uint64_t	from;
	uint64_t	to;
	uint64_t	count;
	uint64_t	mispredicted;
	uint64_t	sum;		/* of cycles */
	uint64_t	min;
	uint64_t	max;
	struct row	hist;		/* the cycles as a row, for its buckets */
	const char	*name[2];	/* of its ends, where a file has them; or NULL */
};

/* Calls of a function, from one function or from all, and returns out of it. */
struct call {
	const char	*caller;	/* NULL for all */
	const char	*callee;
	uint64_t	count;
	uint64_t	returns;
};

/* Tables of a report. */
enum edges_part { EDGES_ROWS, EDGES_CALLS, EDGES_GRAPH, EDGES_BLOCKS, EDGES_PARTS };

struct edges {
	struct view	*view;
	struct edge	*edge;
	size_t		nr_edges;
	struct edge	*block;
	size_t		nr_blocks;
	struct call	*call;
	size_t		nr_calls;
	struct call	*graph;
	size_t		nr_graph;
	uint64_t	entries;
	uint64_t	kernel;		/* entries that are in the kernel */
	uint64_t	mispredicted;
	uint64_t	timed;		/* entries of edges with cycles */
	bool		has_hist;
	bool		predictions;	/* the CPU tells whether it predicted them */
	struct pool	names;
	size_t		left_out[EDGES_PARTS];	/* rows that a file does not have */
};

void edges_make(struct edges *e, struct view *v, const struct session *s, const struct table *t);
void edges_print(struct edges *e, struct out *o, const struct opts *opts, bool edges, bool calls,
		 bool graph, bool blocks);
void edges_print_check(struct edges *e, const struct session *s, struct out *o);
void edges_free(struct edges *e);

#endif
