/* SPDX-License-Identifier: GPL-2.0 */
/* The words of 'mem growth', of a machine or a file. */
#ifndef OBSCTL_MEM_GROWTH_PRINT_H
#define OBSCTL_MEM_GROWTH_PRINT_H

#include "cmd/mem/procmem.h"
#include "report/writer.h"

/* How an amount of memory changed. */
struct mem_change {
	int64_t		change;
	double		rate;		/* bytes per second */
	double		confidence;
	double		error;
	bool		known;		/* the two are */
	bool		moved;		/* it was not the same at all times */
};

/* A part of the machine's memory. */
struct mem_share {
	const char	*name;
	const char	*doc;
	int64_t		bytes;
	struct mem_change change;
	bool		given_back;	/* the kernel takes it back when it needs it */
	bool		rest;		/* what no counter has */
};

/* What grows of the files that tell more. */
struct mem_grower {
	const char	*from;
	const char	*name;
	uint64_t	bytes;
	struct mem_change change;
};

struct mem_report {
	uint64_t	duration;
	size_t		readings;
	uint64_t	total;
	bool		interim;
	struct mem_share *parts;
	size_t		nr_parts;
	struct mem_grower *growers;
	size_t		nr_growers;
	size_t		cap_growers;
	uint64_t	blocks[MEM_ORDERS];
	uint64_t	page;		/* bytes of one; 0 where blocks are not known */
	const char	*grows;		/* the name of what surely does, the fastest; or NULL */
	const char	*grows_doc;
	const char	*next;		/* command; or NULL */
	double		rate;		/* of what grows */
};

void mem_report_print(const struct mem_report *r, struct out *o);
void mem_report_free(struct mem_report *r);

#endif
