/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of the rows of 'slab leaks', and the verdicts on them. */
#ifndef OBSCTL_SLAB_JUDGE_H
#define OBSCTL_SLAB_JUDGE_H

#include "cmd/mem/refs.h"
#include "cmd/mem/rss.h"
#include "cmd/slab/flow.h"
#include "cmd/slab/verdict.h"
#include "report/report.h"

/* What is followed from its allocation to its free, by the name of its source. */
struct leaks_kind {
	const char	*source;
	const char	*things;	/* what is counted */
	const char	*group;		/* column whose rows are freed and taken back together */
	/* Whether the kernel takes what is in such a group, or of such a site, back by itself. */
	bool		(*reclaimable)(const char *group, const char *site);
	const char	*unfollowed;	/* what is not */
	bool		counted;	/* has no size: one weighs one */
};

/* A row, and what is said of it. */
struct judged {
	struct row	row;
	struct evidence	evidence;
	enum verdict	verdict;
	uint64_t	gained;		/* allocated, and not freed by the end */
	uint64_t	live_bytes;
	uint64_t	missed;
	uint64_t	failed;
	double		rate;		/* objects that it gained per second, scaled */
};

struct leaks {
	const struct leaks_kind *kind;
	struct judged	*v;
	uint64_t	sample;		/* one in so many objects is followed */
	uint64_t	unknown_frees;
	struct flows	flows;
	bool		all_followed;	/* every allocation of a cache that has rows */
	uint64_t	longer;		/* ns that tell the steps of all sites from caches */
	uint64_t	objects;	/* live, of all rows, and their bytes */
	uint64_t	bytes;
	const char	*module;	/* NULL for all code */
	bool		missed;		/* in some row */
	bool		failed;
	bool		other_caches;	/* objects of others, or of other sizes, are not followed */
	bool		other_sizes;
	size_t		idle;		/* rows without live objects */
	/* What the processes have resident; NULL: it was not read. */
	const struct rss_series *rss;
	struct rss_series *rss_saved;	/* the same, from a file */
	uint64_t	rss_live;	/* bytes of live objects to compare it with */
	struct dump	*dump;		/* what objects held, of a file; or NULL */
	struct ref_puts	*puts;		/* what gave references back; or NULL */
};

const struct leaks_kind *leaks_kind_of(const struct report *r);
uint64_t leaks_figure(const struct report *r, const struct row *row, const char *name);
const struct param *leaks_param(const struct report *r, const char *name);
uint64_t leaks_number(const struct report *r, const char *name);
bool leaks_is_set(const struct report *r, const char *name);
uint64_t leaks_key(const struct report *r, const struct row *row, const char *column);
void leaks_arrange(struct report *r);
void leaks_release(struct report *r);
void leaks_restore(struct report *r);

#endif
