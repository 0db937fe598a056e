/* SPDX-License-Identifier: GPL-2.0 */
/* The trace event format of Chrome, which Perfetto reads, too: records as they come. */
#ifndef OBSCTL_CHROME_H
#define OBSCTL_CHROME_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"

enum chrome_kind {
	CHROME_MARK,		/* at a time */
	CHROME_CALL,		/* for a time; calls of a thread are in each other */
	CHROME_PAIR,		/* for a time; pairs overlap as they like */
};

struct chrome_event {
	enum chrome_kind kind;
	const char	*name;
	const char	*category;
	uint64_t	end;		/* ns */
	uint64_t	took;		/* ns; 0 for a mark */
	uint32_t	cpu;		/* at the end */
	uint64_t	pid;
	uint64_t	tid;
	const char	*comm;
	const char	*args;		/* members of a JSON object */
};

struct chrome {
	struct map	threads;	/* a number to its name, of those that are named */
	struct map	cpus;
	struct pool	names;
	uint64_t	pairs;
	bool		begun;
};

void chrome_begin(struct chrome *c, struct buf *out);
void chrome_add(struct chrome *c, const struct chrome_event *ev, struct buf *out);
void chrome_end_events(struct buf *out);
void chrome_free(struct chrome *c);

#endif
