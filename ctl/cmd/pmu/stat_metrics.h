/* SPDX-License-Identifier: GPL-2.0 */
/* What follows from the counts of two events. Pure. */
#ifndef OBSCTL_PMU_STAT_METRICS_H
#define OBSCTL_PMU_STAT_METRICS_H

#include "cmd/pmu/stat.h"

enum metric_form {
	METRIC_RATIO,
	METRIC_PERCENT,
	METRIC_PER_1000,
	METRIC_GHZ,
	METRIC_CPUS,
};

struct stat_metric {
	const char	*of;
	const char	*per;		/* NULL: per time observed */
	const char	*key;		/* in JSON */
	const char	*cell;		/* beside the count of @of */
	const char	*text;		/* where that does not stand beside it */
	enum metric_form form;
};

extern const struct stat_metric stat_metrics[];
extern const size_t nr_stat_metrics;

/* An event over rows: of all of them, or of one group. */
#define STAT_ALL	UINT32_MAX

struct stat_sum {
	double		n;		/* scaled up, in its unit */
	double		counted;	/* as it was counted */
	double		enabled;
	double		running;
	uint64_t	samples;
	bool		found;
	bool		shared;		/* a counter, with others: @n is an estimate */
	bool		unscaled;	/* a row of it was never on a counter */
};

/* Groups by their keys as text. */
struct stat_groups {
	struct pool	pool;
	struct map	known;
	unsigned int	n;
};

unsigned int stat_group(struct stat_groups *g, const char *keys);
void stat_groups_free(struct stat_groups *g);
void stat_link(struct stat_state *st);
void stat_free(struct stat_state *st);
struct stat_sum stat_sum_of(const struct stat_state *st, const char *event, const char *mods,
			    unsigned int group);
const char *stat_modifiers(const char *event);
bool stat_metric_of(const struct stat_state *st, const struct stat_metric *m, const char *mods,
		    unsigned int group, double *value, bool *shared);
char *stat_metric_text(char *buf, size_t size, const struct stat_metric *m, double value,
		       const char *words);
bool stat_is_event(const char *event, const char *name);
double stat_scaled(const struct stat_row *s);

#endif
