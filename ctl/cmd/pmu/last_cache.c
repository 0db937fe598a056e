// SPDX-License-Identifier: GPL-2.0
/*
 * Which of the kernel's events are of the last cache, by who made the CPU. Sources, in the kernel:
 *
 * Intel: cache-references and cache-misses are the architectural events LONGEST_LAT_CACHE.
 * AMD (arch/x86/events/amd/core.c): they are requests to the second cache and its misses; what
 * LLC-loads are before Zen is of that cache, too, and Zen has none.
 * arm64 (drivers/perf/arm_pmuv3.c): they are L1D_CACHE and L1D_CACHE_REFILL, and LLC-loads are
 * LL_CACHE_RD.
 */

#include <string.h>

#include "cmd/pmu/last_cache.h"
#include "cmd/pmu/topdown.h"
#include "lib/lines.h"
#include "lib/macros.h"

#define COUNT(per, of)	"obsctl pmu stat -e cycles,instructions," per "," of " -d 10"
#define RECORD(of)	"obsctl pmu record -e " of " -g -d 10"

const struct cache_events cache_events[NR_CACHES] = {
	[CACHES_GENERIC] = {
		"cache-references", "cache-misses", "references",
		COUNT("cache-references", "cache-misses"), RECORD("cache-misses"),
	},
	[CACHES_NAMED] = {
		"LLC-loads", "LLC-load-misses", "loads",
		COUNT("LLC-loads", "LLC-load-misses"), RECORD("LLC-load-misses"),
	},
};

/* Of which cache each is instead, NULL: of the last; by a text of cpuinfo. */
static const struct {
	const char	*maker;
	const char	*instead[NR_CACHES];
} makers[] = {
	{ "GenuineIntel", { NULL, NULL } },
	{ "AuthenticAMD", { "of the second cache", "of the second cache" } },
	{ "HygonGenuine", { "of the second cache", "of the second cache" } },
	{ "CPU implementer", { "of the first cache", NULL } },
};

/**
 * cache_is_not_last() - Whether events (CACHES_GENERIC, ...) are of another cache here.
 * Return: "of the first cache" or another one, or NULL if they are of the last.
 */
const char *cache_is_not_last(size_t events)
{
	char text[4096];
	size_t i;

	if (read_file(topdown_cpuinfo, text, sizeof(text)) >= 0)
		for (i = 0; i < ARRAY_SIZE(makers); i++)
			if (strstr(text, makers[i].maker))
				return makers[i].instead[events];
	return "of a cache that is not known";
}

/** cache_last() - Return: the events that are of the last cache here, or NULL if none are. */
const struct cache_events *cache_last(void)
{
	size_t i;

	for (i = 0; i < NR_CACHES; i++)
		if (!cache_is_not_last(i))
			return &cache_events[i];
	return NULL;
}
