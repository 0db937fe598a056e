// SPDX-License-Identifier: GPL-2.0
/* What the reports of 'obsctl slab' say in the same way. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/slab/slab.h"
#include "cmd/slab/verdict.h"
#include "lib/buf.h"
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

/**
 * slab_print_evidence() - What a verdict looked at, in a row.
 * @kept: live objects by part of birth
 * @live_after: live objects after each part
 */
void slab_print_evidence(struct out *o, const double *kept, const uint64_t *live_after,
			 double confidence, bool reclaimable)
{
	struct buf line = {};
	size_t k;

	out_open(o, "kept", '[');
	for (k = 0; k < VERDICT_PARTS; k++) {
		buf_printf(&line, "%s%.0f", k ? " " : "", kept[k]);
		out_json_exact(o, NULL, kept[k]);
	}
	out_close(o, ']');
	out_open(o, "live_after", '[');
	for (k = 0; k < VERDICT_PARTS; k++)
		out_json_number(o, NULL, live_after[k]);
	out_close(o, ']');
	out_json_precise(o, "confidence", confidence);
	out_json_bool(o, "reclaimable", reclaimable);
	if (reclaimable)
		buf_puts(&line, ", reclaimable");
	out_cell_aside(o, "KEPT BY SIXTH", line.p, false);
	buf_free(&line);
}
