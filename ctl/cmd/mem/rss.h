/* SPDX-License-Identifier: GPL-2.0 */
/* Resident memory of processes by what is mapped, over time, and what that says of their heaps. */
#ifndef OBSCTL_RSS_H
#define OBSCTL_RSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/slab/trend.h"
#include "export/json_file.h"
#include "lib/buf.h"
#include "report/writer.h"

enum rss_kind {
	RSS_HEAP,		/* of brk() */
	RSS_ANONYMOUS,		/* without a file: the rest of the heap, stacks of threads */
	RSS_STACK,		/* of the first thread */
	RSS_DATA,		/* pages of private mappings of files that were written to */
	RSS_FILE,
	RSS_SHARED,		/* shared memory, without a file that can be read again */
	RSS_SWAP,		/* of all of them, not resident */
	RSS_KINDS
};

extern const char *const rss_names[RSS_KINDS];

/* Bytes of one reading, of all the processes. */
struct rss_reading {
	uint64_t	bytes[RSS_KINDS];
	size_t		processes;	/* that could be read */
};

/* What is said of how a kind grows. */
struct rss_growth {
	double		rate;		/* bytes a second */
	double		confidence;	/* that it is not 0 */
	bool		known;		/* it is */
};

struct rss_series {
	struct rss_reading first;
	struct rss_reading last;
	struct trend	trends[RSS_KINDS];
	uint64_t	readings;
	uint64_t	most;		/* of rss_heap() */
	bool		whole;		/* since the programs began */
	bool		saved;		/* of a file, which says how they grow */
	struct rss_growth told[RSS_KINDS];
};

/* What is said of the heap. */
enum rss_verdict {
	RSS_UNKNOWN,		/* there are no two readings */
	RSS_STEADY,		/* it is small, or did not grow */
	RSS_USED,		/* by what is live */
	RSS_FRAGMENTED,		/* by more than is live */
};

/* Growth, or use, from which there is something to say. */
#define RSS_LEAST	(1ull << 20)

void rss_parse_line(struct rss_reading *r, enum rss_kind *kind, const char *line);
bool rss_read(struct rss_reading *r, const char *path);
void rss_add(struct rss_series *s, const struct rss_reading *r, uint64_t now);
uint64_t rss_heap(const struct rss_reading *r);
uint64_t rss_resident(const struct rss_reading *r);
int64_t rss_growth(const struct rss_series *s);
enum rss_verdict rss_judge(const struct rss_series *s, uint64_t live);
const char *rss_verdict_name(enum rss_verdict v);
void rss_print_rows(const struct rss_series *s, struct out *o);
void rss_print_foot(const struct rss_series *s, uint64_t live, struct out *o);
void rss_restore_rows(struct rss_series *s, const json_t *rows);
void rss_restore(struct rss_series *s, const json_t *from);

#endif
