// SPDX-License-Identifier: GPL-2.0
/* What the reports of 'obsctl slab' say in the same way. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/slab/slab.h"
#include "lib/format.h"
#include "symbols/patterns.h"

/** slab_cache_wanted() - Whether --cache lets a cache through. */
bool slab_cache_wanted(const struct opts *o, const char *cache)
{
	const struct slab_opts *own = o->own;

	return !own->cache || glob_match(own->cache, cache);
}

static const char *sign_of(double v)
{
	return v > 0 ? "+" : v < 0 ? "-" : "";
}

/** slab_format_change() - A difference, with its sign. */
char *slab_format_change(char *buf, size_t size, int64_t change)
{
	uint64_t v = change < 0 ? 0 - (uint64_t)change : (uint64_t)change;
	char number[32];

	snprintf(buf, size, "%s%s", sign_of((double)change),
		 format_count(number, sizeof(number), v));
	return buf;
}

/** slab_format_rate() - Objects per second, with their sign. */
char *slab_format_rate(char *buf, size_t size, double per_second)
{
	double v = fabs(per_second);
	char number[32];

	if (v >= 99.95)
		format_count(number, sizeof(number), format_whole(v));
	else
		snprintf(number, sizeof(number), "%.*f", v >= 9.995 ? 1 : 2, v);
	snprintf(buf, size, "%s%s", sign_of(per_second), number);
	return buf;
}

/** slab_format_bytes_rate() - Bytes per second, with their sign. */
char *slab_format_bytes_rate(char *buf, size_t size, double per_second)
{
	char number[32];

	snprintf(buf, size, "%s%s/s", sign_of(per_second),
		 format_bytes(number, sizeof(number), format_whole(fabs(per_second))));
	return buf;
}

/** slab_format_confidence() - In percent, rounded down: never surer than it is. */
char *slab_format_confidence(char *buf, size_t size, double confidence, bool known)
{
	if (!known)
		snprintf(buf, size, "-");
	else if (confidence >= 0.999)
		snprintf(buf, size, ">99.9 %%");
	else
		snprintf(buf, size, "%.1f %%", floor(confidence * 1000) / 10);
	return buf;
}
