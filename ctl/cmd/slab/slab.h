/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of 'obsctl slab' share. */
#ifndef OBSCTL_SLAB_H
#define OBSCTL_SLAB_H

#include "cli/noun.h"
#include "cmd/mem/dump.h"
#include "cmd/slab/trend.h"
#include "report/writer.h"

/* Options of slab alone. */
struct slab_opts {
	const char	*cache;
	const char	*module;
	struct dump_opts dump;
};

#define SLAB_SURE	0.95	/* confidence that --fail-over asks for */

struct output;
struct report;

int slab_growth_show(struct report *r, const struct output *to);
int slab_growth(const struct verb *verb, const struct opts *o);
int slab_diff(const struct verb *verb, const struct opts *o);
bool slab_reclaimable(const char *cache);
bool slab_cache_wanted(const struct opts *o, const char *cache);
char *slab_format_rate(char *buf, size_t size, double per_second);
char *slab_format_change(char *buf, size_t size, int64_t change);
char *slab_format_bytes_rate(char *buf, size_t size, double per_second);
char *slab_format_confidence(char *buf, size_t size, double confidence, bool known);
void slab_print_evidence(struct out *o, const double *kept, const uint64_t *live_after,
			 double confidence, bool reclaimable);

#endif
