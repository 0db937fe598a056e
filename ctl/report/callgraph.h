/* SPDX-License-Identifier: GPL-2.0 */
/* Sampled stacks as functions, each with who calls it and whom it calls. */
#ifndef OBSCTL_PMU_GRAPH_H
#define OBSCTL_PMU_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"
#include "report/outfile.h"
#include "report/report.h"

/* Samples below a function that passed through another one next to it, and their weight. */
struct graph_link {
	const char	*name;
	uint64_t	count;
	uint64_t	weight;
	uint64_t	seen;		/* number of the stack that counted last */
};

struct graph_links {
	struct graph_link *v;
	size_t		n;
	size_t		cap;
};

struct graph_function {
	const char	*name;
	uint64_t	self;		/* samples in it */
	uint64_t	total;		/* and in what it called */
	uint64_t	self_weight;
	uint64_t	total_weight;
	uint64_t	seen;
	struct graph_links callers;
	struct graph_links callees;
};

struct graph {
	struct graph_function **v;
	size_t		n;
	size_t		cap;
	struct map	by_name;
	uint64_t	stacks;
	uint64_t	samples;
	uint64_t	weight;
	size_t		left_out;	/* functions that a file does not have */
};

struct graph_function *graph_function(struct graph *g, const char *name);
void graph_link(struct graph_links *l, const char *name, uint64_t count, uint64_t weight,
		uint64_t stack);
int graph_show(struct graph *g, struct report *r, const struct output *to);
void graph_add(struct graph *g, const char *const *frames, size_t n, uint64_t count,
	       uint64_t weight);
void graph_sort(struct graph *g);
void graph_free(struct graph *g);
int graph_print(struct report *r, const struct output *to);

#endif
