/* SPDX-License-Identifier: GPL-2.0 */
/* Which of the kernel's events are of the last cache: it depends on the CPU. */
#ifndef OBSCTL_PMU_LAST_CACHE_H
#define OBSCTL_PMU_LAST_CACHE_H

#include <stddef.h>

/* Events whose ratio is the rate of misses of a cache. */
struct cache_events {
	const char	*per;
	const char	*of;
	const char	*missed;	/* of what the ratio is */
	const char	*count;		/* next commands: to count them, and to see where */
	const char	*record;
};

enum { CACHES_GENERIC, CACHES_NAMED, NR_CACHES };

extern const struct cache_events cache_events[NR_CACHES];

const char *cache_is_not_last(size_t events);
const struct cache_events *cache_last(void);

#endif
